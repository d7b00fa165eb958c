//! The dealership's book: customers, vehicles, appointments, call logs, service history.
//!
//! # Aggregates
//!
//! One trait per aggregate; a [`Store`] holds one implementation of each, over one database.
//!
//! | Trait | Holds | Worth knowing |
//! |---|---|---|
//! | [`Customers`] | who calls | the phone number is unique; [`customer::Phone`] is the only way to spell one |
//! | [`Vehicles`] | what is serviced | belongs to one customer |
//! | [`Appointments`] | the book itself | one transaction makes customer, vehicle and appointment |
//! | [`CalendarOutbox`] | what a calendar elsewhere has yet to hear of | written by the appointment's own transaction |
//! | [`CallLogs`] | what was said and done | opened when a call begins, closed however it ends |
//! | [`ServiceHistory`] | what was done to a vehicle | |
//! | [`Verifications`] | how often it was guessed who a customer is | counted across calls; racing guesses are no more guesses |
//! | [`AuditLog`] | who changed what, by which call | written in the change's own transaction |
//! | [`Reminders`] | what is still to be said about an appointment | written in its own transaction; an intent is committed before anybody is dialled |
//! | [`SlotHolds`] | times that a caller is deciding about | advice, for a moment; never a promise |
//! | [`Waitlist`] | for whom nothing was free | an offer is a time that is theirs to take for a while; it books nothing |
//! | [`AskedTexts`] | text messages that callers asked for | of each kind one in a call; written down before it is sent |
//! | [`Consents`] | who may be reached, and how | an opt-out outweighs every consent |
//!
//! The database is an SQLite file or a Postgres server ([`Address`]); every sentence of the contract
//! that the tests hold runs over both. [`migrations`] bring either up to date.
//!
//! Beside them, pure and without a database: [`location`], the business facts of one dealership;
//! [`slots`], when a service can start; [`upkeep`], what a vehicle is due for; and [`seed`], the fictional people of demos and tests.
//!
//! # The invariant
//!
//! **The database is the judge of a slot.** Two appointments that are not cancelled never hold the
//! same bay, nor the same vehicle, at the same time; not by a race, not by a bug above, not by an SQL
//! shell. [`slots`] only advises. [`Appointments::book`] tries bay after bay and lets the database
//! refuse; no booking ever rests on a read it made earlier. An idempotency key makes a repeated booking
//! the same booking.
//!
//! # Time
//!
//! Instants are UTC ([`jiff::Timestamp`]) and whole seconds: fractions are cut off when they are
//! written. Intervals are half-open, so one appointment may start when another ends. Local days and
//! hours exist only together with the location's zone.
//!
//! # Personal data
//!
//! `Debug` masks names, numbers, dates of birth and addresses, so that no log line holds them by
//! accident. Errors name tables and columns, never such a value.

pub mod address;
pub mod appointment;
pub mod asked_text;
pub mod audit;
pub mod calendar;
pub mod call_log;
pub mod consent;
pub mod customer;
pub mod error;
pub mod hold;
pub mod language;
pub mod limits;
pub mod location;
pub mod migrations;
mod postgres;
mod read;
pub mod reminder;
pub mod seed;
pub mod service_history;
pub mod slots;
mod sqlite;
pub mod states;
pub mod upkeep;
pub mod vehicle;
pub mod verification;
pub mod waitlist;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

pub use address::Address;
pub use appointment::Appointments;
pub use asked_text::AskedTexts;
pub use audit::AuditLog;
pub use calendar::CalendarOutbox;
pub use call_log::CallLogs;
pub use consent::Consents;
pub use customer::Customers;
pub use error::{OpenError, StorageError, Trouble};
pub use hold::SlotHolds;
pub use language::Language;
pub use location::{Location, Locations};
pub use reminder::Reminders;
pub use service_history::ServiceHistory;
pub use vehicle::Vehicles;
pub use verification::Verifications;
pub use waitlist::Waitlist;

/// One implementation of every aggregate, over one database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub customers: Arc<dyn Customers>,
    pub vehicles: Arc<dyn Vehicles>,
    pub appointments: Arc<dyn Appointments>,
    pub calendar: Arc<dyn CalendarOutbox>,
    pub call_logs: Arc<dyn CallLogs>,
    pub service_history: Arc<dyn ServiceHistory>,
    pub verifications: Arc<dyn Verifications>,
    pub audit: Arc<dyn AuditLog>,
    pub reminders: Arc<dyn Reminders>,
    pub consents: Arc<dyn Consents>,
    pub holds: Arc<dyn SlotHolds>,
    pub waitlist: Arc<dyn Waitlist>,
    pub asked_texts: Arc<dyn AskedTexts>,
    pub backend: Arc<dyn Backend>,
}

/// The database as a whole.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StorageError>;
    /// Tells this book from every other; the same for whoever opens it, by whatever address.
    async fn name(&self) -> Result<String, StorageError>;
    /// Waits for what is under way and lets go of the database. Calls after it fail.
    async fn close(&self);
}

impl Store {
    /// Opens the book, wherever it is, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] names the file or the server; a schema newer than this program knows is refused.
    pub async fn open(address: &Address) -> Result<Self, OpenError> {
        // Boxed: whoever waits for this once should not carry its size about.
        match address {
            Address::Sqlite(path) => Box::pin(sqlite::open(path)).await,
            Address::Postgres(server) => Box::pin(postgres::open(server)).await,
        }
    }

    /// Opens the book in an SQLite file; creates the file and its folders where absent and brings its
    /// schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] names the file; a schema newer than this program knows is refused.
    pub async fn open_sqlite(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        sqlite::open(path.as_ref()).await
    }

    /// An empty book that vanishes with the last clone of this store; for tests.
    ///
    /// # Errors
    /// [`OpenError`] where there is no room for temporary files.
    pub async fn open_in_memory() -> Result<Self, OpenError> {
        sqlite::open_temporary().await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
