//! Words that the vendor answers together: all between one flush and the next.

use dsp::Samples;

use super::script::Piece;
use crate::limits::TTS_LETTER_MAX;
use crate::message::UtteranceId;

/// Pieces of one utterance that are answered by one `Flushed`.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) utterance: UtteranceId,
    /// None where they are not wanted any more; their audio still comes, and is dropped.
    pub(super) pieces: usize,
    pub(super) letters: u32,
    /// Whether there is anything in it that can be heard.
    pub(super) is_audible: bool,
    pub(super) ends_sentence: bool,
    /// Audio that came of it.
    pub(super) samples: Samples,
    pub(super) answer: Answer,
}

/// The `Flushed` that closes a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The group is not flushed; more words may join it.
    NotAsked,
    Awaited,
    /// The vendor said that none will come.
    Refused,
}

impl Group {
    pub(super) fn new(piece: &Piece) -> Self {
        let mut group = Self {
            utterance: piece.utterance,
            pieces: 0,
            letters: 0,
            is_audible: false,
            ends_sentence: false,
            samples: Samples::ZERO,
            answer: Answer::NotAsked,
        };
        group.add(piece);
        group
    }

    pub(super) fn add(&mut self, piece: &Piece) {
        self.pieces += 1;
        self.letters += piece.letters();
        self.is_audible |= piece.is_audible();
        self.ends_sentence = piece.ends_sentence();
    }

    /// Whether these are wanted words of that utterance.
    pub(super) fn is_of(&self, utterance: UtteranceId) -> bool {
        self.utterance == utterance && !self.is_forgotten()
    }

    pub(super) fn forget(&mut self, utterance: UtteranceId) {
        if self.utterance == utterance {
            self.pieces = 0;
            self.is_audible = false;
        }
    }

    pub(super) fn is_forgotten(&self) -> bool {
        self.pieces == 0
    }

    /// More audio than these words can have.
    pub(super) fn is_insane(&self) -> bool {
        // With room for a breath around a single letter.
        self.samples.0 > TTS_LETTER_MAX.0 * (u64::from(self.letters) + 2)
    }

    /// Neither audio nor its end can be expected.
    pub(super) fn is_refused(&self) -> bool {
        self.answer == Answer::Refused && self.samples == Samples::ZERO
    }
}
