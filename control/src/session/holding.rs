//! Keeps the times that a caller is deciding about from being offered to others.

use backon::{ConstantBuilder, Retryable as _};
use storage::hold::Fence;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::dialogue::Offer;
use crate::limits::RELEASE_AGAIN;
use crate::tools::Toolbox;
use crate::tools::limits::HOLD_LIFE;

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
                // What could not be let go of is, with the rest, when the call is over.
                let released = toolbox.release(&call_sid, fence).await;
                released.is_err().then_some(fence)
            }
            (None, None) => None,
        };
        if offers.changed().await.is_err() {
            break;
        }
    }
    if held.is_some() && toolbox.release(&call_sid, Fence::LAST).await.is_err() {
        tokio::spawn(release_later(toolbox, call_sid));
    }
}

/// The book cannot be written now. Once it can, nobody should be refused a time for the sake of a
/// call that is over. Nothing waits for this.
async fn release_later(toolbox: Toolbox, call_sid: String) {
    let pauses = ConstantBuilder::default()
        .with_delay(RELEASE_AGAIN)
        .with_max_times((HOLD_LIFE.as_secs() / RELEASE_AGAIN.as_secs()) as usize);
    let release = || toolbox.release(&call_sid, Fence::LAST);
    if let Err(error) = release.retry(pauses).await {
        tracing::warn!(call = call_sid, %error, "held times ran out by themselves");
    }
}
