//! The waiting list: customers for whom nothing was free on the days they wanted.
//!
//! A time that comes free is offered to one of them after the other, first come first served. An offer
//! stands for a while and is nobody else's meanwhile; it books nothing. Whoever answers yes in time
//! is booked like anybody else, by the database's own judgement.
//!
//! ```text
//! waiting → offered → booked
//!    ↓         ↓
//!   left    declined, expired
//! ```

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::appointment::{AppointmentId, Busy};
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::slots::Interval;
use crate::vehicle::VehicleId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct WaitId(pub i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitState {
    Waiting,
    /// A time is theirs to take, until the offer ends.
    Offered,
    Booked,
    Declined,
    /// The offer was not answered in time.
    Expired,
    /// Taken off the list: they may not be written to, their days are over, or they have booked the
    /// same meanwhile.
    Left,
}

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub id: WaitId,
    pub customer: CustomerId,
    pub vehicle: VehicleId,
    /// Key of the location.
    pub location: String,
    /// Key of a service in its file.
    pub service: String,
    /// The days that suit them, on the location's calendar; the last one included.
    pub first_day: Date,
    pub last_day: Date,
    pub state: WaitState,
    /// The last offer.
    pub offer: Option<Offer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWait {
    pub customer: CustomerId,
    pub vehicle: VehicleId,
    pub location: String,
    pub service: String,
    pub first_day: Date,
    pub last_day: Date,
}

/// A time that is theirs to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

#[async_trait]
pub trait Waitlist: Send + Sync {
    /// Puts a customer on the list. A vehicle that waits for the same already gets these days; its
    /// place in the line stays.
    async fn join(&self, wait: &NewWait) -> Result<Wait, StorageError>;
    /// Whoever waits at a location, first come first; at most `limit`. `after` is the last one that
    /// was seen, so that a list of any length is gone through to its end.
    async fn waiting(
        &self,
        location: &str,
        after: Option<WaitId>,
        limit: u32,
    ) -> Result<Vec<Wait>, StorageError>;
    /// The offers of a location that stand at `now`.
    async fn offers(&self, location: &str, now: Timestamp) -> Result<Vec<Offer>, StorageError>;
    /// Makes an offer. False where they wait no longer, or where another offer of the same start
    /// would be one more than `at_most` at `now`: of racing offers, one is made.
    async fn offer(
        &self,
        id: WaitId,
        offer: &Offer,
        at_most: u32,
        now: Timestamp,
    ) -> Result<bool, StorageError>;
    /// The offer that stands for a customer at `now`, the newest of several.
    async fn offered_to(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Wait>, StorageError>;
    /// Ends every offer that was not answered by `now`. Returns how many those were.
    async fn expire(&self, now: Timestamp) -> Result<u64, StorageError>;
    /// Moves a row on. False where it is not in the state `from` any more: somebody was faster.
    async fn close(&self, id: WaitId, from: WaitState, to: WaitState)
    -> Result<bool, StorageError>;
    async fn wait(&self, id: WaitId) -> Result<Option<Wait>, StorageError>;
}

/// The same in both databases.
pub(crate) const JOIN: &str = "INSERT INTO waitlist
    (customer_id, vehicle_id, location, service, first_day, last_day)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (vehicle_id, location, service) WHERE state IN ('waiting', 'offered')
    DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day
    WHERE waitlist.customer_id = excluded.customer_id
    RETURNING *";

pub(crate) const WAITING: &str = "SELECT * FROM waitlist
    WHERE location = $1 AND state = 'waiting' AND id > $3 ORDER BY id LIMIT $2";

pub(crate) const OFFERS: &str = "SELECT * FROM waitlist
    WHERE location = $1 AND state = 'offered' AND offer_until > $2 ORDER BY offer_starts_at, id";

pub(crate) const OFFER: &str = "UPDATE waitlist
    SET state = 'offered', offer_starts_at = $2, offer_ends_at = $3, offer_until = $4
    WHERE id = $1 AND state = 'waiting'
      AND (SELECT count(*) FROM waitlist AS other
           WHERE other.location = waitlist.location AND other.state = 'offered'
             AND other.offer_until > $6
             AND other.offer_starts_at < $3 AND other.offer_ends_at > $2) < $5";

pub(crate) const OFFERED_TO: &str = "SELECT * FROM waitlist
    WHERE customer_id = $1 AND state = 'offered' AND offer_until > $2 ORDER BY id DESC LIMIT 1";

pub(crate) const EXPIRE: &str = "UPDATE waitlist SET state = 'expired'
    WHERE state = 'offered' AND offer_until <= $1";

pub(crate) const CLOSE: &str = "UPDATE waitlist SET state = $3 WHERE id = $1 AND state = $2";

pub(crate) const BY_ID: &str = "SELECT * FROM waitlist WHERE id = $1";

/// Takes a bay out of what is free for each offer that stands, as if it were booked.
pub fn hold(busy: &mut Vec<Busy>, offers: &[Offer], bays: i64) {
    for offer in offers {
        let offered = Interval {
            starts_at: offer.starts_at,
            ends_at: offer.ends_at,
        };
        let is_free = |bay: &i64| {
            let taken = |known: &&Busy| known.bay == *bay && known.interval().overlaps(offered);
            !busy.iter().any(|known| taken(&known))
        };
        if let Some(bay) = (1..=bays).find(is_free) {
            busy.push(Busy {
                appointment: NOBODY,
                bay,
                starts_at: offer.starts_at,
                ends_at: offer.ends_at,
            });
        }
    }
}

/// No appointment: ids count from 1.
const NOBODY: AppointmentId = AppointmentId(0);
