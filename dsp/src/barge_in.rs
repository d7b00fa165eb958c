//! Barge-in: the caller begins to speak, perhaps over the agent.
//!
//! No single look can be both quick and certain: what begins a word also begins a cough, a click or
//! the echo of the agent. So there are two stages. An *onset* is enough to fall silent, which can be
//! taken back. The stretch becomes *sure* when more of it was speech than anything else has, and
//! stays sure to its end. An onset reports where its evidence began, so that latency is counted
//! from there and the recogniser gets the whole first word. Speech has ended when nothing was
//! voiced for the *hang-over*, which bridges the gaps inside words.
//!
//! What a frame sounds like is judged by the [`crate::ear`]; what a row of such judgements means,
//! by the [`stretch`].

mod stretch;

use self::stretch::Stretch;
use crate::ear::Ear;
use crate::features::{Inputs, STEPS};
use crate::frame::PcmFrame;
use crate::level::Dbfs;
use crate::units::{FRAME_SAMPLES, Samples};

/// What one frame means. Positions count the caller's audio from the first frame ever handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody speaks, as far as is known yet.
    Quiet,
    /// The caller seems to have begun to speak; reported once per stretch of speech.
    Onset {
        /// Where the evidence began, at most [`BargeIn::LOOK_BACK`] before the end of the frame.
        first_voiced: Samples,
        /// Whether this is speech for certain.
        sure: bool,
    },
    /// The caller is speaking, or pausing for less than the hang-over.
    Voice {
        /// Whether this stretch is speech for certain, by now.
        sure: bool,
    },
    /// The caller has stopped; reported once, the hang-over after the last voiced frame.
    Ended {
        first_voiced: Samples,
        /// Where the last voiced frame ended.
        last_voiced: Samples,
        /// Whether it became certain that this was speech.
        sure: bool,
    },
}

impl Verdict {
    /// The same, but that an onset is no earlier than this: what is before belongs to an earlier
    /// stretch.
    #[must_use]
    pub fn not_before(self, earliest: Samples) -> Self {
        match self {
            Self::Onset { first_voiced, sure } => Self::Onset {
                first_voiced: first_voiced.max(earliest),
                sure,
            },
            other => other,
        }
    }
}

/// What the caller's telephone is playing, of which some may come back.
#[derive(Clone, Copy, Debug)]
pub enum Far<'a> {
    /// Nothing.
    Silent,
    /// This, in the same 20 ms as the caller's frame by the playout clock. Its echo comes later, by
    /// a delay that the detector finds out.
    Audible(&'a PcmFrame),
}

/// Detects the caller's speech, one frame at a time.
///
/// # Real-time
/// 2 to 4 us a frame on average: 1.5 in silence, 6 in speech, 25 more where an echo is cancelled.
/// Does not allocate; [`Self::default`] allocates about 85 KiB.
///
/// # Delay
/// An onset is known 40 to 100 ms after a word begins, and sure 50 ms later.
#[derive(Debug)]
pub struct BargeIn {
    ear: Ear,
    stretch: Stretch,
    /// Where the next frame begins.
    position: Samples,
    /// The latest frame's log-odds.
    score: f32,
}

impl BargeIn {
    /// How long nothing must be voiced before speech counts as ended.
    pub const HANG_OVER: Samples = Samples::from_ms(200);

    /// How far back an onset may have begun.
    pub const LOOK_BACK: Samples = stretch::LOOK_BACK;

    /// Takes the caller's next frame, and what the caller's telephone is playing meanwhile.
    pub fn handle_frame(&mut self, near: &PcmFrame, far: Far<'_>) -> Verdict {
        let begin = self.position;
        self.position += FRAME;
        let steps = self.ear.hear(near, far.audible());
        self.score = steps.iter().map(|step| step.odds).sum::<f32>() / STEPS as f32;
        self.stretch.handle_frame(begin, &steps, Self::HANG_OVER)
    }

    /// Media has stopped for so long that the stretch of speech counts as over: voice after the gap
    /// is an onset again. Without this it would go on as [`Verdict::Voice`], and an agent that took
    /// the floor in the gap would not be interrupted. Positions and the noise floor stay.
    pub fn handle_gap(&mut self) {
        self.stretch = Stretch::QUIET;
    }

    /// Where the last voiced frame of the present stretch of speech ended.
    #[must_use]
    pub fn last_voiced(&self) -> Option<Samples> {
        self.stretch.last_voiced()
    }

    /// Whether the caller is speaking, as of the last frame.
    #[must_use]
    pub fn is_speaking(&self) -> bool {
        self.stretch.is_speaking()
    }

    /// Where the next frame begins.
    #[must_use]
    pub fn position(&self) -> Samples {
        self.position
    }

    /// The line's noise as it is known by now.
    #[must_use]
    pub fn noise_floor(&self) -> Dbfs {
        self.ear.floor()
    }

    /// Whether most of the last frame may have been an echo of what the caller's telephone plays.
    #[must_use]
    pub fn hears_echo(&self) -> bool {
        self.ear.hears_echo()
    }

    /// How likely the last frame was speech: the logarithm of the odds.
    #[must_use]
    pub fn score(&self) -> f32 {
        self.score
    }

    /// Frames of this call that went through the echo canceller.
    #[must_use]
    pub fn cancelled_frames(&self) -> u64 {
        self.ear.cancelled()
    }

    /// Forgets the call. Does not allocate, so a slot can serve the next call.
    pub fn reset(&mut self) {
        self.ear.reset();
        self.stretch = Stretch::QUIET;
        self.position = Samples::ZERO;
        self.score = 0.0;
    }

    /// What the model would be given for this frame; `None` for a quiet one. For fitting it.
    #[doc(hidden)]
    pub fn inputs(&mut self, near: &PcmFrame, far: Far<'_>) -> [Option<Inputs>; STEPS] {
        match self.ear.inputs(near, far.audible()) {
            Some(inputs) => inputs.map(Some),
            None => [None; STEPS],
        }
    }
}

impl Default for BargeIn {
    fn default() -> Self {
        Self {
            ear: Ear::new(),
            stretch: Stretch::QUIET,
            position: Samples::ZERO,
            score: 0.0,
        }
    }
}

impl<'a> Far<'a> {
    fn audible(self) -> Option<&'a PcmFrame> {
        match self {
            Self::Silent => None,
            Self::Audible(frame) => Some(frame),
        }
    }
}

const FRAME: Samples = Samples(FRAME_SAMPLES as u64);

#[cfg(test)]
mod tests {
    use assert_no_alloc::assert_no_alloc;

    use super::*;
    use crate::test_signal::{echo_of, noise, speech_like, sum};

    const SILENT: PcmFrame = [0; FRAME_SAMPLES];
    const AUDIBLE: Far<'_> = Far::Audible(&SILENT);

    #[test]
    fn a_caller_who_speaks_over_the_agent_is_noticed_within_a_hundred_milliseconds() {
        let mut detector = BargeIn::default();
        for frame in noise(100, 20.0, 3) {
            assert_eq!(detector.handle_frame(&frame, AUDIBLE), Verdict::Quiet);
        }
        let began = detector.position();
        let onset = speech_like(25, 4_000.0)
            .iter()
            .find_map(|frame| match detector.handle_frame(frame, AUDIBLE) {
                Verdict::Onset { first_voiced, .. } => Some(first_voiced),
                _ => None,
            })
            .expect("speech is noticed");
        assert!(
            onset.saturating_sub(began) <= Samples::from_ms(60),
            "{onset:?}"
        );
        assert!(detector.position() - began <= Samples::from_ms(100));
    }

    #[test]
    fn steady_noise_is_never_speech() {
        let mut detector = BargeIn::default();
        for frame in noise(500, 900.0, 5) {
            assert_eq!(detector.handle_frame(&frame, Far::Silent), Verdict::Quiet);
        }
    }

    #[test]
    fn the_agent_is_not_interrupted_by_its_own_echo_but_by_a_caller_who_speaks_into_it() {
        let far = speech_like(400, 6_000.0);
        let line = noise(400, 20.0, 4);
        let echo = echo_of(&far, 120, 0.1);
        let mut detector = BargeIn::default();
        for n in 0..300 {
            let near = sum(&echo[n], &line[n]);
            let verdict = detector.handle_frame(&near, Far::Audible(&far[n]));
            assert_eq!(verdict, Verdict::Quiet, "frame {n}");
        }
        assert!(detector.hears_echo());
        let caller = noise(20, 2_000.0, 8);
        let speech = speech_like(20, 5_000.0);
        let noticed = (300..320).any(|n| {
            // Another voice: no multiple of the agent's.
            let voice = sum(&speech[(n - 300 + 7) % 20], &caller[n - 300].map(|s| s / 8));
            let near = sum(&sum(&echo[n], &line[n]), &voice);
            detector.handle_frame(&near, Far::Audible(&far[n])) != Verdict::Quiet
        });
        assert!(noticed);
        assert!(detector.cancelled_frames() > 250);
    }

    #[test]
    fn on_a_line_without_echo_the_canceller_rests() {
        let far = speech_like(500, 6_000.0);
        let line = noise(500, 20.0, 4);
        let mut detector = BargeIn::default();
        for (far, near) in far.iter().zip(&line) {
            detector.handle_frame(near, Far::Audible(far));
        }
        assert!(
            detector.cancelled_frames() <= 60,
            "{}",
            detector.cancelled_frames()
        );
    }

    #[test]
    fn a_reset_detector_serves_the_next_call_as_a_new_one() {
        let far = noise(120, 3_000.0, 2);
        let mut call = noise(50, 60.0, 9);
        call.extend(speech_like(40, 2_000.0));
        call.extend(noise(30, 60.0, 10));
        let hear = |detector: &mut BargeIn| -> Vec<Verdict> {
            call.iter()
                .zip(&far)
                .map(|(near, far)| detector.handle_frame(near, Far::Audible(far)))
                .collect()
        };
        let mut detector = BargeIn::default();
        let first = hear(&mut detector);
        detector.reset();
        assert_eq!(hear(&mut detector), first);
        assert!(first.iter().any(|v| matches!(v, Verdict::Ended { .. })));
    }

    #[test]
    fn a_frame_costs_no_allocation() {
        let mut detector = BargeIn::default();
        let speech = speech_like(30, 4_000.0);
        assert_no_alloc(|| {
            for frame in &speech {
                detector.handle_frame(frame, Far::Silent);
                detector.handle_frame(frame, Far::Audible(frame));
            }
        });
    }
}
