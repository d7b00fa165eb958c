//! A caller's script: what to answer to which question, so that a re-ask does not derail it.
//!
//! ```text
//! # comments and blank lines are ignored
//! help: i need an oil change
//! when: next tuesday at ten in the morning
//! when: friday at three p m                   (the second time it is asked)
//! barge-in after 900 ms of confirm: wait      (spoken over the agent, once)
//! barge-in after 600 ms of 1: i need a battery check     (over its first utterance)
//! confirm: yes
//! anything_else: no thank you that is all
//! a line without a key answers, in order, whatever else is asked
//! ```
//!
//! The last answer of a question is repeated when it is asked again; an answer that was not
//! understood is said again before the next one is used. `#123` presses keys, `/hangup` hangs up.

use std::collections::BTreeMap;
use std::time::Duration;

use super::limits::{MAX_ANSWERS, MAX_SCRIPT_BYTES};
use super::line::{Line, LineError};
use crate::dialogue::Question;

/// A whole script, as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Answers by the question's name, in the order of their use.
    answers: BTreeMap<String, Vec<Line>>,
    plain: Vec<Line>,
    interruptions: Vec<Interruption>,
}

/// Words spoken over the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    pub during: During,
    /// How much of the utterance the caller hears first.
    pub after: Duration,
    pub line: Line,
}

/// Which of the agent's utterances is interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum During {
    /// The first that asks this.
    Question(String),
    /// The nth of the call, counted from 1.
    Utterance(usize),
}

/// Why a script cannot be played. Lines are counted from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error("script: {0} bytes, at most {MAX_SCRIPT_BYTES}")]
    TooLong(usize),
    #[error("script line {line}: {reason}")]
    Line { line: usize, reason: LineError },
    #[error("script line {line}: no question is called {name:?}; there are {}", question_names().join(", "))]
    UnknownQuestion { line: usize, name: String },
    #[error(
        "script line {line}: expected `barge-in after MILLISECONDS ms of QUESTION-OR-NUMBER: words`"
    )]
    BargeIn { line: usize },
    #[error("script: nothing to say")]
    Empty,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// [`ScriptError`] names the line and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        if text.len() > MAX_SCRIPT_BYTES {
            return Err(ScriptError::TooLong(text.len()));
        }
        let mut script = Self::default();
        let known = question_names();
        for (index, raw) in text.lines().enumerate() {
            let line = index + 1;
            let raw = raw.trim();
            if raw.is_empty() || raw.starts_with("# ") || raw == "#" {
                continue;
            }
            let say = |words: &str| {
                Line::parse(words).map_err(|reason| ScriptError::Line { line, reason })
            };
            let Some((key, words)) = raw.split_once(':') else {
                script.plain.push(say(raw)?);
                continue;
            };
            let key = key.trim();
            if let Some(when) = key.strip_prefix("barge-in ") {
                let (after, during) =
                    barge_in(when, &known).ok_or(ScriptError::BargeIn { line })?;
                script.interruptions.push(Interruption {
                    during,
                    after,
                    line: say(words)?,
                });
            } else if known.iter().any(|name| name == key) {
                let answers = script.answers.entry(key.to_owned()).or_default();
                answers.push(say(words)?);
            } else {
                let name = key.to_owned();
                return Err(ScriptError::UnknownQuestion { line, name });
            }
        }
        if script == Self::default() {
            return Err(ScriptError::Empty);
        }
        Ok(script)
    }

    /// All words of the script, to be synthesised ahead of the call.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let answers = self.answers.values().flatten();
        let interruptions = self.interruptions.iter().map(|i| &i.line);
        answers
            .chain(&self.plain)
            .chain(interruptions)
            .filter_map(|line| match line {
                Line::Speech(words) => Some(words.as_str()),
                Line::Keys(_) | Line::HangUp => None,
            })
    }

    /// One line to say when the agent has asked its first question, then nothing more.
    #[must_use]
    pub fn single(line: Line) -> Self {
        Self {
            plain: vec![line],
            ..Self::default()
        }
    }
}

/// A script that is being played: remembers what has been said.
#[derive(Clone, Debug)]
pub struct Prompter {
    script: Script,
    /// How often each question has been answered.
    asked: BTreeMap<String, usize>,
    plain_said: usize,
    interruptions: Vec<Option<Interruption>>,
}

/// What the script has for a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Line(Line),
    /// Asked too often: this leads nowhere.
    GivenUp,
    /// Nothing left that fits.
    Nothing,
}

impl Prompter {
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self {
            interruptions: script.interruptions.iter().cloned().map(Some).collect(),
            asked: BTreeMap::new(),
            plain_said: 0,
            script,
        }
    }

    /// The answer to a question, by its name.
    pub fn answer(&mut self, question: &str) -> Answer {
        let Some(answers) = self.script.answers.get(question) else {
            return self.unasked();
        };
        let asked = self.asked.entry(question.to_owned()).or_default();
        *asked += 1;
        if *asked > MAX_ANSWERS.max(answers.len()) {
            return Answer::GivenUp;
        }
        match answers.get(*asked - 1).or(answers.last()) {
            Some(line) => Answer::Line(line.clone()),
            None => Answer::Nothing,
        }
    }

    /// The next line without a key.
    pub fn unasked(&mut self) -> Answer {
        match self.script.plain.get(self.plain_said) {
            Some(line) => {
                self.plain_said += 1;
                Answer::Line(line.clone())
            }
            None => Answer::Nothing,
        }
    }

    /// Whether a line without a key is left.
    #[must_use]
    pub fn has_unasked(&self) -> bool {
        self.plain_said < self.script.plain.len()
    }

    /// The next line whatever was asked, for an agent whose questions we cannot read: plain lines in
    /// order, else every question's next answer in the order of a usual call.
    pub fn blind(&mut self) -> Answer {
        if self.has_unasked() {
            return self.unasked();
        }
        let next = question_names().into_iter().find(|name| {
            let said = self.asked.get(name).copied().unwrap_or(0);
            self.script
                .answers
                .get(name)
                .is_some_and(|answers| said < answers.len())
        });
        next.map_or(Answer::Nothing, |name| self.answer(&name))
    }

    /// What to say over the `nth` utterance (from 1), which asks `question`, once `heard` of it has
    /// been heard. Each interruption is used once.
    pub fn interrupt(&mut self, nth: usize, question: &str, heard: Duration) -> Option<Line> {
        let due = self.interruptions.iter_mut().find(|slot| {
            slot.as_ref().is_some_and(|interruption| {
                let this = match &interruption.during {
                    During::Question(name) => name == question,
                    During::Utterance(number) => *number == nth,
                };
                this && heard >= interruption.after
            })
        })?;
        due.take().map(|interruption| interruption.line)
    }
}

/// `after 900 ms of confirm` without its first word.
fn barge_in(text: &str, known: &[String]) -> Option<(Duration, During)> {
    let rest = text.trim().strip_prefix("after ")?;
    let (after, target) = rest.split_once(" ms of ")?;
    let after = Duration::from_millis(after.trim().parse().ok()?);
    let target = target.trim();
    let during = match target.parse::<usize>() {
        Ok(0) => return None,
        Ok(number) => During::Utterance(number),
        Err(_) if known.iter().any(|name| name == target) => During::Question(target.to_owned()),
        Err(_) => return None,
    };
    Some((after, during))
}

/// The names of everything an agent may ask, in the order of a usual call.
fn question_names() -> Vec<String> {
    [
        Question::Help,
        Question::Reason,
        Question::Service,
        Question::Name,
        Question::Phone,
        Question::DateOfBirth,
        Question::Address,
        Question::Vin,
        Question::WhichVehicle,
        Question::Vehicle,
        Question::WhichAppointment,
        Question::When,
        Question::Confirm,
        Question::AllWell,
        Question::StillThere,
        Question::AnythingElse,
    ]
    .iter()
    .filter_map(|question| serde_json::to_value(question).ok())
    .filter_map(|value| value.as_str().map(str::to_owned))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "
# an oil change
help: i need an oil change
when: next tuesday at ten in the morning
when: friday at three p m
barge-in after 900 ms of confirm: wait
barge-in after 600 ms of 1: i am in a hurry
confirm: yes
good morning
thank you
";

    fn speech(words: &str) -> Answer {
        Answer::Line(Line::Speech(words.into()))
    }

    fn prompter() -> Prompter {
        Prompter::new(Script::parse(SCRIPT).unwrap())
    }

    #[test]
    fn a_question_asked_again_gets_the_next_answer_and_then_the_last_one() {
        let mut p = prompter();
        assert_eq!(
            p.answer("when"),
            speech("next tuesday at ten in the morning")
        );
        assert_eq!(p.answer("when"), speech("friday at three p m"));
        assert_eq!(p.answer("when"), speech("friday at three p m"));
        assert_eq!(p.answer("confirm"), speech("yes"));
    }

    #[test]
    fn a_question_asked_for_ever_is_given_up() {
        let mut p = prompter();
        for _ in 0..MAX_ANSWERS {
            assert_eq!(p.answer("confirm"), speech("yes"));
        }
        assert_eq!(p.answer("confirm"), Answer::GivenUp);
    }

    #[test]
    fn what_has_no_answer_of_its_own_gets_the_plain_lines_in_order() {
        let mut p = prompter();
        assert_eq!(p.answer("name"), speech("good morning"));
        assert_eq!(p.answer("phone"), speech("thank you"));
        assert_eq!(p.answer("address"), Answer::Nothing);
    }

    #[test]
    fn an_interruption_waits_for_its_moment_and_comes_once() {
        let mut p = prompter();
        let ms = Duration::from_millis;
        assert_eq!(p.interrupt(3, "confirm", ms(899)), None);
        assert_eq!(p.interrupt(3, "when", ms(2_000)), None);
        assert_eq!(
            p.interrupt(3, "confirm", ms(900)),
            Some(Line::Speech("wait".into()))
        );
        assert_eq!(p.interrupt(4, "confirm", ms(5_000)), None);
        assert_eq!(
            p.interrupt(1, "help", ms(600)),
            Some(Line::Speech("i am in a hurry".into()))
        );
    }

    #[test]
    fn an_unreadable_agent_gets_every_line_in_a_sensible_order() {
        let mut p = prompter();
        let all: Vec<Answer> = std::iter::repeat_with(|| p.blind()).take(7).collect();
        assert_eq!(
            all,
            [
                speech("good morning"),
                speech("thank you"),
                speech("i need an oil change"),
                speech("next tuesday at ten in the morning"),
                speech("friday at three p m"),
                speech("yes"),
                Answer::Nothing,
            ]
        );
    }

    #[test]
    fn a_faulty_script_names_the_line() {
        let error = |text| Script::parse(text).unwrap_err();
        assert!(matches!(
            error("help: hi\nwhenn: monday"),
            ScriptError::UnknownQuestion { line: 2, .. }
        ));
        assert!(error("whenn: x").to_string().contains("which_vehicle"));
        assert_eq!(
            error("barge-in after soon of when: wait"),
            ScriptError::BargeIn { line: 1 }
        );
        assert_eq!(
            error("barge-in after 100 ms of nothing: wait"),
            ScriptError::BargeIn { line: 1 }
        );
        assert!(matches!(error("help:"), ScriptError::Line { line: 1, .. }));
        assert_eq!(error("\n# only a comment\n"), ScriptError::Empty);
    }
}
