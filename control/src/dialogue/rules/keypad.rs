//! Keys instead of words: zero for a human, digits for numbers, one and two for yes and no.

use jiff::Zoned;
use jiff::civil::Date;
use pipeline::message::Expectation;
use storage::customer::Phone;

use super::RuleBrain;
use crate::dialogue::TransferReason;
use crate::dialogue::keys::wanted;
use crate::dialogue::state::State;
use crate::dialogue::turn::Turn;
use crate::nlu::yes_no::Answer;

/// Digits typed so far.
#[derive(Debug, Default)]
pub(super) struct Keys(String);

impl RuleBrain {
    pub(super) fn key(&mut self, state: State, key: char, now: &Zoned) -> State {
        // A zero inside a number is a digit, and so is the one that a month begins with; a zero that
        // nothing follows asks for a human after all, as does a second one.
        let birth_date = self.expects == Expectation::DateOfBirth && self.keys.0 != "0";
        let typing = birth_date || !matches!(self.keys.0.as_str(), "" | "0");
        match (self.expects, key) {
            (_, '0') if !typing => self.escalate(TransferReason::Requested),
            _ if state.awaits().is_some() => state,
            (Expectation::YesNo, '1') => self.heard(state, Turn::answering(Answer::Yes), now),
            (Expectation::YesNo, '2') => self.heard(state, Turn::answering(Answer::No), now),
            (Expectation::Phone | Expectation::DateOfBirth, '0'..='9') => {
                self.digit(state, key, now)
            }
            (Expectation::Phone | Expectation::DateOfBirth, _) => {
                self.keys.0.clear();
                self.enter(state, now)
            }
            _ => {
                self.put(&state, now);
                state
            }
        }
    }

    fn digit(&mut self, state: State, key: char, now: &Zoned) -> State {
        self.keys.0.push(key);
        if self.keys.0.len() < wanted(self.expects, &self.keys.0) {
            return state;
        }
        let digits = std::mem::take(&mut self.keys.0);
        let turn = match self.expects {
            Expectation::Phone => Turn {
                phone: Some(Phone::parse(&digits)),
                ..Turn::default()
            },
            _ => Turn {
                born: birth_date(&digits),
                ..Turn::default()
            },
        };
        self.heard(state, turn, now)
    }

    /// Whether a zero was pressed and nothing after it.
    pub(super) fn lone_zero(&self) -> bool {
        self.keys.0 == "0"
    }

    /// What was typed belongs to the question that was open.
    pub(super) fn forget_keys(&mut self) {
        self.keys.0.clear();
    }
}

/// Month, day and year: `03141985`.
fn birth_date(digits: &str) -> Option<Date> {
    let part = |from: usize, to: usize| digits.get(from..to);
    Date::new(
        part(4, 8)?.parse().ok()?,
        part(0, 2)?.parse().ok()?,
        part(2, 4)?.parse().ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_date_is_typed_month_first() {
        assert_eq!(birth_date("03141985"), Some(jiff::civil::date(1985, 3, 14)));
        assert_eq!(birth_date("14031985"), None);
        assert_eq!(birth_date("0314"), None);
    }
}
