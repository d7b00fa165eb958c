//! Keeps the times that a caller is deciding about from being offered to others.

use storage::hold::Fence;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::dialogue::Offer;
use crate::tools::Toolbox;

/// One call's holds. What is wanted last counts; dropped, it lets go of everything.
pub(super) struct Holding {
    toolbox: Toolbox,
    call_sid: String,
    /// Who does it beside the dialogue; started with the first offer.
    keeper: Option<watch::Sender<Option<Offer>>>,
    running: TaskTracker,
}

impl Holding {
    /// `running` knows when everything is let go of.
    pub(super) fn new(toolbox: Toolbox, call_sid: &str, running: TaskTracker) -> Self {
        Self {
            toolbox,
            call_sid: call_sid.to_owned(),
            keeper: None,
            running,
        }
    }

    /// The caller is deciding about these times, and about none that they decided about before.
    pub(super) fn hold(&mut self, offer: Option<Offer>) {
        match &self.keeper {
            Some(keeper) => drop(keeper.send_replace(offer)),
            None if offer.is_none() => {}
            None => {
                let (keeper, offers) = watch::channel(offer);
                let (toolbox, sid) = (self.toolbox.clone(), self.call_sid.clone());
                self.running.spawn(keep(toolbox, sid, offers));
                self.keeper = Some(keeper);
            }
        }
    }
}

async fn keep(toolbox: Toolbox, call_sid: String, mut offers: watch::Receiver<Option<Offer>>) {
    let mut held = None;
    loop {
        let offer = offers.borrow_and_update().clone();
        held = match (offer, held) {
            (Some(offer), _) => toolbox.hold(&call_sid, &offer).await,
            (None, Some(fence)) => {
                toolbox.release(&call_sid, fence).await;
                None
            }
            (None, None) => None,
        };
        if offers.changed().await.is_err() {
            break;
        }
    }
    if held.is_some() {
        toolbox.release(&call_sid, Fence::LAST).await;
    }
}
