//! Service history on Postgres.

use async_trait::async_trait;

use super::row;
use super::{Database, sql};
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
        let insert = sql(INSERT)
            .bind(record.vehicle.0)
            .bind(record.appointment.map(|id| id.0))
            .bind(row::date(record.performed_on))
            .bind(row::text(&record.service))
            .bind(record.mileage)
            .bind(row::optional(record.notes.as_ref()));
        self.run(insert).await?;
        Ok(())
    }

    async fn of_vehicle(&self, vehicle: VehicleId) -> Result<Vec<ServiceRecord>, StorageError> {
        self.all(sql(OF_VEHICLE).bind(vehicle.0), service_record)
            .await
    }
}
