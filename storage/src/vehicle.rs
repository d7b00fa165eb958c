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
    /// Adds a vehicle, or gives the customer's own that is the same by year, make, model and, where both
    /// are known, VIN.
    async fn add(
        &self,
        customer: CustomerId,
        vehicle: &NewVehicle,
    ) -> Result<Vehicle, StorageError>;
}

/// The same words in both databases. $1 customer, $2 year, $3 make, $4 model, $5 VIN: the same vehicle,
/// where it is there already. Of two that have numbers, only these tell.
pub(crate) const SAME: &str = "SELECT * FROM vehicles
    WHERE customer_id = $1 AND year = $2 AND lower(make) = lower($3) AND lower(model) = lower($4)
      AND (vin IS NULL OR CAST($5 AS TEXT) IS NULL OR vin = CAST($5 AS TEXT))
    ORDER BY id LIMIT 1";
