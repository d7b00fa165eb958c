//! Keys instead of words, while a language model leads.

use jiff::Zoned;
use pipeline::message::Expectation;

use super::{Lead, ModelBrain};
use crate::dialogue::keys::wanted;
use crate::dialogue::{Action, TransferReason};

impl ModelBrain {
    /// Zero asks for a human, one and two are yes and no where that was asked, and digits make a
    /// number where one was. A key that means nothing is ignored.
    pub(super) fn key(&mut self, lead: Lead, key: char, now: &Zoned) -> Lead {
        // A month begins with it.
        let begins_number = self.expects == Expectation::DateOfBirth;
        if key == '0' && self.keys.is_empty() && !begins_number {
            if let Lead::Asking(asking) = &lead {
                self.out.push(Action::StopAsking);
                self.close(asking);
            }
            return self.escalate(TransferReason::Requested);
        }
        if !matches!(lead, Lead::Listening) {
            return lead;
        }
        match (self.expects, key) {
            (Expectation::YesNo, '1') => self.typed("Yes.", lead, now),
            (Expectation::YesNo, '2') => self.typed("No.", lead, now),
            (_, '0'..='9') if wanted(self.expects, "") > 0 => {
                self.keys.push(key);
                if self.keys.len() < wanted(self.expects, &self.keys) {
                    return lead;
                }
                let digits = std::mem::take(&mut self.keys);
                let words = if begins_number {
                    let (month, rest) = digits.split_at(2);
                    let (day, year) = rest.split_at(2);
                    format!("{month}/{day}/{year}")
                } else {
                    digits
                };
                self.typed(&words, lead, now)
            }
            (_, '#' | '*') => {
                self.keys.clear();
                lead
            }
            _ => lead,
        }
    }

    fn typed(&mut self, words: &str, lead: Lead, now: &Zoned) -> Lead {
        self.hear(words.to_owned(), None);
        self.answer(lead, now)
    }
}
