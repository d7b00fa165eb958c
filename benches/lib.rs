//! What the benchmarks share: how long they measure, and the audio they measure with.
//!
//! The unit that counts is one frame of 20 ms: a thousand calls bring fifty thousand a second, so
//! a microsecond a frame is one twentieth of a core.

use std::f32::consts::TAU;
use std::time::Duration;

use criterion::Criterion;
use dsp::{FRAME_SAMPLES, LINE_RATE_HZ, MulawFrame, PcmFrame, mulaw};

/// Frames in [`conversation`].
pub const CONVERSATION_FRAMES: usize = 200;

/// Short runs: all benchmarks together take about a minute.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
}

/// Four seconds of a caller on a slightly noisy line: two seconds of a vowel-like buzz with a
/// syllable's swell, then two seconds of the line alone.
#[must_use]
pub fn conversation() -> Vec<PcmFrame> {
    let mut noise = 1_u32;
    (0..CONVERSATION_FRAMES)
        .map(|frame| {
            let speaks = frame < CONVERSATION_FRAMES / 2;
            std::array::from_fn(|n| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = (noise >> 8) as f32 / 8_388_608.0 - 1.0;
                let t = (frame * FRAME_SAMPLES + n) as f32 / LINE_RATE_HZ as f32;
                (30.0 * hiss + if speaks { 4_000.0 * vowel(t) } else { 0.0 }) as i16
            })
        })
        .collect()
}

/// [`conversation`] as it travels.
#[must_use]
pub fn conversation_mulaw() -> Vec<MulawFrame> {
    conversation()
        .iter()
        .map(|frame| frame.map(mulaw::encode))
        .collect()
}

fn vowel(t: f32) -> f32 {
    let harmonics = [(1.0, 0.3), (3.0, 0.4), (6.0, 1.0), (10.0, 0.6), (16.0, 0.2)];
    let voice: f32 = harmonics
        .iter()
        .map(|(harmonic, strength)| strength * (TAU * 120.0 * harmonic * t).sin())
        .sum();
    voice * (0.7 - 0.3 * (TAU * 4.0 * t).cos())
}
