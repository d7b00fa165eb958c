//! A vehicle by its number, where the caller reads it out instead of describing the vehicle.

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::{Asks, Booking, Chosen, State, Task};
use crate::nlu::vehicle::SpokenVehicle;
use crate::tools::decode_vin::Arguments;
use crate::tools::{Answer, ToolCall, ToolOutcome};

impl RuleBrain {
    pub(super) fn decode(&mut self, task: Task, vin: String) -> State {
        let tool = self.run(ToolCall::DecodeVin(Arguments { vin: vin.clone() }));
        State::SlotCollection {
            task,
            asks: Asks::Decoded { tool, vin },
        }
    }

    /// Year, make and model, as if the caller had said them: they are named in the confirmation. The
    /// number stays with a new vehicle until the caller says that it is another. Where nobody knows the
    /// number, the caller is asked for them.
    pub(super) fn decoded(&mut self, booking: &mut Booking, vin: String, outcome: ToolOutcome) {
        if let Ok(Answer::Decoded(vehicle)) = outcome {
            self.repair.moved_on();
            booking.vehicle.describe(&SpokenVehicle {
                year: Some(vehicle.year),
                make: Some(vehicle.make),
                model: Some(vehicle.model),
                body: None,
            });
            if let Chosen::New(new) = &mut booking.vehicle {
                new.vin = Some(vin);
            }
        } else {
            self.say(phrases::VIN_UNKNOWN);
        }
    }
}
