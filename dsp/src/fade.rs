//! Fades: audio that begins or stops without a click.
//!
//! A waveform cut off at a non-zero sample is a step, and a step sounds at every frequency: a
//! click. A fade of a few milliseconds spreads it out. The *raised cosine* has no corner at either
//! end and is the softer of the two shapes; the *linear* one is cheaper and is good enough under
//! noise.

use std::f32::consts::PI;

use crate::mulaw;
use crate::units::Samples;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    Linear,
    #[default]
    RaisedCosine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From silence to the audio as it is; after the fade the audio passes unchanged.
    In,
    /// From the audio as it is to silence; after the fade there is silence only.
    Out,
}

/// A fade in progress, applied to the audio piece by piece.
///
/// # Real-time
/// Does not allocate and adds no delay.
///
/// # Examples
/// ```
/// use dsp::{Samples, fade::Fade};
///
/// let mut fade = Fade::out(Samples::from_ms(5));
/// let mut frame = [8_000; 160];
/// fade.apply(&mut frame);
/// assert!(fade.is_over() && frame[0] > 7_900 && frame[40] == 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fade {
    direction: Direction,
    shape: Shape,
    length: Samples,
    /// How much of the fade is behind us; at most `length`.
    done: Samples,
}

impl Fade {
    /// A fade over `length`. No length at all is a switch: on at once, or silent at once.
    #[must_use]
    pub fn new(direction: Direction, shape: Shape, length: Samples) -> Self {
        Self {
            direction,
            shape,
            length,
            done: Samples::ZERO,
        }
    }

    /// A raised-cosine fade from silence.
    #[must_use]
    pub fn into_audio(length: Samples) -> Self {
        Self::new(Direction::In, Shape::RaisedCosine, length)
    }

    /// A raised-cosine fade to silence.
    #[must_use]
    pub fn out(length: Samples) -> Self {
        Self::new(Direction::Out, Shape::RaisedCosine, length)
    }

    /// Whether the audio has reached its final gain.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.done >= self.length
    }

    /// Fades the next piece of audio in place.
    pub fn apply(&mut self, samples: &mut [i16]) {
        for sample in samples {
            *sample = self.next_sample(*sample);
        }
    }

    /// Fades the next piece of mu-law audio in place. Codes at full gain are not touched.
    pub fn apply_mulaw(&mut self, codes: &mut [u8]) {
        for code in codes {
            if !(self.is_over() && self.direction == Direction::In) {
                *code = mulaw::encode(self.next_sample(mulaw::decode(*code)));
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a gain is at most one")]
    fn next_sample(&mut self, sample: i16) -> i16 {
        let rise = if self.is_over() {
            1.0
        } else {
            self.done += Samples(1);
            let x = self.done.0 as f32 / self.length.0 as f32;
            match self.shape {
                Shape::Linear => x,
                Shape::RaisedCosine => 0.5 - 0.5 * (PI * x).cos(),
            }
        };
        let gain = match self.direction {
            Direction::In => rise,
            Direction::Out => 1.0 - rise,
        };
        (f32::from(sample) * gain).round() as i16
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOUD: i16 = 20_000;

    fn faded(mut fade: Fade, samples: usize) -> Vec<i16> {
        let mut audio = vec![LOUD; samples];
        fade.apply(&mut audio);
        assert!(fade.is_over());
        audio
    }

    fn largest_step(audio: impl Iterator<Item = i16> + Clone) -> i32 {
        audio
            .clone()
            .zip(audio.skip(1))
            .map(|(a, b)| (i32::from(a) - i32::from(b)).abs())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_step_of_a_faded_constant_is_large_enough_to_click() {
        for shape in [Shape::Linear, Shape::RaisedCosine] {
            // The steepest place of a raised cosine is pi/2 times a line's slope.
            let bound = (f32::from(LOUD) / 40.0 * PI / 2.0) as i32 + 1;
            let length = Samples::from_ms(5);
            let rise = faded(Fade::new(Direction::In, shape, length), 60);
            let fall = faded(Fade::new(Direction::Out, shape, length), 60);
            let whole = std::iter::once(0).chain(rise).chain(fall).chain([0]);
            assert!(largest_step(whole) <= bound, "{shape:?}");
        }
    }

    #[test]
    fn after_a_fade_out_there_is_silence_and_after_a_fade_in_the_audio_itself() {
        let length = Samples(40);
        assert!(faded(Fade::out(length), 100)[39..].iter().all(|&s| s == 0));
        assert!(
            faded(Fade::into_audio(length), 100)[39..]
                .iter()
                .all(|&s| s == LOUD)
        );
    }

    #[test]
    fn a_fade_of_no_length_is_a_switch() {
        assert_eq!(faded(Fade::out(Samples::ZERO), 3), [0; 3]);
        assert_eq!(faded(Fade::into_audio(Samples::ZERO), 3), [LOUD; 3]);
    }

    #[test]
    fn mulaw_after_a_fade_in_is_bit_exact_even_for_the_negative_zero() {
        let mut fade = Fade::into_audio(Samples(2));
        let mut codes = [0x7F, 0x7F, 0x7F, 0x12];
        fade.apply_mulaw(&mut codes);
        assert_eq!(codes[2..], [0x7F, 0x12]);
    }

    proptest! {
        #[test]
        fn a_fade_is_the_same_in_any_pieces(
            length in 0_u64..300,
            sizes in prop::collection::vec(1_usize..50, 1..20),
        ) {
            let mut whole = Fade::out(Samples(length));
            let mut pieces = whole.clone();
            let mut at_once = vec![LOUD; sizes.iter().sum()];
            let mut in_pieces = at_once.clone();
            whole.apply(&mut at_once);
            let mut rest = &mut in_pieces[..];
            for size in sizes {
                let (piece, later) = rest.split_at_mut(size);
                pieces.apply(piece);
                rest = later;
            }
            prop_assert_eq!(at_once, in_pieces);
            prop_assert_eq!(whole, pieces);
        }
    }
}
