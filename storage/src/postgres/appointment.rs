//! Appointments on Postgres. Whether a bay or a vehicle is free is never decided here: a query picks
//! the bay that looks free, and the exclusion constraints judge.
//!
//! A booking that loses its bay to another one gets no error (that would end its transaction) but no
//! row, asks why, and tries again where there is another bay.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Executor as _, PgConnection, Row as _};

use super::row;
use super::transaction::{Mode, within};
use super::{Database, audit, calendar, customer, reminder, sql, vehicle};
use crate::appointment::{
    Appointment, AppointmentId, Appointments, BookingError, Busy, ChangeError, NewAppointment,
    Party,
};
use crate::audit::Entry;
use crate::customer::{CreateCustomerError, CustomerId};
use crate::error::StorageError;
use crate::limits;
use crate::read::{appointment, busy};
use crate::reminder::Change;
use crate::vehicle::VehicleId;

pub(super) const BY_ID: &str = "SELECT * FROM appointments WHERE id = $1";

const LOCK_BY_ID: &str = "SELECT * FROM appointments WHERE id = $1 FOR UPDATE";

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

/// Whether there is a customer $1, and whose the vehicle $2 is.
const PARTY: &str = "SELECT EXISTS (SELECT FROM customers WHERE id = $1) AS known,
    (SELECT customer_id FROM vehicles WHERE id = $2) AS owner";

/// Into the first bay that is free by what is committed; no row where none is, or where a constraint
/// refuses. It waits for bookings under way that it meets.
const INSERT: &str = "INSERT INTO appointments
    (customer_id, vehicle_id, service, starts_at, ends_at, bay, notes, idempotency_key, booked_by,
     location)
    SELECT $1, $2, $3, $4, $5, candidate.bay, $6, $7, $8, $10
      FROM generate_series(1, $9) AS candidate (bay)
     WHERE NOT EXISTS (SELECT FROM appointments AS other
           WHERE other.location = $10 AND other.bay = candidate.bay AND other.status <> 'cancelled'
             AND tstzrange(other.starts_at, other.ends_at) && tstzrange($4, $5))
     ORDER BY candidate.bay LIMIT 1
    ON CONFLICT DO NOTHING RETURNING *";

const VEHICLE_BUSY: &str = "SELECT EXISTS (SELECT FROM appointments
    WHERE vehicle_id = $1 AND status <> 'cancelled'
      AND tstzrange(starts_at, ends_at) && tstzrange($2, $3))";

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
const NONE: i64 = 0;

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
            let mut transaction = self.begin(Mode::Book).await?;
            let done = book(&mut transaction, new, times).await;
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
struct Times {
    start: jiff_sqlx::Timestamp,
    end: jiff_sqlx::Timestamp,
}

impl Times {
    fn of(starts_at: Timestamp, ends_at: Timestamp) -> Option<Self> {
        let (start, end) = (row::instant(starts_at), row::instant(ends_at));
        (start.to_jiff() < end.to_jiff()).then_some(Self { start, end })
    }
}

/// Why a transaction that was to book keeps nothing.
enum NotMade {
    /// The booking was made before, under the same key.
    Repeated(Appointment),
    Refused(BookingError),
}

impl<E: Into<BookingError>> From<E> for NotMade {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

async fn book(
    connection: &mut PgConnection,
    new: &NewAppointment,
    times: Times,
) -> Result<Appointment, NotMade> {
    not_repeated(connection, new).await?;
    let (customer, vehicle) = match party(connection, &new.party).await {
        Ok(party) => party,
        Err(BookingError::PhoneTaken) => {
            // By the same booking, perhaps, sent twice at once.
            not_repeated(connection, new).await?;
            return Err(BookingError::PhoneTaken.into());
        }
        Err(refused) => return Err(refused.into()),
    };
    for _ in 0..limits::BOOKING_ATTEMPTS {
        let row = sql(INSERT)
            .bind(customer.0)
            .bind(vehicle.0)
            .bind(row::text(&new.service))
            .bind(times.start)
            .bind(times.end)
            .bind(row::optional(new.notes.as_ref()))
            .bind(row::text(&new.idempotency_key))
            .bind(row::text(&new.booked_by))
            .bind(new.bays.min(limits::BAYS))
            .bind(row::text(&new.location))
            .fetch_optional(&mut *connection)
            .await
            .map_err(StorageError::from)?;
        if let Some(row) = row {
            let made = appointment(&row)?;
            audit::write(connection, &Entry::booked(&made)).await?;
            calendar::enqueue(connection, made.id).await?;
            reminder::follow(connection, &made, Change::Booked).await?;
            reminder::consent(connection, made.id, new.booked_from.as_ref()).await?;
            return Ok(made);
        }
        not_repeated(connection, new).await?;
        if is_busy(connection, vehicle, times).await? {
            return Err(BookingError::VehicleBusy.into());
        }
        let bays = new.bays;
        let free = free_bays(connection, &new.location, times, bays, NONE, NONE).await?;
        if free.is_empty() {
            return Err(BookingError::SlotTaken.into());
        }
    }
    Err(BookingError::SlotTaken.into())
}

/// Goes on where no booking has this key.
async fn not_repeated(connection: &mut PgConnection, new: &NewAppointment) -> Result<(), NotMade> {
    let row = sql(BY_KEY)
        .bind(row::text(&new.idempotency_key))
        .fetch_optional(connection)
        .await
        .map_err(StorageError::from)?;
    match row {
        None => Ok(()),
        Some(row) => Err(NotMade::Repeated(appointment(&row)?)),
    }
}

/// Finds or creates who comes with what.
async fn party(
    connection: &mut PgConnection,
    party: &Party,
) -> Result<(CustomerId, VehicleId), BookingError> {
    match party {
        Party::Known { customer, vehicle } => {
            let owner = owner(connection, *customer, Some(*vehicle)).await?;
            if owner == Some(*customer) {
                Ok((*customer, *vehicle))
            } else {
                Err(BookingError::NotTheirVehicle)
            }
        }
        Party::NewVehicle { customer, vehicle } => {
            owner(connection, *customer, None).await?;
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

/// Whose the vehicle is, where the customer is known.
async fn owner(
    connection: &mut PgConnection,
    customer: CustomerId,
    vehicle: Option<VehicleId>,
) -> Result<Option<CustomerId>, BookingError> {
    let row = sql(PARTY)
        .bind(customer.0)
        .bind(vehicle.map(|vehicle| vehicle.0))
        .fetch_one(connection)
        .await
        .map_err(StorageError::from)?;
    if !row
        .try_get::<bool, _>("known")
        .map_err(StorageError::from)?
    {
        return Err(BookingError::UnknownCustomer);
    }
    let owner: Option<i64> = row.try_get("owner").map_err(StorageError::from)?;
    Ok(owner.map(CustomerId))
}

async fn is_busy(
    connection: &mut PgConnection,
    vehicle: VehicleId,
    times: Times,
) -> Result<bool, StorageError> {
    let row = sql(VEHICLE_BUSY)
        .bind(vehicle.0)
        .bind(times.start)
        .bind(times.end)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

async fn free_bays(
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
