//! Appointments on Postgres. Whether a bay or a vehicle is free is never decided here: a query picks
//! the bay that looks free, and the exclusion constraints judge.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Executor as _, PgConnection, Row as _};

use super::booking::{self, NotMade};
use super::row;
use super::transaction::{Mode, within};
use super::{Database, audit, calendar, reminder, sql};
use crate::appointment::{
    Appointment, AppointmentId, Appointments, BookingError, Busy, ChangeError, NewAppointment,
};
use crate::audit::Entry;
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::limits;
use crate::read::{appointment, busy};
use crate::reminder::Change;

pub(super) const BY_ID: &str = "SELECT * FROM appointments WHERE id = $1";

const LOCK_BY_ID: &str = "SELECT * FROM appointments WHERE id = $1 FOR UPDATE";

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

/// The bays of location $6 that are free from $1 to $2 but for appointment $4, bay $5 first.
const FREE_BAYS: &str = "SELECT candidate.bay FROM generate_series(1, $3) AS candidate (bay)
    WHERE NOT EXISTS (SELECT FROM appointments AS other
          WHERE other.location = $6 AND other.bay = candidate.bay
            AND other.status <> 'cancelled' AND other.id <> $4
            AND tstzrange(other.starts_at, other.ends_at) && tstzrange($1, $2))
    ORDER BY candidate.bay <> $5, candidate.bay";

const MOVE: &str = "UPDATE appointments
    SET starts_at = $2, ends_at = $3, bay = $4, status = 'scheduled', updated_at = now()
    WHERE id = $1 RETURNING *";

const CANCEL: &str = "UPDATE appointments
    SET status = 'cancelled', cancellation_reason = $2, updated_at = now()
    WHERE id = $1 RETURNING *";

const CONFIRM: &str = "UPDATE appointments
    SET status = 'confirmed', updated_at = now()
    WHERE id = $1 RETURNING *";

/// No appointment, and no bay: ids and bays count from 1.
pub(super) const NONE: i64 = 0;

#[async_trait]
impl Appointments for Database {
    async fn by_id(&self, id: AppointmentId) -> Result<Option<Appointment>, StorageError> {
        self.one(sql(BY_ID).bind(id.0), appointment).await
    }

    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Appointment>, StorageError> {
        self.all(sql(OF_CUSTOMER).bind(customer.0), appointment)
            .await
    }

    async fn upcoming(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StorageError> {
        let query = sql(UPCOMING).bind(customer.0).bind(row::instant(now));
        self.all(query, appointment).await
    }

    async fn busy(
        &self,
        location: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Busy>, StorageError> {
        let query = sql(BUSY)
            .bind(row::instant(from))
            .bind(row::instant(to))
            .bind(row::text(location));
        self.all(query, busy).await
    }

    async fn locations(&self, now: Timestamp) -> Result<Vec<String>, StorageError> {
        let query = sql(LOCATIONS).bind(row::instant(now));
        self.all(query, |row| Ok(row.try_get("location")?)).await
    }

    async fn book(&self, new: &NewAppointment) -> Result<Appointment, BookingError> {
        let times = Times::of(new.starts_at, new.ends_at).ok_or(BookingError::EmptyInterval)?;
        within(async {
            let mut transaction = self.begin(Mode::Book(times.start.to_jiff())).await?;
            let done = booking::book(&mut transaction, new, times).await;
            match transaction.end(done).await {
                Ok(made) | Err(NotMade::Repeated(made)) => Ok(made),
                Err(NotMade::Refused(error)) => Err(error),
            }
        })
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
        within(async {
            let mut transaction = self.begin(Mode::Move).await?;
            let done = reschedule(&mut transaction, id, times, bays).await;
            transaction.end(done).await
        })
        .await
    }

    async fn cancel(&self, id: AppointmentId, reason: &str) -> Result<Appointment, ChangeError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = cancel(&mut transaction, id, reason).await;
            transaction.end(done).await
        })
        .await
    }

    async fn confirm(&self, id: AppointmentId) -> Result<Appointment, ChangeError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = confirm(&mut transaction, id).await;
            transaction.end(done).await
        })
        .await
    }
}

/// Start and end in whole seconds, the start before the end.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) start: jiff_sqlx::Timestamp,
    pub(super) end: jiff_sqlx::Timestamp,
}

impl Times {
    fn of(starts_at: Timestamp, ends_at: Timestamp) -> Option<Self> {
        let (start, end) = (row::instant(starts_at), row::instant(ends_at));
        (start.to_jiff() < end.to_jiff()).then_some(Self { start, end })
    }
}

pub(super) async fn free_bays(
    connection: &mut PgConnection,
    location: &str,
    times: Times,
    bays: i64,
    without: i64,
    first: i64,
) -> Result<Vec<i64>, StorageError> {
    let rows = sql(FREE_BAYS)
        .bind(times.start)
        .bind(times.end)
        .bind(bays.min(limits::BAYS))
        .bind(without)
        .bind(first)
        .bind(row::text(location))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn reschedule(
    connection: &mut PgConnection,
    id: AppointmentId,
    times: Times,
    bays: i64,
) -> Result<Appointment, ChangeError> {
    let current = changeable(connection, id).await?;
    let at = current.location.as_str();
    let mut offers = free_bays(connection, at, times, bays, id.0, current.bay).await?;
    if offers.is_empty() && bays > 0 {
        // Asked for what is taken, the database says whether another bay could have helped.
        offers.push(current.bay.min(bays));
    }
    for bay in offers {
        match relocate(connection, id, times, bay).await {
            Ok(appointment) => {
                audit::write(connection, &Entry::moved(&current, &appointment)).await?;
                calendar::enqueue(connection, id).await?;
                reminder::follow(connection, &appointment, Change::Moved).await?;
                return Ok(appointment);
            }
            Err(Refused::BayTaken) => {}
            Err(Refused::VehicleBusy) => return Err(ChangeError::VehicleBusy),
            Err(Refused::Storage(error)) => return Err(error.into()),
        }
    }
    Err(ChangeError::SlotTaken)
}

/// Offers the database another place for a row. Refused, its transaction goes on.
async fn relocate(
    connection: &mut PgConnection,
    id: AppointmentId,
    times: Times,
    bay: i64,
) -> Result<Appointment, Refused> {
    connection
        .execute(sqlx::raw_sql("SAVEPOINT offer"))
        .await
        .map_err(StorageError::from)?;
    let moved = sql(MOVE)
        .bind(id.0)
        .bind(times.start)
        .bind(times.end)
        .bind(bay)
        .fetch_one(&mut *connection)
        .await;
    match moved.map_err(Refused::from) {
        Ok(row) => Ok(appointment(&row)?),
        Err(refused) => {
            connection
                .execute(sqlx::raw_sql("ROLLBACK TO SAVEPOINT offer"))
                .await
                .map_err(StorageError::from)?;
            Err(refused)
        }
    }
}

/// What the database said to a row offered to it.
enum Refused {
    BayTaken,
    VehicleBusy,
    Storage(StorageError),
}

/// By the names of the exclusion constraints.
impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|said| said.constraint()) {
            Some("bay_overlap") => Self::BayTaken,
            Some("vehicle_overlap") => Self::VehicleBusy,
            _ => Self::Storage(error.into()),
        }
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

async fn cancel(
    connection: &mut PgConnection,
    id: AppointmentId,
    reason: &str,
) -> Result<Appointment, ChangeError> {
    changeable(connection, id).await?;
    let row = sql(CANCEL)
        .bind(id.0)
        .bind(row::text(reason))
        .fetch_one(&mut *connection)
        .await
        .map_err(StorageError::from)?;
    let cancelled = appointment(&row)?;
    audit::write(connection, &Entry::cancelled(&cancelled)).await?;
    calendar::enqueue(connection, id).await?;
    reminder::follow(connection, &cancelled, Change::Cancelled).await?;
    Ok(cancelled)
}

async fn confirm(
    connection: &mut PgConnection,
    id: AppointmentId,
) -> Result<Appointment, ChangeError> {
    changeable(connection, id).await?;
    let row = sql(CONFIRM)
        .bind(id.0)
        .fetch_one(&mut *connection)
        .await
        .map_err(StorageError::from)?;
    let confirmed = appointment(&row)?;
    audit::write(connection, &Entry::confirmed(&confirmed)).await?;
    Ok(confirmed)
}

/// The appointment, where it can still be moved or cancelled; nobody else changes it meanwhile.
async fn changeable(
    connection: &mut PgConnection,
    id: AppointmentId,
) -> Result<Appointment, ChangeError> {
    let row = sql(LOCK_BY_ID)
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map_err(StorageError::from)?
        .ok_or(ChangeError::Unknown)?;
    appointment(&row)?.changeable()
}
