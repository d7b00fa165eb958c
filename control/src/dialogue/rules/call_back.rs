//! Back from a human who did not answer: shall one call back?

use jiff::Zoned;
use storage::customer::Phone;

use super::RuleBrain;
use crate::dialogue::state::State;
use crate::dialogue::turn::Turn;
use crate::dialogue::{Question, TransferReason, phrases};
use crate::nlu::yes_no::Answer;
use crate::tools::transfer_to_human::Arguments;
use crate::tools::{ToolCall, ToolOutcome};

impl RuleBrain {
    /// The caller is on the line again. Who they are is looked up as at first.
    pub(super) fn returned(&mut self, caller: Option<Phone>) -> State {
        self.returned = true;
        match self.opened(caller) {
            // No number to look up, and none to call back.
            State::IntentDetection => {
                self.out.clear();
                self.say(phrases::NOBODY_ANSWERED);
                self.ask(phrases::HOW_ELSE, Question::Help);
                State::IntentDetection
            }
            looking_up => looking_up,
        }
    }

    pub(super) fn offer_call_back(&mut self, now: &Zoned) -> State {
        self.say(phrases::NOBODY_ANSWERED);
        self.enter(State::CallBack { tool: None }, now)
    }

    /// The answer to "shall one of my colleagues call you back?".
    pub(super) fn call_back(&mut self, turn: Turn, now: &Zoned) -> State {
        let state = State::CallBack { tool: None };
        match turn.answer {
            _ if turn.asks_for_something() => self.request(state, turn, now),
            Some(Answer::Yes) => {
                // It is the call log that a human reads: the call still needs one.
                let reason = TransferReason::Requested;
                let note = ToolCall::TransferToHuman(Arguments { reason });
                let tool = Some(self.run(note));
                State::CallBack { tool }
            }
            Some(Answer::No) => {
                self.ask(phrases::HOW_ELSE, Question::Help);
                State::IntentDetection
            }
            Some(Answer::Unsure) => self.enter(state, now),
            None => self.missed(state, now),
        }
    }

    pub(super) fn call_back_noted(&mut self, outcome: ToolOutcome, now: &Zoned) -> State {
        match outcome {
            Ok(_) => {
                self.say(phrases::WILL_CALL_BACK);
                self.enter(State::Closing, now)
            }
            Err(_) => self.escalate(TransferReason::Trouble),
        }
    }
}
