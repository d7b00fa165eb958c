//! Vehicles: what is serviced.

use async_trait::async_trait;

use crate::customer::CustomerId;
use crate::error::StorageError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct VehicleId(pub i64);

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Vehicle {
    pub id: VehicleId,
    pub customer: CustomerId,
    pub year: i16,
    pub make: String,
    pub model: String,
    /// 17 characters, upper case; a caller rarely knows it.
    pub vin: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVehicle {
    pub year: i16,
    pub make: String,
    pub model: String,
    pub vin: Option<String>,
}

#[async_trait]
pub trait Vehicles: Send + Sync {
    async fn by_id(&self, id: VehicleId) -> Result<Option<Vehicle>, StorageError>;
    /// In order of id.
    async fn of_customer(&self, customer: CustomerId) -> Result<Vec<Vehicle>, StorageError>;
    async fn add(
        &self,
        customer: CustomerId,
        vehicle: &NewVehicle,
    ) -> Result<Vehicle, StorageError>;
}
