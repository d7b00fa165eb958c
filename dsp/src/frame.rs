//! Frames: the line's audio in pieces of 20 ms.
//!
//! A peer may send payloads of any size (Twilio sends 160 bytes but does not promise it), while
//! the voice detector wants exactly 160 samples. A [`Framer`] stands between the two.

use crate::mulaw;
use crate::units::FRAME_SAMPLES;

/// 20 ms of the line as it travels: G.711 mu-law.
pub type MulawFrame = [u8; FRAME_SAMPLES];

/// 20 ms of the line as numbers: 16-bit linear samples.
pub type PcmFrame = [i16; FRAME_SAMPLES];

/// Cuts mu-law payloads of any size into frames; the remainder waits for the next payload.
///
/// # Real-time
/// Does not allocate. Adds at most one frame less one sample of delay (19.875 ms), and none while
/// payloads are whole frames.
///
/// # Examples
/// ```
/// let mut framer = dsp::frame::Framer::default();
/// let mut payload: &[u8] = &[0xFF; 200];
/// let mut frames = 0;
/// while let Some(_frame) = framer.next_frame(&mut payload) {
///     frames += 1;
/// }
/// assert_eq!((frames, framer.pending()), (1, 40));
/// ```
#[derive(Clone, Debug)]
pub struct Framer {
    /// The beginning of the next frame; only the first `pending` bytes mean anything.
    partial: MulawFrame,
    /// Always less than [`FRAME_SAMPLES`].
    pending: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            partial: [mulaw::SILENCE; FRAME_SAMPLES],
            pending: 0,
        }
    }
}

impl Framer {
    /// Takes bytes off the front of `payload` until a frame is whole. `None` means that the
    /// payload is used up; what is left of it is kept for the next one.
    pub fn next_frame(&mut self, payload: &mut &[u8]) -> Option<MulawFrame> {
        let wanted = FRAME_SAMPLES - self.pending;
        let (taken, rest) = payload.split_at(wanted.min(payload.len()));
        *payload = rest;
        self.partial[self.pending..self.pending + taken.len()].copy_from_slice(taken);
        self.pending += taken.len();
        if self.pending < FRAME_SAMPLES {
            return None;
        }
        self.pending = 0;
        Some(self.partial)
    }

    /// The last, unfinished frame, filled up with silence; `None` when nothing waits.
    pub fn flush(&mut self) -> Option<MulawFrame> {
        if self.pending == 0 {
            return None;
        }
        self.partial[self.pending..].fill(mulaw::SILENCE);
        self.pending = 0;
        Some(self.partial)
    }

    /// How many bytes wait for the rest of their frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Forgets the bytes that wait, as after a `clear`.
    pub fn reset(&mut self) {
        self.pending = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(framer: &mut Framer, mut payload: &[u8]) -> Vec<MulawFrame> {
        std::iter::from_fn(|| framer.next_frame(&mut payload)).collect()
    }

    #[test]
    fn a_twilio_payload_is_one_frame_without_delay() {
        let mut framer = Framer::default();
        assert_eq!(frames(&mut framer, &[7; 160]), [[7; 160]]);
        assert_eq!(framer.flush(), None);
    }

    #[test]
    fn the_end_of_the_audio_is_padded_with_silence_not_with_zeros() {
        let mut framer = Framer::default();
        assert!(frames(&mut framer, &[7; 3]).is_empty());
        let last = framer.flush().expect("three bytes wait");
        assert_eq!(last[..3], [7; 3]);
        assert!(last[3..].iter().all(|&code| code == mulaw::SILENCE));
        assert_eq!(framer.pending(), 0);
    }

    #[test]
    fn a_reset_forgets_the_unfinished_frame() {
        let mut framer = Framer::default();
        assert!(frames(&mut framer, &[7; 159]).is_empty());
        framer.reset();
        assert_eq!(frames(&mut framer, &[8; 160]), [[8; 160]]);
    }

    proptest! {
        #[test]
        fn any_cutting_of_the_audio_gives_the_same_frames(
            audio in prop::collection::vec(any::<u8>(), 0..2_000),
            sizes in prop::collection::vec(1_usize..400, 1..50),
        ) {
            let mut framer = Framer::default();
            let mut heard = Vec::new();
            let mut rest = &audio[..];
            for size in sizes.iter().cycle().take(2_000) {
                let (payload, later) = rest.split_at((*size).min(rest.len()));
                heard.extend(frames(&mut framer, payload).concat());
                rest = later;
            }
            prop_assert_eq!(framer.pending(), audio.len() % FRAME_SAMPLES);
            heard.extend(framer.flush().into_iter().flatten());
            prop_assert_eq!(heard.len(), audio.len().next_multiple_of(FRAME_SAMPLES));
            prop_assert_eq!(&heard[..audio.len()], &audio[..]);
        }
    }
}
