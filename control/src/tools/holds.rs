//! Holds: what a caller is deciding about is not offered to another.

use jiff::Zoned;
use storage::StorageError;
use storage::hold::{Fence, Wanted};
use storage::slots::{self, Interval};

use super::Toolbox;
use super::limits::{HOLD_LIFE, OFFERED_AT_ONCE};
use crate::dialogue::Offer;

impl Toolbox {
    /// Holds what is offered, in place of what the call held. None where it could not be asked for:
    /// the caller decides all the same.
    pub(crate) async fn hold(&self, call_sid: &str, offer: &Offer) -> Option<Fence> {
        let service = self.service(&offer.service).ok()?;
        let interval = |start: &Zoned| Interval {
            starts_at: start.timestamp(),
            ends_at: start.timestamp() + service.duration,
        };
        let offered: Vec<Interval> = offer
            .starts
            .iter()
            .take(OFFERED_AT_ONCE)
            .map(interval)
            .collect();
        let from = offered.iter().map(|interval| interval.starts_at).min()?;
        let to = offered.iter().map(|interval| interval.ends_at).max()?;
        let store = self.store();
        let location = &self.location().key;
        let held = async {
            let busy = store.appointments.busy(location, from, to).await?;
            let wanted: Vec<Wanted> = offered
                .iter()
                .map(|interval| Wanted {
                    interval: *interval,
                    room: slots::free_bays(self.location(), *interval, &busy),
                })
                .collect();
            store
                .holds
                .hold(location, call_sid, &wanted, HOLD_LIFE)
                .await
        };
        match held.await {
            Ok(held) => Some(held.fence),
            Err(error) => {
                tracing::warn!(call = call_sid, %error, "what is offered is not held");
                None
            }
        }
    }

    /// Lets go of what the call held up to then.
    ///
    /// # Errors
    ///
    /// Where the book cannot be written: what is held runs out by itself, [`HOLD_LIFE`] later.
    pub(crate) async fn release(&self, call_sid: &str, up_to: Fence) -> Result<(), StorageError> {
        self.store().holds.release(call_sid, up_to).await
    }

    /// What calls other than the one that this is done for are deciding about. Only advice, so that
    /// a failure is none.
    pub(super) async fn held(&self, span: Interval) -> Vec<Interval> {
        let call = storage::audit::call();
        let location = &self.location().key;
        let held = self
            .store()
            .holds
            .held(location, span, call.as_deref().unwrap_or_default());
        held.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what other callers are deciding about is not known");
            Vec::new()
        })
    }
}
