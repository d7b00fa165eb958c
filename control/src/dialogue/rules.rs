//! The rule brain: a dialogue without a language model.
//!
//! It drives the states of `state` and the same tools as any other brain, from what
//! `nlu` reads in the caller's words. Every step is one match of the state and the input; each flow
//! has a file of its own. It needs no network, so it is the default and the one that goes on when a
//! language model cannot.
//!
//! Two rules hold everywhere: what changes the book is asked for only by a yes to a question that
//! named it, and every step ends with something said or something awaited.

mod booking;
mod call_back;
mod cancel;
mod closing;
mod escalate;
mod greeting;
mod inquiry;
mod intent;
mod keypad;
mod new_customer;
mod questions;
mod repair;
mod reschedule;
mod times;
mod verification;

use std::sync::Arc;

use jiff::Zoned;
use pipeline::message::Expectation;
use storage::customer::Phone;
use storage::location::{Location, Service};

use self::inquiry::Topic;
use super::state::{Asks, State};
use super::turn::Turn;
use super::{Action, Brain, Input, Question, Silence, ToolId, TransferReason};
use crate::nlu::service::Vocabulary;
use crate::tools::lookup_customer::Caller;
use crate::tools::visit::Visit;
use crate::tools::{ToolCall, ToolOutcome};

/// A dialogue by rules. One per call.
#[derive(Debug)]
pub struct RuleBrain {
    location: Arc<Location>,
    /// How callers name the location's services.
    vocabulary: Vocabulary,
    /// The caller's number as the network gave it.
    number: Option<Phone>,
    /// The caller was sent to a human and is back: nobody answered.
    returned: bool,
    /// Who calls, as far as the tools told us.
    caller: Option<Caller>,
    verified: bool,
    /// What was booked in this call and still stands.
    booked: Vec<Visit>,
    /// The question about the location that was answered last, and the service it was about.
    topic: Option<Topic>,
    state: State,
    expects: Expectation,
    tools_run: u32,
    repair: repair::Repair,
    keys: keypad::Keys,
    /// This step answers a question of the caller's.
    answered: bool,
    /// What this step does.
    out: Vec<Action>,
}

impl RuleBrain {
    /// A dialogue that has not begun; [`Input::Opened`] begins it.
    #[must_use]
    pub fn new(location: Arc<Location>) -> Self {
        let names = |service: &'_ Service| -> Vec<String> {
            let name = std::iter::once(service.name.clone());
            name.chain(service.synonyms.iter().cloned()).collect()
        };
        let spoken: Vec<(&str, Vec<String>)> = location
            .services
            .iter()
            .map(|service| (service.key.as_str(), names(service)))
            .collect();
        let vocabulary = Vocabulary::new(
            spoken
                .iter()
                .map(|(key, names)| (*key, names.iter().map(String::as_str))),
        );
        Self {
            vocabulary,
            location,
            number: None,
            returned: false,
            caller: None,
            verified: false,
            booked: Vec::new(),
            topic: None,
            state: State::Greeting { lookup: None },
            expects: Expectation::Open,
            tools_run: 0,
            repair: repair::Repair::default(),
            keys: keypad::Keys::default(),
            answered: false,
            out: Vec::new(),
        }
    }

    /// What the caller's next words are expected to be.
    #[must_use]
    pub fn expects(&self) -> Expectation {
        self.expects
    }
}

impl Brain for RuleBrain {
    fn handle(&mut self, input: Input, now: &Zoned) -> Vec<Action> {
        let now = &self.location.local(now.timestamp());
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = self.step(state, input, now);
        let mut actions = std::mem::take(&mut self.out);
        self.repair.said(&actions);
        if std::mem::take(&mut self.answered) {
            actions.push(Action::Answered);
        }
        let expects = questions::expectation(&self.state).unwrap_or(self.expects);
        if expects != self.expects {
            self.expects = expects;
            // Before the question: whoever answers into it is already understood.
            actions.insert(0, Action::Expect(expects));
        }
        actions
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }
}

impl RuleBrain {
    fn step(&mut self, state: State, input: Input, now: &Zoned) -> State {
        match (state, input) {
            (
                State::Over,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) => self.once_more(&text, second_opinion.as_deref(), now),
            // All is said; the call ends or changes hands once the caller has heard it.
            (state @ (State::Escalation | State::Over), _) => state,
            (State::Greeting { lookup: None }, Input::Opened { caller }) => self.opened(caller),
            (State::Greeting { lookup: None }, Input::Returned { caller }) => self.returned(caller),
            (state, Input::Opened { .. } | Input::Returned { .. }) => state,
            (state, Input::ToolFinished { id, outcome }) => {
                self.tool_finished(state, id, outcome, now)
            }
            (state, Input::Interrupted { heard }) => {
                self.repair.interrupted(heard);
                state
            }
            // The greeting is on its way; there is nothing yet that words could answer.
            (state @ State::Greeting { .. }, _) => state,
            (_, Input::Silence(Silence::Prompt)) if self.lone_zero() => {
                self.escalate(TransferReason::Requested)
            }
            (state, Input::Silence(Silence::Prompt)) => self.still_there(state),
            (_, Input::Silence(Silence::HangUp)) => self.gone(),
            (state, Input::Keypad(key)) => self.key(state, key, now),
            (
                state @ State::SlotCollection {
                    asks: Asks::Reason, ..
                },
                Input::Unclear,
            ) => self.heard(state, Turn::of_no_reason(), now),
            (state, Input::Unclear) => self.missed(state, now),
            (
                state,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) => match self.read(&state, &text, second_opinion.as_deref()) {
                Some(turn) => self.heard(state, turn, now),
                None => self.missed(state, now),
            },
        }
    }

    fn read(&self, state: &State, text: &str, second_opinion: Option<&str>) -> Option<Turn> {
        if let State::SlotCollection {
            asks: Asks::Reason, ..
        } = state
        {
            let read = Turn::read_reason;
            return Some(read(&self.vocabulary, self.expects, text, second_opinion));
        }
        Turn::read(&self.vocabulary, self.expects, text, second_opinion)
    }

    /// The answer of a tool, if anybody still waits for it.
    fn tool_finished(
        &mut self,
        state: State,
        id: ToolId,
        outcome: ToolOutcome,
        now: &Zoned,
    ) -> State {
        if state.awaits() != Some(id) {
            return state;
        }
        match state {
            State::Greeting { .. } => self.recognised(outcome, now),
            State::CallBack { .. } => self.call_back_noted(outcome, now),
            State::Verification { errand, step } => self.proving(errand, step, outcome, now),
            State::SlotCollection { task, asks } => self.found(task, asks, outcome, now),
            State::Execution { task, leaving, .. } => self.executed(task, leaving, outcome, now),
            State::IntentDetection
            | State::Choosing { .. }
            | State::Confirmation(_)
            | State::Closing
            | State::Escalation
            | State::Over => state,
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.ask(text, Question::None);
    }

    /// Says this. What one step says in a row is one utterance, so that what was heard of it, when
    /// the caller speaks over it, is a part of one text.
    fn ask(&mut self, text: impl Into<String>, question: Question) {
        let more = text.into();
        if let Some(Action::Say {
            text,
            question: asked,
        }) = self.out.last_mut()
        {
            text.push(' ');
            text.push_str(&more);
            if question != Question::None {
                *asked = question;
            }
        } else {
            self.out.push(Action::Say {
                text: more,
                question,
            });
        }
    }

    fn run(&mut self, call: ToolCall) -> ToolId {
        self.tools_run += 1;
        let id = ToolId(self.tools_run);
        self.out.push(Action::RunTool { id, call });
        id
    }

    /// Enters a state by asking its question.
    fn enter(&mut self, state: State, now: &Zoned) -> State {
        self.repair.moved_on();
        self.forget_keys();
        self.put(&state, now);
        state
    }

    /// Asks the state's question.
    fn put(&mut self, state: &State, now: &Zoned) {
        for (text, question) in questions::of(state, &self.location, now) {
            self.ask(text, question);
        }
    }

    fn escalate(&mut self, reason: TransferReason) -> State {
        self.say(escalate::words(reason));
        self.out.push(Action::Transfer { reason });
        State::Escalation
    }
}

#[cfg(test)]
mod tests;
