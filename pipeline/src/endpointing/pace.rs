//! How long this caller pauses in the middle of what they say.

use dsp::Samples;

use super::complete::expects_digits;
use crate::limits::{PACE_FEW, PACE_MARGIN, PACE_PAUSES, PAUSE_LEARNED, pause_bounds, turn_pause};
use crate::message::Expectation;

/// The pauses of one caller, and how long one must be to end their turn.
///
/// A single long pause makes Otto more patient at once, because having been cut short is worse than
/// waiting; it takes several short ones to make it less so. Digits are read out at another pace than
/// sentences are spoken, and are never waited for less than usual.
///
/// # Real-time
/// Does not allocate.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    sentences: Pauses,
    figures: Pauses,
}

/// The latest pauses of one kind, in no order that matters.
#[derive(Clone, Debug, Default)]
struct Pauses {
    latest: [Samples; PACE_PAUSES],
    /// How many there were in all.
    count: usize,
}

impl Pace {
    /// The caller was silent for so long and went on, while this was waited for. What is too long
    /// for a pause in a turn says nothing.
    pub fn handle_pause(&mut self, pause: Samples, expectation: Expectation) {
        if pause <= PAUSE_LEARNED {
            let pauses = if expects_digits(expectation) {
                &mut self.figures
            } else {
                &mut self.sentences
            };
            pauses.push(pause);
        }
    }

    /// How long a pause ends the turn of this caller.
    #[must_use]
    pub fn pause(&self, expectation: Expectation) -> Samples {
        let usual = turn_pause(expectation);
        let (least, most) = pause_bounds(expectation);
        let pauses = if expects_digits(expectation) {
            &self.figures
        } else {
            &self.sentences
        };
        let Some(long) = pauses.long() else {
            return usual;
        };
        let needed = long + Samples(long.0 / 5).max(PACE_MARGIN);
        let least = if pauses.count < PACE_FEW {
            usual
        } else {
            least
        };
        needed.clamp(least, most)
    }

    /// Whether this caller is waited for longer than others.
    #[must_use]
    pub fn is_slow(&self, expectation: Expectation) -> bool {
        self.pause(expectation) > turn_pause(expectation)
    }
}

impl Pauses {
    fn push(&mut self, pause: Samples) {
        self.latest[self.count % PACE_PAUSES] = pause;
        self.count += 1;
    }

    /// The longest one, but for an odd one among many.
    fn long(&self) -> Option<Samples> {
        let mut sorted = self.latest;
        let known = &mut sorted[..self.count.min(PACE_PAUSES)];
        known.sort_unstable();
        let odd = known.len() / 10;
        known.len().checked_sub(1 + odd).map(|at| known[at])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Samples {
        Samples::from_ms(ms)
    }

    /// A caller who has paused so in the middle of what they said.
    fn caller(pauses: &[u64], expectation: Expectation) -> Pace {
        let mut pace = Pace::default();
        for pause in pauses {
            pace.handle_pause(ms(*pause), expectation);
        }
        pace
    }

    #[test]
    fn a_caller_of_whom_nothing_is_known_is_waited_for_as_usual() {
        for expectation in Expectation::ALL {
            assert_eq!(
                Pace::default().pause(expectation),
                turn_pause(expectation),
                "{expectation:?}"
            );
        }
    }

    #[test]
    fn one_long_pause_makes_patient_and_several_short_ones_make_quick() {
        let open = Expectation::Open;
        assert_eq!(caller(&[800], open).pause(open), ms(960));
        assert!(caller(&[800], open).is_slow(open));
        assert_eq!(caller(&[260; 3], open).pause(open), ms(600));
        assert_eq!(caller(&[260; 4], open).pause(open), ms(450));
        assert_eq!(caller(&[260; 4], Expectation::YesNo).pause(open), ms(450));
    }

    #[test]
    fn an_odd_pause_is_forgotten_once_there_are_many() {
        let open = Expectation::Open;
        let mut pauses = vec![900];
        pauses.extend([300; PACE_PAUSES - 1]);
        assert_eq!(caller(&pauses, open).pause(open), ms(450));
    }

    #[test]
    fn digits_are_read_out_at_their_own_pace_and_never_hurried() {
        let phone = Expectation::Phone;
        let quick = caller(&[220; 9], phone);
        assert_eq!(quick.pause(phone), turn_pause(phone));
        assert_eq!(
            quick.pause(Expectation::Open),
            ms(600),
            "says nothing of it"
        );
        assert_eq!(caller(&[1_300], phone).pause(phone), ms(1_560));
        assert_eq!(caller(&[900; 5], Expectation::Open).pause(phone), ms(1_200));
    }

    #[test]
    fn a_caller_who_comes_back_after_long_has_not_paused() {
        let open = Expectation::Open;
        assert_eq!(caller(&[4_000; 6], open).pause(open), ms(600));
    }

    proptest! {
        /// Whatever a caller does, nobody waits beyond the bounds, no number is hurried, and who
        /// always pauses alike is not cut again where the bounds allow it.
        #[test]
        fn a_pause_stays_within_its_bounds_and_suits_its_caller(
            pauses in prop::collection::vec(0_u64..3_000, 0..40),
            steady in 200_u64..1_400,
        ) {
            for expectation in Expectation::ALL {
                let (least, most) = pause_bounds(expectation);
                let pause = caller(&pauses, expectation).pause(expectation);
                prop_assert!((least..=most).contains(&pause), "{expectation:?} {pause:?}");
                prop_assert!(!expects_digits(expectation) || pause >= turn_pause(expectation));
                let used_to = caller(&[steady], expectation).pause(expectation);
                prop_assert!(used_to > ms(steady) || used_to == most);
            }
        }
    }
}
