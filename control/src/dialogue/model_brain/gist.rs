//! What the caller has said so far, in the rules' terms: from it they can go on where the model
//! stopped.

use pipeline::message::Expectation;

use crate::dialogue::Question;
use crate::dialogue::turn::Turn;
use crate::nlu::intent::Intent;
use crate::nlu::service::Vocabulary;
use crate::nlu::yes_no::Answer;

/// Kept while the model leads.
#[derive(Debug, Default)]
pub(super) struct Gist {
    /// What the present errand is, and all that was said to it.
    errand: Turn,
    /// The caller's last words.
    last: Option<Turn>,
}

impl Gist {
    /// The caller said this, being asked for that.
    pub(super) fn heard(
        &mut self,
        vocabulary: &Vocabulary,
        expects: Expectation,
        text: &str,
        second_opinion: Option<&str>,
    ) {
        let read = Turn::read(vocabulary, expects, text, second_opinion);
        // The model's question may be another than the one that was made of it.
        let read = read.or_else(|| {
            Turn::read(vocabulary, Expectation::Open, text, second_opinion)
                .or_else(|| Turn::read(vocabulary, Expectation::When, text, second_opinion))
        });
        if let Some(turn) = read.clone().filter(is_of_errand) {
            self.errand = std::mem::take(&mut self.errand).and(turn);
        }
        self.last = read;
    }

    /// The errand is done, or dropped.
    pub(super) fn settled(&mut self) {
        *self = Self::default();
    }

    /// What there is to answer to the agent's question `asked`; `None` where nothing was understood.
    pub(super) fn to_answer(&self, asked: Question) -> Option<Turn> {
        let last = self.last.as_ref();
        let only_answers = last.is_some_and(|turn| turn.intent.is_none() && !is_of_errand(turn));
        let answer = last.and_then(|turn| turn.answer);
        match last {
            Some(last) if !only_answers && !is_of_errand(last) => Some(last.clone()),
            Some(last) if only_answers && asked == Question::AnythingElse => Some(last.clone()),
            // A yes or a no to a question that the rules did not ask.
            _ if self.errand == Turn::default() => last.filter(|_| !only_answers).cloned(),
            _ => Some(Turn {
                when: self.errand.when.filter(|_| {
                    let refused = asked == Question::Confirm && answer == Some(Answer::No);
                    !refused
                }),
                ..self.errand.clone()
            }),
        }
    }

    /// Whether the last words were a question, so that what is said to it is an answer.
    pub(super) fn was_question(&self) -> bool {
        let intent = self.last.as_ref().and_then(|turn| turn.intent);
        intent.is_some_and(|i| i.is_question() || i == Intent::CheckAppointment)
    }

    /// Whether the last words only end the conversation.
    pub(super) fn was_goodbye(&self) -> bool {
        let Some(last) = &self.last else { return false };
        match (last.answer, last.intent) {
            (_, Some(Intent::Goodbye)) => true,
            (Some(Answer::No), _) | (None, Some(Intent::Thanks)) => !last.asks_for_something(),
            _ => false,
        }
    }
}

/// Whether it belongs to what the caller called for, rather than to the conversation itself.
fn is_of_errand(turn: &Turn) -> bool {
    match turn.intent {
        None => turn.answer.is_none() || turn.asks_for_something(),
        Some(intent) => matches!(
            intent,
            Intent::Book | Intent::Reschedule | Intent::Cancel | Intent::CheckAppointment
        ),
    }
}
