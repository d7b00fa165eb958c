//! Sample rates: speech engines work at 16 or 24 kHz, the telephone line at 8 kHz.
//!
//! Going down, everything above 4 kHz must be removed first or it folds back as hiss (*aliasing*);
//! going up, the images above 4 kHz must be. rubato's FFT resampler does both, in blocks of 20 ms.

use std::fmt;

use dasp::Sample;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

/// A sample rate of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// The telephone line.
    Hz8000,
    /// What most recognisers and synthesisers use.
    Hz16000,
    /// What some synthesisers use.
    Hz24000,
}

impl Rate {
    #[must_use]
    pub const fn hz(self) -> usize {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz24000 => 24_000,
        }
    }

    /// The rate of so many hertz, if it is one of ours.
    #[must_use]
    pub const fn from_hz(hz: u32) -> Option<Self> {
        match hz {
            8_000 => Some(Self::Hz8000),
            16_000 => Some(Self::Hz16000),
            24_000 => Some(Self::Hz24000),
            _ => None,
        }
    }

    /// Samples in one block of 20 ms. With shorter ones the filter would cut into the telephone
    /// band (-10 dB at 3.4 kHz for 10 ms), with longer ones it would only cost delay.
    const fn block(self) -> usize {
        self.hz() / 50
    }
}

/// Converts a stream of mono 16-bit audio from one rate to another.
///
/// # Delay
/// Output sample `n` is input time `n / rate`: the filter's own delay is cut off at the start, so
/// nothing shifts. To give out an instant, the stream must have been fed at most 30 ms beyond it
/// ([`Resampler::LOOK_AHEAD_MS`]: up to one block of 20 ms to be whole, and half a block of
/// filter). [`Resampler::flush`] gives out the rest; then exactly as much time came out as went in
/// (a part of a sample counts as one).
///
/// # Real-time
/// Allocates only in [`Resampler::new`] (and in `output`, if that must grow).
pub struct Resampler {
    from: Rate,
    to: Rate,
    filter: Fft<f32>,
    /// The next block of input; its first `filled` samples are there.
    input: Vec<f32>,
    filled: usize,
    output: Vec<f32>,
    /// Output samples still to be cut off: the filter's delay.
    to_skip: usize,
    /// Input samples taken and output samples given since the stream began.
    taken: u64,
    given: u64,
}

impl Resampler {
    /// How far the input must be ahead of an instant for that instant to be given out, at most.
    pub const LOOK_AHEAD_MS: u64 = 30;

    #[must_use]
    pub fn new(from: Rate, to: Rate) -> Self {
        let filter = Fft::new(from.hz(), to.hz(), from.block(), 1, FixedSync::Both)
            .expect("invariant: the rates of `Rate` are positive and share blocks of 20 ms");
        Self {
            from,
            to,
            input: vec![0.0; filter.input_frames_next()],
            filled: 0,
            output: vec![0.0; filter.output_frames_next()],
            to_skip: filter.output_delay(),
            filter,
            taken: 0,
            given: 0,
        }
    }

    /// Takes `samples` of the stream and appends what can be given out already to `output`.
    pub fn push(&mut self, mut samples: &[i16], output: &mut impl Extend<i16>) {
        self.taken += samples.len() as u64;
        while !samples.is_empty() {
            let wanted = self.input.len() - self.filled;
            let (now, later) = samples.split_at(wanted.min(samples.len()));
            for (slot, sample) in self.input[self.filled..].iter_mut().zip(now) {
                *slot = sample.to_sample();
            }
            self.filled += now.len();
            samples = later;
            if self.filled == self.input.len() {
                self.convert_block(output);
            }
        }
    }

    /// Ends the stream: appends the rest of it to `output` and is ready for another one.
    pub fn flush(&mut self, output: &mut impl Extend<i16>) {
        let owed = (self.taken * self.to.hz() as u64).div_ceil(self.from.hz() as u64);
        while self.given < owed {
            self.input[self.filled..].fill(0.0);
            self.convert_up_to(owed, output);
        }
        self.reset();
    }

    /// Forgets the stream, as after a `clear`.
    pub fn reset(&mut self) {
        self.filter.reset();
        self.filled = 0;
        self.to_skip = self.filter.output_delay();
        self.taken = 0;
        self.given = 0;
    }

    fn convert_block(&mut self, output: &mut impl Extend<i16>) {
        self.convert_up_to(u64::MAX, output);
    }

    /// Converts the whole input block and gives out its part of the stream before sample `end`.
    fn convert_up_to(&mut self, end: u64, output: &mut impl Extend<i16>) {
        self.filled = 0;
        let frames = (self.input.len(), self.output.len());
        let input = InterleavedSlice::new(&self.input, 1, frames.0)
            .expect("invariant: one channel as long as the slice");
        let mut converted = InterleavedSlice::new_mut(&mut self.output, 1, frames.1)
            .expect("invariant: one channel as long as the slice");
        let (read, written) = self
            .filter
            .process_into_buffer(&input, &mut converted, None)
            .expect("invariant: the buffers have the sizes the filter asked for");
        debug_assert_eq!((read, written), frames, "both sides are fixed");
        let skipped = self.to_skip.min(written);
        self.to_skip -= skipped;
        let wanted = usize::try_from(end - self.given).unwrap_or(usize::MAX);
        let fresh = &self.output[skipped..written];
        let fresh = &fresh[..wanted.min(fresh.len())];
        self.given += fresh.len() as u64;
        output.extend(fresh.iter().map(|&sample| to_linear(sample)));
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("taken", &self.taken)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

/// Rounds to the nearest sample (dasp cuts off towards zero), and clips what the filter overshot.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
fn to_linear(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::level::rms;
    use crate::test_signal::sine;

    const PAIRS: [(Rate, Rate); 4] = [
        (Rate::Hz8000, Rate::Hz16000),
        (Rate::Hz8000, Rate::Hz24000),
        (Rate::Hz16000, Rate::Hz8000),
        (Rate::Hz24000, Rate::Hz8000),
    ];

    fn converted(from: Rate, to: Rate, input: &[i16]) -> Vec<i16> {
        let mut resampler = Resampler::new(from, to);
        let mut output = Vec::new();
        resampler.push(input, &mut output);
        resampler.flush(&mut output);
        output
    }

    fn tone(rate: Rate, hz: f32) -> Vec<i16> {
        let rate_hz = u32::try_from(rate.hz()).expect("small");
        sine(rate.hz() / 2, hz, rate_hz, 10_000.0)
    }

    /// The middle, where neither end of the tone disturbs.
    fn middle(audio: &[i16]) -> &[i16] {
        &audio[audio.len() / 4..audio.len() * 3 / 4]
    }

    #[test]
    fn a_tone_comes_out_at_the_same_instants_as_it_went_in() {
        for (from, to) in PAIRS {
            let output = converted(from, to, &tone(from, 1_000.0));
            let expected = tone(to, 1_000.0);
            assert_eq!(output.len(), expected.len());
            let error: Vec<i16> = middle(&output)
                .iter()
                .zip(middle(&expected))
                .map(|(a, b)| a - b)
                .collect();
            // One sample off at 8 kHz would be an error of -2 dB relative to the tone.
            let relative = rms(&error).above(rms(&expected));
            assert!(relative < -50.0, "{from:?} to {to:?}: {relative} dB");
        }
    }

    #[test]
    fn the_telephone_band_passes_and_what_would_alias_does_not() {
        for from in [Rate::Hz16000, Rate::Hz24000] {
            for (hz, at_least, at_most) in [
                (300.0, -0.5, 0.5),
                (3_000.0, -0.5, 0.5),
                (3_400.0, -3.0, 0.5),
                (4_600.0, -200.0, -40.0),
                (6_000.0, -200.0, -60.0),
            ] {
                let input = tone(from, hz);
                let gain = rms(middle(&converted(from, Rate::Hz8000, &input))).above(rms(&input));
                assert!(
                    (at_least..=at_most).contains(&gain),
                    "{from:?} {hz} Hz: {gain} dB"
                );
            }
        }
    }

    #[test]
    fn an_instant_is_given_out_once_the_input_is_thirty_milliseconds_beyond_it() {
        for (from, to) in PAIRS {
            let mut resampler = Resampler::new(from, to);
            let mut output = Vec::new();
            for ms in 1..=500 {
                resampler.push(&vec![0; from.hz() / 1_000], &mut output);
                let given_ms = (output.len() * 1_000 / to.hz()) as u64;
                assert!(
                    given_ms + Resampler::LOOK_AHEAD_MS >= ms,
                    "{from:?} to {to:?}"
                );
                assert!(given_ms <= ms);
            }
        }
    }

    #[test]
    fn a_flushed_resampler_starts_the_next_stream_afresh() {
        let input = tone(Rate::Hz16000, 700.0);
        let expected = converted(Rate::Hz16000, Rate::Hz8000, &input);
        let mut resampler = Resampler::new(Rate::Hz16000, Rate::Hz8000);
        for _ in 0..2 {
            let mut output = Vec::new();
            resampler.push(&input, &mut output);
            resampler.flush(&mut output);
            assert_eq!(output, expected);
        }
        resampler.push(&input[..333], &mut Vec::new());
        resampler.reset();
        let mut output = Vec::new();
        resampler.push(&input, &mut output);
        resampler.flush(&mut output);
        assert_eq!(output, expected);
    }

    #[test]
    fn an_empty_stream_gives_nothing() {
        assert!(converted(Rate::Hz24000, Rate::Hz8000, &[]).is_empty());
    }

    #[test]
    fn full_scale_is_clipped_and_does_not_wrap() {
        let square: Vec<i16> = (0..1_600)
            .map(|n| if n / 20 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let output = converted(Rate::Hz16000, Rate::Hz8000, &square);
        // Well inside each half of the wave the sign must hold.
        for (n, &sample) in output
            .iter()
            .enumerate()
            .skip(40)
            .filter(|(n, _)| n % 10 == 5)
        {
            assert_eq!(sample > 0, n / 10 % 2 == 0, "sample {n}: {sample}");
        }
    }

    proptest! {
        #[test]
        fn any_cutting_of_the_stream_gives_the_same_audio_of_exact_length(
            input in prop::collection::vec(any::<i16>(), 0..2_000),
            size in 1_usize..700,
            pair in 0_usize..4,
        ) {
            let (from, to) = PAIRS[pair];
            let mut resampler = Resampler::new(from, to);
            let mut output = Vec::new();
            for piece in input.chunks(size) {
                resampler.push(piece, &mut output);
            }
            resampler.flush(&mut output);
            prop_assert_eq!(output.len(), (input.len() * to.hz()).div_ceil(from.hz()));
            prop_assert_eq!(output, converted(from, to, &input));
        }
    }
}
