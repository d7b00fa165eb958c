//! An appointment as a dialogue sees it: in the location's time and in names that can be spoken.

use jiff::Zoned;
use storage::appointment::AppointmentId;
use storage::customer::CustomerId;
use storage::vehicle::{Vehicle, VehicleId};

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Visit {
    pub appointment_id: AppointmentId,
    pub customer_id: CustomerId,
    /// Key of the service in the location file.
    pub service_type: String,
    /// In the zone of where it is.
    pub scheduled_at: Zoned,
    pub duration_minutes: i64,
    /// Absent where the caller is not verified: it is part of the record.
    pub vehicle: Option<VehicleSummary>,
    /// Where it is, if not at the location that the caller dialled.
    pub elsewhere: Option<Elsewhere>,
}

/// Another location than the one that answers the call.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Elsewhere {
    pub key: String,
    pub name: String,
}

/// A vehicle as one would name it to its owner.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VehicleSummary {
    pub vehicle_id: VehicleId,
    pub year: i16,
    pub make: String,
    pub model: String,
}

impl From<Vehicle> for VehicleSummary {
    fn from(vehicle: Vehicle) -> Self {
        Self {
            vehicle_id: vehicle.id,
            year: vehicle.year,
            make: vehicle.make,
            model: vehicle.model,
        }
    }
}
