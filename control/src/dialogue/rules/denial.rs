//! "I'm not John": the claim is dropped, and the conversation goes on with a stranger.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::phrases;
use crate::dialogue::state::{Chosen, Proving, State, Task};
use crate::nlu::intent::wants_no_calls;
use crate::tools::{ToolCall, forget_customer};

impl RuleBrain {
    /// Whether the caller denies, in either reading, to be whom they are taken for. While a tool is
    /// awaited, what it was asked to do is done first.
    pub(super) fn is_denied(&self, state: &State, text: &str, second: Option<&str>) -> bool {
        let denied = |text: &str| self.known.is_denied_by(text);
        state.awaits().is_none() && (denied(text) || second.is_some_and(denied))
    }

    /// What was found by the number is forgotten; what the caller wanted is not.
    pub(super) fn disown(
        &mut self,
        state: State,
        text: &str,
        second: Option<&str>,
        now: &Zoned,
    ) -> State {
        self.known.disown();
        self.run(ToolCall::ForgetCustomer(forget_customer::Arguments {}));
        if wants_no_calls(text, second) {
            // Whoever they are.
            return self.opt_out(State::IntentDetection);
        }
        if matches!(state, State::Reminder(_) | State::FollowUp(_)) {
            return self.called_by_mistake();
        }
        self.say(phrases::MIXED_UP);
        let state = match state {
            State::Verification { errand, .. } => State::Verification {
                errand,
                step: Proving::Number { misses: 0 },
            },
            State::SlotCollection {
                task: Task::Book(mut booking),
                ..
            }
            | State::Confirmation(Task::Book(mut booking)) => {
                // Neither the vehicle nor the number is theirs.
                if let Chosen::Known { called, .. } = booking.vehicle {
                    booking.vehicle = Chosen::Described(called);
                }
                booking.phone = None;
                return self.next(Task::Book(booking), now);
            }
            _ => State::IntentDetection,
        };
        match self.read(&state, text, second) {
            Some(turn) if turn.asks_for_something() => self.heard(state, turn, now),
            _ => self.enter(state, now),
        }
    }
}
