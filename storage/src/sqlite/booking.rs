//! How a booking is made in SQLite: the row, and then at once all that comes with it.

use sqlx::SqliteConnection;

use super::appointment::{Refused, Times};
use super::{customer, row, vehicle};
use crate::appointment::{Appointment, BookingError, NewAppointment, Party};
use crate::audit::{Entry, call};
use crate::customer::{CreateCustomerError, CustomerId, Phone};
use crate::error::StorageError;
use crate::limits;
use crate::read::appointment;
use crate::reminder::planned;
use crate::vehicle::VehicleId;

/// Into the first bay that is free; no row where none is, where the vehicle $2 is not the customer's
/// $1, or where the key was used.
const INSERT: &str = "WITH RECURSIVE candidate (bay) AS
        (SELECT 1 UNION ALL SELECT bay + 1 FROM candidate WHERE bay < $9)
    INSERT INTO appointments
    (customer_id, vehicle_id, service, starts_at, ends_at, bay, notes, idempotency_key, booked_by,
     location)
    SELECT $1, $2, $3, $4, $5, candidate.bay, $6, $7, $8, $10 FROM candidate
     WHERE candidate.bay <= $9
       AND EXISTS (SELECT 1 FROM vehicles WHERE id = $2 AND customer_id = $1)
       AND NOT EXISTS (SELECT 1 FROM appointments AS other
           WHERE other.location = $10 AND other.bay = candidate.bay AND other.status <> 'cancelled'
             AND other.starts_at < $5 AND other.ends_at > $4)
     ORDER BY candidate.bay LIMIT 1
    ON CONFLICT (idempotency_key) DO NOTHING RETURNING *";

/// What comes with appointment $1: its line in the audit log, its entry in the calendar's outbox, its
/// reminders, and the consent of whoever books: they give a number to be told about it, to be written
/// to, and called only where it is the one $13 that they book from.
const WITH_IT: &str = "
INSERT INTO audit_log (call_sid, change, customer_id, vehicle_id, appointment_id, detail)
    SELECT $2, 'appointment_booked', customer_id, vehicle_id, id, $3 FROM appointments WHERE id = $1;
INSERT INTO calendar_outbox (appointment_id, sequence) VALUES ($1, 1);
INSERT INTO reminders (appointment_id, starts_at, kind, due_at)
    VALUES ($1, $4, $5, $6), ($1, $4, $7, $8), ($1, $4, $9, $10), ($1, $4, $11, $12);
INSERT INTO consents (phone, channel, source, at)
    SELECT customers.phone, reached.channel, made.booked_by, unixepoch()
      FROM appointments AS made
      JOIN customers ON customers.id = made.customer_id
      JOIN (SELECT 'voice' AS channel UNION ALL SELECT 'sms') AS reached
     WHERE made.id = $1 AND made.booked_by <> ''
       AND (reached.channel = 'sms' OR customers.phone = $13)
    ON CONFLICT DO NOTHING";

const BY_KEY: &str = "SELECT * FROM appointments WHERE idempotency_key = $1";

const VEHICLE_BUSY: &str = "SELECT EXISTS (SELECT 1 FROM appointments
    WHERE vehicle_id = $1 AND status <> 'cancelled' AND starts_at < $3 AND ends_at > $2)";

/// The write lock is held: nobody else books meanwhile, under this key or any other.
pub(super) async fn book(
    connection: &mut SqliteConnection,
    new: &NewAppointment,
    times: Times,
) -> Result<Appointment, BookingError> {
    // Nobody comes to be twice.
    if !matches!(new.party, Party::Known { .. })
        && let Some(done) = by_key(connection, &new.idempotency_key).await?
    {
        return new.made_before(done);
    }
    let (customer, vehicle) = party(connection, &new.party).await?;
    let Some(made) = insert(connection, new, customer, vehicle, times).await? else {
        return match by_key(connection, &new.idempotency_key).await? {
            Some(done) => new.made_before(done),
            None => Err(refusal(connection, customer, vehicle, times).await?),
        };
    };
    complete(connection, &made, new.booked_from.as_ref()).await?;
    Ok(made)
}

/// Finds or creates who comes with what; whose a known vehicle is shows when it is booked.
async fn party(
    connection: &mut SqliteConnection,
    party: &Party,
) -> Result<(CustomerId, VehicleId), BookingError> {
    match party {
        Party::Known { customer, vehicle } => Ok((*customer, *vehicle)),
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

/// Offers the database a row, which it may not take.
async fn insert(
    connection: &mut SqliteConnection,
    new: &NewAppointment,
    customer: CustomerId,
    vehicle: VehicleId,
    times: Times,
) -> Result<Option<Appointment>, BookingError> {
    let row = sqlx::query(INSERT)
        .bind(customer.0)
        .bind(vehicle.0)
        .bind(&new.service)
        .bind(times.start)
        .bind(times.end)
        .bind(&new.notes)
        .bind(&new.idempotency_key)
        .bind(&new.booked_by)
        .bind(new.bays.min(limits::BAYS))
        .bind(&new.location)
        .fetch_optional(connection)
        .await
        .map_err(|error| match Refused::from(error) {
            Refused::BayTaken => BookingError::SlotTaken,
            Refused::VehicleBusy => BookingError::VehicleBusy,
            Refused::Storage(error) => error.into(),
        })?;
    Ok(row.as_ref().map(appointment).transpose()?)
}

async fn complete(
    connection: &mut SqliteConnection,
    made: &Appointment,
    booked_from: Option<&Phone>,
) -> Result<(), StorageError> {
    let mut query = sqlx::query(WITH_IT)
        .bind(made.id.0)
        .bind(call().as_deref())
        .bind(row::json(&Entry::booked(made).detail)?)
        .bind(made.starts_at.as_second());
    for (kind, due_at) in planned(made.starts_at, made.ends_at) {
        query = query.bind(row::word(kind)?).bind(due_at.as_second());
    }
    query = query.bind(booked_from.map(Phone::as_str));
    query.execute(connection).await?;
    Ok(())
}

/// Why there was no row.
async fn refusal(
    connection: &mut SqliteConnection,
    customer: CustomerId,
    vehicle: VehicleId,
    times: Times,
) -> Result<BookingError, StorageError> {
    if !customer::exists(connection, customer).await? {
        return Ok(BookingError::UnknownCustomer);
    }
    if vehicle::owner(connection, vehicle).await? != Some(customer) {
        return Ok(BookingError::NotTheirVehicle);
    }
    let busy: bool = sqlx::query_scalar(VEHICLE_BUSY)
        .bind(vehicle.0)
        .bind(times.start)
        .bind(times.end)
        .fetch_one(connection)
        .await?;
    Ok(if busy {
        BookingError::VehicleBusy
    } else {
        BookingError::SlotTaken
    })
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
