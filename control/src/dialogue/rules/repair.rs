//! When a turn is not understood, not heard, or not about the question.

use jiff::Zoned;

use super::{RuleBrain, questions};
use crate::dialogue::limits::MISSES;
use crate::dialogue::state::{Asks, State};
use crate::dialogue::{Action, Question, TransferReason, phrases};
use crate::nlu::intent::wants_all;

/// What has gone wrong since the question was first asked.
#[derive(Debug, Default)]
pub(super) struct Repair {
    /// Turns in a row that were not understood.
    misses: u8,
    /// Something was said since the question that is not about it ("are you still there?"). A bare
    /// yes may answer that, so it does not answer the question.
    aside: bool,
    /// How much of our last words was heard, where the caller spoke over them.
    heard: Option<String>,
    /// Our last words that were not an aside.
    last: Vec<(String, Question)>,
}

impl Repair {
    /// The caller got on: what went wrong before no longer counts.
    pub(super) fn moved_on(&mut self) {
        self.misses = 0;
        self.aside = false;
    }

    pub(super) fn interrupted(&mut self, heard: String) {
        self.heard = Some(heard);
    }

    /// Keeps what a step said, to repeat it on demand.
    pub(super) fn said(&mut self, actions: &[Action]) {
        let words: Vec<(String, Question)> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Say { text, question } => Some((text.clone(), *question)),
                _ => None,
            })
            .collect();
        if words.is_empty() {
            return;
        }
        self.heard = None;
        if !self.aside {
            self.last = words;
        }
    }

    /// Whether these words came across, as part of what we said last.
    pub(super) fn came_across(&self, words: &str) -> bool {
        self.heard
            .as_ref()
            .is_none_or(|heard| heard.contains(words))
    }

    pub(super) fn aside(&self) -> bool {
        self.aside
    }
}

impl RuleBrain {
    /// A turn that did not answer: asks again with a hint, then offers another way, then a human.
    pub(super) fn missed(&mut self, state: State, now: &Zoned) -> State {
        if state.awaits().is_some() {
            self.say(phrases::ONE_MOMENT);
            return state;
        }
        self.repair.aside = false;
        self.repair.misses += 1;
        if let State::SlotCollection {
            task,
            asks: Asks::Born,
        } = &state
            && self.repair.misses > 1
        {
            return self.without_a_proof(task, now);
        }
        if self.repair.misses >= MISSES {
            return self.escalate(TransferReason::NotUnderstood);
        }
        let (hint, question) = if self.repair.misses == 1 {
            questions::hint(self.known.language, &state, &self.location, now)
        } else {
            questions::another_way(self.known.language, &state, &self.location, now)
        };
        self.say(phrases::NOT_CAUGHT);
        self.ask(hint, question);
        state
    }

    /// Whether the caller wants all of those of which one was asked for.
    pub(super) fn wants_all(&self, state: &State, text: &str, second: Option<&str>) -> bool {
        let one_is_asked_for = matches!(
            state,
            State::Choosing { .. }
                | State::SlotCollection {
                    asks: Asks::WhichVehicle,
                    ..
                }
        );
        one_is_asked_for && wants_all(text) && second.is_none_or(wants_all)
    }

    /// "Both of them."
    pub(super) fn one_at_a_time(&mut self, state: State, now: &Zoned) -> State {
        self.say(phrases::ONE_AT_A_TIME);
        self.put(&state, now);
        state
    }

    /// "What?"
    pub(super) fn repeat(&mut self, state: State, now: &Zoned) -> State {
        self.repair.aside = false;
        if self.repair.last.is_empty() {
            self.put(&state, now);
        }
        for (text, question) in self.repair.last.clone() {
            self.ask(text, question);
        }
        state
    }

    /// "Hold on."
    pub(super) fn hold(&mut self, state: State) -> State {
        self.repair.aside = true;
        self.say(phrases::TAKE_YOUR_TIME);
        state
    }

    /// Nobody has said anything for a while.
    pub(super) fn still_there(&mut self, state: State) -> State {
        if state.awaits().is_some() {
            self.say(phrases::ONE_MOMENT);
        } else {
            self.repair.aside = true;
            self.ask(phrases::STILL_THERE, Question::StillThere);
        }
        state
    }

    /// Nobody has said anything for so long that nobody is there.
    pub(super) fn gone(&mut self) -> State {
        self.say(phrases::NOBODY_THERE);
        self.out.push(Action::HangUp);
        State::Over
    }
}
