//! Which of the vendor's words are the agent's own, that came back: those in audio that may be echo,
//! and in which the detector heard no voice.

use std::collections::VecDeque;

use dsp::Samples;

use super::{Effect, Listening};
use crate::limits::{STT_ECHO_GAP, STT_SAME_END, STT_SHORTEST_WORD, STT_STRETCHES};
use crate::wire::deepgram_stt::{Protocol, Words};

/// Stretches of the caller's audio, of which the last may go on. None overlaps another.
#[derive(Debug, Default)]
struct Stretches(VecDeque<(Samples, Samples)>);

impl Stretches {
    fn begin(&mut self, from: Samples) {
        self.end(from);
        if self.0.len() >= STT_STRETCHES {
            self.0.pop_front();
        }
        self.0.push_back((from, Samples(u64::MAX)));
    }

    /// The last one ends no later than this.
    fn end(&mut self, until: Samples) {
        if let Some((from, end)) = self.0.back_mut() {
            *end = until.max(*from).min(*end);
        }
    }

    /// Whether one that is as long as `least` lies in this audio, with a part of it.
    fn meet(&self, from: Samples, until: Samples, least: Samples) -> bool {
        let mut stretches = self.0.iter().rev();
        stretches.any(|(begin, end)| *begin < until && from < *end && *end >= *begin + least)
    }
}

/// Where the agent's echo and the caller's voice were heard.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    echo: Stretches,
    voice: Stretches,
}

impl Echoes {
    /// Most of this audio may have been echo.
    pub(super) fn handle_echo(&mut self, from: Samples, until: Samples) {
        match self.echo.0.back_mut() {
            Some((_, end)) if from <= *end + STT_ECHO_GAP => *end = until,
            _ => {
                self.echo.begin(from);
                self.echo.end(until);
            }
        }
    }

    /// The caller's voice was heard from here on. Over an echo it is found a little late.
    pub(super) fn handle_voice(&mut self, from: Samples) {
        self.voice.begin(from.saturating_sub(STT_SAME_END));
    }

    /// Up to here.
    pub(super) fn handle_pause(&mut self, last_voiced: Samples) {
        self.voice.end(last_voiced);
    }

    /// Whether what was said between is the agent's. A voice that was soon over was a cough, and
    /// said nothing.
    pub(super) fn hold(&self, from: Samples, until: Samples) -> bool {
        self.is_heard_at(from, until)
            && !self
                .voice
                .meet(from, until, STT_SAME_END + STT_SHORTEST_WORD)
    }

    /// Whether there is echo between.
    pub(super) fn is_heard_at(&self, from: Samples, until: Samples) -> bool {
        self.echo.meet(from, until, Samples::ZERO)
    }
}

impl Listening {
    /// So many of these words were the agent's.
    pub(super) fn handle_echoed(&mut self, words: &Words<'_>, protocol: Protocol, count: usize) {
        if words.is_final {
            self.effects.push_back(Effect::EchoedWords);
        }
        // Where there are no times, what the vendor adds to them is another matter.
        if protocol == Protocol::Flux {
            self.known_of_vendor_turn += count;
        }
    }
}
