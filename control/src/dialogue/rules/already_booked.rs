//! What the caller asks for is in the book already.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::state::{Booking, Move, State, Task};
use crate::dialogue::{TransferReason, phrases};
use crate::tools::visit::Visit;

impl RuleBrain {
    /// What the caller wants may be in the book already: move that one, or have both?
    pub(super) fn already_booked(&mut self, task: Task, known: Visit, now: &Zoned) -> State {
        let Task::Book(booking) = task else {
            return self.escalate(TransferReason::Trouble);
        };
        self.say(phrases::appointment(
            self.known.language,
            &self.location,
            &known,
            now.date(),
        ));
        if booking.time.start.as_ref() == Some(&known.scheduled_at) {
            self.say(phrases::LEFT_AS_IT_IS);
            return self.enter(State::Closing, now);
        }
        let both = Booking {
            another: true,
            ..booking
        };
        let elsewhere = known.elsewhere.as_ref();
        let its = elsewhere.map_or(&self.dialled, |place| &place.key);
        if *its != self.location.key {
            return self.enter(State::Confirmation(Task::Book(both)), now);
        }
        let moved = Move {
            time: both.time.clone(),
            visit: known,
            rather_than: Some(Box::new(both)),
        };
        self.next(Task::Reschedule(moved), now)
    }
}
