//! The caller's turn: it begins with the first word and ends with a pause that is long enough for
//! what the dialogue waits for.

use dsp::Samples;
use dsp::barge_in::Verdict;

use crate::limits::SUSTAINED_SPEECH;

/// Where the caller's turn stands. Positions count the caller's audio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// It is not the caller's turn.
    #[default]
    Quiet,
    /// The caller is speaking, in this stretch since `since`.
    Speaking { since: Samples },
    /// The caller has stopped, perhaps to go on.
    Pausing { last_voiced: Samples },
}

/// A turn began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnChange {
    Began { first_voiced: Samples },
    Ended { silence: Samples },
}

impl Turn {
    /// Takes the detector's word on the frame that ends at `position`. `pause` is how long a pause
    /// ends the turn.
    pub fn handle_verdict(
        &mut self,
        verdict: Verdict,
        position: Samples,
        pause: Samples,
    ) -> Option<TurnChange> {
        match (*self, verdict) {
            (Self::Quiet, Verdict::Onset { first_voiced }) => {
                *self = Self::Speaking {
                    since: first_voiced,
                };
                Some(TurnChange::Began { first_voiced })
            }
            (Self::Pausing { .. }, Verdict::Onset { first_voiced }) => {
                *self = Self::Speaking {
                    since: first_voiced,
                };
                None
            }
            (Self::Speaking { .. }, Verdict::Ended { last_voiced, .. }) => {
                *self = Self::Pausing { last_voiced };
                self.end_if_paused(position, pause)
            }
            (Self::Pausing { .. }, _) => self.end_if_paused(position, pause),
            (Self::Quiet | Self::Speaking { .. }, _) => None,
        }
    }

    /// Ends the turn because media has stopped for `gap`.
    pub fn handle_gap(&mut self, position: Samples, gap: Samples) -> Option<TurnChange> {
        let silence = match *self {
            Self::Quiet => return None,
            Self::Speaking { .. } => gap,
            Self::Pausing { last_voiced } => position.saturating_sub(last_voiced) + gap,
        };
        *self = Self::Quiet;
        Some(TurnChange::Ended { silence })
    }

    /// Whether it is the caller's turn.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Quiet
    }

    /// Whether the caller has been speaking for so long that it is no cough.
    #[must_use]
    pub fn is_sustained(self, position: Samples) -> bool {
        matches!(self, Self::Speaking { since } if position.saturating_sub(since) >= SUSTAINED_SPEECH)
    }

    fn end_if_paused(&mut self, position: Samples, pause: Samples) -> Option<TurnChange> {
        let Self::Pausing { last_voiced } = *self else {
            return None;
        };
        let silence = position.saturating_sub(last_voiced);
        if silence < pause {
            return None;
        }
        *self = Self::Quiet;
        Some(TurnChange::Ended { silence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::turn_pause;
    use crate::message::Expectation;

    fn ms(ms: u64) -> Samples {
        Samples::from_ms(ms)
    }

    /// A turn whose caller spoke until `spoke_until` ms and has been quiet for the hang-over.
    fn pausing(spoke_until: u64) -> Turn {
        let mut turn = Turn::default();
        let pause = ms(10_000);
        let began = turn.handle_verdict(
            Verdict::Onset {
                first_voiced: ms(100),
            },
            ms(140),
            pause,
        );
        assert_eq!(
            began,
            Some(TurnChange::Began {
                first_voiced: ms(100)
            })
        );
        let ended = Verdict::Ended {
            first_voiced: ms(100),
            last_voiced: ms(spoke_until),
        };
        assert_eq!(
            turn.handle_verdict(ended, ms(spoke_until + 200), pause),
            None
        );
        turn
    }

    /// How long after the last voiced sample a turn ends when nothing more is said.
    fn silence_that_ends(expectation: Expectation) -> u64 {
        let mut turn = pausing(1_000);
        (1_220..)
            .step_by(20)
            .find_map(|now| {
                turn.handle_verdict(Verdict::Quiet, ms(now), turn_pause(expectation))
                    .map(|_| now - 1_000)
            })
            .expect("every turn ends")
    }

    #[test]
    fn a_yes_is_taken_sooner_than_a_pause_within_a_telephone_number() {
        assert_eq!(silence_that_ends(Expectation::YesNo), 360);
        assert_eq!(silence_that_ends(Expectation::Open), 600);
        assert_eq!(silence_that_ends(Expectation::Phone), 1_200);
    }

    #[test]
    fn a_caller_who_goes_on_after_a_short_pause_is_still_in_the_same_turn() {
        let mut turn = pausing(1_000);
        let onset = Verdict::Onset {
            first_voiced: ms(1_400),
        };
        assert_eq!(turn.handle_verdict(onset, ms(1_440), ms(600)), None);
        assert!(!turn.is_sustained(ms(1_880)));
        assert!(turn.is_sustained(ms(1_900)));
    }

    #[test]
    fn media_that_stops_ends_the_turn_by_the_clock() {
        let mut turn = pausing(1_000);
        assert_eq!(
            turn.handle_gap(ms(1_200), ms(800)),
            Some(TurnChange::Ended { silence: ms(1_000) })
        );
        assert_eq!(turn.handle_gap(ms(1_200), ms(900)), None);
    }
}
