//! Whether a time that came free may be offered to somebody who waits for one.

use jiff::Timestamp;
use storage::consent::Standing;
use storage::customer::Customer;

use super::{CallingHours, NOT_CALLED, Policy};

/// The reason holds nothing personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayOffer {
    Yes,
    /// They are asked about again.
    NotNow(&'static str),
    /// They are taken off the list.
    Never(&'static str),
}

impl Policy {
    /// By text message, at this time.
    #[must_use]
    pub fn may_offer(&self, customer: &Customer, standing: &Standing, now: Timestamp) -> MayOffer {
        if standing.opted_out {
            return MayOffer::Never("the customer has opted out");
        }
        if !standing.consented {
            return MayOffer::Never("the customer has not consented");
        }
        if customer.phone.callable().is_err() {
            return MayOffer::Never(NOT_CALLED);
        }
        if let Some(why) = self.guard.refusal(&customer.phone) {
            return MayOffer::NotNow(why);
        }
        let hours = CallingHours::of(&customer.phone, customer.address.as_ref());
        if hours.allow(now) {
            MayOffer::Yes
        } else {
            MayOffer::NotNow("people are not written to at this hour")
        }
    }
}
