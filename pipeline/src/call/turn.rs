//! The caller's turn: it begins with the first word and ends with a pause that is long enough for
//! what the dialogue waits for.

use dsp::Samples;
use dsp::barge_in::Verdict;

use crate::limits::{FALTER, SUSTAINED_SPEECH};

/// Where the caller's turn stands. Positions count the caller's audio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// It is not the caller's turn.
    #[default]
    Quiet,
    /// The caller is speaking, in this stretch since `since`, and perhaps `sure` to be; the turn
    /// began at `began`.
    Speaking {
        began: Samples,
        since: Samples,
        sure: bool,
    },
    /// The caller has stopped, perhaps to go on.
    Pausing {
        began: Samples,
        last_voiced: Samples,
    },
}

/// A turn began, paused, went on or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnChange {
    Began { first_voiced: Samples },
    Paused { last_voiced: Samples },
    Resumed { first_voiced: Samples },
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
            (Self::Quiet, Verdict::Onset { first_voiced, sure }) => {
                Some(self.begin(first_voiced, sure))
            }
            (Self::Pausing { began, .. }, Verdict::Onset { first_voiced, sure }) => {
                *self = Self::Speaking {
                    began,
                    since: first_voiced,
                    sure,
                };
                Some(TurnChange::Resumed { first_voiced })
            }
            (Self::Speaking { began, .. }, Verdict::Ended { last_voiced, .. }) => {
                *self = Self::Pausing { began, last_voiced };
                self.end_if_paused(position, pause)
                    .or(Some(TurnChange::Paused { last_voiced }))
            }
            (Self::Speaking { began, since, .. }, Verdict::Voice { sure }) => {
                *self = Self::Speaking { began, since, sure };
                None
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
            Self::Pausing { last_voiced, .. } => position.saturating_sub(last_voiced) + gap,
        };
        *self = Self::Quiet;
        Some(TurnChange::Ended { silence })
    }

    /// Ends the turn without a word, because its words are known: they reach up to `through`.
    /// Where the caller has gone on since, a new turn has begun there; `last_voiced` is the latest
    /// voice of the present stretch, where there is one. A turn that began later is another one.
    pub fn handle_end(
        &mut self,
        through: Samples,
        last_voiced: Option<Samples>,
    ) -> Option<TurnChange> {
        match *self {
            Self::Quiet => None,
            Self::Speaking { began, .. } | Self::Pausing { began, .. } if began >= through => None,
            Self::Speaking { since, sure, .. }
                if last_voiced.is_some_and(|voiced| voiced > through) =>
            {
                Some(self.begin(since.max(through), sure))
            }
            Self::Pausing { last_voiced, .. } if last_voiced > through => {
                *self = Self::Pausing {
                    began: through,
                    last_voiced,
                };
                Some(TurnChange::Began {
                    first_voiced: through,
                })
            }
            Self::Speaking { .. } | Self::Pausing { .. } => {
                *self = Self::Quiet;
                None
            }
        }
    }

    fn begin(&mut self, first_voiced: Samples, sure: bool) -> TurnChange {
        *self = Self::Speaking {
            began: first_voiced,
            since: first_voiced,
            sure,
        };
        TurnChange::Began { first_voiced }
    }

    /// Where the voice of the present stretch stopped a moment ago. `last_voiced` is the detector's,
    /// and `position` the end of its latest frame; each silence has one such moment.
    #[must_use]
    pub fn falters(self, last_voiced: Option<Samples>, position: Samples) -> Option<Samples> {
        let Self::Speaking { .. } = self else {
            return None;
        };
        last_voiced.filter(|voiced| position.saturating_sub(*voiced) == FALTER)
    }

    /// Whether it is the caller's turn.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Quiet
    }

    /// Whether the caller has certainly been speaking, for so long that it is no cough. The present
    /// stretch was voiced last at `last_voiced`.
    #[must_use]
    pub fn is_sustained(self, last_voiced: Option<Samples>) -> bool {
        let (Self::Speaking { since, sure, .. }, Some(last)) = (self, last_voiced) else {
            return false;
        };
        sure && last.saturating_sub(since) >= SUSTAINED_SPEECH
    }

    fn end_if_paused(&mut self, position: Samples, pause: Samples) -> Option<TurnChange> {
        let Self::Pausing { last_voiced, .. } = *self else {
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
                sure: true,
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
            sure: true,
        };
        assert_eq!(
            turn.handle_verdict(ended, ms(spoke_until + 200), pause),
            Some(TurnChange::Paused {
                last_voiced: ms(spoke_until)
            })
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
            sure: true,
        };
        assert_eq!(
            turn.handle_verdict(onset, ms(1_440), ms(600)),
            Some(TurnChange::Resumed {
                first_voiced: ms(1_400)
            })
        );
        assert!(!turn.is_sustained(Some(ms(1_980))));
        assert!(turn.is_sustained(Some(ms(2_000))));
        turn.handle_verdict(Verdict::Voice { sure: false }, ms(2_000), ms(600));
        assert!(!turn.is_sustained(Some(ms(2_000))), "it may be a noise");
    }

    #[test]
    fn a_voice_that_stops_for_a_moment_falters_once() {
        let speaking = Turn::Speaking {
            began: ms(100),
            since: ms(100),
            sure: true,
        };
        let faltered = |now| speaking.falters(Some(ms(1_000)), ms(now));
        let moments: Vec<_> = (1_000..1_200).step_by(20).filter_map(faltered).collect();
        assert_eq!(moments, [ms(1_000)]);
        assert_eq!(pausing(1_000).falters(Some(ms(1_000)), ms(1_100)), None);
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

    #[test]
    fn a_turn_whose_words_are_known_ends_silently() {
        let mut turn = pausing(1_000);
        assert_eq!(turn.handle_end(ms(1_200), None), None);
        assert!(!turn.is_on());
    }

    #[test]
    fn a_caller_who_has_gone_on_since_is_in_a_new_turn() {
        let mut turn = pausing(1_000);
        let onset = Verdict::Onset {
            first_voiced: ms(1_260),
            sure: true,
        };
        turn.handle_verdict(onset, ms(1_300), ms(600));
        let began = |ms_| {
            Some(TurnChange::Began {
                first_voiced: ms(ms_),
            })
        };
        assert_eq!(turn.handle_end(ms(1_200), Some(ms(1_300))), began(1_260));
        assert_eq!(turn.handle_end(ms(1_200), Some(ms(1_300))), None, "once");
        let mut paused_again = pausing(1_000);
        assert_eq!(paused_again.handle_end(ms(900), None), began(900));
        assert!(paused_again.is_on());
    }

    #[test]
    fn a_turn_that_began_after_the_known_words_is_another_one() {
        let mut turn = pausing(1_000);
        assert_eq!(turn.handle_end(ms(100), None), None);
        assert!(turn.is_on());
    }
}
