//! Appointments in SQLite. Whether a bay or a vehicle is free is never decided here: a row is
//! offered to the database, in the bay that looks free, and the overlap triggers judge.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{Database, audit, booking, calendar, reminder};
use crate::appointment::{
    Appointment, AppointmentId, Appointments, BookingError, Busy, ChangeError, NewAppointment,
};
use crate::audit::Entry;
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::read::{appointment, busy};
use crate::reminder::Change;

pub(super) const BY_ID: &str = "SELECT * FROM appointments WHERE id = $1";

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
        self.write(async |connection| booking::book(connection, new, times).await)
            .await
    }

    async fn reschedule(
        &self,
        id: AppointmentId,
        starts_at: Timestamp,
        ends_at: Timestamp,
        bays: i64,
    ) -> Result<Appointment, ChangeError> {
        let times = Times::of(starts_at, ends_at).ok_or(ChangeError::EmptyInterval)?;
        self.write(async |connection| {
            let current = changeable(connection, id).await?;
            let own = Some(current.bay).filter(|bay| *bay <= bays);
            let others = (1..=bays).filter(|bay| Some(*bay) != own);
            for bay in own.into_iter().chain(others) {
                match relocate(connection, id, times, bay).await {
                    Ok(appointment) => {
                        audit::write(connection, &Entry::moved(&current, &appointment)).await?;
                        calendar::enqueue(connection, appointment.id).await?;
                        reminder::follow(connection, &appointment, Change::Moved).await?;
                        return Ok(appointment);
                    }
                    Err(Refused::BayTaken) => {}
                    Err(Refused::VehicleBusy) => return Err(ChangeError::VehicleBusy),
                    Err(Refused::Storage(error)) => return Err(error.into()),
                }
            }
            Err(ChangeError::SlotTaken)
        })
        .await
    }

    async fn cancel(&self, id: AppointmentId, reason: &str) -> Result<Appointment, ChangeError> {
        self.write(async |connection| {
            changeable(connection, id).await?;
            let row = sqlx::query(CANCEL)
                .bind(id.0)
                .bind(reason)
                .fetch_one(&mut *connection)
                .await
                .map_err(StorageError::from)?;
            let cancelled = appointment(&row)?;
            audit::write(connection, &Entry::cancelled(&cancelled)).await?;
            calendar::enqueue(connection, cancelled.id).await?;
            reminder::follow(connection, &cancelled, Change::Cancelled).await?;
            Ok(cancelled)
        })
        .await
    }

    async fn confirm(&self, id: AppointmentId) -> Result<Appointment, ChangeError> {
        self.write(async |connection| {
            changeable(connection, id).await?;
            let row = sqlx::query(CONFIRM)
                .bind(id.0)
                .fetch_one(&mut *connection)
                .await
                .map_err(StorageError::from)?;
            let confirmed = appointment(&row)?;
            audit::write(connection, &Entry::confirmed(&confirmed)).await?;
            Ok(confirmed)
        })
        .await
    }
}

/// Start and end in whole seconds, the start before the end.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Times {
    fn of(starts_at: Timestamp, ends_at: Timestamp) -> Option<Self> {
        let (start, end) = (starts_at.as_second(), ends_at.as_second());
        (start < end).then_some(Self { start, end })
    }
}

/// What the database said to a row offered to it.
pub(super) enum Refused {
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
