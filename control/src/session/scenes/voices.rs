//! Recorded voices, as a telephone carries them.

/// "Wait, wait, hold on.", and "Stop. That's not what I said.", each from its first word on.
const VOICES: [&[u8]; 2] = [
    include_bytes!("../../../../tests/audio/barge-01.wav"),
    include_bytes!("../../../../tests/audio/barge-02.wav"),
];
const HEADER_BYTES: usize = 58;
const BEGINS_MS: usize = 300;
const LASTS: [usize; 2] = [1_400 * 8, 1_590 * 8];

pub(super) const CALLER: usize = 0;
pub(super) const AGENT: usize = 1;

/// A voice's sample in mu-law. It says the same over and over.
pub(super) fn voice(which: usize, at: usize) -> u8 {
    VOICES[which][HEADER_BYTES + BEGINS_MS * 8 + at % LASTS[which]]
}
