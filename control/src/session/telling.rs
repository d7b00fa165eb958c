//! Tells other nodes of a call while it goes on.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::registry::Parties;
use crate::nodes::{CallNews, LiveCalls, Stage};
use crate::telephony::CallSid;

/// What others may know of a live call. Told beside the dialogue, the latest of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    state: String,
    customer: Option<i64>,
    /// Each turn renews the life of what is known.
    turns: u32,
}

/// One call's side of [`LiveCalls`].
pub(super) struct Telling {
    live: Arc<dyn LiveCalls>,
    sid: CallSid,
    returns: u8,
    shown: watch::Sender<Shown>,
}

impl Telling {
    /// Tells that the call is live, and goes on telling.
    pub(super) fn start(
        live: Arc<dyn LiveCalls>,
        sid: &CallSid,
        parties: &Parties,
        returns: u8,
        started_at: jiff::Timestamp,
        running: &TaskTracker,
    ) -> Self {
        let (shown, told) = watch::channel(Shown::default());
        let news = CallNews::live(parties, returns).started(started_at);
        running.spawn(tell(Arc::clone(&live), sid.clone(), news, told));
        Self {
            live,
            sid: sid.clone(),
            returns,
            shown,
        }
    }

    pub(super) fn state(&self, state: &str) {
        self.shown.send_if_modified(|shown| {
            let new = shown.state != state;
            if new {
                state.clone_into(&mut shown.state);
            }
            new
        });
    }

    pub(super) fn customer(&self, customer: Option<i64>) {
        self.shown.send_if_modified(|shown| {
            let new = shown.customer != customer;
            shown.customer = customer;
            new
        });
    }

    /// The caller has said something.
    pub(super) fn turn(&self) {
        self.shown
            .send_modify(|shown| shown.turns = shown.turns.wrapping_add(1));
    }

    /// The call has ended, and how: the network may be asking already.
    pub(super) async fn ended(&self, ending: super::Ending) {
        let news = CallNews::default().at(self.returns, Stage::Ended(ending));
        self.live.tell(&self.sid, news).await;
    }
}

async fn tell(
    live: Arc<dyn LiveCalls>,
    sid: CallSid,
    first: CallNews,
    mut told: watch::Receiver<Shown>,
) {
    live.tell(&sid, first).await;
    while told.changed().await.is_ok() {
        let Shown {
            state, customer, ..
        } = told.borrow_and_update().clone();
        live.tell(&sid, CallNews::default().state(&state).customer(customer))
            .await;
    }
}
