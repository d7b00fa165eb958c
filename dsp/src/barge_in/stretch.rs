//! Evidence over time: when do single doubtful steps add up to speech?
//!
//! A sum of the log-odds that cannot fall below zero (CUSUM, Page 1954) reacts to little evidence
//! that lasts as well as to much at once, which a count of voiced frames does not. Two such sums
//! run side by side. The quick one needs little and makes an *onset*; the slow one makes it *sure*.

use super::Verdict;
use crate::ear::LogOdds;
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
    limit: f32,
}

const ONSET: Threshold = Threshold {
    bias: 0.0,
    limit: 2.5,
};

const SURE: Threshold = Threshold {
    bias: 0.5,
    limit: 6.0,
};

/// The most that one step counts, either way.
const STEP_CAP: f32 = 3.0;

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

    /// Takes the log-odds of the frame that begins at `begin`.
    pub(super) fn handle_frame(
        &mut self,
        begin: Samples,
        odds: &LogOdds,
        hang_over: Samples,
    ) -> Verdict {
        for &step in odds {
            self.sure.add(step, SURE);
        }
        let end = begin + Samples(FRAME_SAMPLES as u64);
        let now_sure = self.sure.0 >= SURE.limit;
        match &mut self.state {
            State::Quiet { onset, began } => {
                let mut at = begin;
                let mut reached = false;
                for &step in odds {
                    if onset.0 <= 0.0 {
                        *began = at;
                    }
                    onset.add(step, ONSET);
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
                if odds.iter().any(|&step| step >= VOICED) {
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
    fn add(&mut self, log_odds: f32, threshold: Threshold) {
        let step = (log_odds - threshold.bias).clamp(-STEP_CAP, STEP_CAP);
        // No more than the limit, so that it is forgotten in time.
        self.0 = (self.0 + step).clamp(0.0, threshold.limit);
    }
}
