//! Words that are likely a whole turn, told before the turn has ended.

use dsp::Samples;

use super::{Effect, Link, Listening, Turn, Voice};
use crate::endpointing::{self, Evidence, Sign, Verdict, same_words};
use crate::limits::{FALTER_LASTS, WORDS_BEHIND, WORDS_STABLE};
use crate::net::edge::SttEvent;
use crate::time::Mono;
use crate::wire::deepgram_stt::{Guess, Protocol};

/// What was told of the present turn, and what may change that.
#[derive(Debug)]
pub(super) struct Likely {
    /// Whether anybody wants to know.
    wanted: bool,
    /// The words that were told last, unless they turned out not to be all.
    told: Option<String>,
    /// When the caller's voice last stopped for a moment, and where.
    faltered: Option<(Mono, Samples)>,
    /// When the words will have been the same for long enough.
    due: Option<Mono>,
}

impl Likely {
    pub(super) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            told: None,
            faltered: None,
            due: None,
        }
    }

    pub(super) fn handle_faltered(&mut self, now: Mono, last_voiced: Samples) {
        self.faltered = Some((now, last_voiced));
    }

    pub(super) fn handle_resumed(&mut self) {
        self.faltered = None;
        self.due = None;
    }

    pub(super) fn due(&self) -> Option<Mono> {
        self.due
    }

    pub(super) fn take_due(&mut self, now: Mono) -> bool {
        self.due.take_if(|due| now >= *due).is_some()
    }

    /// The words were given: the turn is over.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.wanted);
    }
}

impl Listening {
    /// Looks whether the words so far are all, after news that end nothing by themselves.
    pub(super) fn consider(&mut self, now: Mono) {
        let Turn::On { .. } = self.turn else {
            return;
        };
        self.heed_change();
        let voice = self.voice(now);
        match self.weigh(now, Sign::News, voice) {
            Verdict::Finish => {
                self.finish();
                if self.words_keep_up() {
                    self.tell_likely();
                }
            }
            Verdict::Likely | Verdict::End => self.tell_likely(),
            Verdict::Wait => {
                let silent = voice != endpointing::Voice::Speaks && !self.heard.is_empty();
                let stable = self.words_at.plus(WORDS_STABLE);
                self.likely.due = (silent && self.likely.wanted && stable > now).then_some(stable);
            }
        }
    }

    /// What a sign means beside what is known.
    pub(super) fn weigh(&self, now: Mono, sign: Sign, voice: endpointing::Voice) -> Verdict {
        let settled = self.heard.is_settled();
        endpointing::judge(
            sign,
            &Evidence {
                expectation: self.expectation,
                text: &self.heard.text(),
                settled,
                stable: settled || now >= self.words_at.plus(WORDS_STABLE) && self.words_keep_up(),
                voice,
                // Of a turn that the detector does not know it has nothing to say.
                slow: self.slow && self.turn != Turn::Quiet,
            },
        )
    }

    /// What the detector says of the present turn.
    pub(super) fn voice(&self, now: Mono) -> endpointing::Voice {
        let lately = |(at, _): (Mono, Samples)| now < at.plus(FALTER_LASTS);
        match self.turn {
            Turn::On {
                voice: Voice::Pausing { .. },
                ..
            } => endpointing::Voice::Pauses,
            _ if self.likely.faltered.is_some_and(lately) => endpointing::Voice::Falters,
            _ => endpointing::Voice::Speaks,
        }
    }

    /// The vendor has spoken of nearly all of the voice: a word may be missing, and hardly two. A
    /// model that finds the ends of turns says itself when it has heard all.
    pub(super) fn words_keep_up(&self) -> bool {
        let voiced = match self.turn {
            Turn::On {
                voice: Voice::Pausing { last_voiced, .. },
                ..
            } => Some(last_voiced),
            Turn::Owed(debt) => Some(debt.last_voiced),
            Turn::On { .. } | Turn::Quiet => self.likely.faltered.map(|(_, voiced)| voiced),
        };
        match (&self.link, voiced) {
            (Link::Up(connection), Some(voiced)) => {
                connection.protocol == Protocol::Listen
                    && connection.processed + WORDS_BEHIND >= voiced
            }
            _ => false,
        }
    }

    /// The vendor need not wait for its own endpoint. It is told so once a pause.
    fn finish(&mut self) {
        let listens = matches!(&self.link, Link::Up(c) if c.protocol == Protocol::Listen);
        if let Turn::On {
            voice: Voice::Pausing { asked, .. },
            ..
        } = &mut self.turn
            && listens
            && !std::mem::replace(asked, true)
        {
            self.ask_for_finals();
        }
    }

    /// The words so far are all, likely.
    pub(super) fn tell_likely(&mut self) {
        let text = self.heard.text();
        let known = self.likely.told.as_ref();
        if !self.likely.wanted || text.is_empty() || known.is_some_and(|k| same_words(k, &text)) {
            return;
        }
        self.likely.told = Some(text.clone());
        self.effects
            .push_back(Effect::Emit(SttEvent::LikelyEnd { text }));
    }

    /// What the vendor thinks of a turn that goes on.
    pub(super) fn heed_guess(&mut self, guess: Option<Guess>) {
        self.heed_change();
        if guess == Some(Guess::GoesOn) {
            self.tell_went_on();
        }
    }

    /// Words that are others than those that were told were not all.
    fn heed_change(&mut self) {
        let told = self.likely.told.as_ref();
        if told.is_some_and(|told| !same_words(told, &self.heard.text())) {
            self.tell_went_on();
        }
    }

    fn tell_went_on(&mut self) {
        if self.likely.told.take().is_some() {
            self.effects.push_back(Effect::Emit(SttEvent::WentOn));
        }
    }
}
