//! The caller's side of the line: audio to be sent, one frame every 20 ms, and keys.

use std::collections::VecDeque;

use dsp::FRAME_SAMPLES;

use super::playout::{Frame, MULAW_SILENCE};

/// Frames between two keys, as a quick finger presses them.
const FRAMES_PER_KEY: u32 = 10;

/// What waits to be said. Silence in between.
#[derive(Debug, Default)]
pub struct Mouth {
    audio: VecDeque<u8>,
    keys: VecDeque<char>,
    frames_to_next_key: u32,
}

impl Mouth {
    /// Speaks mu-law audio after what is being said.
    pub fn say(&mut self, mulaw: &[u8]) {
        self.audio.extend(mulaw);
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.extend(keys.chars());
    }

    /// The next 20 ms, padded with silence.
    pub fn frame(&mut self) -> Frame {
        let mut frame = [MULAW_SILENCE; FRAME_SAMPLES];
        let n = self.audio.len().min(FRAME_SAMPLES);
        for (slot, byte) in frame.iter_mut().zip(self.audio.drain(..n)) {
            *slot = byte;
        }
        frame
    }

    /// The key that goes down with this frame, if any.
    pub fn key(&mut self) -> Option<char> {
        if self.frames_to_next_key > 0 {
            self.frames_to_next_key -= 1;
            return None;
        }
        let key = self.keys.pop_front()?;
        self.frames_to_next_key = FRAMES_PER_KEY;
        Some(key)
    }

    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.audio.is_empty() || !self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_one_another_and_then_silence() {
        let mut mouth = Mouth::default();
        mouth.say(&[1; 200]);
        mouth.say(&[2; 50]);
        assert_eq!(mouth.frame(), [1; 160]);
        let second = mouth.frame();
        assert_eq!(second[..40], [1; 40]);
        assert_eq!(second[40..90], [2; 50]);
        assert_eq!(second[90..], [MULAW_SILENCE; 70]);
        assert!(!mouth.is_busy());
        assert_eq!(mouth.frame(), [MULAW_SILENCE; 160]);
    }

    #[test]
    fn keys_are_pressed_one_after_another() {
        let mut mouth = Mouth::default();
        mouth.press("12");
        assert_eq!(mouth.key(), Some('1'));
        let mut waited = 0;
        let second = loop {
            match mouth.key() {
                None => waited += 1,
                key => break key,
            }
        };
        assert_eq!((second, waited), (Some('2'), FRAMES_PER_KEY));
        assert!(!mouth.is_busy());
    }
}
