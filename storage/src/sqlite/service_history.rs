//! Service history in SQLite.

use async_trait::async_trait;

use super::Database;
use crate::error::StorageError;
use crate::read::service_record;
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
        self.write(async |connection| {
            sqlx::query(INSERT)
                .bind(record.vehicle.0)
                .bind(record.appointment.map(|id| id.0))
                .bind(record.performed_on.to_string())
                .bind(&record.service)
                .bind(record.mileage)
                .bind(&record.notes)
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn of_vehicle(&self, vehicle: VehicleId) -> Result<Vec<ServiceRecord>, StorageError> {
        let rows = sqlx::query(OF_VEHICLE)
            .bind(vehicle.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(service_record).collect()
    }
}
