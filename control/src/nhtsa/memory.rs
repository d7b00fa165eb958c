//! What was decoded: a number means the same vehicle for ever, so it is remembered for long.

use crate::limits;
use crate::nodes::{Memory, Shared};

use super::DecodedVehicle;

/// In this process, and in Redis for the others.
#[derive(Debug)]
pub(super) struct Decoded {
    here: Memory<DecodedVehicle>,
    shared: Option<Shared>,
}

/// Nothing that was decoded is ever decoded otherwise.
const ERA: u64 = 0;

impl Decoded {
    pub(super) fn new(shared: Option<Shared>) -> Self {
        Self {
            here: Memory::new(limits::MAX_REMEMBERED),
            shared,
        }
    }

    pub(super) async fn get(&self, vin: &str) -> Option<DecodedVehicle> {
        if let Some(known) = self.here.get(vin, ERA) {
            return Some(known);
        }
        let shared = self.shared.as_ref()?;
        let mut command = redis::cmd("GET");
        command.arg(shared.key("vin", vin));
        let json: Option<Vec<u8>> = shared.ask("vin_get", &command).await.ok()?;
        let known: DecodedVehicle = serde_json::from_slice(&json?).ok()?;
        self.remember(vin, &known);
        Some(known)
    }

    pub(super) async fn keep(&self, vin: &str, vehicle: &DecodedVehicle) {
        self.remember(vin, vehicle);
        let (Some(shared), Ok(json)) = (&self.shared, serde_json::to_vec(vehicle)) else {
            return;
        };
        let mut command = redis::cmd("SET");
        command
            .arg(shared.key("vin", vin))
            .arg(json)
            .arg("PX")
            .arg(limits::VIN_KNOWN_FOR.as_millis().to_string());
        // Where it fails, it is decoded again elsewhere.
        shared.tell("vin_set", &command).await;
    }

    fn remember(&self, vin: &str, vehicle: &DecodedVehicle) {
        let since = self.here.since();
        let life = limits::VIN_KNOWN_FOR;
        self.here.keep(vin, vehicle.clone(), life, ERA, since);
    }
}
