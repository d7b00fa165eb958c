//! Who changed what in the book, and by which call.
//!
//! Every change writes its line in its own transaction: there is no change without a line and no
//! line without a change. A line holds ids and times, never a name or a number.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::appointment::{Appointment, AppointmentId};
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::vehicle::{Vehicle, VehicleId};

tokio::task_local! {
    /// The call in whose name this task changes the book.
    static CALL: Arc<str>;
}

/// Does `work` in the name of this call: what it changes in the book is written down as that call's.
/// Tasks that it starts are not it.
pub async fn by_call<F: Future>(call_sid: &str, work: F) -> F::Output {
    CALL.scope(call_sid.into(), work).await
}

/// The call that this is done for, if it is one.
#[must_use]
pub fn call() -> Option<Arc<str>> {
    CALL.try_with(Arc::clone).ok()
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    CustomerCreated,
    VehicleAdded,
    AppointmentBooked,
    AppointmentConfirmed,
    AppointmentMoved,
    AppointmentCancelled,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditLine {
    /// By the database's clock.
    pub at: Timestamp,
    /// Absent for what no call did.
    pub call_sid: Option<String>,
    pub entry: Entry,
}

/// What a line says of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub change: Change,
    pub customer: CustomerId,
    pub vehicle: Option<VehicleId>,
    pub appointment: Option<AppointmentId>,
    /// Of an appointment: where it stood and stands, and why it was given up.
    pub detail: Value,
}

#[async_trait]
pub trait AuditLog: Send + Sync {
    /// What was changed of this customer and what is theirs, oldest first; the latest
    /// [`limits::AUDIT_LINES`](crate::limits::AUDIT_LINES).
    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<AuditLine>, StorageError>;
    /// What this call changed, oldest first; as many.
    async fn of_call(&self, call_sid: &str) -> Result<Vec<AuditLine>, StorageError>;
}

impl Entry {
    pub(crate) fn created(customer: CustomerId) -> Self {
        Self {
            change: Change::CustomerCreated,
            customer,
            vehicle: None,
            appointment: None,
            detail: json!({}),
        }
    }

    pub(crate) fn added(vehicle: &Vehicle) -> Self {
        Self {
            change: Change::VehicleAdded,
            vehicle: Some(vehicle.id),
            ..Self::created(vehicle.customer)
        }
    }

    pub(crate) fn booked(made: &Appointment) -> Self {
        let mut detail = wished(&made.service, made.starts_at);
        detail["bay"] = made.bay.into();
        Self::of(Change::AppointmentBooked, made, detail)
    }

    pub(crate) fn confirmed(appointment: &Appointment) -> Self {
        let detail = json!({"starts_at": appointment.starts_at});
        Self::of(Change::AppointmentConfirmed, appointment, detail)
    }

    pub(crate) fn moved(before: &Appointment, after: &Appointment) -> Self {
        let detail = json!({
            "from": before.starts_at, "from_bay": before.bay,
            "to": after.starts_at, "to_bay": after.bay,
        });
        Self::of(Change::AppointmentMoved, after, detail)
    }

    pub(crate) fn cancelled(appointment: &Appointment) -> Self {
        let detail = json!({
            "starts_at": appointment.starts_at, "reason": appointment.cancellation_reason,
        });
        Self::of(Change::AppointmentCancelled, appointment, detail)
    }

    fn of(change: Change, appointment: &Appointment, detail: Value) -> Self {
        Self {
            change,
            customer: appointment.customer,
            vehicle: Some(appointment.vehicle),
            appointment: Some(appointment.id),
            detail,
        }
    }
}

/// What a line says of a booking, but for the bay that it gets.
pub(crate) fn wished(service: &str, starts_at: Timestamp) -> Value {
    json!({"service": service, "starts_at": starts_at})
}

/// The same words in both databases.
pub(crate) const WRITE: &str = "INSERT INTO audit_log
    (call_sid, change, customer_id, vehicle_id, appointment_id, detail)
    VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) const OF_CUSTOMER: &str = "SELECT * FROM (SELECT * FROM audit_log
    WHERE customer_id = $1 ORDER BY id DESC LIMIT $2) AS latest ORDER BY id";

pub(crate) const OF_CALL: &str = "SELECT * FROM (SELECT * FROM audit_log
    WHERE call_sid = $1 ORDER BY id DESC LIMIT $2) AS latest ORDER BY id";
