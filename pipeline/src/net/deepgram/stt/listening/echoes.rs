//! Which of the vendor's words are the agent's own, that came back.

use std::collections::VecDeque;

use dsp::Samples;

use super::{Effect, Listening, Turn, Voice};
use crate::limits::{STT_ECHO_GAP, STT_ECHOES, STT_SAME_END};
use crate::wire::deepgram_stt::Words;

/// Where the agent's echo was heard in the caller's audio.
#[derive(Debug, Default)]
pub(super) struct Echoes(VecDeque<(Samples, Samples)>);

impl Echoes {
    /// Most of this audio may have been echo.
    pub(super) fn handle_echo(&mut self, from: Samples, until: Samples) {
        if let Some((_, end)) = self.0.back_mut()
            && from <= *end + STT_ECHO_GAP
        {
            *end = until.max(*end);
            return;
        }
        if self.0.len() >= STT_ECHOES {
            self.0.pop_front();
        }
        self.0.push_back((from, until));
    }

    fn hold(&self, position: Samples) -> bool {
        let mut spans = self.0.iter().rev();
        spans.any(|(from, until)| *from <= position && position < *until)
    }
}

impl Listening {
    /// Whether what was said here is an echo: it was heard, and the caller was not.
    pub(super) fn is_echo(&self, position: Samples) -> bool {
        self.echoes.hold(position) && !self.is_voiced(position)
    }

    /// So many of these words were the agent's.
    pub(super) fn handle_echoed(&mut self, words: &Words<'_>, count: usize) {
        if words.is_final {
            self.effects.push_back(Effect::EchoedWords);
        }
        // Where there are no times, what the vendor adds to them is another matter.
        if words.words.is_empty() {
            self.known_of_vendor_turn += count;
        }
    }

    /// Whether the detector has heard the caller here.
    fn is_voiced(&self, position: Samples) -> bool {
        let begins = |from: Samples| position + STT_SAME_END >= from;
        let ended = |last_voiced: Samples| position > last_voiced + STT_SAME_END;
        match self.turn {
            Turn::Quiet => false,
            Turn::On { from, voice } => match voice {
                Voice::Speaking { .. } => begins(from),
                Voice::Pausing { last_voiced, .. } => begins(from) && !ended(last_voiced),
            },
            Turn::Owed(debt) => {
                let held = begins(debt.from) && !ended(debt.last_voiced);
                held || debt.next.is_some_and(begins)
            }
        }
    }
}
