//! The caller's turns between the voice thread, which hears pauses, and the recogniser, which knows
//! words: each turn is ended by whoever knows first, and answered once.

use std::collections::VecDeque;

use dsp::Samples;

use crate::limits::TURNS_UNANSWERED;
use crate::time::Mono;

/// The turns of one call whose words are awaited.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Where the turn began that is going on.
    open: Option<Samples>,
    /// When the turns ended that the recogniser owes an answer, oldest first.
    ended: VecDeque<Mono>,
}

/// Which turn a recogniser's words belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// One that ended then by its pause.
    Ended(Mono),
    /// The one going on: the words end it.
    Open { began: Samples },
    /// None that was noticed: the caller spoke too softly for the detector.
    None,
}

impl Turns {
    pub(super) fn handle_began(&mut self, began: Samples) {
        self.open = Some(began);
    }

    /// The voice thread has ended a turn. False where its words had ended it before.
    pub(super) fn handle_ended(&mut self, at: Mono) -> bool {
        let was_open = self.open.take().is_some();
        if was_open {
            if self.ended.len() >= TURNS_UNANSWERED {
                self.ended.pop_front();
            }
            self.ended.push_back(at);
        }
        was_open
    }

    /// The recogniser has words. It answers in order, so they are those of the oldest turn that
    /// waits for its answer.
    pub(super) fn handle_answer(&mut self) -> Answers {
        if let Some(at) = self.ended.pop_front() {
            return Answers::Ended(at);
        }
        match self.open.take() {
            Some(began) => Answers::Open { began },
            None => Answers::None,
        }
    }

    /// The recogniser has no words for a turn; gives when that ended.
    pub(super) fn handle_nothing(&mut self) -> Option<Mono> {
        self.ended.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Samples = Samples(800);
    const LATER: Samples = Samples(9_000);

    #[test]
    fn a_turn_that_a_pause_ended_is_answered_later() {
        let mut turns = Turns::default();
        let at = Mono::from_millis(5);
        turns.handle_began(BEGAN);
        assert!(turns.handle_ended(at));
        assert_eq!(turns.handle_answer(), Answers::Ended(at));
        assert_eq!(turns.handle_answer(), Answers::None);
    }

    #[test]
    fn words_end_the_turn_going_on_and_the_pause_behind_them_ends_nothing() {
        let mut turns = Turns::default();
        turns.handle_began(BEGAN);
        assert_eq!(turns.handle_answer(), Answers::Open { began: BEGAN });
        assert!(!turns.handle_ended(Mono::from_millis(9)));
        assert_eq!(turns.handle_nothing(), None);
    }

    #[test]
    fn late_words_of_one_turn_do_not_end_the_next() {
        let mut turns = Turns::default();
        let at = Mono::from_millis(5);
        turns.handle_began(BEGAN);
        turns.handle_ended(at);
        turns.handle_began(LATER);
        assert_eq!(turns.handle_answer(), Answers::Ended(at));
        assert_eq!(turns.handle_answer(), Answers::Open { began: LATER });
    }
}
