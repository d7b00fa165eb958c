//! Voice activity: does a frame hold speech?
//!
//! The detector is WebRTC's (`libfvad`, by way of the `webrtc-vad` crate): Gaussian mixtures over
//! the energy of six bands between 80 and 4,000 Hz. It is fast (about 1 us a frame) and reacts
//! within 20 to 40 ms, but it takes clicks, breaths and keypad tones for voice, and it stays on
//! for a few frames after speech. It decides a frame; [`crate::barge_in`] decides what to do.

use std::fmt;

use crate::frame::PcmFrame;

/// Anything that says of one frame at a time whether it holds voice. Frames come in order.
pub trait Vad {
    fn is_voice(&mut self, frame: &PcmFrame) -> bool;

    /// Forgets what was heard, as between two calls.
    fn reset(&mut self);
}

/// How sure the detector must be: the later a mode stands, the less it takes for voice and the
/// more soft speech it misses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    Quality,
    LowBitrate,
    /// The best trade for onsets on telephone audio: nothing in white noise at 10 dB, a 20 ms
    /// frame or two of delay on clean speech.
    #[default]
    Aggressive,
    VeryAggressive,
}

/// WebRTC's detector at 8 kHz and 20 ms. Allocates its state (on the C heap) only in [`Self::new`].
pub struct WebrtcVad {
    detector: webrtc_vad::Vad,
    mode: Mode,
}

// SAFETY: the detector owns one heap block of plain integers (libfvad's `Fvad`), which nothing
// else points to; libfvad has no thread-local and no mutable global state. So it may move between
// threads. It is not `Sync`, and every use takes `&mut self`.
#[allow(unsafe_code)]
unsafe impl Send for WebrtcVad {}

impl WebrtcVad {
    /// # Panics
    /// When the C heap has no memory left.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            detector: webrtc_vad::Vad::new_with_rate_and_mode(
                webrtc_vad::SampleRate::Rate8kHz,
                mode.into(),
            ),
            mode,
        }
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

impl Default for WebrtcVad {
    fn default() -> Self {
        Self::new(Mode::default())
    }
}

impl Vad for WebrtcVad {
    fn is_voice(&mut self, frame: &PcmFrame) -> bool {
        // The only error is a length other than 10, 20 or 30 ms, and the type rules that out.
        self.detector.is_voice_segment(frame).unwrap_or(false)
    }

    fn reset(&mut self) {
        self.detector.reset();
        // libfvad's reset also falls back to mode 0 (and to 8 kHz, which is what we want).
        self.detector.set_mode(self.mode.into());
    }
}

impl fmt::Debug for WebrtcVad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebrtcVad")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl From<Mode> for webrtc_vad::VadMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Quality => Self::Quality,
            Mode::LowBitrate => Self::LowBitrate,
            Mode::Aggressive => Self::Aggressive,
            Mode::VeryAggressive => Self::VeryAggressive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signal::{noise, speech_like};

    const MODES: [Mode; 4] = [
        Mode::Quality,
        Mode::LowBitrate,
        Mode::Aggressive,
        Mode::VeryAggressive,
    ];

    fn decisions(vad: &mut WebrtcVad, frames: &[PcmFrame]) -> Vec<bool> {
        frames.iter().map(|frame| vad.is_voice(frame)).collect()
    }

    #[test]
    fn silence_is_not_voice_in_any_mode() {
        for mode in MODES {
            let mut vad = WebrtcVad::new(mode);
            assert!(!decisions(&mut vad, &[[0; 160]; 50]).contains(&true));
        }
    }

    #[test]
    fn a_buzzing_vowel_is_voice_in_every_mode() {
        for mode in MODES {
            let mut vad = WebrtcVad::new(mode);
            decisions(&mut vad, &noise(50, 20.0, 1));
            let voiced = decisions(&mut vad, &speech_like(25, 6_000.0));
            assert!(voiced.iter().filter(|v| **v).count() >= 20, "{mode:?}");
        }
    }

    #[test]
    fn a_reset_detector_keeps_its_mode_and_decides_as_a_new_one() {
        let mut mixed = noise(10, 2_000.0, 7);
        mixed.extend(speech_like(10, 300.0));
        mixed.extend(noise(30, 500.0, 8));
        for mode in MODES {
            let mut used = WebrtcVad::new(mode);
            decisions(&mut used, &speech_like(40, 9_000.0));
            used.reset();
            let mut fresh = WebrtcVad::new(mode);
            assert_eq!(decisions(&mut used, &mixed), decisions(&mut fresh, &mixed));
        }
    }

    #[test]
    fn the_detector_goes_on_in_another_thread() {
        let mut vad = WebrtcVad::default();
        decisions(&mut vad, &noise(20, 20.0, 1));
        let voiced =
            std::thread::spawn(move || decisions(&mut vad, &speech_like(10, 6_000.0)).pop())
                .join()
                .expect("the thread does not panic");
        assert_eq!(voiced, Some(true));
    }
}
