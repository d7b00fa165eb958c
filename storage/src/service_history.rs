//! Service history: what was done to a vehicle.

use async_trait::async_trait;
use jiff::civil::Date;

use crate::appointment::AppointmentId;
use crate::error::StorageError;
use crate::vehicle::VehicleId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRecord {
    pub vehicle: VehicleId,
    pub appointment: Option<AppointmentId>,
    pub performed_on: Date,
    /// Key of a service in the location file.
    pub service: String,
    pub mileage: Option<i64>,
    pub notes: Option<String>,
}

#[async_trait]
pub trait ServiceHistory: Send + Sync {
    async fn add(&self, record: &ServiceRecord) -> Result<(), StorageError>;
    /// Newest first.
    async fn of_vehicle(&self, vehicle: VehicleId) -> Result<Vec<ServiceRecord>, StorageError>;
}
