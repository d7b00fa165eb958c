//! Appointments in SQLite. Whether a bay or a vehicle is free is never decided here: a row is
//! offered to the database, bay after bay, and the overlap triggers judge.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{Database, audit, calendar, customer, reminder, vehicle};
use crate::appointment::{
    Appointment, AppointmentId, Appointments, BookingError, Busy, ChangeError, NewAppointment,
    Party,
};
use crate::audit::Entry;
use crate::customer::{CreateCustomerError, CustomerId};
use crate::error::StorageError;
use crate::read::{appointment, busy};
use crate::reminder::Change;
use crate::vehicle::VehicleId;

pub(super) const BY_ID: &str = "SELECT * FROM appointments WHERE id = $1";

const BY_KEY: &str = "SELECT * FROM appointments WHERE idempotency_key = $1";

const OF_CUSTOMER: &str = "SELECT * FROM appointments WHERE customer_id = $1
    ORDER BY starts_at, id";

const UPCOMING: &str = "SELECT * FROM appointments
    WHERE customer_id = $1 AND starts_at >= $2 AND status IN ('scheduled', 'confirmed')
    ORDER BY starts_at, id";

const BUSY: &str = "SELECT id, bay, starts_at, ends_at FROM appointments
    WHERE status <> 'cancelled' AND location = $3 AND starts_at < $2 AND ends_at > $1
    ORDER BY starts_at, bay";

const LOCATIONS: &str = "SELECT DISTINCT location FROM appointments
    WHERE status <> 'cancelled' AND ends_at > $1 ORDER BY location";

const INSERT: &str = "INSERT INTO appointments
    (customer_id, vehicle_id, service, starts_at, ends_at, bay, notes, idempotency_key, booked_by,
     location)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *";

const MOVE: &str = "UPDATE appointments
    SET starts_at = $2, ends_at = $3, bay = $4, status = 'scheduled', updated_at = unixepoch()
    WHERE id = $1 RETURNING *";

const CANCEL: &str = "UPDATE appointments
    SET status = 'cancelled', cancellation_reason = $2, updated_at = unixepoch()
    WHERE id = $1 RETURNING *";

const CONFIRM: &str = "UPDATE appointments
    SET status = 'confirmed', updated_at = unixepoch()
    WHERE id = $1 RETURNING *";

#[async_trait]
impl Appointments for Database {
    async fn by_id(&self, id: AppointmentId) -> Result<Option<Appointment>, StorageError> {
        let row = sqlx::query(BY_ID)
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(appointment).transpose()
    }

    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Appointment>, StorageError> {
        let rows = sqlx::query(OF_CUSTOMER)
            .bind(customer.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(appointment).collect()
    }

    async fn upcoming(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StorageError> {
        let rows = sqlx::query(UPCOMING)
            .bind(customer.0)
            .bind(now.as_second())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(appointment).collect()
    }

    async fn busy(
        &self,
        location: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Busy>, StorageError> {
        let rows = sqlx::query(BUSY)
            .bind(from.as_second())
            .bind(to.as_second())
            .bind(location)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(busy).collect()
    }

    async fn locations(&self, now: Timestamp) -> Result<Vec<String>, StorageError> {
        let keys = sqlx::query_scalar(LOCATIONS)
            .bind(now.as_second())
            .fetch_all(&self.readers)
            .await?;
        Ok(keys)
    }

    async fn book(&self, new: &NewAppointment) -> Result<Appointment, BookingError> {
        let times = Times::of(new.starts_at, new.ends_at).ok_or(BookingError::EmptyInterval)?;
        let mut transaction = self.write().await.map_err(StorageError::from)?;
        // The write lock is held: nobody else can book under this key meanwhile.
        if let Some(done) = by_key(&mut transaction, &new.idempotency_key).await? {
            return Ok(done);
        }
        let (customer, vehicle) = party(&mut transaction, &new.party).await?;
        for bay in 1..=new.bays {
            match insert(&mut transaction, new, customer, vehicle, times, bay).await {
                Ok(appointment) => {
                    audit::write(&mut transaction, &Entry::booked(&appointment)).await?;
                    calendar::enqueue(&mut transaction, appointment.id).await?;
                    reminder::follow(&mut transaction, &appointment, Change::Booked).await?;
                    let from = new.booked_from.as_ref();
                    reminder::consent(&mut transaction, appointment.id, from).await?;
                    transaction.commit().await.map_err(StorageError::from)?;
                    return Ok(appointment);
                }
                Err(Refused::BayTaken) => {}
                Err(Refused::VehicleBusy) => return Err(BookingError::VehicleBusy),
                Err(Refused::Storage(error)) => return Err(error.into()),
            }
        }
        Err(BookingError::SlotTaken)
    }

    async fn reschedule(
        &self,
        id: AppointmentId,
        starts_at: Timestamp,
        ends_at: Timestamp,
        bays: i64,
    ) -> Result<Appointment, ChangeError> {
        let times = Times::of(starts_at, ends_at).ok_or(ChangeError::EmptyInterval)?;
        let mut transaction = self.write().await.map_err(StorageError::from)?;
        let current = changeable(&mut transaction, id).await?;
        let own = Some(current.bay).filter(|bay| *bay <= bays);
        let others = (1..=bays).filter(|bay| Some(*bay) != own);
        for bay in own.into_iter().chain(others) {
            match relocate(&mut transaction, id, times, bay).await {
                Ok(appointment) => {
                    audit::write(&mut transaction, &Entry::moved(&current, &appointment)).await?;
                    calendar::enqueue(&mut transaction, appointment.id).await?;
                    reminder::follow(&mut transaction, &appointment, Change::Moved).await?;
                    transaction.commit().await.map_err(StorageError::from)?;
                    return Ok(appointment);
                }
                Err(Refused::BayTaken) => {}
                Err(Refused::VehicleBusy) => return Err(ChangeError::VehicleBusy),
                Err(Refused::Storage(error)) => return Err(error.into()),
            }
        }
        Err(ChangeError::SlotTaken)
    }

    async fn cancel(&self, id: AppointmentId, reason: &str) -> Result<Appointment, ChangeError> {
        let mut transaction = self.write().await.map_err(StorageError::from)?;
        changeable(&mut transaction, id).await?;
        let row = sqlx::query(CANCEL)
            .bind(id.0)
            .bind(reason)
            .fetch_one(&mut *transaction)
            .await
            .map_err(StorageError::from)?;
        let cancelled = appointment(&row)?;
        audit::write(&mut transaction, &Entry::cancelled(&cancelled)).await?;
        calendar::enqueue(&mut transaction, cancelled.id).await?;
        reminder::follow(&mut transaction, &cancelled, Change::Cancelled).await?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(cancelled)
    }

    async fn confirm(&self, id: AppointmentId) -> Result<Appointment, ChangeError> {
        let mut transaction = self.write().await.map_err(StorageError::from)?;
        changeable(&mut transaction, id).await?;
        let row = sqlx::query(CONFIRM)
            .bind(id.0)
            .fetch_one(&mut *transaction)
            .await
            .map_err(StorageError::from)?;
        let confirmed = appointment(&row)?;
        audit::write(&mut transaction, &Entry::confirmed(&confirmed)).await?;
        transaction.commit().await.map_err(StorageError::from)?;
        Ok(confirmed)
    }
}

/// Start and end in whole seconds, the start before the end.
#[derive(Clone, Copy)]
struct Times {
    start: i64,
    end: i64,
}

impl Times {
    fn of(starts_at: Timestamp, ends_at: Timestamp) -> Option<Self> {
        let (start, end) = (starts_at.as_second(), ends_at.as_second());
        (start < end).then_some(Self { start, end })
    }
}

/// What the database said to a row offered to it.
enum Refused {
    BayTaken,
    VehicleBusy,
    Storage(StorageError),
}

/// The overlap triggers' messages. The statement alone is undone; its transaction goes on.
impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().map(|refusal| refusal.message()) {
            Some("bay_overlap") => Self::BayTaken,
            Some("vehicle_overlap") => Self::VehicleBusy,
            _ => Self::Storage(error.into()),
        }
    }
}

async fn by_key(
    connection: &mut SqliteConnection,
    key: &str,
) -> Result<Option<Appointment>, StorageError> {
    let row = sqlx::query(BY_KEY)
        .bind(key)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(appointment).transpose()
}

/// Finds or creates who comes with what.
async fn party(
    connection: &mut SqliteConnection,
    party: &Party,
) -> Result<(CustomerId, VehicleId), BookingError> {
    match party {
        Party::Known { customer, vehicle } => {
            if !customer::exists(connection, *customer).await? {
                return Err(BookingError::UnknownCustomer);
            }
            if vehicle::owner(connection, *vehicle).await? != Some(*customer) {
                return Err(BookingError::NotTheirVehicle);
            }
            Ok((*customer, *vehicle))
        }
        Party::NewVehicle { customer, vehicle } => {
            if !customer::exists(connection, *customer).await? {
                return Err(BookingError::UnknownCustomer);
            }
            let vehicle = vehicle::insert(connection, *customer, vehicle).await?;
            Ok((*customer, vehicle.id))
        }
        Party::NewCustomer { customer, vehicle } => {
            let customer = match customer::insert(connection, customer).await {
                Ok(customer) => customer.id,
                Err(CreateCustomerError::PhoneTaken) => return Err(BookingError::PhoneTaken),
                Err(CreateCustomerError::Storage(error)) => return Err(error.into()),
            };
            let vehicle = vehicle::insert(connection, customer, vehicle).await?;
            Ok((customer, vehicle.id))
        }
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &NewAppointment,
    customer: CustomerId,
    vehicle: VehicleId,
    times: Times,
    bay: i64,
) -> Result<Appointment, Refused> {
    let row = sqlx::query(INSERT)
        .bind(customer.0)
        .bind(vehicle.0)
        .bind(&new.service)
        .bind(times.start)
        .bind(times.end)
        .bind(bay)
        .bind(&new.notes)
        .bind(&new.idempotency_key)
        .bind(&new.booked_by)
        .bind(&new.location)
        .fetch_one(connection)
        .await?;
    appointment(&row).map_err(Refused::Storage)
}

async fn relocate(
    connection: &mut SqliteConnection,
    id: AppointmentId,
    times: Times,
    bay: i64,
) -> Result<Appointment, Refused> {
    let row = sqlx::query(MOVE)
        .bind(id.0)
        .bind(times.start)
        .bind(times.end)
        .bind(bay)
        .fetch_one(connection)
        .await?;
    appointment(&row).map_err(Refused::Storage)
}

/// The appointment, where it can still be moved or cancelled.
async fn changeable(
    connection: &mut SqliteConnection,
    id: AppointmentId,
) -> Result<Appointment, ChangeError> {
    let row = sqlx::query(BY_ID)
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map_err(StorageError::from)?
        .ok_or(ChangeError::Unknown)?;
    appointment(&row)?.changeable()
}
