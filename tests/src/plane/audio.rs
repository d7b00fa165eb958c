//! Caller lines from `tests/audio`, as the line carries them.

/// One spoken line: mu-law, whole frames of 20 ms.
#[derive(Clone, Copy, Debug)]
pub struct SpokenLine {
    wav: &'static [u8],
    /// Where the voice begins; before and after it the line carries its own faint noise.
    pub voice_begins_ms: u64,
    pub voice_ends_ms: u64,
}

/// "Wait, wait, hold on."
pub const WAIT: SpokenLine = SpokenLine {
    wav: include_bytes!("../../audio/barge-01.wav"),
    voice_begins_ms: 300,
    voice_ends_ms: 1_825,
};

/// "Stop. That's not what I said."
pub const STOP: SpokenLine = SpokenLine {
    wav: include_bytes!("../../audio/barge-02.wav"),
    voice_begins_ms: 300,
    voice_ends_ms: 1_896,
};

/// "Yes."
pub const YES: SpokenLine = SpokenLine {
    wav: include_bytes!("../../audio/yes-01.wav"),
    voice_begins_ms: 300,
    voice_ends_ms: 680,
};

impl SpokenLine {
    /// The audio without its header.
    #[must_use]
    pub fn mulaw(&self) -> &'static [u8] {
        let data = self
            .wav
            .windows(4)
            .position(|window| window == b"data")
            .expect("a WAV file has a data chunk");
        &self.wav[data + 8..]
    }
}
