//! Sound as a shape: the smallest and largest sample of every few milliseconds.

use std::fmt::Write as _;

/// Samples under one point of the shape: 10 ms.
const SAMPLES_PER_POINT: usize = 80;

/// Half the height of the shape's own coordinate system.
pub(super) const HALF: i32 = 100;

/// An SVG path around the sound, one unit per 10 ms to the right, [`HALF`] units to either side of
/// the middle line, and the path's width.
pub(super) fn path(mulaw: &[u8]) -> (String, usize) {
    let points: Vec<(i32, i32)> = mulaw
        .chunks(SAMPLES_PER_POINT)
        .map(|chunk| {
            chunk.iter().fold((0, 0), |(low, high), code| {
                let sample = i32::from(dsp::mulaw::decode(*code));
                (low.min(sample), high.max(sample))
            })
        })
        .collect();
    let mut path = String::with_capacity(points.len() * 14);
    path.push_str("M0,0");
    for (x, (_, high)) in points.iter().enumerate() {
        let _ = write!(path, "L{x},{}", -height(*high));
    }
    for (x, (low, _)) in points.iter().enumerate().rev() {
        let _ = write!(path, "L{x},{}", -height(*low));
    }
    path.push('Z');
    (path, points.len().max(1))
}

/// Loudness is felt by ratios: the power lifts quiet speech without flattening loud speech.
fn height(sample: i32) -> i32 {
    let part = (f64::from(sample.abs()) / 32_768.0).powf(0.75);
    (part * f64::from(HALF)).round() as i32 * sample.signum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_line_and_speech_has_two_sides() {
        let (silence, width) = path(&[0xFF; 160]);
        assert_eq!((silence.as_str(), width), ("M0,0L0,0L1,0L1,0L0,0Z", 2));
        let wave: Vec<u8> = (0..80)
            .map(|n| dsp::mulaw::encode(if n % 2 == 0 { 32_000 } else { -8_000 }))
            .collect();
        let (wave, _) = path(&wave);
        assert_eq!(wave, "M0,0L0,-99L0,35Z");
    }
}
