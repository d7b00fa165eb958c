//! Vehicles on Postgres.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::row;
use super::transaction::{Mode, within};
use super::{Database, audit, sql};
use crate::audit::Entry;
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::read::vehicle;
use crate::vehicle::{NewVehicle, Vehicle, VehicleId, Vehicles};

pub(super) const BY_ID: &str = "SELECT * FROM vehicles WHERE id = $1";

const OF_CUSTOMER: &str = "SELECT * FROM vehicles WHERE customer_id = $1 ORDER BY id";

/// The same vehicle, where it is there already: of two with numbers, only those numbers tell.
const SAME: &str = "SELECT * FROM vehicles
    WHERE customer_id = $1 AND year = $2 AND lower(make) = lower($3) AND lower(model) = lower($4)
      AND (vin IS NULL OR CAST($5 AS TEXT) IS NULL OR vin = CAST($5 AS TEXT))
    ORDER BY id LIMIT 1";

/// Lets one add a vehicle at a time, and keeps nobody from booking.
const LOCK_OWNER: &str = "SELECT FROM customers WHERE id = $1 FOR NO KEY UPDATE";

const INSERT: &str = "INSERT INTO vehicles (customer_id, year, make, model, vin)
    VALUES ($1, $2, $3, $4, $5) RETURNING *";

#[async_trait]
impl Vehicles for Database {
    async fn by_id(&self, id: VehicleId) -> Result<Option<Vehicle>, StorageError> {
        self.one(sql(BY_ID).bind(id.0), vehicle).await
    }

    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Vehicle>, StorageError> {
        self.all(sql(OF_CUSTOMER).bind(customer.0), vehicle).await
    }

    async fn add(&self, customer: CustomerId, new: &NewVehicle) -> Result<Vehicle, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = insert(&mut transaction, customer, new).await;
            transaction.end(done).await
        })
        .await
    }
}

/// Creates a vehicle within a transaction, where the customer has none like it.
pub(super) async fn insert(
    connection: &mut PgConnection,
    customer: CustomerId,
    new: &NewVehicle,
) -> Result<Vehicle, StorageError> {
    sql(LOCK_OWNER)
        .bind(customer.0)
        .execute(&mut *connection)
        .await?;
    let same = sql(SAME)
        .bind(customer.0)
        .bind(new.year)
        .bind(row::text(&new.make))
        .bind(row::text(&new.model))
        .bind(row::optional(new.vin.as_ref()))
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(same) = same {
        return vehicle(&same);
    }
    let row = sql(INSERT)
        .bind(customer.0)
        .bind(new.year)
        .bind(row::text(&new.make))
        .bind(row::text(&new.model))
        .bind(row::optional(new.vin.as_ref()))
        .fetch_one(&mut *connection)
        .await?;
    let added = vehicle(&row)?;
    audit::write(connection, &Entry::added(&added)).await?;
    Ok(added)
}
