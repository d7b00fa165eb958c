//! What the caller asks for is in the book already.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::state::{Booking, Move, State, Task};
use crate::dialogue::{TransferReason, phrases};
use crate::tools::visit::Visit;

impl RuleBrain {
    /// What the caller wants may be in the book already: move that one, or have both? Whoever may not
    /// hear of it is asked whether they want another one.
    pub(super) fn already_booked(
        &mut self,
        task: Task,
        known: Option<Box<Visit>>,
        now: &Zoned,
    ) -> State {
        let Task::Book(booking) = task else {
            return self.escalate(TransferReason::Trouble);
        };
        let both = Booking {
            another: true,
            ..booking.clone()
        };
        let here = |visit: &Visit| {
            let key = visit
                .elsewhere
                .as_ref()
                .map_or(&self.dialled, |place| &place.key);
            *key == self.location.key
        };
        match known {
            Some(visit) if booking.time.start.as_ref() == Some(&visit.scheduled_at) => {
                self.say(phrases::appointment(
                    self.known.language,
                    &self.location,
                    &visit,
                    now.date(),
                ));
                self.say(phrases::LEFT_AS_IT_IS);
                self.enter(State::Closing, now)
            }
            Some(visit) if here(&visit) => {
                self.say(phrases::appointment(
                    self.known.language,
                    &self.location,
                    &visit,
                    now.date(),
                ));
                let moved = Move {
                    time: both.time.clone(),
                    visit: *visit,
                    rather_than: Some(Box::new(both)),
                };
                self.next(Task::Reschedule(moved), now)
            }
            Some(visit) => {
                self.say(phrases::appointment(
                    self.known.language,
                    &self.location,
                    &visit,
                    now.date(),
                ));
                self.enter(State::Confirmation(Task::Book(both)), now)
            }
            None => {
                self.say(phrases::PERHAPS_BOOKED_ALREADY);
                self.enter(State::Confirmation(Task::Book(both)), now)
            }
        }
    }
}
