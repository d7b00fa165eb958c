//! Whose turn it is, where both the voice thread and the recogniser may end the caller's turn.
//!
//! The voice thread ends a turn after a pause that is long enough; a recogniser that finds ends
//! itself may give the turn's words before. Then the session hears of the end from here, and the
//! voice thread is ordered to end its turn at that position. Either may have spoken while the
//! other's word was on its way; positions in the caller's audio tell what is meant:
//!
//! - words that reach beyond the start of a turn end it; a turn that begins later is another one;
//! - no turn begins before words that were given (the voice thread holds to it, too);
//! - the end of a turn that was ended by its words is no news.

use std::collections::VecDeque;

use dsp::Samples;

use crate::message::Transcript;

/// The turns of one call, as its relay sees them.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Where the present turn began.
    on: Option<Samples>,
    /// Turns that have ended and whose words are awaited, by their starts and ends.
    owed: VecDeque<(Samples, Samples)>,
    /// Words were given up to here without waiting for the end of a turn.
    words_through: Samples,
}

/// What the words of a recogniser are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The answer to the end of a turn, which the session knows of.
    Answer,
    /// The end of the present turn, and its words.
    EndsTurn { through: Samples },
    /// Words of a turn that the voice thread did not notice, or has not told of. `resumes` is
    /// where another turn began that goes on.
    Turn {
        from: Samples,
        through: Samples,
        resumes: Option<Samples>,
    },
}

impl Turns {
    /// The voice thread says that the caller began to speak. False where words that were given
    /// hold it already.
    #[must_use]
    pub(super) fn handle_started(&mut self, position: Samples) -> bool {
        if position < self.words_through {
            return false;
        }
        self.on = Some(position);
        true
    }

    /// Whether the caller's turn is on.
    pub(super) fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// The voice thread says that the turn is over. False where its words have ended it before.
    #[must_use]
    pub(super) fn handle_ended(&mut self, position: Samples) -> bool {
        let Some(from) = self.on.take() else {
            return false;
        };
        self.owed.push_back((from, position));
        true
    }

    /// The recogniser gives words.
    #[must_use]
    pub(super) fn handle_words(&mut self, words: &Transcript) -> Given {
        let (from, through) = (words.from, words.to);
        let owes = |&(began, ended): &(Samples, Samples)| through > began || through == ended;
        if self.owed.front().is_some_and(owes) {
            self.owed.pop_front();
            return Given::Answer;
        }
        self.words_through = self.words_through.max(through);
        if self.on.is_some_and(|began| began < through) {
            self.on = None;
            return Given::EndsTurn { through };
        }
        Given::Turn {
            from: from.min(through),
            through,
            resumes: self.on,
        }
    }

    /// The recogniser found no words in a turn. False where no turn waits for any.
    #[must_use]
    pub(super) fn handle_nothing(&mut self) -> bool {
        self.owed.pop_front().is_some()
    }

    /// The recogniser is gone: nothing is awaited of it.
    pub(super) fn handle_lost(&mut self) {
        self.owed.clear();
    }
}

#[cfg(test)]
mod tests;
