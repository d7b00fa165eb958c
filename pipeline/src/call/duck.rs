//! A duck: the agent has fallen silent because the caller may be taking the floor.
//!
//! It ends in one of two ways. *Commit*: the caller has spoken for so long that it is no cough and
//! no "uh-huh", or the net thread says that there were words. *Resume*: it was no voice after all,
//! or the net thread says that it only acknowledged, or nobody says anything in time. So the voice
//! thread comes to an end by itself, whatever has become of the other threads.

use std::time::Duration;

use dsp::Samples;
use dsp::barge_in::Verdict;

use crate::limits::{DUCK_AT_MOST, DUCK_UNSURE, DUCK_WORDS, SUSTAINED_SPEECH};
use crate::message::UtteranceId;
use crate::time::Mono;

/// What of which utterances had been heard when they were interrupted: of the one that sounded, and
/// of a later one that was already being sent.
pub(super) type Interrupted = [Option<(UtteranceId, Samples)>; 2];

/// An interruption that may yet come to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duck {
    pub(super) interrupted: Interrupted,
    /// Something new of the utterance was heard since the agent went back in it last. Otherwise it
    /// goes no further back: it would never get on.
    pub(super) goes_on: bool,
    /// It became certain that this is a voice.
    pub(super) sure: bool,
    pub(super) began: Mono,
    voice: Voice,
    /// What was voiced in earlier stretches of this duck.
    voiced: Samples,
    /// The words so far only acknowledge what the agent says.
    backchannel: bool,
}

/// Whether the caller makes a sound at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    /// Since this position. Unless it becomes certain that this is a voice, it is noise `by` then.
    On { since: Samples, noise_by: Mono },
    /// No more. What words there were are known by then.
    Off { words_by: Mono },
}

/// How a duck ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Commit,
    Resume,
}

impl Duck {
    pub(super) fn new(now: Mono, since: Samples, sure: bool, interrupted: Interrupted) -> Self {
        Self {
            interrupted,
            goes_on: true,
            sure,
            began: now,
            voice: Voice::on(now, since),
            voiced: Samples::ZERO,
            backchannel: false,
        }
    }

    /// Takes the detector's word on one frame. `last_voiced` is where the present stretch of speech
    /// was voiced last; `patience` is how long the caller's turn may still last once they are quiet.
    pub(super) fn handle_verdict(
        &mut self,
        now: Mono,
        verdict: Verdict,
        last_voiced: Option<Samples>,
        patience: Duration,
    ) -> Option<Outcome> {
        match verdict {
            Verdict::Onset { first_voiced, sure } => {
                self.voice = Voice::on(now, first_voiced);
                self.sure |= sure;
                None
            }
            Verdict::Voice { sure } => {
                self.sure |= sure;
                let here = match (self.voice, last_voiced) {
                    (Voice::On { since, .. }, Some(last)) => last.saturating_sub(since),
                    _ => Samples::ZERO,
                };
                (sure && self.voiced + here >= SUSTAINED_SPEECH).then_some(Outcome::Commit)
            }
            Verdict::Ended { last_voiced, .. } => self.fall_quiet(now, last_voiced, patience),
            Verdict::Quiet => None,
        }
    }

    /// The stretch of speech was cut off, by media that stopped or by its words.
    pub(super) fn handle_gap(
        &mut self,
        now: Mono,
        last_voiced: Option<Samples>,
    ) -> Option<Outcome> {
        match self.voice {
            Voice::On { since, .. } => {
                self.fall_quiet(now, last_voiced.unwrap_or(since), Duration::ZERO)
            }
            Voice::Off { .. } => None,
        }
    }

    /// The words so far only acknowledge.
    pub(super) fn handle_backchannel(&mut self) -> Option<Outcome> {
        self.backchannel = true;
        matches!(self.voice, Voice::Off { .. }).then_some(Outcome::Resume)
    }

    /// Time has passed.
    pub(super) fn handle_tick(&self, now: Mono) -> Option<Outcome> {
        match self.voice {
            Voice::On { noise_by, .. } if !self.sure && now >= noise_by => Some(Outcome::Resume),
            Voice::Off { words_by } if now >= words_by => Some(Outcome::Resume),
            _ if now >= self.began.plus(DUCK_AT_MOST) => Some(Outcome::Commit),
            Voice::On { .. } | Voice::Off { .. } => None,
        }
    }

    /// Whether it is about this utterance, or one behind it.
    pub(super) fn reaches(&self, utterance: UtteranceId) -> bool {
        let mut interrupted = self.interrupted.iter().flatten();
        interrupted.any(|&(id, _)| id >= utterance)
    }

    fn fall_quiet(
        &mut self,
        now: Mono,
        last_voiced: Samples,
        patience: Duration,
    ) -> Option<Outcome> {
        if let Voice::On { since, .. } = self.voice {
            self.voiced += last_voiced.saturating_sub(since);
        }
        self.voice = Voice::Off {
            words_by: now.plus(patience + DUCK_WORDS),
        };
        (!self.sure || self.backchannel).then_some(Outcome::Resume)
    }
}

impl Voice {
    fn on(now: Mono, since: Samples) -> Self {
        Self::On {
            since,
            noise_by: now.plus(DUCK_UNSURE),
        }
    }
}
