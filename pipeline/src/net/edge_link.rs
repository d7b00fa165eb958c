//! The channels between a call's relay and one of its speech edges.

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::edge::EdgeTask;
use crate::limits::EDGE_CHANNEL;

/// A relay's ends of an edge's channels.
pub(super) struct EdgeLink<I, E> {
    /// Gone once the edge is lost.
    pub(super) input: Option<mpsc::Sender<I>>,
    pub(super) events: mpsc::Receiver<E>,
}

impl<I, E> EdgeLink<I, E> {
    /// Starts an edge as a task of its own.
    pub(super) fn start(
        edges: &mut JoinSet<()>,
        start: impl FnOnce(mpsc::Receiver<I>, mpsc::Sender<E>) -> EdgeTask,
    ) -> Self {
        let (link, input, events) = Self::open();
        edges.spawn(start(input, events));
        link
    }

    /// A link, and the edge's ends of it.
    pub(super) fn open() -> (Self, mpsc::Receiver<I>, mpsc::Sender<E>) {
        let (input, edges_input) = mpsc::channel(EDGE_CHANNEL);
        let (edges_events, events) = mpsc::channel(EDGE_CHANNEL);
        let input = Some(input);
        (Self { input, events }, edges_input, edges_events)
    }

    pub(super) fn is_up(&self) -> bool {
        self.input.is_some()
    }
}

/// Until an edge takes another input. One that is gone never does; its events say so.
pub(super) async fn takes<I>(input: Option<&mpsc::Sender<I>>) {
    let Some(input) = input else {
        return std::future::pending().await;
    };
    if input.reserve().await.is_err() {
        std::future::pending::<()>().await;
    }
}
