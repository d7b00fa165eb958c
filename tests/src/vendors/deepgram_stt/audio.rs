//! Audio of which every frame says where it belongs and which word is said in it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Samples of a frame.
pub const FRAME: usize = 160;

/// Frames of one word.
pub const WORD_FRAMES: usize = 10;

const SILENCE: u8 = 0xFF;

/// Begins a frame; nothing else looks like it.
const MARKER: u8 = 0x00;

/// So many words sound different; the frame itself says which one it is.
const SOUNDS: usize = 24;

/// Every word that was ever said in this process, in the order of its first use.
static WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// One frame of the caller's audio.
#[must_use]
pub fn frame(number: u64, word: Option<usize>) -> Bytes {
    let body = word.map_or(SILENCE, |word| 1 + (word % SOUNDS) as u8);
    let mut frame = vec![body; FRAME];
    frame[0] = MARKER;
    write(&mut frame[1..5], number);
    write(&mut frame[5..7], word.map_or(0, |word| word as u64));
    frame.into()
}

/// The number of a whole frame of the caller's; none where it is other silence.
pub(super) fn number(frame: &[u8]) -> Option<u64> {
    (frame[0] == MARKER).then(|| read(&frame[1..5]))
}

/// The word that is said in a frame.
pub(super) fn word(frame: &[u8]) -> Option<usize> {
    (frame[FRAME - 1] != SILENCE).then(|| read(&frame[5..7]) as usize)
}

/// Seven bits in each byte, so that none looks like the marker.
fn write(bytes: &mut [u8], number: u64) {
    for (digit, byte) in bytes.iter_mut().enumerate() {
        *byte = 0x80 | ((number >> (7 * digit)) & 0x7F) as u8;
    }
}

fn read(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().enumerate();
    digits.fold(0, |number, (digit, byte)| {
        number | u64::from(byte & 0x7F) << (7 * digit)
    })
}

/// Which byte of a piece begins a frame.
pub(super) fn first_frame(piece: &[u8]) -> Option<usize> {
    piece.iter().position(|byte| *byte == MARKER)
}

/// How a word is written.
pub(super) fn written(word: usize) -> String {
    let words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    words.get(word).cloned().unwrap_or_default()
}

/// The frames of a text, and their words.
#[must_use]
pub fn say(text: &str) -> Vec<Option<usize>> {
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut number = |word: &str| {
        let known = words.iter().position(|known| known == word);
        known.unwrap_or_else(|| {
            words.push(word.to_owned());
            words.len() - 1
        })
    };
    text.split_whitespace()
        .flat_map(|word| std::iter::repeat_n(Some(number(word)), WORD_FRAMES))
        .collect()
}
