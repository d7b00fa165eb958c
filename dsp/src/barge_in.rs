//! Barge-in: the caller begins to speak, perhaps over the agent.
//!
//! One voiced frame is weak evidence (a click or a breath is voiced, too), so an *onset* needs two
//! voiced frames out of three, and a frame counts only if it is also louder than the line's noise.
//! Over the agent the level must stand out further, since some of the agent returns as echo. The
//! onset then reports where the first of its voiced frames began, so that latency is counted from
//! there and the recogniser gets the whole first word. Speech has ended when nothing was voiced
//! for the *hang-over*, which bridges the gaps inside words.
//!
//! An onset is enough to fall silent, which can be taken back. A stretch of speech becomes *sure*
//! when more of it was voiced than a cough or a click has, and stays sure to its end.

use crate::frame::PcmFrame;
use crate::level::{self, Dbfs, NoiseFloor};
use crate::units::{FRAME_SAMPLES, Samples};
use crate::vad::{Vad, WebrtcVad};

/// What one frame means. Positions count the caller's audio from the first frame ever handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody speaks, as far as is known yet.
    Quiet,
    /// The caller seems to have begun to speak; reported once per stretch of speech.
    Onset {
        /// Where the first voiced frame of the evidence began, at most two frames ago.
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
/// About 1.5 us a frame; does not allocate.
///
/// # Delay
/// An onset is known with the second voiced frame: 40 ms from the start of the first one in
/// steady speech, 60 ms if the frame between them is not voiced.
#[derive(Debug)]
pub struct BargeIn<V = WebrtcVad> {
    vad: V,
    floor: NoiseFloor,
    state: State,
    /// Where the next frame begins.
    position: Samples,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The latest frames' evidence, newest in the lowest bit. At most one bit within the window.
    Quiet { evidence: u8 },
    Speaking {
        first_voiced: Samples,
        last_voiced: Samples,
        /// Voiced frames so far, while they are fewer than make it sure.
        voiced: u32,
    },
}

impl<V: Vad> BargeIn<V> {
    /// How long nothing must be voiced before speech counts as ended.
    pub const HANG_OVER: Samples = Samples::from_ms(200);

    /// Frames in which the evidence of an onset must fall together.
    const WINDOW_FRAMES: u32 = 3;

    /// Voiced frames that make an onset.
    const ONSET_FRAMES: u32 = 2;

    /// Voiced frames that make a stretch sure.
    const SURE_FRAMES: u32 = 4;

    /// How far a frame must stand above the line's noise, in decibels.
    const MARGIN_DB: f32 = 6.0;

    /// The same while the agent can be heard, and so can its echo.
    const MARGIN_OVER_AGENT_DB: f32 = 9.0;

    /// Fainter than this is nobody speaking into this telephone.
    const FAINTEST: Dbfs = Dbfs(-55.0);

    #[must_use]
    pub fn new(vad: V) -> Self {
        Self {
            vad,
            floor: NoiseFloor::default(),
            state: State::Quiet { evidence: 0 },
            position: Samples::ZERO,
        }
    }

    /// Takes the caller's next frame, and what the caller's telephone is playing meanwhile.
    pub fn handle_frame(&mut self, near: &PcmFrame, far: Far<'_>) -> Verdict {
        let begin = self.position;
        self.position += FRAME;
        let voiced = self.is_voiced(near, matches!(far, Far::Audible(_)));
        match self.state {
            State::Quiet { evidence } => {
                let evidence = (evidence << 1 | u8::from(voiced)) & WINDOW_MASK;
                if evidence.count_ones() < Self::ONSET_FRAMES {
                    self.state = State::Quiet { evidence };
                    return Verdict::Quiet;
                }
                let frames_ago = u64::from(evidence.ilog2());
                let first_voiced = begin - Samples(frames_ago * FRAME.0);
                self.state = State::Speaking {
                    first_voiced,
                    last_voiced: self.position,
                    voiced: Self::ONSET_FRAMES,
                };
                Verdict::Onset {
                    first_voiced,
                    sure: false,
                }
            }
            State::Speaking {
                first_voiced,
                voiced: so_far,
                ..
            } if voiced => {
                let voiced = (so_far + 1).min(Self::SURE_FRAMES);
                self.state = State::Speaking {
                    first_voiced,
                    last_voiced: self.position,
                    voiced,
                };
                Verdict::Voice {
                    sure: voiced >= Self::SURE_FRAMES,
                }
            }
            State::Speaking {
                first_voiced,
                last_voiced,
                voiced,
            } => {
                let sure = voiced >= Self::SURE_FRAMES;
                if self.position - last_voiced < Self::HANG_OVER {
                    return Verdict::Voice { sure };
                }
                self.state = State::Quiet { evidence: 0 };
                Verdict::Ended {
                    first_voiced,
                    last_voiced,
                    sure,
                }
            }
        }
    }

    /// Media has stopped for so long that the stretch of speech counts as over: voice after the gap
    /// is an onset again. Without this it would go on as [`Verdict::Voice`], and an agent that took
    /// the floor in the gap would not be interrupted. Positions and the noise floor stay.
    pub fn handle_gap(&mut self) {
        self.state = State::Quiet { evidence: 0 };
    }

    /// Where the last voiced frame of the present stretch of speech ended.
    #[must_use]
    pub fn last_voiced(&self) -> Option<Samples> {
        match self.state {
            State::Quiet { .. } => None,
            State::Speaking { last_voiced, .. } => Some(last_voiced),
        }
    }

    /// Whether the caller is speaking, as of the last frame.
    #[must_use]
    pub fn is_speaking(&self) -> bool {
        matches!(self.state, State::Speaking { .. })
    }

    /// Where the next frame begins.
    #[must_use]
    pub fn position(&self) -> Samples {
        self.position
    }

    /// The line's noise as it is known by now.
    #[must_use]
    pub fn noise_floor(&self) -> Dbfs {
        self.floor.level()
    }

    /// Forgets the call. Does not allocate, so a slot can serve the next call.
    pub fn reset(&mut self) {
        self.vad.reset();
        self.floor = NoiseFloor::default();
        self.state = State::Quiet { evidence: 0 };
        self.position = Samples::ZERO;
    }

    fn is_voiced(&mut self, frame: &PcmFrame, agent_audible: bool) -> bool {
        let level = level::rms(frame);
        let sounds_like_voice = self.vad.is_voice(frame);
        let margin = if agent_audible {
            Self::MARGIN_OVER_AGENT_DB
        } else {
            Self::MARGIN_DB
        };
        let stands_out = level.above(self.floor.level()) >= margin && level >= Self::FAINTEST;
        self.floor.observe(level, sounds_like_voice);
        sounds_like_voice && stands_out
    }
}

impl Default for BargeIn {
    fn default() -> Self {
        Self::new(WebrtcVad::default())
    }
}

const FRAME: Samples = Samples(FRAME_SAMPLES as u64);

/// The bits of the frames in which evidence counts.
const WINDOW_MASK: u8 = (1 << BargeIn::<WebrtcVad>::WINDOW_FRAMES) - 1;

#[cfg(test)]
mod tests {
    use assert_no_alloc::assert_no_alloc;
    use proptest::prelude::*;

    use super::*;
    use crate::test_signal::{noise, speech_like};

    /// A detector that hears what the test says: a frame's first sample is voice or not.
    #[derive(Debug)]
    struct Scripted;

    impl Vad for Scripted {
        fn is_voice(&mut self, frame: &PcmFrame) -> bool {
            frame[0] != 0
        }
        fn reset(&mut self) {}
    }

    const LOUD: PcmFrame = [8_000; FRAME_SAMPLES];
    const SILENT: PcmFrame = [0; FRAME_SAMPLES];
    const AUDIBLE: Far<'_> = Far::Audible(&SILENT);

    /// `#` is a voiced frame, anything else is silence.
    fn verdicts(detector: &mut BargeIn<Scripted>, script: &str) -> Vec<Verdict> {
        script
            .chars()
            .map(|c| detector.handle_frame(if c == '#' { &LOUD } else { &SILENT }, Far::Silent))
            .collect()
    }

    fn frames(n: u64) -> Samples {
        Samples(n * FRAME_SAMPLES as u64)
    }

    #[test]
    fn one_voiced_frame_is_a_click_and_two_within_three_are_speech() {
        use Verdict::{Onset, Quiet, Voice};
        let mut detector = BargeIn::new(Scripted);
        assert!(
            verdicts(&mut detector, "#..#..")
                .iter()
                .all(|v| *v == Quiet)
        );
        let onset = |n| Onset {
            first_voiced: frames(n),
            sure: false,
        };
        assert_eq!(verdicts(&mut detector, ".##"), [Quiet, Quiet, onset(7)]);
        assert_eq!(verdicts(&mut detector, "."), [Voice { sure: false }]);
        let mut detector = BargeIn::new(Scripted);
        assert_eq!(
            verdicts(&mut detector, "..#.#"),
            [Quiet, Quiet, Quiet, Quiet, onset(2)]
        );
    }

    #[test]
    fn speech_ends_once_after_the_hang_over_and_names_its_last_voiced_frame() {
        let mut detector = BargeIn::new(Scripted);
        verdicts(&mut detector, ".##.#");
        let after = verdicts(&mut detector, "............");
        assert!(
            after[..9]
                .iter()
                .all(|v| *v == Verdict::Voice { sure: false })
        );
        assert_eq!(
            after[9],
            Verdict::Ended {
                first_voiced: frames(1),
                last_voiced: frames(5),
                sure: false,
            }
        );
        assert_eq!(after[10..], [Verdict::Quiet; 2]);
    }

    #[test]
    fn a_stretch_is_sure_from_its_fourth_voiced_frame_to_its_end() {
        let mut detector = BargeIn::new(Scripted);
        verdicts(&mut detector, ".##.#");
        assert_eq!(
            verdicts(&mut detector, "#."),
            [Verdict::Voice { sure: true }; 2]
        );
        let ended = verdicts(&mut detector, ".........").pop();
        assert!(
            matches!(ended, Some(Verdict::Ended { sure: true, .. })),
            "{ended:?}"
        );
    }

    #[test]
    fn voice_after_a_gap_in_the_media_is_a_new_onset() {
        let mut detector = BargeIn::new(Scripted);
        verdicts(&mut detector, ".###");
        detector.handle_gap();
        let first_voiced = frames(4);
        assert_eq!(
            verdicts(&mut detector, "##"),
            [
                Verdict::Quiet,
                Verdict::Onset {
                    first_voiced,
                    sure: false
                }
            ]
        );
    }

    #[test]
    fn voice_below_the_margin_over_the_line_noise_does_not_count() {
        let faint = [12; FRAME_SAMPLES];
        let mut detector = BargeIn::new(Scripted);
        for _ in 0..100 {
            assert_eq!(detector.handle_frame(&faint, Far::Silent), Verdict::Quiet);
        }
    }

    #[test]
    fn over_the_agent_a_voice_must_stand_out_further() {
        // -59.9 dBFS, and 7.7 dB above that.
        let mut hiss = [33; FRAME_SAMPLES];
        hiss[0] = 0;
        let soft = [80; FRAME_SAMPLES];
        let heard = |far: Far<'_>| {
            let mut detector = BargeIn::new(Scripted);
            detector.handle_frame(&hiss, far);
            detector.handle_frame(&soft, far);
            detector.handle_frame(&soft, far)
        };
        assert_ne!(heard(Far::Silent), Verdict::Quiet);
        assert_eq!(heard(AUDIBLE), Verdict::Quiet);
    }

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
    fn a_reset_detector_serves_the_next_call_as_a_new_one() {
        let mut call = noise(50, 60.0, 9);
        call.extend(speech_like(40, 2_000.0));
        call.extend(noise(30, 60.0, 10));
        let hear = |detector: &mut BargeIn| -> Vec<Verdict> {
            call.iter()
                .map(|frame| detector.handle_frame(frame, AUDIBLE))
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
                detector.handle_frame(frame, AUDIBLE);
            }
        });
    }

    proptest! {
        #[test]
        fn onsets_and_ends_alternate_and_their_positions_rise(
            script in prop::collection::vec(any::<bool>(), 0..400),
        ) {
            let mut detector = BargeIn::new(Scripted);
            let mut latest = Samples::ZERO;
            let mut speaking = false;
            for voiced in script {
                let begin = detector.position();
                match detector.handle_frame(if voiced { &LOUD } else { &SILENT }, Far::Silent) {
                    Verdict::Quiet => prop_assert!(!speaking),
                    Verdict::Voice { .. } => prop_assert!(speaking),
                    Verdict::Onset { first_voiced, .. } => {
                        prop_assert!(!speaking && first_voiced >= latest);
                        prop_assert!(begin - first_voiced <= frames(2));
                        speaking = true;
                    }
                    Verdict::Ended { first_voiced, last_voiced, .. } => {
                        prop_assert!(speaking && first_voiced < last_voiced);
                        latest = last_voiced;
                        speaking = false;
                    }
                }
                prop_assert_eq!(detector.is_speaking(), speaking);
            }
        }
    }
}
