//! Which of the caller's silences was a pause of theirs: they went on by themselves, whether or not
//! their turn had been taken for over meanwhile.

use dsp::Samples;
use dsp::barge_in::Verdict;

use crate::limits::REACTION;
use crate::message::Expectation;

/// The caller's latest silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quiet {
    /// They have not spoken yet, or it is known what the silence was.
    #[default]
    Known,
    /// They were voiced up to here, while this was waited for. The agent was heard since, from here
    /// on.
    Since {
        voiced: Samples,
        during: Expectation,
        agent: Option<Samples>,
    },
    /// A sound has ended it, which may be no voice.
    Ended { pause: Samples, during: Expectation },
}

impl Quiet {
    /// Takes the detector's word on the frame that ends at `until`, and whether the agent is
    /// audible or waits to go on. Gives a pause, with what was waited for, once it is certain that it was one.
    pub(super) fn handle_verdict(
        &mut self,
        verdict: Verdict,
        until: Samples,
        agent: bool,
        expectation: Expectation,
    ) -> Option<(Samples, Expectation)> {
        match (*self, verdict) {
            (
                Self::Since {
                    voiced,
                    during,
                    agent,
                },
                Verdict::Onset { first_voiced, .. },
            ) => {
                let answers = agent.is_some_and(|since| since + REACTION <= first_voiced);
                *self = if answers {
                    Self::Known
                } else {
                    Self::Ended {
                        pause: first_voiced.saturating_sub(voiced),
                        during,
                    }
                };
                None
            }
            (Self::Ended { pause, during }, Verdict::Voice { sure: true }) => {
                *self = Self::Known;
                Some((pause, during))
            }
            (
                _,
                Verdict::Ended {
                    last_voiced, sure, ..
                },
            ) => {
                let pause = match *self {
                    Self::Ended { pause, during } if sure => Some((pause, during)),
                    _ => None,
                };
                // Over the agent it may have been a cough.
                *self = if agent {
                    Self::Known
                } else {
                    Self::Since {
                        voiced: last_voiced,
                        during: expectation,
                        agent: None,
                    }
                };
                pause
            }
            (
                Self::Since {
                    agent: None,
                    voiced,
                    during,
                },
                _,
            ) if agent => {
                *self = Self::Since {
                    agent: Some(until),
                    voiced,
                    during,
                };
                None
            }
            _ => None,
        }
    }

    /// The stretch that was voiced last here is over without the detector's word.
    pub(super) fn handle_cut(&mut self, voiced: Option<Samples>, expectation: Expectation) {
        if let Some(voiced) = voiced {
            *self = Self::Since {
                voiced,
                during: expectation,
                agent: None,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Expectation = Expectation::Open;

    fn ms(ms: u64) -> Samples {
        Samples::from_ms(ms)
    }

    /// A caller who was silent from 1 s on and makes a sound after `pause`; the agent is heard for
    /// the last `heard` of it.
    fn learned(pause: u64, heard: u64, sure: bool) -> Option<u64> {
        let mut quiet = Quiet::default();
        let mut learned = None;
        let mut frame = |verdict, until, agent| {
            let known = quiet.handle_verdict(verdict, ms(until), agent, OPEN);
            learned = learned.or(known.map(|(pause, _)| pause.as_ms()));
        };
        let ended = Verdict::Ended {
            first_voiced: ms(200),
            last_voiced: ms(1_000),
            sure: true,
        };
        frame(ended, 1_200, false);
        for until in (1_220..=1_000 + pause).step_by(20) {
            frame(Verdict::Quiet, until, until > 1_000 + pause - heard);
        }
        let first_voiced = ms(1_000 + pause);
        let onset = Verdict::Onset {
            first_voiced,
            sure: false,
        };
        frame(onset, 1_040 + pause, heard > 0);
        frame(Verdict::Voice { sure }, 1_060 + pause, false);
        learned
    }

    #[test]
    fn a_caller_who_goes_on_by_themselves_has_paused() {
        assert_eq!(learned(700, 0, true), Some(700));
        assert_eq!(learned(700, 200, true), Some(700), "nobody answers so soon");
    }

    #[test]
    fn an_answer_to_the_agent_or_a_noise_is_no_end_of_a_pause() {
        assert_eq!(learned(1_400, 400, true), None);
        assert_eq!(learned(700, 0, false), None);
    }

    #[test]
    fn coughs_over_the_agent_are_no_speech_with_pauses() {
        let mut quiet = Quiet::default();
        let ended = |last_voiced| Verdict::Ended {
            first_voiced: ms(200),
            last_voiced: ms(last_voiced),
            sure: true,
        };
        assert_eq!(quiet.handle_verdict(ended(400), ms(600), true, OPEN), None);
        let onset = Verdict::Onset {
            first_voiced: ms(700),
            sure: true,
        };
        assert_eq!(quiet.handle_verdict(onset, ms(740), true, OPEN), None);
        assert_eq!(
            quiet.handle_verdict(ended(900), ms(1_100), true, OPEN),
            None
        );
    }

    #[test]
    fn a_turn_that_its_words_ended_counts_too() {
        let mut quiet = Quiet::default();
        quiet.handle_cut(Some(ms(1_000)), OPEN);
        let onset = Verdict::Onset {
            first_voiced: ms(1_800),
            sure: true,
        };
        assert_eq!(quiet.handle_verdict(onset, ms(1_840), false, OPEN), None);
        let voice = Verdict::Voice { sure: true };
        let pause = quiet.handle_verdict(voice, ms(1_860), false, OPEN);
        assert_eq!(pause, Some((ms(800), OPEN)));
    }
}
