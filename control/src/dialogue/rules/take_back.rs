//! A cancellation that is taken back: what was given up is booked again, if it is still free.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::{Booking, Chosen, State, Task, Wish};
use crate::nlu::intent;
use crate::nlu::vehicle::SpokenVehicle;

impl RuleBrain {
    /// Whether the caller wants back what was cancelled a moment ago, by every reading.
    pub(super) fn takes_back(&self, text: &str, second: Option<&str>) -> bool {
        self.known.cancelled.is_some()
            && intent::takes_back(text)
            && second.is_none_or(intent::takes_back)
    }

    /// The time is not ours any more: it is looked for, read out and agreed to like any other.
    pub(super) fn back_again(&mut self, now: &Zoned) -> State {
        let Some(visit) = self.known.cancelled.clone() else {
            return self.enter(State::Closing, now);
        };
        let vehicle = visit.vehicle.map(|vehicle| Chosen::Known {
            vehicle: vehicle.vehicle_id,
            called: SpokenVehicle {
                year: Some(vehicle.year),
                make: Some(vehicle.make),
                model: Some(vehicle.model),
                body: None,
            },
            other: false,
        });
        self.say(phrases::BACK_AGAIN);
        let booking = Booking {
            service: Some(visit.service_type),
            time: Wish {
                start: None,
                ..Wish::at(visit.scheduled_at)
            },
            vehicle: vehicle.unwrap_or_default(),
            phone: self.known.number.clone(),
            ..Booking::default()
        };
        self.next(Task::Book(booking), now)
    }
}
