//! Appointments: the book itself.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::customer::{CustomerId, NewCustomer, Phone};
use crate::error::StorageError;
use crate::vehicle::{NewVehicle, VehicleId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct AppointmentId(pub i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Scheduled,
    Confirmed,
    InProgress,
    Completed,
    Cancelled,
    NoShow,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    pub id: AppointmentId,
    pub customer: CustomerId,
    pub vehicle: VehicleId,
    /// Key of the location where it is; an appointment that is moved stays there.
    pub location: String,
    /// Key of a service in the location file, such as `oil_change`.
    pub service: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// Counted from 1.
    pub bay: i64,
    pub status: Status,
    pub cancellation_reason: Option<String>,
    pub notes: Option<String>,
}

/// Who comes with which vehicle. What is new is created in the booking's own transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    Known {
        customer: CustomerId,
        vehicle: VehicleId,
    },
    NewVehicle {
        customer: CustomerId,
        vehicle: NewVehicle,
    },
    NewCustomer {
        customer: NewCustomer,
        vehicle: NewVehicle,
    },
}

/// A booking to be made. The repository picks the bay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAppointment {
    pub party: Party,
    /// Key of the location where it is to be.
    pub location: String,
    pub service: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// How many bays the location has.
    pub bays: i64,
    pub notes: Option<String>,
    /// The same key twice is the same booking: the second call returns the first's appointment. Under a
    /// key whose appointment is another one, or was moved or cancelled since, nothing is booked.
    pub idempotency_key: String,
    /// Who wrote it, for the record: `voice`, `seed`, a user.
    pub booked_by: String,
    /// The number that they booked from, as the network gave it. Where it is the customer's own, they
    /// consent to be called at it; a number that was only spoken may be anybody's, and is written to.
    pub booked_from: Option<Phone>,
}

impl NewAppointment {
    /// What was made under this key before, where it is what is wished. What was new to the book then
    /// is not compared: the same vehicle may be described in other words.
    ///
    /// # Errors
    /// [`BookingError::KeyTaken`] where it is another appointment, or was moved or cancelled since.
    pub(crate) fn made_before(&self, made: Appointment) -> Result<Appointment, BookingError> {
        let is_theirs = match self.party {
            Party::Known { customer, vehicle } => {
                (customer, vehicle) == (made.customer, made.vehicle)
            }
            Party::NewVehicle { customer, .. } => customer == made.customer,
            Party::NewCustomer { .. } => true,
        };
        let is_wished = is_theirs
            && self.location == made.location
            && self.service == made.service
            && self.starts_at == made.starts_at
            && made.status != Status::Cancelled;
        if is_wished {
            Ok(made)
        } else {
            Err(BookingError::KeyTaken)
        }
    }
}

/// A stretch of time that one bay is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Who takes it: an appointment that is to be moved does not stand in its own way.
    pub appointment: AppointmentId,
    pub bay: i64,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

#[async_trait]
pub trait Appointments: Send + Sync {
    async fn by_id(&self, id: AppointmentId) -> Result<Option<Appointment>, StorageError>;
    /// Scheduled or confirmed, starting at or after `now`, earliest first.
    async fn upcoming(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StorageError>;
    /// All of a customer's appointments, cancelled ones included, earliest first.
    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Appointment>, StorageError>;
    /// Bay times of a location taken within `[from, to)`, cancelled ones excepted.
    async fn busy(
        &self,
        location: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Busy>, StorageError>;
    /// Keys of the locations that have appointments ending after `now`.
    async fn locations(&self, now: Timestamp) -> Result<Vec<String>, StorageError>;
    /// Books the first free bay. Customer, vehicle and appointment come to be together or not at all.
    async fn book(&self, appointment: &NewAppointment) -> Result<Appointment, BookingError>;
    /// Moves an appointment and keeps its identity; the bay changes only where its own is taken. One
    /// that was confirmed is scheduled again: the customer confirmed the old time.
    async fn reschedule(
        &self,
        id: AppointmentId,
        starts_at: Timestamp,
        ends_at: Timestamp,
        bays: i64,
    ) -> Result<Appointment, ChangeError>;
    async fn cancel(&self, id: AppointmentId, reason: &str) -> Result<Appointment, ChangeError>;
    /// The customer has said that they will come. Confirmed again, it stays confirmed.
    async fn confirm(&self, id: AppointmentId) -> Result<Appointment, ChangeError>;
}

impl Appointment {
    /// Itself, where it can still be confirmed, moved or cancelled.
    ///
    /// # Errors
    /// [`ChangeError::AlreadyCancelled`] and [`ChangeError::Over`].
    pub fn changeable(self) -> Result<Self, ChangeError> {
        match self.status {
            Status::Scheduled | Status::Confirmed => Ok(self),
            Status::Cancelled => Err(ChangeError::AlreadyCancelled),
            Status::InProgress | Status::Completed | Status::NoShow => Err(ChangeError::Over),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    #[error("starts_at: every bay is taken then")]
    SlotTaken,
    #[error("vehicle: it is already booked at that time")]
    VehicleBusy,
    #[error("vehicle: it does not belong to this customer")]
    NotTheirVehicle,
    #[error("customer: no such customer")]
    UnknownCustomer,
    #[error("phone: another customer has this number")]
    PhoneTaken,
    #[error("ends_at: must be later than starts_at")]
    EmptyInterval,
    #[error("idempotency_key: it is another appointment's; use one that is new")]
    KeyTaken,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("appointment: no such appointment")]
    Unknown,
    #[error("appointment: it is already cancelled")]
    AlreadyCancelled,
    /// It is being worked on, done, or the customer did not come.
    #[error("appointment: it is already over")]
    Over,
    #[error("starts_at: every bay is taken then")]
    SlotTaken,
    #[error("vehicle: it is already booked at that time")]
    VehicleBusy,
    #[error("ends_at: must be later than starts_at")]
    EmptyInterval,
    #[error(transparent)]
    Storage(#[from] StorageError),
}
