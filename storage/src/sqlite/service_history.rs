//! Service history in SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::Database;
use super::row::Columns;
use crate::appointment::AppointmentId;
use crate::error::StorageError;
use crate::service_history::{ServiceHistory, ServiceRecord};
use crate::vehicle::VehicleId;

const OF_VEHICLE: &str = "SELECT * FROM service_history WHERE vehicle_id = $1
    ORDER BY performed_on DESC, id DESC";

const INSERT: &str = "INSERT INTO service_history
    (vehicle_id, appointment_id, performed_on, service, mileage, notes)
    VALUES ($1, $2, $3, $4, $5, $6)";

#[async_trait]
impl ServiceHistory for Database {
    async fn add(&self, record: &ServiceRecord) -> Result<(), StorageError> {
        let mut transaction = self.write().await?;
        sqlx::query(INSERT)
            .bind(record.vehicle.0)
            .bind(record.appointment.map(|id| id.0))
            .bind(record.performed_on.to_string())
            .bind(&record.service)
            .bind(record.mileage)
            .bind(&record.notes)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn of_vehicle(&self, vehicle: VehicleId) -> Result<Vec<ServiceRecord>, StorageError> {
        let rows = sqlx::query(OF_VEHICLE)
            .bind(vehicle.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(record).collect()
    }
}

fn record(row: &SqliteRow) -> Result<ServiceRecord, StorageError> {
    let columns = Columns::of("service_history", row)?;
    Ok(ServiceRecord {
        vehicle: VehicleId(columns.get("vehicle_id")?),
        appointment: columns
            .get::<Option<i64>>("appointment_id")?
            .map(AppointmentId),
        performed_on: columns
            .date("performed_on")?
            .ok_or_else(|| columns.corrupt("performed_on", "nothing"))?,
        service: columns.get("service")?,
        mileage: columns.get("mileage")?,
        notes: columns.get("notes")?,
    })
}
