//! How loud: levels in dBFS and the noise floor of a line.
//!
//! *dBFS* is decibels relative to full scale. Here 0 dBFS is a constant full-scale sample, so a
//! full-scale sine has a peak of 0 and an RMS of -3.01 dBFS. A normal telephone talker is near
//! -20 to -30 dBFS RMS, a quiet line below -60.

use std::fmt;

use dasp::Sample;

/// A level relative to full scale, in decibels, from [`Dbfs::SILENCE`] to zero.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Dbfs(pub f32);

impl Dbfs {
    /// The level given to digital silence, whose logarithm has no bottom; half a step of a 16-bit
    /// sample is at -96.
    pub const SILENCE: Self = Self(-100.0);

    /// The level of an amplitude, 1.0 being full scale.
    #[must_use]
    pub fn from_amplitude(amplitude: f32) -> Self {
        Self((20.0 * amplitude.log10()).max(Self::SILENCE.0))
    }

    /// How many decibels this level is above `other`; negative when below.
    #[must_use]
    pub fn above(self, other: Self) -> f32 {
        self.0 - other.0
    }
}

impl fmt::Display for Dbfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} dBFS", self.0)
    }
}

/// The root mean square: the level of the energy. Silence for no samples.
#[must_use]
pub fn rms(samples: &[i16]) -> Dbfs {
    // Integer squares: exact, and cheaper than a sliding window. 2^32 full-scale samples fit.
    let energy: u64 = samples
        .iter()
        .map(|&sample| u64::from(sample.unsigned_abs()).pow(2))
        .sum();
    let mean = energy as f64 / samples.len().max(1) as f64;
    Dbfs::from_amplitude((mean.sqrt() / 32_768.0) as f32)
}

/// The level of the largest sample of either sign. Silence for no samples.
#[must_use]
pub fn peak(samples: &[i16]) -> Dbfs {
    let largest = samples
        .iter()
        // As floats, since the largest negative sample has no positive counterpart in 16 bits.
        .map(|sample| dasp::peak::full_wave(sample.to_sample::<f32>()))
        .fold(0.0, f32::max);
    Dbfs::from_amplitude(largest)
}

/// The line's noise between words, tracked from the levels of its frames.
///
/// It follows a falling level within a few frames and a rising one slowly, because what falls
/// silent shows the floor and what grows loud is mostly speech. A line that is noisier than it
/// was is learned in seconds; while a detector says "voice", four times more slowly still.
#[derive(Clone, Debug, Default)]
pub struct NoiseFloor {
    /// `None` until the first frame, which is taken for the floor: a line that begins noisy is not
    /// a caller who begins to speak.
    level: Option<Dbfs>,
}

impl NoiseFloor {
    /// Below this a line's noise does not matter. Digital silence must not drag the floor so far
    /// down that the first hiss after it stands out like speech.
    pub const LOWEST: Dbfs = Dbfs(-70.0);

    /// Above this it is no floor; somebody speaks without a pause.
    pub const HIGHEST: Dbfs = Dbfs(-30.0);

    /// The share of a fall that one frame follows: nine tenths after ten frames (200 ms).
    const FALL: f32 = 0.2;

    /// The rise per 20 ms frame without voice, in decibels: 3 dB a second.
    const RISE_DB: f32 = 0.06;

    /// The rise per 20 ms frame with voice.
    const RISE_IN_VOICE_DB: f32 = Self::RISE_DB / 4.0;

    /// Takes in one 20 ms frame's RMS and whether a detector heard voice in it.
    pub fn observe(&mut self, frame: Dbfs, voiced: bool) {
        let known = self.level.unwrap_or(frame);
        let difference = frame.above(known);
        let step = if difference < 0.0 {
            difference * Self::FALL
        } else if voiced {
            difference.min(Self::RISE_IN_VOICE_DB)
        } else {
            difference.min(Self::RISE_DB)
        };
        self.level = Some(Dbfs(
            (known.0 + step).clamp(Self::LOWEST.0, Self::HIGHEST.0),
        ));
    }

    /// The floor; the lowest there is while nothing has been observed.
    #[must_use]
    pub fn level(&self) -> Dbfs {
        self.level.unwrap_or(Self::LOWEST)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_signal::sine;

    #[test]
    fn a_full_scale_sine_is_at_minus_three_db_rms_and_zero_peak() {
        let tone = sine(8_000, 1_000.0, 8_000, 32_767.0);
        assert!((rms(&tone).0 + 3.01).abs() < 0.01);
        assert!(peak(&tone).0.abs() < 0.01);
    }

    #[test]
    fn half_the_amplitude_is_six_db_less() {
        assert!((rms(&[16_384; 160]).above(rms(&[8_192; 160])) - 6.02).abs() < 0.01);
    }

    #[test]
    fn silence_and_nothing_have_the_level_of_silence() {
        assert_eq!(rms(&[0; 160]), Dbfs::SILENCE);
        assert_eq!(rms(&[]), Dbfs::SILENCE);
        assert_eq!(peak(&[]), Dbfs::SILENCE);
    }

    #[test]
    fn the_largest_negative_sample_is_full_scale() {
        assert_eq!(peak(&[0, i16::MIN]), Dbfs(0.0));
        assert_eq!(rms(&[i16::MIN; 3]), Dbfs(0.0));
    }

    #[test]
    fn the_floor_falls_to_a_quiet_line_within_half_a_second() {
        let mut floor = NoiseFloor::default();
        floor.observe(Dbfs(-35.0), false);
        assert_eq!(floor.level(), Dbfs(-35.0));
        for _ in 0..25 {
            floor.observe(Dbfs(-65.0), false);
        }
        assert!(floor.level().above(Dbfs(-65.0)) < 1.0);
    }

    #[test]
    fn ten_seconds_of_talk_raise_the_floor_by_less_than_nine_db() {
        let mut floor = NoiseFloor::default();
        floor.observe(Dbfs(-60.0), false);
        for _ in 0..500 {
            floor.observe(Dbfs(-20.0), true);
        }
        assert!(floor.level().above(Dbfs(-60.0)) < 9.0);
    }

    #[test]
    fn digital_silence_does_not_pull_the_floor_out_of_reach() {
        let mut floor = NoiseFloor::default();
        for _ in 0..5_000 {
            floor.observe(Dbfs::SILENCE, false);
        }
        assert_eq!(floor.level(), NoiseFloor::LOWEST);
    }

    proptest! {
        #[test]
        fn the_rms_is_never_above_the_peak(samples in prop::collection::vec(any::<i16>(), 1..400)) {
            prop_assert!(rms(&samples).0 <= peak(&samples).0 + 0.001);
        }

        #[test]
        fn the_floor_stays_in_its_range(
            frames in prop::collection::vec((-100.0_f32..0.0, any::<bool>()), 0..500),
        ) {
            let mut floor = NoiseFloor::default();
            for (level, voiced) in frames {
                floor.observe(Dbfs(level), voiced);
                prop_assert!(floor.level() >= NoiseFloor::LOWEST);
                prop_assert!(floor.level() <= NoiseFloor::HIGHEST);
            }
        }
    }
}
