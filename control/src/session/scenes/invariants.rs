//! What holds in every call, whatever happens in it. It is looked at all the time, and by ear: what the
//! telephone has played, and when the caller spoke.

use dsp::Samples;
use pipeline::message::{Command, EventKind, UtteranceId};

use super::earpiece::{Earpiece, Said};
use super::script::Script;

/// A caller who has spoken for so long without a break is not spoken over.
const SPOKEN_OVER_MS: u64 = 600;

/// A turn is over so long after the caller's last sound.
const TURN_ENDS_MS: u64 = 5_000;

/// The telephone plays on while its mark is on the way.
const PERIOD: Samples = Samples::from_ms(10);

#[derive(Default)]
pub(super) struct Invariants {
    earpiece: Earpiece,
    /// Nothing of this utterance, or of one before it, is to be heard any more.
    retired: Option<UtteranceId>,
    /// The caller's turn is on, as far as the session knows.
    in_turn: bool,
    /// Somebody is always talking on the line, so a turn need not end.
    babbles: bool,
    /// For how long the caller has spoken, or has been silent.
    speaks_for: u64,
    silent_for: u64,
    /// What did not hold first.
    broken: Option<String>,
}

impl Invariants {
    pub(super) fn of(script: &Script) -> Self {
        Self {
            babbles: script.babble.is_some(),
            ..Self::default()
        }
    }

    /// What did not hold, if anything did not.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// 10 ms in which the telephone has played this, of all that was said.
    pub(super) fn handle_period(
        &mut self,
        now: u64,
        played: &[u8],
        said: &Said,
        caller_sounds: bool,
    ) {
        (self.speaks_for, self.silent_for) = if caller_sounds {
            (self.speaks_for + 10, 0)
        } else {
            (0, self.silent_for + 10)
        };
        if self.speaks_for >= SPOKEN_OVER_MS && !played.is_empty() {
            self.note(now, "the agent speaks into the caller's words".to_owned());
        }
        if self.in_turn && !self.babbles && self.silent_for > TURN_ENDS_MS {
            self.in_turn = false;
            self.note(now, "the caller's turn does not end".to_owned());
        }
        let Some(sounding) = self.earpiece.handle(played, said) else {
            return self.note(now, "something is heard that nobody has said".to_owned());
        };
        let late = sounding.into_iter().find(|id| Some(*id) <= self.retired);
        if let Some(id) = late {
            self.note(now, format!("{id:?} is heard, and was retired"));
        }
    }

    pub(super) fn handle_event(&mut self, now: u64, event: &EventKind) {
        match *event {
            EventKind::SpeechStarted { .. } => self.in_turn = true,
            EventKind::SpeechEnded { .. } => self.in_turn = false,
            EventKind::Heard { utterance, samples }
            | EventKind::UtteranceFinished { utterance, samples } => {
                self.check_heard(now, utterance, samples);
            }
            EventKind::BargeIn {
                utterance, heard, ..
            } => {
                self.check_heard(now, utterance, heard);
                self.retired = self.retired.max(Some(utterance));
            }
            _ => {}
        }
    }

    pub(super) fn handle_command(&mut self, command: &Command) {
        if let Command::Retire { utterance } = *command {
            self.retired = self.retired.max(Some(utterance));
        }
    }

    /// Whether so much counts as heard as was.
    fn check_heard(&mut self, now: u64, utterance: UtteranceId, samples: Samples) {
        let heard = Samples(self.earpiece.heard(utterance) as u64);
        if samples > heard + PERIOD {
            let what = format!("{samples:?} of {utterance:?} count as heard, and {heard:?} were");
            self.note(now, what);
        }
    }

    fn note(&mut self, now: u64, what: String) {
        self.broken
            .get_or_insert_with(|| format!("at {now} ms: {what}"));
    }
}
