//! Leads a logged conversation again, on one thread and by the clock of its log, and tells where it
//! goes another way than it did. Nothing is asked, called or written: what tools and the model
//! answered stands in the log.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, Zoned};
use pipeline::Mono;
use pipeline::message::Event;
use storage::{Location, Locations};

use super::conversation::{Conversation, Now};
use super::recorded::{line_of, moment};
use crate::dialogue::model_brain::Prompt;
use crate::dialogue::{Brain, ModelBrain, RuleBrain};
use crate::events::{Given, LedBy, Log, What};

/// What came of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// What the conversation was told, and what it did, as the log has it.
    pub inputs: usize,
    pub effects: usize,
    pub differences: Vec<Difference>,
}

/// Where a call goes another way than it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of the log: the line that was expected, or the last one before what was not.
    pub line: usize,
    /// As the log has it; absent where the log has nothing of it.
    pub expected: Option<String>,
    /// As it is now; absent where it does not happen any more.
    pub got: Option<String>,
}

/// Leads the conversation again, with the brain that led it.
#[must_use]
pub fn replay(log: &Log, location: &Arc<Location>, locations: &Locations) -> Replayed {
    let brain: Box<dyn Brain> = match log.header.led_by {
        LedBy::Rules => Box::new(RuleBrain::new(Arc::clone(location)).among(locations.clone())),
        LedBy::Model => {
            let prompt = Arc::new(Prompt::among(location, locations));
            let brain = ModelBrain::new(Arc::clone(location), prompt);
            Box::new(brain.among(locations.clone()))
        }
    };
    lead(log, brain, |at| location.local(at))
}

/// As [`replay`], with any brain.
pub(super) fn lead(
    log: &Log,
    brain: Box<dyn Brain>,
    local: impl Fn(Timestamp) -> Zoned,
) -> Replayed {
    let began = Mono::from_nanos(log.header.mono_ns);
    let mut conversation = Conversation::new(brain, log.header.typed, began);
    let mut replayed = Replayed::default();
    let mut step = Step::default();
    for written in &log.lines {
        match &written.line.what {
            What::In(given) => {
                step.judge(&mut replayed.differences);
                let t = written.line.t;
                let now = Now {
                    mono: moment(t, began),
                    local: local(log.header.began + SignedDuration::from_nanos(t)),
                };
                replayed.inputs += 1;
                tell(&mut conversation, given.clone(), began, &now);
                step = Step {
                    line: written.number,
                    ..Step::default()
                };
                while let Some(effect) = conversation.poll_effect() {
                    step.got.push(line_of(&effect, t));
                }
            }
            What::Out(_) => {
                replayed.effects += 1;
                step.expected.push((written.number, written.text.as_str()));
            }
            What::InMasked(_) | What::Fact(_) => {}
        }
    }
    if log.breaks_off() {
        step.break_off();
    }
    step.judge(&mut replayed.differences);
    replayed
}

fn tell(conversation: &mut Conversation, given: Given, began: Mono, now: &Now) {
    match given {
        Given::Opened(opening) => conversation.handle_opened(opening, now),
        Given::Event { at, kind } => {
            let at = moment(at, began);
            conversation.handle_event(Event { at, kind }, now);
        }
        Given::Model(answer) => conversation.handle_model(answer, now),
        Given::Tool { id, outcome } => conversation.handle_tool(id, outcome, now),
        Given::Machine => conversation.handle_machine(now),
        Given::Timeout => conversation.handle_timeout(now),
    }
}

/// What the conversation was told once, and what it did about it.
#[derive(Default)]
struct Step<'a> {
    /// Where it was told.
    line: usize,
    expected: Vec<(usize, &'a str)>,
    got: Vec<String>,
}

impl Step<'_> {
    /// Of what it did there is no more in the log.
    fn break_off(&mut self) {
        self.got.truncate(self.expected.len());
    }

    /// What is the same at both ends is the same; what lies between is told in pairs.
    fn judge(&self, differences: &mut Vec<Difference>) {
        let same = |((_, expected), got): &(&(usize, &str), &String)| expected == got;
        let begin = self.expected.iter().zip(&self.got);
        let begin = begin.take_while(same).count();
        let (expected, got) = (&self.expected[begin..], &self.got[begin..]);
        let end = expected.iter().rev().zip(got.iter().rev());
        let end = end.take_while(same).count();
        let expected = &expected[..expected.len() - end];
        let got = &got[..got.len() - end];
        let mut line = self.expected[..begin].last().map_or(self.line, |(n, _)| *n);
        for n in 0..expected.len().max(got.len()) {
            let wanted = expected.get(n);
            line = wanted.map_or(line, |(number, _)| *number);
            differences.push(Difference {
                line,
                expected: wanted.map(|(_, text)| (*text).to_owned()),
                got: got.get(n).cloned(),
            });
        }
    }
}
