//! The rule brain: a dialogue without a language model.
//!
//! It drives the states of `state` and the same tools as any other brain, from what
//! `nlu` reads in the caller's words. Every step is one match of the state and the input; each flow
//! has a file of its own. It needs no network, so it is the default and the one that goes on when a
//! language model cannot.
//!
//! Two rules hold everywhere: what changes the book is asked for only by a yes to a question that
//! named it, and every step ends with something said or something awaited.

mod absorb;
mod already_booked;
mod booking;
mod call_back;
mod cancel;
mod closing;
mod denial;
mod elsewhere;
mod follow_up;
mod greeting;
mod inquiry;
mod intent;
mod keypad;
mod language;
mod new_customer;
mod offer;
mod put_right;
mod questions;
mod reminder;
mod repair;
mod reschedule;
mod take_back;
mod text_message;
mod times;
mod upkeep;
mod verification;
mod vin;
mod waitlist;

use std::sync::Arc;

use jiff::Zoned;
use pipeline::message::Expectation;
use storage::Language;
use storage::location::{Location, Locations};

use self::inquiry::Topic;
use super::known::Known;
use super::phrases::Sayable;
use super::state::{Asks, FollowingUp, Proving, Reminding, State};
use super::turn::{Turn, vocabulary};
use super::{Action, Brain, Input, Offer, Question, Silence, ToolId, TransferReason, phrases};
use crate::nlu::intent::wants_no_calls;
use crate::nlu::service::Vocabulary;
use crate::tools::{Answer, ToolCall, ToolOutcome};

/// A dialogue by rules. One per call.
#[derive(Debug)]
pub struct RuleBrain {
    /// Where the caller wants to come; at first the location that they dialled.
    location: Arc<Location>,
    /// All that they may choose among.
    locations: Locations,
    /// Key of the location that they dialled.
    dialled: String,
    /// How callers name the location's services.
    vocabulary: Vocabulary,
    known: Known,
    /// The language that those who speak for us were told last.
    spoken: Language,
    /// The caller was sent to a human and is back: nobody answered.
    returned: bool,
    /// The question about the location that was answered last, and the service it was about.
    topic: Option<Topic>,
    state: State,
    expects: Expectation,
    repair: repair::Repair,
    keys: keypad::Keys,
    /// A text message that the caller asked for is being sent.
    texting: Option<ToolId>,
    /// This step answers a question of the caller's.
    answered: bool,
    /// What this step does.
    out: Vec<Action>,
}

impl RuleBrain {
    /// A dialogue that has not begun; [`Input::Opened`] begins it.
    #[must_use]
    pub fn new(location: Arc<Location>) -> Self {
        let known = Known::speaking(location.spoken.first());
        Self::beginning_in(location, known, State::Greeting { lookup: None })
    }

    /// Callers may choose among these.
    #[must_use]
    pub fn among(mut self, locations: Locations) -> Self {
        self.locations = locations;
        if let Some(there) = self.known.place.clone() {
            self.settle_at(&there);
        }
        self
    }

    /// For a call that another brain has led so far, and that waits for `expects`.
    pub(super) fn taking_over(location: Arc<Location>, known: Known, expects: Expectation) -> Self {
        Self {
            expects,
            ..Self::beginning_in(location, known, State::IntentDetection)
        }
    }

    fn beginning_in(location: Arc<Location>, known: Known, state: State) -> Self {
        Self {
            vocabulary: vocabulary(&location),
            dialled: location.key.clone(),
            locations: Arc::clone(&location).into(),
            location,
            spoken: known.language,
            known,
            returned: false,
            topic: None,
            state,
            expects: Expectation::Open,
            repair: repair::Repair::default(),
            keys: keypad::Keys::default(),
            texting: None,
            answered: false,
            out: Vec::new(),
        }
    }

    /// What the caller's next words are expected to be.
    #[must_use]
    pub fn expects(&self) -> Expectation {
        self.expects
    }

    /// What another brain needs to go on.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Whether another brain may answer what the caller says next: nothing is being looked up, the
    /// call goes on, and the question that stands is not ours alone to ask.
    pub(super) fn may_yield(&self) -> bool {
        let keeps = matches!(
            self.state,
            State::CallBack { .. }
                | State::FollowUp(_)
                | State::Escalation
                | State::Message
                | State::Over
        );
        !keeps && self.state.awaits().is_none() && self.texting.is_none()
    }

    /// Tells the caller what was done for them, in a call that it takes over.
    pub(super) fn report(&mut self, done: &Answer, now: &Zoned) -> Vec<Action> {
        self.act(now, |brain, _, now| {
            brain.tell(done, now);
            brain.enter(State::Closing, now)
        })
    }

    /// Answers what the caller has said so far in a call that it takes over.
    pub(super) fn catch_up(&mut self, said: Option<Turn>, now: &Zoned) -> Vec<Action> {
        self.act(now, |brain, state, now| {
            let Some(turn) = said else {
                return brain.missed(state, now);
            };
            let proof = Turn {
                born: turn.born,
                ..Turn::default()
            };
            match brain.heard(state, turn, now) {
                // It was said already.
                State::Verification {
                    errand,
                    step: step @ Proving::Proof(_),
                } if proof.born.is_some() => {
                    brain.out.clear();
                    brain.prove(errand, step, proof, now)
                }
                state => state,
            }
        })
    }

    fn act(
        &mut self,
        now: &Zoned,
        step: impl FnOnce(&mut Self, State, &Zoned) -> State,
    ) -> Vec<Action> {
        let now = &self.location.local(now.timestamp());
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = step(self, state, now);
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
        if let Some(language) = self.language_changed() {
            actions.insert(0, Action::Speak(language));
        }
        actions
    }
}

impl Brain for RuleBrain {
    fn handle(&mut self, input: Input, now: &Zoned) -> Vec<Action> {
        self.act(now, |brain, state, now| match input {
            Input::Heard {
                text,
                second_opinion,
            } => brain.listen(state, &text, second_opinion.as_deref(), now),
            input => brain.step(state, input, now),
        })
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn deciding(&self) -> Option<Offer> {
        self.offer()
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
            (
                state @ State::Escalation,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) if wants_no_calls(&text, second_opinion.as_deref()) => self.opt_out(state),
            // It answered with what sounded like a goodbye.
            (state @ State::Over, Input::Machine) => self.machine(state, now),
            // All is said; the call ends or changes hands once the caller has heard it.
            (state @ (State::Escalation | State::Message | State::Over), _) => state,
            (State::Greeting { lookup: None }, Input::Opened { caller }) => self.opened(caller),
            (State::Greeting { lookup: None }, Input::Returned { caller }) => self.returned(caller),
            (State::Greeting { lookup: None }, Input::Reminding { appointment }) => {
                self.reminding(appointment)
            }
            (State::Greeting { lookup: None }, Input::FollowingUp { appointment }) => {
                self.following_up(appointment)
            }
            (
                state,
                Input::Opened { .. }
                | Input::Returned { .. }
                | Input::Reminding { .. }
                | Input::FollowingUp { .. },
            ) => state,
            (state, Input::Machine) => self.machine(state, now),
            (state, Input::ToolFinished { id, outcome }) => {
                self.tool_finished(state, id, outcome, now)
            }
            (state, Input::Interrupted { heard }) => {
                self.repair.interrupted(heard);
                state
            }
            (state, Input::Slow) => {
                self.say(phrases::ONE_MOMENT);
                state
            }
            // It asks no model.
            (state, Input::Model(_)) => state,
            // The greeting is on its way; there is nothing yet that words could answer.
            (
                state @ (State::Greeting { .. }
                | State::Reminder(Reminding::Reading { .. })
                | State::FollowUp(FollowingUp::Reading { .. })),
                _,
            ) => state,
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
            ) if self.is_denied(&state, &text, second_opinion.as_deref()) => {
                self.disown(state, &text, second_opinion.as_deref(), now)
            }
            (
                State::Closing,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) if self.takes_back(&text, second_opinion.as_deref()) => self.back_again(now),
            (
                State::FollowUp(FollowingUp::AllWell),
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) => self.told_how_it_was(&text, second_opinion.as_deref(), now),
            (
                state,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) if self.names_another(&state, &text, second_opinion.as_deref()) => {
                self.elsewhere(state, &text, second_opinion.as_deref(), now)
            }
            (
                state,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) if self.wants_all(&state, &text, second_opinion.as_deref()) => {
                self.one_at_a_time(state, now)
            }
            (
                state,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) => match self.read(&state, &text, second_opinion.as_deref()) {
                Some(turn) => self.heard(state, turn, now),
                None if self.names_this(&state, &text, second_opinion.as_deref()) => {
                    self.enter(state, now)
                }
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
        if let State::SlotCollection {
            asks: Asks::Vehicle,
            ..
        } = state
            && let Some(turn) = Turn::read_vin(text, second_opinion)
        {
            return Some(turn);
        }
        if let State::Verification {
            step: Proving::Proof(_),
            ..
        } = state
        {
            let read = Turn::read_proof;
            return read(&self.vocabulary, self.expects, text, second_opinion);
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
        if self.texting == Some(id) {
            return self.texted(state, &outcome, now);
        }
        if state.awaits() != Some(id) {
            if let Ok(Answer::RemindersStopped) = outcome {
                self.say(phrases::NO_MORE_CALLS);
            }
            return state;
        }
        match state {
            State::Greeting { .. } => self.recognised(&outcome, now),
            State::CallBack { .. } => self.call_back_noted(outcome, now),
            State::Reminder(step) => self.reminder_tool(step, outcome, now),
            State::FollowUp(_) => self.follow_up_tool(state, outcome, now),
            State::OptingOut { .. } => self.opted_out(&outcome, now),
            State::Verification { errand, step } => self.proving(errand, step, outcome, now),
            State::SlotCollection { task, asks } => self.found(task, asks, outcome, now),
            State::Execution { task, leaving, .. } => self.executed(task, leaving, outcome, now),
            State::IntentDetection
            | State::Choosing { .. }
            | State::Confirmation(_)
            | State::Closing
            | State::Escalation
            | State::Message
            | State::Over => state,
        }
    }

    fn say(&mut self, text: impl Sayable) {
        self.ask(text, Question::None);
    }

    /// Says this. What one step says in a row is one utterance, so that what was heard of it, when
    /// the caller speaks over it, is a part of one text.
    fn ask(&mut self, text: impl Sayable, question: Question) {
        let more = text.said_in(self.known.language);
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
        let id = self.known.next_tool();
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
        for (text, question) in questions::of(self.known.language, state, &self.location, now) {
            self.ask(text, question);
        }
    }

    fn escalate(&mut self, reason: TransferReason) -> State {
        self.say(phrases::handing_over(reason));
        self.out.push(Action::Transfer { reason });
        State::Escalation
    }
}

#[cfg(test)]
mod tests;
