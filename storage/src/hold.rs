//! Times that a caller is deciding about, held for them for a moment.
//!
//! A hold is advice: it keeps a time from being offered to two callers at once, and nothing else.
//! Whether it can be booked is the database's to judge, with or without a hold.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::StorageError;
use crate::slots::Interval;

/// Numbers the holds of a book; a newer one is higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub i64);

/// A time to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub interval: Interval,
    /// How many bays the book has free during all of it: as many calls can hold it.
    pub room: usize,
}

/// What a call holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub fence: Fence,
    /// Those of the wanted times for which there was room, in the order in which they were wanted.
    pub intervals: Vec<Interval>,
}

/// By the clock of whoever keeps them, not ours. Bays are a location's, so holds are too.
#[async_trait]
pub trait SlotHolds: Send + Sync {
    /// Holds these times for a call, in place of all that it held. Racing calls never hold more than
    /// there is room for.
    async fn hold(
        &self,
        location: &str,
        call_sid: &str,
        wanted: &[Wanted],
        life: Duration,
    ) -> Result<Held, StorageError>;

    /// What calls other than this one hold within a span, as [`by_call`] has it.
    async fn held(
        &self,
        location: &str,
        span: Interval,
        but_by: &str,
    ) -> Result<Vec<Interval>, StorageError>;

    /// Lets go of what a call held up to and with this number: who is late takes away nothing newer.
    async fn release(&self, call_sid: &str, up_to: Fence) -> Result<(), StorageError>;
}

impl Fence {
    /// Everything.
    pub const LAST: Self = Self(i64::MAX);
}

/// The same words in both databases. Serialises those who hold.
pub(crate) const NEXT_FENCE: &str =
    "UPDATE book SET last_fence = last_fence + 1 RETURNING last_fence";

/// $1 location, $2 start, $3 end, $4 the call that holds. A call takes one bay, whatever it holds.
pub(crate) const COUNT: &str = "SELECT count(DISTINCT call_sid) FROM slot_holds
    WHERE location = $1 AND starts_at < $3 AND ends_at > $2 AND call_sid <> $4";

pub(crate) const RELEASE: &str = "DELETE FROM slot_holds WHERE call_sid = $1 AND fence <= $2";

/// What calls hold, as the bays see it: a caller who decides between two times that overlap will take
/// one bay, not two. Earliest first.
#[must_use]
pub fn by_call(mut holds: Vec<(String, Interval)>) -> Vec<Interval> {
    holds.sort_by(|(a, one), (b, other)| (a, one.starts_at).cmp(&(b, other.starts_at)));
    let mut joined: Vec<(String, Interval)> = Vec::new();
    for (call, interval) in holds {
        match joined.last_mut() {
            Some((last, before)) if *last == call && before.overlaps(interval) => {
                before.ends_at = before.ends_at.max(interval.ends_at);
            }
            _ => joined.push((call, interval)),
        }
    }
    let mut held: Vec<Interval> = joined.into_iter().map(|(_, interval)| interval).collect();
    held.sort_by_key(|interval| (interval.starts_at, interval.ends_at));
    held
}
