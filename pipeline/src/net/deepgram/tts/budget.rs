//! What the vendor still takes of us: flushes and characters in a sliding minute.

use std::collections::VecDeque;

use crate::limits::{TTS_CHARACTERS, TTS_FLUSHES, TTS_WINDOW};
use crate::time::Mono;

/// What was sent in the last minute, on whichever connection.
#[derive(Debug, Default)]
pub(super) struct Budget {
    flushes: VecDeque<Mono>,
    spoken: VecDeque<(Mono, u32)>,
    /// Characters in `spoken`.
    characters: u32,
}

impl Budget {
    /// Flushes that may be sent now.
    pub(super) fn flushes_left(&mut self, now: Mono) -> usize {
        while self.flushes.front().is_some_and(|at| is_over(*at, now)) {
            self.flushes.pop_front();
        }
        TTS_FLUSHES.saturating_sub(self.flushes.len())
    }

    /// Whether so many characters may be sent now.
    pub(super) fn has_room(&mut self, characters: u32, now: Mono) -> bool {
        while let Some(&(at, spoken)) = self.spoken.front()
            && is_over(at, now)
        {
            self.spoken.pop_front();
            self.characters -= spoken;
        }
        self.characters + characters <= TTS_CHARACTERS
    }

    pub(super) fn note_flush(&mut self, now: Mono) {
        self.flushes.push_back(now);
    }

    pub(super) fn note_spoken(&mut self, characters: u32, now: Mono) {
        self.spoken.push_back((now, characters));
        self.characters += characters;
    }

    /// The vendor says that there are no flushes left, whatever we think.
    pub(super) fn exhaust_flushes(&mut self, now: Mono) {
        self.flushes
            .resize(TTS_FLUSHES.max(self.flushes.len()), now);
    }
}

fn is_over(at: Mono, now: Mono) -> bool {
    now.since(at) >= TTS_WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_a_minute_ago_counts_no_more() {
        let mut budget = Budget::default();
        let begin = Mono::from_millis(5);
        for _ in 0..TTS_FLUSHES {
            assert!(budget.flushes_left(begin) > 0);
            budget.note_flush(begin);
        }
        budget.note_spoken(2_000, begin);
        budget.note_spoken(300, begin.plus(TTS_WINDOW / 2));
        assert_eq!(budget.flushes_left(begin.plus(TTS_WINDOW / 2)), 0);
        assert!(budget.has_room(100, begin.plus(TTS_WINDOW / 2)));
        assert!(!budget.has_room(101, begin.plus(TTS_WINDOW / 2)));
        assert_eq!(budget.flushes_left(begin.plus(TTS_WINDOW)), TTS_FLUSHES);
        assert!(budget.has_room(2_100, begin.plus(TTS_WINDOW)));
        budget.exhaust_flushes(begin.plus(TTS_WINDOW));
        assert_eq!(budget.flushes_left(begin.plus(TTS_WINDOW)), 0);
    }
}
