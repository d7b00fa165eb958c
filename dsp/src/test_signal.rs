//! Signals for tests: repeatable noise, and a buzz with formants that detectors take for a vowel.

use std::f32::consts::TAU;

use crate::frame::PcmFrame;
use crate::units::{FRAME_SAMPLES, LINE_RATE_HZ};

/// Uniform white noise between `-amplitude` and `amplitude`.
pub(crate) fn noise(frames: usize, amplitude: f32, seed: u32) -> Vec<PcmFrame> {
    let mut state = seed;
    in_frames(
        frames,
        |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        },
        amplitude,
    )
}

/// A 120 Hz glottal buzz whose harmonics stand out near 700 and 1,200 Hz ("ah"), swelling and
/// falling four times a second as syllables do.
pub(crate) fn speech_like(frames: usize, amplitude: f32) -> Vec<PcmFrame> {
    in_frames(
        frames,
        |n| {
            let t = n as f32 / LINE_RATE_HZ as f32;
            let voice: f32 = (1..=28_u8)
                .map(|harmonic| {
                    let hz = 120.0 * f32::from(harmonic);
                    let formants = 1.0 / (1.0 + ((hz - 700.0) / 150.0).powi(2))
                        + 0.6 / (1.0 + ((hz - 1_200.0) / 200.0).powi(2))
                        + 0.15;
                    formants * (TAU * hz * t).sin()
                })
                .sum();
            let syllable = 0.7 - 0.3 * (TAU * 4.0 * t).cos();
            voice * syllable / 3.5
        },
        amplitude,
    )
}

pub(crate) fn sine(samples: usize, hz: f32, rate_hz: u32, amplitude: f32) -> Vec<i16> {
    (0..samples)
        .map(|n| (amplitude * (TAU * hz * n as f32 / rate_hz as f32).sin()).round() as i16)
        .collect()
}

fn in_frames(frames: usize, mut signal: impl FnMut(usize) -> f32, amplitude: f32) -> Vec<PcmFrame> {
    (0..frames)
        .map(|frame| {
            std::array::from_fn(|n| (amplitude * signal(frame * FRAME_SAMPLES + n)) as i16)
        })
        .collect()
}

/// A signal that comes back once, so much later and fainter.
pub(crate) fn echo_of(far: &[PcmFrame], delay_ms: usize, gain: f32) -> Vec<PcmFrame> {
    let delay = delay_ms * LINE_RATE_HZ as usize / 1_000;
    let flat = far.concat();
    in_frames(
        far.len(),
        |n| n.checked_sub(delay).map_or(0.0, |at| f32::from(flat[at])),
        gain,
    )
}

pub(crate) fn sum(a: &PcmFrame, b: &PcmFrame) -> PcmFrame {
    std::array::from_fn(|n| a[n].saturating_add(b[n]))
}
