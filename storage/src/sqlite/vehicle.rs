//! Vehicles in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::{Database, audit};
use crate::audit::Entry;
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::read::vehicle;
use crate::vehicle::{NewVehicle, SAME, Vehicle, VehicleId, Vehicles};

pub(super) const BY_ID: &str = "SELECT * FROM vehicles WHERE id = $1";

const OF_CUSTOMER: &str = "SELECT * FROM vehicles WHERE customer_id = $1 ORDER BY id";

const INSERT: &str = "INSERT INTO vehicles (customer_id, year, make, model, vin)
    VALUES ($1, $2, $3, $4, $5) RETURNING *";

#[async_trait]
impl Vehicles for Database {
    async fn by_id(&self, id: VehicleId) -> Result<Option<Vehicle>, StorageError> {
        let row = sqlx::query(BY_ID)
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(vehicle).transpose()
    }

    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Vehicle>, StorageError> {
        let rows = sqlx::query(OF_CUSTOMER)
            .bind(customer.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(vehicle).collect()
    }

    async fn add(&self, customer: CustomerId, new: &NewVehicle) -> Result<Vehicle, StorageError> {
        self.write(async |connection| {
            let vehicle = insert(connection, customer, new).await?;
            Ok(vehicle)
        })
        .await
    }
}

/// Creates a vehicle within a transaction, where the customer has none like it.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    customer: CustomerId,
    new: &NewVehicle,
) -> Result<Vehicle, StorageError> {
    let same = sqlx::query(SAME)
        .bind(customer.0)
        .bind(new.year)
        .bind(&new.make)
        .bind(&new.model)
        .bind(&new.vin)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(same) = same {
        return vehicle(&same);
    }
    let row = sqlx::query(INSERT)
        .bind(customer.0)
        .bind(new.year)
        .bind(&new.make)
        .bind(&new.model)
        .bind(&new.vin)
        .fetch_one(&mut *connection)
        .await?;
    let added = vehicle(&row)?;
    audit::write(connection, &Entry::added(&added)).await?;
    Ok(added)
}

/// Whose vehicle this is, within a transaction.
pub(super) async fn owner(
    connection: &mut SqliteConnection,
    id: VehicleId,
) -> Result<Option<CustomerId>, StorageError> {
    let row = sqlx::query(BY_ID)
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.as_ref().map(vehicle).transpose()?.map(|v| v.customer))
}
