//! The outbox towards a calendar elsewhere.
//!
//! Booking, moving and cancelling write an entry in their own transaction, so that nothing is booked
//! of which the calendar never hears, and nothing is heard of that was not booked. An entry names an
//! appointment, not a change: whoever carries it over reads the appointment as it is by then. Entries
//! of one booking are numbered; a newer one supersedes those that nobody has under way, and only one
//! of a booking is under way at a time.
//!
//! Whoever takes an entry holds it by a lease on the database's clock. A lease that has run out makes
//! its holder's report void, and the entry anybody's.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::appointment::{Appointment, AppointmentId};
use crate::error::StorageError;

/// An appointment as a calendar's keeper sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarBooking {
    pub appointment: Appointment,
    /// The booking's idempotency key: its event's id is derived from it.
    pub key: String,
    /// The event that we know to be there.
    pub event: Option<EventRef>,
    /// An entry waits, or is under way.
    pub underway: bool,
}

/// An event of the calendar, in the version that we wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRef {
    pub id: String,
    pub etag: Option<String>,
}

/// An entry that was taken, to be reported as done or failed before its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarTask {
    pub(crate) entry: i64,
    /// Counted from 1 for each booking.
    pub sequence: i64,
    /// This one included. Also what tells our lease from a later one.
    pub attempts: i64,
    pub booking: CalendarBooking,
}

/// What becomes of an entry that could not be carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Tried again, not sooner than this; in whole seconds, rounded up.
    RetryAfter(Duration),
    /// A dead letter: kept for people to see, until the booking changes again.
    GiveUp,
}

/// What an entry has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    Pending,
    Done,
    /// A newer entry of the booking stands for it, or the appointment is over.
    Superseded,
    Dead,
}

/// An entry as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    pub appointment: AppointmentId,
    pub sequence: i64,
    pub state: EntryState,
    pub attempts: i64,
    /// Without personal data.
    pub last_error: Option<String>,
}

/// How much there is in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxDepth {
    pub pending: u64,
    pub dead: u64,
}

#[async_trait]
pub trait CalendarOutbox: Send + Sync {
    /// Takes due entries, the longest due first. Nobody else gets them before `lease` (whole seconds)
    /// is over.
    async fn claim(&self, lease: Duration, at_most: u32)
    -> Result<Vec<CalendarTask>, StorageError>;
    /// The calendar agrees with the task; `event` is what it holds, `None` where it holds none.
    /// `false` where the lease had run out: then nothing is recorded.
    async fn done(
        &self,
        task: &CalendarTask,
        event: Option<&EventRef>,
    ) -> Result<bool, StorageError>;
    /// The calendar could not be brought to agree. `error` goes where people see it. `false` where
    /// the lease had run out.
    async fn failed(
        &self,
        task: &CalendarTask,
        error: &str,
        next: Next,
    ) -> Result<bool, StorageError>;
    /// Writes an entry for an appointment that did not change, because the calendar did.
    async fn enqueue(&self, appointment: AppointmentId) -> Result<(), StorageError>;
    async fn depth(&self) -> Result<OutboxDepth, StorageError>;
    /// Entries that were given up, the newest first; at most [`limits::DEAD_LETTERS`](crate::limits::DEAD_LETTERS).
    async fn dead_letters(&self) -> Result<Vec<OutboxEntry>, StorageError>;
    /// All entries of one appointment, in their order.
    async fn entries(&self, appointment: AppointmentId) -> Result<Vec<OutboxEntry>, StorageError>;
    /// Appointments that end after `now`, cancelled ones included, earliest first; at most
    /// [`limits::CALENDAR_BOOKINGS`](crate::limits::CALENDAR_BOOKINGS).
    async fn bookings(&self, now: Timestamp) -> Result<Vec<CalendarBooking>, StorageError>;
    /// Forgets entries that were finished longer than `keep` ago, and stops trying for appointments
    /// that were over before `over`.
    async fn tidy(&self, keep: Duration, over: Timestamp) -> Result<(), StorageError>;
}

/// Whole seconds, so that nothing is tried sooner than was asked.
pub(crate) fn seconds_up(wait: Duration) -> i64 {
    let whole = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    whole.saturating_add(i64::from(wait.subsec_nanos() > 0))
}
