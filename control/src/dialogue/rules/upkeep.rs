//! One polite suggestion, when a verified caller books: what their vehicle is due for.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::{Asks, Booking, Chosen, State, Task};
use crate::dialogue::turn::Turn;
use crate::nlu::yes_no::Answer;
use crate::tools::suggest_service::{Arguments, Suggestion};
use crate::tools::{self, ToolCall, ToolOutcome};

impl RuleBrain {
    /// Whether something may be suggested beside this booking; then the book is asked. Once in a call.
    pub(super) fn look_for_what_is_due(&mut self, booking: &Booking) -> Option<Asks> {
        let Chosen::Known { vehicle, .. } = &booking.vehicle else {
            return None;
        };
        if !self.known.verified || self.known.suggested {
            return None;
        }
        let beside = booking
            .service
            .iter()
            .chain(&booking.also)
            .cloned()
            .collect();
        self.known.suggested = true;
        let tool = self.run(ToolCall::SuggestService(Arguments {
            vehicle_id: *vehicle,
            beside,
            mileage: None,
            location: self.place(),
        }));
        Some(Asks::WhatIsDue { tool })
    }

    /// The book's answer. Nothing due, or no answer, is not spoken of.
    pub(super) fn what_is_due(&mut self, task: Task, outcome: ToolOutcome, now: &Zoned) -> State {
        match outcome {
            Ok(tools::Answer::Suggestion(Some(due))) => {
                let asks = Asks::AddWhatIsDue { due };
                self.enter(State::SlotCollection { task, asks }, now)
            }
            _ => self.next(task, now),
        }
    }

    /// The caller's words after a suggestion. Only a plain yes takes it; it is not made again.
    pub(super) fn suggested(
        &mut self,
        mut task: Task,
        due: Suggestion,
        turn: &Turn,
        now: &Zoned,
    ) -> Option<State> {
        match turn.answer {
            Some(Answer::Yes) if !turn.asks_for_something() => {
                if let Task::Book(booking) = &mut task {
                    booking.also.push(due.service_type);
                }
            }
            Some(_) if !turn.asks_for_something() => self.say(phrases::NOT_ADDED),
            _ => return None,
        }
        self.repair.moved_on();
        Some(self.next(task, now))
    }
}
