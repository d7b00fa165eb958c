//! Audio of which every frame says where it belongs and which word is said in it.

use std::sync::{LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use pipeline::local::Voice;
use pipeline::local::typed::buzz;

/// Samples of a frame.
pub const FRAME: usize = 160;

/// Frames of one word.
pub const WORD_FRAMES: usize = 10;

const SILENCE: u8 = 0xFF;

/// Begins a frame; nothing else looks like it. The softest negative sample, so that it is not heard.
const MARKER: u8 = 0x7F;

/// Hexadecimal digits of a frame's number, and of its word's.
const NUMBER: std::ops::Range<usize> = 1..7;
const WORD: std::ops::Range<usize> = 7..11;

/// Every word that was ever said in this process, in the order of its first use.
static WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What a voice sounds like, without what would look like a marker or like silence.
static VOICE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let seconds = buzz(&"so it goes on ".repeat(40), Voice::CALLER);
    let told = |byte| match byte {
        MARKER => MARKER - 1,
        SILENCE => SILENCE - 1,
        other => other,
    };
    seconds.into_iter().map(told).collect()
});

/// One frame of the caller's audio.
#[must_use]
pub fn frame(number: u64, word: Option<usize>) -> Bytes {
    let mut frame = match word {
        None => vec![SILENCE; FRAME],
        Some(_) => {
            let frames = VOICE.len() / FRAME;
            let at = (number as usize % frames) * FRAME;
            VOICE[at..at + FRAME].to_vec()
        }
    };
    frame[0] = MARKER;
    write(&mut frame[NUMBER], number);
    write(&mut frame[WORD], word.map_or(0, |word| word as u64));
    frame.into()
}

/// The number of a whole frame of the caller's; none where it is other silence.
pub(super) fn number(frame: &[u8]) -> Option<u64> {
    (frame[0] == MARKER).then(|| read(&frame[NUMBER]))
}

/// The word that is said in a frame.
pub(super) fn word(frame: &[u8]) -> Option<usize> {
    (frame[FRAME - 1] != SILENCE).then(|| read(&frame[WORD]) as usize)
}

/// Four bits in each byte, all of them softer than any voice.
fn write(bytes: &mut [u8], number: u64) {
    for (digit, byte) in bytes.iter_mut().enumerate() {
        *byte = 0xF0 | ((number >> (4 * digit)) & 0x0F) as u8;
    }
}

fn read(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().enumerate();
    digits.fold(0, |number, (digit, byte)| {
        number | u64::from(byte & 0x0F) << (4 * digit)
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
