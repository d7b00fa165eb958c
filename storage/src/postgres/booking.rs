//! How a booking is made on Postgres: one statement, in which the row and all that comes with it come
//! to be together.
//!
//! A booking that loses its bay to another one gets no error (that would end its transaction) but no
//! row, asks why, and tries again where there is another bay.

use sqlx::{PgConnection, Row as _};

use super::appointment::{NONE, Times, free_bays};
use super::{customer, row, sql, vehicle};
use crate::appointment::{Appointment, BookingError, NewAppointment, Party};
use crate::audit::{self, call};
use crate::customer::{CreateCustomerError, CustomerId, Phone};
use crate::error::StorageError;
use crate::limits;
use crate::read::appointment;
use crate::reminder::planned;
use crate::vehicle::VehicleId;

/// Calls the function of migration 9. A function, because the server keeps its plan, where a statement
/// without a name is planned each time: that was a third of a booking.
const BOOK: &str = "SELECT * FROM book_appointment(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";

const BY_KEY: &str = "SELECT * FROM appointments WHERE idempotency_key = $1";

/// Whether there is a customer $1, and whose the vehicle $2 is.
const PARTY: &str = "SELECT EXISTS (SELECT FROM customers WHERE id = $1) AS known,
    (SELECT customer_id FROM vehicles WHERE id = $2) AS owner";

const VEHICLE_BUSY: &str = "SELECT EXISTS (SELECT FROM appointments
    WHERE vehicle_id = $1 AND status <> 'cancelled'
      AND tstzrange(starts_at, ends_at) && tstzrange($2, $3))";

/// Why a transaction that was to book keeps nothing.
pub(super) enum NotMade {
    /// The booking was made before, under the same key.
    Repeated(Appointment),
    Refused(BookingError),
}

impl<E: Into<BookingError>> From<E> for NotMade {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

pub(super) async fn book(
    connection: &mut PgConnection,
    new: &NewAppointment,
    times: Times,
) -> Result<Appointment, NotMade> {
    // Nobody comes to be twice.
    if !matches!(new.party, Party::Known { .. }) {
        not_repeated(connection, new).await?;
    }
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
        if let Some(made) = insert(connection, new, customer, vehicle, times).await? {
            return Ok(made);
        }
        not_repeated(connection, new).await?;
        if owner(connection, customer, Some(vehicle)).await? != Some(customer) {
            return Err(BookingError::NotTheirVehicle.into());
        }
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

async fn insert(
    connection: &mut PgConnection,
    new: &NewAppointment,
    customer: CustomerId,
    vehicle: VehicleId,
    times: Times,
) -> Result<Option<Appointment>, StorageError> {
    let (starts_at, ends_at) = (times.start.to_jiff(), times.end.to_jiff());
    let call = call();
    let mut query = sql(BOOK)
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
        .bind(call.as_deref().map(row::text))
        .bind(row::json(&audit::wished(&new.service, starts_at))?);
    for (kind, due_at) in planned(starts_at, ends_at) {
        query = query.bind(row::word(kind)?).bind(row::instant(due_at));
    }
    query = query.bind(new.booked_from.as_ref().map(Phone::as_str));
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(appointment).transpose()
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
        Some(row) => Err(NotMade::Repeated(new.made_before(appointment(&row)?)?)),
    }
}

/// Finds or creates who comes with what; whose a known vehicle is shows when it is booked.
async fn party(
    connection: &mut PgConnection,
    party: &Party,
) -> Result<(CustomerId, VehicleId), BookingError> {
    match party {
        Party::Known { customer, vehicle } => Ok((*customer, *vehicle)),
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
