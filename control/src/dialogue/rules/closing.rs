//! Coming to the end: anything else, and goodbye.

use jiff::Zoned;

use super::RuleBrain;
use crate::dialogue::state::State;
use crate::dialogue::turn::Turn;
use crate::dialogue::{Action, phrases};
use crate::nlu::intent::Intent;
use crate::nlu::yes_no::Answer;

impl RuleBrain {
    /// The answer to "is there anything else?".
    pub(super) fn close(&mut self, turn: Turn, now: &Zoned) -> State {
        let more = turn.asks_for_something();
        match (turn.answer, turn.intent) {
            (Some(Answer::No), _) | (None, Some(Intent::Thanks)) if !more => self.goodbye(),
            (Some(Answer::Yes), _) if !more => self.enter(State::IntentDetection, now),
            _ => self.request(State::Closing, turn, now),
        }
    }

    /// The caller says goodbye, at whatever point. What is being written is written, and told.
    pub(super) fn leave(&mut self, state: State) -> State {
        if let State::Execution { task, tool, .. } = state {
            self.say(phrases::ONE_MOMENT);
            return State::Execution {
                task,
                tool,
                leaving: true,
            };
        }
        self.goodbye()
    }

    pub(super) fn goodbye(&mut self) -> State {
        let goodbye = phrases::goodbye(self.known.language, &self.location);
        self.say(goodbye);
        self.out.push(Action::HangUp);
        State::Over
    }

    /// The caller spoke over our goodbye, or after it. "Bye" and "no, thanks" belong to it;
    /// everything else opens the conversation again.
    pub(super) fn once_more(&mut self, text: &str, other: Option<&str>, now: &Zoned) -> State {
        let Some(turn) = self.read(&State::IntentDetection, text, other) else {
            return self.missed(State::IntentDetection, now);
        };
        let wants_more = turn.asks_for_something();
        match (turn.answer, turn.intent) {
            (_, Some(Intent::Goodbye)) => State::Over,
            (Some(Answer::No), _) | (None, Some(Intent::Thanks)) if !wants_more => State::Over,
            _ => self.heard(State::IntentDetection, turn, now),
        }
    }

    /// Something is settled: on to the next, or goodbye where the caller said it already.
    pub(super) fn settled(&mut self, leaving: bool, now: &Zoned) -> State {
        if leaving {
            self.goodbye()
        } else {
            self.enter(State::Closing, now)
        }
    }
}
