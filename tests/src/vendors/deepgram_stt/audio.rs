//! Audio of which every frame says where it belongs and which word is said in it.

use bytes::Bytes;

/// Samples of a frame.
pub const FRAME: usize = 160;

/// Frames of one word.
pub const WORD_FRAMES: usize = 10;

const SILENCE: u8 = 0xFF;

/// Begins a frame; nothing else looks like it.
const MARKER: u8 = 0x00;

/// The words that can be said.
pub const VOCABULARY: &[&str] = &[
    "yes", "no", "I", "need", "an", "oil", "change", "and", "um", "tires", "please", "one", "two",
    "seven", "five", "zero", "four", "hello", "brakes", "Tuesday", "at", "ten", "to", "the",
];

/// One frame of the caller's audio.
#[must_use]
pub fn frame(number: u64, word: Option<usize>) -> Bytes {
    let body = word.map_or(SILENCE, |word| 1 + word as u8);
    let mut frame = vec![body; FRAME];
    frame[0] = MARKER;
    for (digit, byte) in frame[1..5].iter_mut().enumerate() {
        *byte = 0x80 | ((number >> (7 * digit)) & 0x7F) as u8;
    }
    frame.into()
}

/// The number of a whole frame of the caller's; none where it is other silence.
pub(super) fn number(frame: &[u8]) -> Option<u64> {
    (frame[0] == MARKER).then(|| {
        let digits = frame[1..5].iter().enumerate();
        digits.fold(0, |number, (digit, byte)| {
            number | u64::from(byte & 0x7F) << (7 * digit)
        })
    })
}

/// The word that is said in a frame.
pub(super) fn word(frame: &[u8]) -> Option<usize> {
    let body = frame[FRAME - 1];
    (body != SILENCE).then(|| usize::from(body) - 1)
}

/// Which byte of a piece begins a frame.
pub(super) fn first_frame(piece: &[u8]) -> Option<usize> {
    piece.iter().position(|byte| *byte == MARKER)
}

/// The frames of a text, and their words.
///
/// # Panics
/// Where a word is not of the [`VOCABULARY`].
#[must_use]
pub fn say(text: &str) -> Vec<Option<usize>> {
    let index = |word: &str| {
        let known = VOCABULARY.iter().position(|known| *known == word);
        known.unwrap_or_else(|| panic!("{word} is not of the vocabulary"))
    };
    text.split_whitespace()
        .flat_map(|word| std::iter::repeat_n(Some(index(word)), WORD_FRAMES))
        .collect()
}
