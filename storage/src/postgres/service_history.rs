//! Service history on Postgres.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::row::{self, Columns};
use super::{Database, sql};
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
        self.all(sql(OF_VEHICLE).bind(vehicle.0), record).await
    }
}

fn record(row: &PgRow) -> Result<ServiceRecord, StorageError> {
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
