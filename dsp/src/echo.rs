//! Echo: takes out of the caller's audio what it holds of our own.
//!
//! A telephone on its loudspeaker, or a hybrid on the way, returns the agent's voice after 60 to
//! 400 ms, 10 to 35 dB fainter. The [`Canceller`] learns that path as a filter in the frequency
//! domain, cut into *partitions* of one frame each, so the delay need not be known: the partitions
//! before it stay empty. Each coefficient is tracked by a Kalman filter (Enzner and Vary, "Frequency-
//! domain adaptive Kalman filter for acoustic echo control in hands-free telephones", 2006): it
//! carries how unsure it is, so it learns at once while it knows nothing and holds still while the
//! caller speaks, without a detector of double-talk.

use crate::fft::{Bin, Fft};
use crate::units::FRAME_SAMPLES;

/// One frame, as the canceller computes: 1.0 is full scale.
pub(crate) type Block = [f32; FRAME_SAMPLES];

/// What is left of a frame, and what was taken for echo. They add up to the frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cancelled {
    pub(crate) rest: Block,
    pub(crate) echo: Block,
    /// The mean power of the echo that may be in the rest, the path being known as well as it is.
    pub(crate) doubt: f32,
}

impl Cancelled {
    /// An echo so much fainter than all that was heard explains nothing of it: 17 dB.
    const FAINT: f32 = 0.02;

    /// Whether what the caller's frame holds may be an echo at all. When playing begins, its echo is
    /// still on its way.
    pub(crate) fn matters_in(&self, near: &Block) -> bool {
        self.energy() >= Self::FAINT * energy(near)
    }

    /// Whether echo may be most of what the caller's frame holds, known or in doubt.
    pub(crate) fn may_be_most_of(&self, near: &Block) -> bool {
        self.energy() > 0.5 * energy(near)
    }

    fn energy(&self) -> f32 {
        energy(&self.echo) + self.doubt * FRAME_SAMPLES as f32
    }
}

/// How many frames the longest echo takes, its reverberation included: 480 ms.
pub(crate) const PARTITIONS: usize = 24;

const BINS: usize = FRAME_SAMPLES + 1;

/// Learns and removes the echo of one call. About 80 KiB, all allocated in [`Self::new`].
///
/// # Real-time
/// About 15 us a frame while something is in the echo path; nothing otherwise. No delay.
#[derive(Debug)]
pub(crate) struct Canceller {
    fft: Fft,
    /// The far end's spectra, a ring; the newest is at `newest`.
    far: Box<[Spectrum]>,
    newest: usize,
    /// The far end's latest frame: a spectrum is of two.
    latest: Block,
    /// Frames since the far end last sounded.
    silent_for: usize,
    path: Box<[Partition]>,
    /// The power of everything that is no echo, by bin.
    near: Box<[f32; BINS]>,
    /// The partition whose filter is trimmed next.
    trimmed: usize,
    room: Box<Room>,
}

#[derive(Clone, Debug)]
struct Spectrum {
    re: [f32; BINS],
    im: [f32; BINS],
    /// The power of the frame itself.
    power: f32,
    sounds: bool,
}

#[derive(Clone, Debug)]
struct Partition {
    re: [f32; BINS],
    im: [f32; BINS],
    /// How unsure each coefficient is: the expected square of its error.
    doubt: [f32; BINS],
}

/// Working memory.
#[derive(Debug)]
struct Room {
    samples: [f32; 2 * FRAME_SAMPLES],
    bins: [Bin; BINS],
    expected: [f32; BINS],
    gain: [f32; BINS],
}

const NO_SPECTRUM: Spectrum = Spectrum {
    re: [0.0; BINS],
    im: [0.0; BINS],
    power: 0.0,
    sounds: false,
};

const UNKNOWN: Partition = Partition {
    re: [0.0; BINS],
    im: [0.0; BINS],
    doubt: [Canceller::FIRST_DOUBT; BINS],
};

impl Canceller {
    /// The echo expected in each partition before anything is known: all of them together return
    /// as much as -7 dB of what was sent.
    const FIRST_DOUBT: f32 = 0.008;

    /// How much of a path is taken to change from frame to frame.
    const DRIFT: f32 = 0.000_4;

    /// How fast the power of the near end is forgotten.
    const NEAR_DECAY: f32 = 0.7;

    /// Frames of silence after which playing begins anew, and perhaps by a slightly other delay:
    /// when the first of it sounds is known only to a few milliseconds.
    const PAUSE: usize = 5;

    /// How much of the echo may then come from beside the path as it was known.
    const SHIFTED: f32 = 0.3;

    /// Partitions trimmed per frame.
    const TRIMMED: usize = 2;

    pub(crate) fn new() -> Self {
        Self {
            fft: Fft::of_two_frames(),
            far: vec![NO_SPECTRUM; PARTITIONS].into(),
            newest: 0,
            latest: [0.0; FRAME_SAMPLES],
            silent_for: PARTITIONS + 1,
            path: vec![UNKNOWN; PARTITIONS].into(),
            near: Box::new([0.0; BINS]),
            trimmed: 0,
            room: Box::new(Room {
                samples: [0.0; 2 * FRAME_SAMPLES],
                bins: [Bin::default(); BINS],
                expected: [0.0; BINS],
                gain: [0.0; BINS],
            }),
        }
    }

    /// Forgets the call.
    pub(crate) fn reset(&mut self) {
        self.far.fill(NO_SPECTRUM);
        self.path.fill(UNKNOWN);
        self.latest = [0.0; FRAME_SAMPLES];
        self.silent_for = PARTITIONS + 1;
        self.near.fill(0.0);
    }

    /// Whether something that was played may still come back.
    pub(crate) fn may_hear(&self) -> bool {
        self.silent_for <= PARTITIONS
    }

    /// The power of the loudest frame that may come back now.
    pub(crate) fn loudest(&self) -> f32 {
        self.far.iter().map(|far| far.power).fold(0.0, f32::max)
    }

    /// Takes what the far end plays in this frame; `None` while it is silent.
    pub(crate) fn handle_far(&mut self, far: Option<&Block>) {
        if far.is_some() {
            if self.silent_for > Self::PAUSE {
                self.unsettle();
            }
            self.silent_for = 0;
        } else if self.may_hear() {
            self.silent_for += 1;
        } else {
            return;
        }
        self.newest = (self.newest + 1) % PARTITIONS;
        let spectrum = &mut self.far[self.newest];
        spectrum.sounds = self.silent_for <= 1;
        spectrum.power = far.map_or(0.0, power);
        if !spectrum.sounds {
            return;
        }
        let far = far.unwrap_or(&[0.0; FRAME_SAMPLES]);
        let Room { samples, bins, .. } = &mut *self.room;
        samples[..FRAME_SAMPLES].copy_from_slice(&self.latest);
        samples[FRAME_SAMPLES..].copy_from_slice(far);
        self.latest = *far;
        self.fft.forward(samples, bins);
        bins[..LOWEST_BIN].fill(Bin::default());
        for ((re, im), bin) in spectrum.re.iter_mut().zip(&mut spectrum.im).zip(&*bins) {
            *re = bin.re;
            *im = bin.im;
        }
    }

    /// Splits the caller's frame into echo and rest, and learns from it.
    pub(crate) fn cancel(&mut self, near: &Block) -> Cancelled {
        let echo = self.echo();
        let doubt = self.room.expected.iter().sum::<f32>() / SPECTRUM_SCALE;
        let mut rest = *near;
        for (rest, echo) in rest.iter_mut().zip(&echo) {
            *rest -= echo;
        }
        self.learn(&rest);
        if energy(&rest) > energy(near) {
            // What is known of the path does more harm than good, as yet.
            return Cancelled {
                rest: *near,
                echo: [0.0; FRAME_SAMPLES],
                doubt,
            };
        }
        Cancelled { rest, echo, doubt }
    }

    /// The echo in the present frame, as far as the path is known.
    fn echo(&mut self) -> Block {
        let Room {
            samples,
            bins,
            expected,
            ..
        } = &mut *self.room;
        let mut re = [0.0; BINS];
        let mut im = [0.0; BINS];
        expected.fill(0.0);
        for (path, far) in pairs(&self.path, &self.far, self.newest) {
            for k in 0..BINS {
                re[k] += far.re[k] * path.re[k] - far.im[k] * path.im[k];
                im[k] += far.re[k] * path.im[k] + far.im[k] * path.re[k];
                expected[k] += path.doubt[k] * (far.re[k] * far.re[k] + far.im[k] * far.im[k]);
            }
        }
        for (bin, (re, im)) in bins.iter_mut().zip(re.iter().zip(&im)) {
            *bin = Bin::new(*re, *im);
        }
        self.fft.inverse(bins, samples);
        // The first half is wrapped around; the second is right.
        std::array::from_fn(|n| samples[FRAME_SAMPLES + n] / (2 * FRAME_SAMPLES) as f32)
    }

    fn learn(&mut self, rest: &Block) {
        let Room {
            samples,
            bins,
            expected,
            gain,
        } = &mut *self.room;
        samples[..FRAME_SAMPLES].fill(0.0);
        samples[FRAME_SAMPLES..].copy_from_slice(rest);
        self.fft.forward(samples, bins);
        for (k, bin) in bins.iter().enumerate() {
            // What the doubt does not explain is somebody else.
            let unexplained = (bin.norm_sqr() - 0.5 * expected[k]).max(0.0);
            self.near[k] = unexplained.max(Self::NEAR_DECAY * self.near[k]);
            gain[k] = 1.0 / (expected[k] + 2.0 * self.near[k] + FAINTEST_POWER);
        }
        for (path, far) in pairs_mut(&mut self.path, &self.far, self.newest) {
            for k in 0..BINS {
                let (far_re, far_im) = (far.re[k], far.im[k]);
                let known = path.doubt[k] * gain[k];
                let power = far_re * far_re + far_im * far_im;
                path.re[k] += known * (far_re * bins[k].re + far_im * bins[k].im);
                path.im[k] += known * (far_re * bins[k].im - far_im * bins[k].re);
                let strength = path.re[k] * path.re[k] + path.im[k] * path.im[k];
                path.doubt[k] *= (1.0 - Self::DRIFT) * (1.0 - 0.5 * known * power);
                path.doubt[k] += Self::DRIFT * strength;
            }
        }
        for _ in 0..Self::TRIMMED {
            self.trimmed = (self.trimmed + 1) % PARTITIONS;
            self.trim(self.trimmed);
        }
    }

    /// What is known of the path may be off by a part of a frame.
    fn unsettle(&mut self) {
        let mut before = [0.0; BINS];
        for partition in &mut self.path {
            for (k, before) in before.iter_mut().enumerate() {
                let strength = partition.re[k].powi(2) + partition.im[k].powi(2);
                partition.doubt[k] += Self::SHIFTED * (strength + 0.3 * *before);
                *before = strength;
            }
        }
    }

    /// A partition's filter is one frame long: what has grown behind that is noise.
    fn trim(&mut self, partition: usize) {
        let Room { samples, bins, .. } = &mut *self.room;
        let path = &mut self.path[partition];
        for (bin, (re, im)) in bins.iter_mut().zip(path.re.iter().zip(&path.im)) {
            *bin = Bin::new(*re, *im);
        }
        self.fft.inverse(bins, samples);
        for sample in &mut samples[..FRAME_SAMPLES] {
            *sample /= (2 * FRAME_SAMPLES) as f32;
        }
        samples[FRAME_SAMPLES..].fill(0.0);
        self.fft.forward(samples, bins);
        for ((re, im), bin) in path.re.iter_mut().zip(&mut path.im).zip(&*bins) {
            *re = bin.re;
            *im = bin.im;
        }
    }
}

/// Each partition with the far end's spectrum of as many frames ago, where that sounds.
fn pairs<'a>(
    path: &'a [Partition],
    far: &'a [Spectrum],
    newest: usize,
) -> impl Iterator<Item = (&'a Partition, &'a Spectrum)> {
    let (late, early) = far.split_at(newest + 1);
    path.iter()
        .zip(late.iter().rev().chain(early.iter().rev()))
        .filter(|(_, far)| far.sounds)
}

fn pairs_mut<'a>(
    path: &'a mut [Partition],
    far: &'a [Spectrum],
    newest: usize,
) -> impl Iterator<Item = (&'a mut Partition, &'a Spectrum)> {
    let (late, early) = far.split_at(newest + 1);
    path.iter_mut()
        .zip(late.iter().rev().chain(early.iter().rev()))
        .filter(|(_, far)| far.sounds)
}

pub(crate) fn energy(block: &[f32]) -> f32 {
    block.iter().map(|sample| sample * sample).sum()
}

/// The power of a frame without its constant part, which no telephone passes.
fn power(frame: &Block) -> f32 {
    let mean = frame.iter().sum::<f32>() / FRAME_SAMPLES as f32;
    (energy(frame) / FRAME_SAMPLES as f32 - mean * mean).max(0.0)
}

/// Below 100 Hz nothing comes back; bins are 25 Hz apart.
const LOWEST_BIN: usize = 4;

/// From the sum of a spectrum's squares to the mean power of its samples.
const SPECTRUM_SCALE: f32 = (FRAME_SAMPLES * 2 * FRAME_SAMPLES) as f32;

/// Keeps a quotient finite; far below a line's quietest noise.
const FAINTEST_POWER: f32 = 1e-7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PcmFrame;
    use crate::test_signal::{echo_of, noise, speech_like, sum};

    fn block(frame: &PcmFrame) -> Block {
        frame.map(|sample| f32::from(sample) / 32_768.0)
    }

    /// How much is taken out of the frames, in decibels.
    fn taken(canceller: &mut Canceller, near: &[PcmFrame], far: &[PcmFrame]) -> f32 {
        let (mut before, mut after) = (0.0, 0.0);
        for (near, far) in near.iter().zip(far) {
            let near = block(near);
            canceller.handle_far(Some(&block(far)));
            before += energy(&near);
            after += energy(&canceller.cancel(&near).rest);
        }
        10.0 * (before / after).log10()
    }

    #[test]
    fn an_echo_of_unknown_delay_is_taken_out_within_seconds() {
        // What a telephone does not pass is not expected back: here it is taken off by a difference.
        let hiss = |frame: PcmFrame| -> PcmFrame {
            std::array::from_fn(|n| frame[n] - n.checked_sub(1).map_or(0, |before| frame[before]))
        };
        let far: Vec<PcmFrame> = noise(150, 2_000.0, 3).into_iter().map(hiss).collect();
        for delay_ms in [40, 130, 330] {
            let near = echo_of(&far, delay_ms, 0.2);
            let mut canceller = Canceller::new();
            taken(&mut canceller, &near[..100], &far[..100]);
            let taken = taken(&mut canceller, &near[100..], &far[100..]);
            assert!(taken > 15.0, "{delay_ms} ms: {taken} dB");
        }
    }

    #[test]
    fn a_caller_who_speaks_is_left_in_and_does_not_undo_what_was_learned() {
        let far = noise(200, 4_000.0, 3);
        let echo = echo_of(&far, 100, 0.2);
        let voice = speech_like(50, 5_000.0);
        let mut canceller = Canceller::new();
        taken(&mut canceller, &echo[..100], &far[..100]);
        let both: Vec<PcmFrame> = echo[100..150]
            .iter()
            .zip(&voice)
            .map(|(a, b)| sum(a, b))
            .collect();
        let of_both = taken(&mut canceller, &both, &far[100..150]);
        assert!(of_both < 3.0, "{of_both} dB");
        let afterwards = taken(&mut canceller, &echo[150..], &far[150..]);
        assert!(afterwards > 12.0, "{afterwards} dB");
    }

    #[test]
    fn an_echo_that_is_too_faint_explains_nothing_of_what_is_heard() {
        let near = block(&noise(1, 1_000.0, 3)[0]);
        let echo = |gain: f32, doubt| Cancelled {
            rest: near,
            echo: near.map(|sample| gain * sample),
            doubt: doubt * energy(&near) / FRAME_SAMPLES as f32,
        };
        assert!(!echo(0.1, 0.0).matters_in(&near), "20 dB fainter");
        assert!(echo(0.2, 0.0).matters_in(&near), "14 dB");
        assert!(echo(0.1, 0.015).matters_in(&near), "but more may be");
        assert!(!echo(0.7, 0.0).may_be_most_of(&near));
        assert!(echo(0.7, 0.1).may_be_most_of(&near));
    }

    #[test]
    fn nothing_is_expected_when_the_far_end_has_been_silent_for_long() {
        let mut canceller = Canceller::new();
        canceller.handle_far(Some(&[0.1; FRAME_SAMPLES]));
        for _ in 0..PARTITIONS {
            assert!(canceller.may_hear());
            canceller.handle_far(None);
        }
        canceller.handle_far(None);
        assert!(!canceller.may_hear());
    }

    #[test]
    fn what_is_taken_and_what_is_left_are_the_frame() {
        let far = speech_like(60, 6_000.0);
        let near = echo_of(&far, 60, 0.3);
        let mut canceller = Canceller::new();
        for (near, far) in near.iter().zip(&far) {
            let near = block(near);
            canceller.handle_far(Some(&block(far)));
            let split = canceller.cancel(&near);
            for (near, (rest, echo)) in near.iter().zip(split.rest.iter().zip(&split.echo)) {
                assert!((rest + echo - near).abs() < 1e-5);
            }
        }
    }
}
