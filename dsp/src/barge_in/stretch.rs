//! Evidence over time: when do single doubtful steps add up to speech?
//!
//! A sum of the log-odds that cannot fall below zero (CUSUM, Page 1954) reacts to little evidence
//! that lasts as well as to much at once, which a count of voiced frames does not. Two such sums
//! run side by side. The quick one needs little and makes an *onset*; the slow one makes it *sure*.

use super::Verdict;
use crate::ear::Judgement;
use crate::features::STEPS;
use crate::units::{FRAME_SAMPLES, Samples};

/// Where the present stretch of speech stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    state: State,
    sure: Sum,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Quiet {
        onset: Sum,
        /// Where the evidence that the sum holds began.
        began: Samples,
    },
    Speaking {
        first_voiced: Samples,
        last_voiced: Samples,
        sure: bool,
    },
}

/// A sum of log-odds.
#[derive(Clone, Copy, Debug, Default)]
struct Sum(f32);

/// What makes a sum reach its limit.
#[derive(Clone, Copy, Debug)]
struct Threshold {
    /// Log-odds that count for nothing.
    bias: f32,
    /// How much more must be there over an echo. What is sure has a pitch, and needs no more.
    over_echo: f32,
    limit: f32,
}

const ONSET: Threshold = Threshold {
    bias: 3.0,
    over_echo: 1.0,
    limit: 4.2,
};

const SURE: Threshold = Threshold {
    bias: 1.0,
    over_echo: 0.0,
    limit: 9.0,
};

/// The most that one step counts, either way: no single step makes an onset, nor two one that is
/// sure.
const STEP_CAP: f32 = 4.0;

const _: () = assert!(STEP_CAP < ONSET.limit && 2.0 * STEP_CAP < SURE.limit);

/// Log-odds from which a step within speech is voiced.
const VOICED: f32 = 0.0;

/// How far the beginning of an onset's evidence may lie back: five frames.
pub(super) const LOOK_BACK: Samples = Samples::from_ms(100);

const STEP: Samples = Samples((FRAME_SAMPLES / STEPS) as u64);

impl Stretch {
    pub(super) const QUIET: Self = Self {
        state: State::Quiet {
            onset: Sum(0.0),
            began: Samples::ZERO,
        },
        sure: Sum(0.0),
    };

    /// Takes what is thought of the frame that begins at `begin`.
    pub(super) fn handle_frame(
        &mut self,
        begin: Samples,
        steps: &[Judgement; STEPS],
        hang_over: Samples,
    ) -> Verdict {
        for step in steps {
            // What has no pitch may begin a word, but is no proof of one: so does a breath.
            let proof = if step.pitched {
                step.odds
            } else {
                step.odds.min(SURE.bias)
            };
            self.sure.add(proof, step.over_echo, SURE);
        }
        let end = begin + Samples(FRAME_SAMPLES as u64);
        let now_sure = self.sure.0 >= SURE.limit;
        match &mut self.state {
            State::Quiet { onset, began } => {
                let mut at = begin;
                let mut reached = false;
                for step in steps {
                    if onset.0 <= 0.0 {
                        *began = at;
                    }
                    onset.add(step.odds, step.over_echo, ONSET);
                    reached |= onset.0 >= ONSET.limit;
                    at += STEP;
                }
                if !reached && !now_sure {
                    return Verdict::Quiet;
                }
                let first_voiced = (*began).max(end.saturating_sub(LOOK_BACK));
                self.state = State::Speaking {
                    first_voiced,
                    last_voiced: end,
                    sure: now_sure,
                };
                Verdict::Onset {
                    first_voiced,
                    sure: now_sure,
                }
            }
            State::Speaking {
                first_voiced,
                last_voiced,
                sure,
            } => {
                *sure |= now_sure;
                if steps.iter().any(|step| step.odds >= VOICED) {
                    *last_voiced = end;
                }
                if end - *last_voiced < hang_over {
                    return Verdict::Voice { sure: *sure };
                }
                let ended = Verdict::Ended {
                    first_voiced: *first_voiced,
                    last_voiced: *last_voiced,
                    sure: *sure,
                };
                *self = Self::QUIET;
                ended
            }
        }
    }

    pub(super) fn is_speaking(&self) -> bool {
        matches!(self.state, State::Speaking { .. })
    }

    pub(super) fn last_voiced(&self) -> Option<Samples> {
        match self.state {
            State::Quiet { .. } => None,
            State::Speaking { last_voiced, .. } => Some(last_voiced),
        }
    }
}

impl Sum {
    fn add(&mut self, log_odds: f32, over_echo: bool, threshold: Threshold) {
        let echo = if over_echo { threshold.over_echo } else { 0.0 };
        let step = (log_odds - threshold.bias - echo).clamp(-STEP_CAP, STEP_CAP);
        // No more than the limit, so that it is forgotten in time.
        self.0 = (self.0 + step).clamp(0.0, threshold.limit);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HANG_OVER: Samples = Samples::from_ms(200);

    /// `#` is a frame that is surely speech, `s` a hiss that is, `+` a frame that is more likely
    /// speech than not, anything else is silence.
    fn verdicts(stretch: &mut Stretch, from: u64, script: &str) -> Vec<Verdict> {
        let frames = script.chars().zip(from..);
        frames
            .map(|(c, n)| {
                let odds = match c {
                    '#' | 's' => 8.0,
                    '+' => 1.5,
                    _ => -4.0,
                };
                let pitched = c == '#';
                let step = Judgement {
                    odds,
                    pitched,
                    over_echo: false,
                };
                stretch.handle_frame(frame(n), &[step; STEPS], HANG_OVER)
            })
            .collect()
    }

    fn frame(n: u64) -> Samples {
        Samples(n * FRAME_SAMPLES as u64)
    }

    #[test]
    fn speech_makes_an_onset_and_is_sure_later() {
        let mut stretch = Stretch::QUIET;
        let heard = verdicts(&mut stretch, 0, "..########");
        let onset = heard
            .iter()
            .position(|v| matches!(v, Verdict::Onset { sure: false, .. }))
            .expect("an onset");
        let sure = heard
            .iter()
            .position(|v| matches!(v, Verdict::Voice { sure: true }))
            .expect("sure");
        assert!(
            (2..4).contains(&onset) && onset < sure && sure < 7,
            "{heard:?}"
        );
        let Verdict::Onset { first_voiced, .. } = heard[onset] else {
            unreachable!("it is one");
        };
        assert_eq!(first_voiced, frame(2));
    }

    #[test]
    fn a_hiss_makes_an_onset_but_only_a_voice_is_sure() {
        let mut stretch = Stretch::QUIET;
        let hiss = verdicts(&mut stretch, 0, "ssssssssssssssss");
        assert!(hiss.contains(&Verdict::Voice { sure: false }));
        assert!(!hiss.contains(&Verdict::Voice { sure: true }), "{hiss:?}");
        let voice = verdicts(&mut stretch, 16, "#####");
        assert!(voice.contains(&Verdict::Voice { sure: true }), "{voice:?}");
    }

    #[test]
    fn a_frame_that_is_barely_likelier_than_not_makes_no_onset() {
        let mut stretch = Stretch::QUIET;
        let heard = verdicts(&mut stretch, 0, ".+..+.");
        assert_eq!(heard, [Verdict::Quiet; 6]);
    }

    #[test]
    fn speech_ends_once_after_the_hang_over_and_names_its_last_voiced_frame() {
        let mut stretch = Stretch::QUIET;
        verdicts(&mut stretch, 0, ".####");
        let after = verdicts(&mut stretch, 5, "............");
        assert!(
            after[..9]
                .iter()
                .all(|v| matches!(v, Verdict::Voice { .. }))
        );
        let Verdict::Ended { last_voiced, .. } = after[9] else {
            panic!("{after:?}");
        };
        assert_eq!(last_voiced, frame(5));
        assert_eq!(after[10..], [Verdict::Quiet; 2]);
    }

    #[test]
    fn what_was_sure_is_so_to_its_end_and_what_comes_then_begins_anew() {
        let mut stretch = Stretch::QUIET;
        let heard = verdicts(&mut stretch, 0, ".##########..........");
        assert!(matches!(
            heard.last(),
            Some(Verdict::Ended { sure: true, .. })
        ));
        let again = verdicts(&mut stretch, 21, ".##");
        assert!(
            again
                .iter()
                .any(|v| matches!(v, Verdict::Onset { sure: false, .. })),
            "{again:?}"
        );
    }

    proptest! {
        #[test]
        fn onsets_and_ends_alternate_and_their_positions_rise(
            script in prop::collection::vec(prop::array::uniform2(-9.0_f32..9.0), 0..400),
        ) {
            let mut stretch = Stretch::QUIET;
            let mut latest = Samples::ZERO;
            let mut speaking = false;
            for (odds, n) in script.iter().zip(0..) {
                let steps = odds.map(|odds| Judgement {
                    odds,
                    pitched: odds > 3.0,
                    over_echo: odds > 6.0,
                });
                match stretch.handle_frame(frame(n), &steps, HANG_OVER) {
                    Verdict::Quiet => prop_assert!(!speaking),
                    Verdict::Voice { .. } => prop_assert!(speaking),
                    Verdict::Onset { first_voiced, .. } => {
                        prop_assert!(!speaking && first_voiced >= latest);
                        prop_assert!(frame(n + 1) - first_voiced <= LOOK_BACK);
                        speaking = true;
                    }
                    Verdict::Ended { first_voiced, last_voiced, .. } => {
                        prop_assert!(speaking && first_voiced < last_voiced);
                        latest = last_voiced;
                        speaking = false;
                    }
                }
                prop_assert_eq!(stretch.is_speaking(), speaking);
            }
        }
    }
}
