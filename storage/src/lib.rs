//! The dealership's book: customers, vehicles, appointments, call logs, service history.
//!
//! One trait per aggregate ([`Customers`], [`Vehicles`], [`Appointments`], [`CallLogs`],
//! [`ServiceHistory`]); [`Store`] holds one implementation of each. The database is the judge of a
//! slot: two bookings can never hold the same bay, or the same vehicle, at the same time.
//!
//! Instants are UTC ([`jiff::Timestamp`]), truncated to seconds; local days and hours exist only
//! together with the location's zone.

pub mod appointment;
pub mod call_log;
pub mod customer;
pub mod error;
pub mod service_history;
pub mod vehicle;

use std::sync::Arc;

pub use appointment::Appointments;
pub use call_log::CallLogs;
pub use customer::Customers;
pub use error::StorageError;
pub use service_history::ServiceHistory;
pub use vehicle::Vehicles;

/// One implementation of every aggregate, over one database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub customers: Arc<dyn Customers>,
    pub vehicles: Arc<dyn Vehicles>,
    pub appointments: Arc<dyn Appointments>,
    pub call_logs: Arc<dyn CallLogs>,
    pub service_history: Arc<dyn ServiceHistory>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
