//! Features: what of a frame tells speech from everything else, as numbers for the fitted model.
//!
//! A frame of 20 ms is looked at twice, in *steps* of 10 ms, each by a window of 20 ms. Bands are
//! measured over their own noise floor, to which the echo that the canceller may have left is
//! added. Most frames of a call are silence, and are known to be without any of this ([`Look`]).

use crate::echo::{Block, Cancelled, energy};
use crate::fft::{Bin, Fft};
use crate::units::FRAME_SAMPLES;

/// Steps in a frame.
pub const STEPS: usize = 2;

/// Numbers that describe one step by itself.
const OF_A_STEP: usize = 20;

/// Numbers that are given for the present step only.
const OF_NOW: usize = 7;

/// Where a step's inputs say how strongly it repeats itself, 0 to 1.
pub(crate) const PITCH: usize = BANDS + 4;

/// Where the inputs say, by a 1, that the frame has been through the canceller.
pub(crate) const OVER_ECHO: usize = OF_A_STEP * (1 + EARLIER);

/// Numbers of a step that are also given as they were lately.
const LASTING: [usize; 4] = [10, 13, 14, 19];

/// Earlier steps that are given along with a step.
const EARLIER: usize = 2;

/// Everything the model is given for one step.
pub const INPUTS: usize = OF_A_STEP * (1 + EARLIER) + OF_NOW + LASTING.len();

/// The model's inputs for one step.
pub type Inputs = [f32; INPUTS];

type Step = [f32; OF_A_STEP];

/// What a frame looks like at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Too faint to be anybody.
    Quiet,
    /// Worth a closer look.
    Loud,
}

/// The far end, as far as it matters for one frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo<'a> {
    /// The frame, split.
    pub(crate) cancelled: &'a Cancelled,
    /// The frame before the split.
    pub(crate) near: &'a Block,
    /// The loudest that was played within the length of an echo path, in dBFS.
    pub(crate) far: f32,
}

/// Computes the inputs of one call, frame by frame.
#[derive(Debug)]
pub(crate) struct Features {
    fft: Fft,
    window: Box<[f32; FRAME_SAMPLES]>,
    /// The frame before, what was left of it.
    before: Block,
    floor: Floor,
    /// The echo that the canceller leaves, as a share of what it takes out, by band.
    leak: [f32; BANDS],
    echo_before: [f32; BANDS],
    /// How much the canceller takes out of pure echo, in decibels.
    taken: f32,
    /// The earlier steps, newest first.
    earlier: [Step; EARLIER],
    /// Running means of [`LASTING`].
    lately: [f32; LASTING.len()],
    /// Frames in which the canceller could learn.
    experience: f32,
    bands_before: [f32; BANDS],
    lag_before: f32,
    quiet_frames: u32,
}

/// The line's noise, by band.
#[derive(Clone, Debug)]
struct Floor {
    power: [f32; BANDS],
    total: f32,
    observed: u32,
}

const BANDS: usize = 10;

/// Edges of the bands in bins of 31.25 Hz: 219, 312, 438, ... 3,469 Hz.
const EDGES: [usize; BANDS + 1] = [4, 8, 11, 15, 20, 26, 34, 44, 57, 78, 111];

const WINDOW_BINS: usize = 129;
const STEP_SAMPLES: usize = FRAME_SAMPLES / STEPS;

/// Below a line's quietest noise, about -75 dBFS in one band.
const FAINTEST_POWER: f32 = 3e-8;

impl Features {
    /// The weight of a step in the running means: they look back some 50 ms.
    const LATELY: f32 = 0.2;

    pub(crate) fn new() -> Self {
        let window = std::array::from_fn(|n| {
            let phase = (n as f32 + 0.5) / FRAME_SAMPLES as f32;
            // Scaled so that a band's power is that of its samples.
            (std::f32::consts::PI * phase).sin().powi(2) / 87.6
        });
        Self {
            fft: Fft::of_a_window(),
            window: Box::new(window),
            before: [0.0; FRAME_SAMPLES],
            floor: Floor::new(),
            leak: [0.5; BANDS],
            echo_before: [0.0; BANDS],
            taken: 0.0,
            earlier: [[0.0; OF_A_STEP]; EARLIER],
            lately: [0.0; LASTING.len()],
            experience: 0.0,
            bands_before: [0.0; BANDS],
            lag_before: 0.0,
            quiet_frames: 0,
        }
    }

    /// Forgets the call.
    pub(crate) fn reset(&mut self) {
        self.before = [0.0; FRAME_SAMPLES];
        self.floor = Floor::new();
        self.leak = [0.5; BANDS];
        self.echo_before = [0.0; BANDS];
        self.taken = 0.0;
        self.experience = 0.0;
        self.forget_steps();
        self.quiet_frames = 0;
    }

    /// Takes a frame that is too faint to matter; the noise is still learned from it.
    pub(crate) fn handle_quiet(&mut self, frame: &Block) {
        self.quiet_frames += 1;
        if self.quiet_frames <= LEARNED_FRAMES || self.quiet_frames.is_multiple_of(QUIET_SHARE) {
            let bands = self.bands(frame);
            self.floor.observe(&bands, false);
        }
        self.before = *frame;
        self.forget_steps();
    }

    /// The inputs for both steps of a frame. `voted` is what another detector says of it.
    pub(crate) fn of_frame(
        &mut self,
        frame: &Block,
        echo: Option<Echo<'_>>,
        voted: bool,
    ) -> [Inputs; STEPS] {
        let left = echo.map_or([0.0; BANDS], |echo| self.echo_left(&echo));
        let pitch = self.pitch(frame);
        let now = self.of_now(frame, echo);
        let mut both = [0.0; 2 * FRAME_SAMPLES];
        both[..FRAME_SAMPLES].copy_from_slice(&self.before);
        both[FRAME_SAMPLES..].copy_from_slice(frame);
        let inputs = std::array::from_fn(|step| {
            let end = FRAME_SAMPLES + (step + 1) * STEP_SAMPLES;
            let window = &both[end - FRAME_SAMPLES..end];
            let step = self.step(window, &left, pitch, voted);
            let mut inputs = [0.0; INPUTS];
            inputs[..OF_A_STEP].copy_from_slice(&step);
            for (n, earlier) in self.earlier.iter().enumerate() {
                inputs[(n + 1) * OF_A_STEP..(n + 2) * OF_A_STEP].copy_from_slice(earlier);
            }
            let rest = &mut inputs[(1 + EARLIER) * OF_A_STEP..];
            rest[..OF_NOW].copy_from_slice(&now);
            rest[OF_NOW..].copy_from_slice(&self.lately);
            for (mean, at) in self.lately.iter_mut().zip(LASTING) {
                *mean += Self::LATELY * (step[at] - *mean);
            }
            self.earlier = [step, self.earlier[0]];
            inputs
        });
        self.before = *frame;
        let bands = self.bands_before;
        self.floor.observe(&bands, voted);
        inputs
    }

    fn forget_steps(&mut self) {
        self.earlier = [[0.0; OF_A_STEP]; EARLIER];
        self.lately = [0.0; LASTING.len()];
        self.lag_before = 0.0;
        self.bands_before = self.floor.power;
    }

    /// Power by band of a window of 20 ms.
    fn bands(&mut self, window: &[f32]) -> [f32; BANDS] {
        let spectrum = self.spectrum(window);
        bands_of(&spectrum)
    }

    fn spectrum(&mut self, window: &[f32]) -> [f32; WINDOW_BINS] {
        let mut samples = [0.0; 256];
        for (sample, (heard, weight)) in samples.iter_mut().zip(window.iter().zip(&*self.window)) {
            *sample = heard * weight;
        }
        let mut bins = [Bin::default(); WINDOW_BINS];
        self.fft.forward(&mut samples, &mut bins);
        bins.map(|bin| bin.norm_sqr())
    }

    fn step(&mut self, window: &[f32], left: &[f32; BANDS], pitch: Pitch, voted: bool) -> Step {
        let spectrum = self.spectrum(window);
        let bands = bands_of(&spectrum);
        let mut step = [0.0; OF_A_STEP];
        let mut logs = [0.0; BANDS];
        let mut rise = 0.0;
        for b in 0..BANDS {
            let noise = self.floor.power[b] + left[b] + FAINTEST_POWER;
            step[b] = (db(bands[b] / noise) / 10.0).clamp(-1.0, 4.0);
            logs[b] = db(bands[b] + FAINTEST_POWER);
            rise += (logs[b] - db(self.bands_before[b] + FAINTEST_POWER)).max(0.0);
        }
        let total: f32 = bands.iter().sum();
        let noise = self.floor.total + left.iter().sum::<f32>() + FAINTEST_POWER;
        let newest = &window[STEP_SAMPLES..];
        let power = energy(newest) / STEP_SAMPLES as f32 + 1e-9;
        let peak = newest.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        let speech = &spectrum[EDGES[0]..EDGES[BANDS]];
        let strongest = strongest(speech);
        let low: f32 = logs[..4].iter().sum::<f32>() / 4.0;
        let high: f32 = logs[6..].iter().sum::<f32>() / 4.0;
        let mean = logs.iter().sum::<f32>() / BANDS as f32;
        let of_all = [
            (db((total + FAINTEST_POWER) / noise) / 10.0).clamp(-1.0, 4.0),
            ((db(power) + 45.0) / 20.0).clamp(-2.0, 2.0),
            ((db(total / BANDS as f32 + FAINTEST_POWER) - mean) / 10.0).clamp(0.0, 3.0),
            ((low - high) / 20.0).clamp(-2.0, 2.0),
            pitch.strength,
            pitch.change,
            (rise / BANDS as f32 / 10.0).min(3.0),
            (db(peak * peak / power) / 10.0).clamp(0.0, 2.5),
            f32::from(u8::from(voted)),
            (strongest / (speech.iter().sum::<f32>() + FAINTEST_POWER)).min(1.0),
        ];
        step[BANDS..].copy_from_slice(&of_all);
        self.bands_before = bands;
        step
    }

    /// How strongly the last 40 ms repeat themselves, and whether at the same pitch as before.
    fn pitch(&mut self, frame: &Block) -> Pitch {
        // At 4 kHz: a pitch lies between 60 and 400 Hz, lags of 10 to 66 samples.
        const LEN: usize = FRAME_SAMPLES;
        const LAGS: std::ops::RangeInclusive<usize> = 10..=66;
        let mut slow = [0.0; LEN];
        let halves = self.before.chunks_exact(2).chain(frame.chunks_exact(2));
        for (slow, pair) in slow.iter_mut().zip(halves) {
            *slow = pair[0] + pair[1];
        }
        let mut best = (0.0, 0);
        for lag in LAGS {
            let (late, early) = (&slow[lag..], &slow[..LEN - lag]);
            let product = dot(late, early);
            if product > 0.0 {
                let likeness = product * product / (dot(late, late) * dot(early, early) + 1e-9);
                if likeness > best.0 {
                    best = (likeness, lag);
                }
            }
        }
        let lag = best.1 as f32;
        let change = ((lag - self.lag_before).abs() / lag.max(1.0)).min(1.0);
        self.lag_before = lag;
        Pitch {
            strength: best.0.sqrt(),
            change,
        }
    }

    /// The echo that is still in the rest, by band, as it was learned.
    fn echo_left(&mut self, echo: &Echo<'_>) -> [f32; BANDS] {
        let taken = self.bands(&echo.cancelled.echo);
        let rest = self.bands(&echo.cancelled.rest);
        for b in 0..BANDS {
            // Reverberation outlasts what is seen of it in one window.
            let lasting = taken[b].max(0.4 * self.echo_before[b]);
            self.echo_before[b] = lasting;
            if lasting > 4.0 * (self.floor.power[b] + FAINTEST_POWER) {
                let share = (rest[b] / lasting).min(1.0);
                let pace = if share < self.leak[b] { 0.1 } else { 0.01 };
                self.leak[b] += pace * (share - self.leak[b]);
            }
        }
        std::array::from_fn(|b| self.leak[b] * self.echo_before[b])
    }

    fn of_now(&mut self, frame: &Block, echo: Option<Echo<'_>>) -> [f32; OF_NOW] {
        let Some(echo) = echo else {
            return [0.0; OF_NOW];
        };
        let (near, taken) = (
            energy(echo.near) + 1e-7,
            energy(&echo.cancelled.echo) + 1e-7,
        );
        let rest = energy(frame) + 1e-7;
        let removed = db(near / rest).clamp(0.0, 30.0);
        let is_echo = (taken / near).min(1.0);
        if echo.far > -50.0 {
            self.experience = (self.experience + 0.01).min(1.0);
        }
        self.taken += 0.05 * is_echo * (removed - self.taken);
        let level = db(rest / FRAME_SAMPLES as f32);
        [
            1.0,
            removed / 10.0,
            ((level - echo.far) / 20.0).clamp(-3.0, 2.0),
            self.taken / 10.0,
            (db(rest / taken) / 20.0).clamp(-2.0, 2.0),
            (db((echo.cancelled.doubt * FRAME_SAMPLES as f32 + 1e-9) / rest) / 20.0)
                .clamp(-2.0, 2.0),
            self.experience,
        ]
    }
}

/// How strongly a signal repeats itself, 0 to 1, and how much its pitch has changed, 0 to 1.
#[derive(Clone, Copy, Debug)]
struct Pitch {
    strength: f32,
    change: f32,
}

impl Floor {
    /// The share of a difference that one observation takes over.
    const PACE: f32 = 0.1;

    /// The most that the floor rises per observation: 0.25 dB, and an eighth of that in speech.
    const RISE: f32 = 1.06;
    const RISE_IN_SPEECH: f32 = 1.007;

    fn new() -> Self {
        Self {
            power: [FAINTEST_POWER; BANDS],
            total: FAINTEST_POWER,
            observed: 0,
        }
    }

    fn observe(&mut self, bands: &[f32; BANDS], speech: bool) {
        self.observed = self.observed.saturating_add(1);
        let (pace, rise) = if self.observed <= LEARNED_FRAMES {
            (1.0 / self.observed as f32, f32::INFINITY)
        } else if speech {
            (Self::PACE, Self::RISE_IN_SPEECH)
        } else {
            (Self::PACE, Self::RISE)
        };
        for (floor, band) in self.power.iter_mut().zip(bands) {
            let next = *floor + pace * (band - *floor);
            *floor = next.clamp(FAINTEST_POWER, (*floor * rise).max(FAINTEST_POWER));
        }
        self.total = self.power.iter().sum();
    }
}

/// Observations by which a line's noise is known; until then they are averaged.
const LEARNED_FRAMES: u32 = 15;

/// Of quiet frames one in so many is looked at.
const QUIET_SHARE: u32 = 4;

fn bands_of(spectrum: &[f32; WINDOW_BINS]) -> [f32; BANDS] {
    std::array::from_fn(|b| spectrum[EDGES[b]..EDGES[b + 1]].iter().sum())
}

/// The power of the two strongest tones, which in a keypad's are nearly all there is.
fn strongest(spectrum: &[f32]) -> f32 {
    let tone = |at: usize| -> f32 {
        let around = at.saturating_sub(1)..(at + 2).min(spectrum.len());
        spectrum[around].iter().sum()
    };
    let first = loudest(spectrum, None);
    let second = loudest(spectrum, Some(first));
    tone(first) + tone(second)
}

fn loudest(spectrum: &[f32], except: Option<usize>) -> usize {
    let mut best = (0, -1.0);
    for (at, &power) in spectrum.iter().enumerate() {
        if power > best.1 && except.is_none_or(|other| at.abs_diff(other) > 2) {
            best = (at, power);
        }
    }
    best.0
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a
        .remainder()
        .iter()
        .zip(b.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    rest + sums.iter().sum::<f32>()
}

/// Ten times the decimal logarithm, to 0.03 dB. Not for zero.
fn db(power: f32) -> f32 {
    // The exponent is the logarithm's whole part, and a parabola through the mantissa its rest.
    let bits = power.to_bits();
    let exponent = ((bits >> 23) & 0xFF) as f32 - 127.0;
    let mantissa = f32::from_bits((bits & 0x007F_FFFF) | 0x3F80_0000);
    let fraction = mantissa * (2.024_66 - 0.344_848 * mantissa) - 1.674_87;
    3.010_3 * (exponent + fraction)
}
