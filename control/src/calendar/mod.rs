//! The dealership's calendar at Google: what others put there closes slots, what is booked here shows
//! up there.
//!
//! The book never waits for it. A booking leaves an entry in the database's outbox
//! ([`storage::calendar`]) in its own transaction; [`worker`] carries entries over, each by [`carry`],
//! under an id derived from the booking ([`event`]), so that a request whose answer was lost can be
//! made again. [`outlook`] tells what others have put into the calendar, and says so where it cannot
//! know. [`reconcile`] compares both sides.

pub mod carry;
pub mod event;
pub mod google;
pub mod outlook;
pub mod reconcile;
pub mod running;
pub mod worker;

pub use google::{CalendarError, Google, GoogleAccount};
pub use outlook::{Checked, Outlook};
pub use running::{Running, Surroundings};
pub use worker::Worker;
