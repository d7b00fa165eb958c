//! One call's recogniser as a pure machine: the caller's audio and the vendor's messages come in by
//! `handle_*`, with the time; what is to be sent and done comes out by `poll_*`.
//!
//! Audio stays here until final words cover it, so that another connection can hear it again. Each
//! ended turn is answered once, and a turn whose words are plainly complete is ended by them
//! ([`ending`]).

mod echoes;
mod ending;
mod fresh;
mod likely;
mod outgoing;

use std::collections::VecDeque;

use bytes::Bytes;
use dsp::Samples;

use super::heard::Heard;
use super::replay::{Replay, Timeline};
use crate::limits::{
    LOOK_BACK, STT_ANSWER, STT_IDLE_REPLAY, STT_SAME_END, STT_STALE_WORDS, STT_STALL,
};
use crate::message::Expectation;
use crate::net::edge::{SttEvent, SttInput};
use crate::time::Mono;
use crate::wire::deepgram_stt::{Message, Protocol, Words, parse};
use echoes::Echoes;
use fresh::Fresh;
use likely::Likely;
pub(super) use outgoing::Outgoing;

/// The recogniser of one call.
#[derive(Debug)]
pub(super) struct Listening {
    /// Whether an engine on this machine can take over.
    has_fallback: bool,
    expectation: Expectation,
    replay: Replay,
    /// Final words cover the caller's audio up to here, or were given up to here.
    covered: Samples,
    /// Words were given, or given up, to here: later words about it are no news.
    given: Samples,
    /// Words that nobody had asked for were given to here: a turn that begins before is theirs.
    ended_through: Samples,
    link: Link,
    turn: Turn,
    heard: Heard,
    /// When a word was last heard.
    words_at: Mono,
    /// This caller was last known to pause for longer than others.
    slow: bool,
    likely: Likely,
    echoes: Echoes,
    /// Words of Flux's present turn that are no news: they were given, or were the agent's.
    known_of_vendor_turn: usize,
    effects: VecDeque<Effect>,
}

/// The way to the vendor.
#[derive(Debug)]
enum Link {
    /// Being opened, or waiting to be. `away` says that it will take longer.
    Down {
        away: bool,
    },
    Up(Connection),
}

#[derive(Debug)]
struct Connection {
    protocol: Protocol,
    timeline: Timeline,
    /// The caller's audio up to here was sent.
    sent: Samples,
    sent_at: Mono,
    /// Silence of ours that is to be sent.
    silence: Samples,
    /// What was sent by then is to be made final.
    finalize_after: Option<Samples>,
    /// The vendor has spoken about the audio up to here.
    processed: Samples,
    /// When it last said anything that we understood.
    alive_at: Mono,
    /// Speech was sent then, and nothing was said since.
    waits_since: Option<Mono>,
}

/// The caller's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nobody's, as far as the voice thread has told.
    Quiet,
    On {
        from: Samples,
        voice: Voice,
    },
    /// It is over; its words are owed.
    Owed(Debt),
}

/// What the detector says within a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Speaking {
        since: Samples,
    },
    /// `asked` says whether final words were asked for in this pause.
    Pausing {
        last_voiced: Samples,
        asked: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Debt {
    from: Samples,
    to: Samples,
    last_voiced: Samples,
    /// When what there is must do.
    due: Mono,
    /// When the turn is given up.
    last: Mono,
    /// The engine on this machine reads it.
    read_here: bool,
    /// Where the next turn began.
    next: Option<Samples>,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    Emit(SttEvent),
    /// Audio had to be dropped for which nobody had an ear in time.
    AudioDropped,
    /// Words were the agent's own, that came back.
    EchoedWords,
    /// The connection is as good as dead.
    Hang,
    /// Have this turn read on this machine.
    Read {
        turn: Samples,
        expectation: Expectation,
        mulaw: Bytes,
    },
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Garbage,
    /// The vendor says that it failed, and goes on or not.
    Failed,
}

impl Listening {
    /// `eager`: tells of words that are likely a whole turn.
    pub(super) fn new(has_fallback: bool, eager: bool) -> Self {
        Self {
            has_fallback,
            expectation: Expectation::default(),
            replay: Replay::default(),
            covered: Samples::ZERO,
            given: Samples::ZERO,
            ended_through: Samples::ZERO,
            link: Link::Down { away: false },
            turn: Turn::Quiet,
            heard: Heard::default(),
            words_at: Mono::default(),
            slow: false,
            likely: Likely::new(eager),
            echoes: Echoes::default(),
            known_of_vendor_turn: 0,
            effects: VecDeque::new(),
        }
    }

    // ---- from the call -----------------------------------------------------

    pub(super) fn handle_input(&mut self, now: Mono, input: SttInput) {
        match input {
            SttInput::Audio { position, mulaw } => self.handle_audio(position, &mulaw),
            SttInput::Echo { from, until } => self.echoes.handle_echo(from, until),
            SttInput::SpeechStarted { position } => self.handle_started(position),
            SttInput::SpeechFaltered { last_voiced, .. } => {
                self.likely.handle_faltered(now, last_voiced);
                self.consider(now);
            }
            SttInput::SpeechPaused {
                last_voiced, slow, ..
            } => {
                self.echoes.handle_pause(last_voiced);
                if let Turn::On { voice, .. } = &mut self.turn {
                    *voice = Voice::Pausing {
                        last_voiced,
                        asked: false,
                    };
                    self.slow = slow;
                    self.consider(now);
                }
            }
            SttInput::SpeechResumed { position } => {
                self.likely.handle_resumed();
                self.echoes.handle_voice(position);
                if let Turn::On { voice, .. } = &mut self.turn {
                    *voice = Voice::Speaking { since: position };
                }
            }
            SttInput::SpeechEnded { position } => self.handle_ended(now, position),
            SttInput::Expect(expectation) => self.expectation = expectation,
            // What is said here is recognised.
            SttInput::TypedWords(_) => {}
        }
    }

    fn handle_audio(&mut self, position: Samples, mulaw: &[u8]) {
        if self.replay.push(position, mulaw) > Samples::ZERO {
            self.effects.push_back(Effect::AudioDropped);
        }
        self.forget_old_audio();
    }

    fn handle_started(&mut self, position: Samples) {
        // Words that were given hold it already, and the relay knows.
        if position < self.ended_through && !matches!(self.turn, Turn::Owed(_)) {
            return;
        }
        self.echoes.handle_voice(position);
        match &mut self.turn {
            Turn::Owed(debt) => debt.next = Some(position),
            turn => {
                *turn = Turn::On {
                    from: position,
                    voice: Voice::Speaking { since: position },
                }
            }
        }
    }

    /// Audio that no connection and no engine will want any more.
    fn forget_old_audio(&mut self) {
        let keep_from = match self.turn {
            Turn::On { from, .. } | Turn::Owed(Debt { from, .. }) => {
                self.covered.min(from.saturating_sub(LOOK_BACK))
            }
            Turn::Quiet if self.heard.is_empty() => {
                let lately = self.replay.until().saturating_sub(STT_IDLE_REPLAY);
                let unsent = match &self.link {
                    Link::Up(connection) => connection.sent,
                    Link::Down { .. } => Samples(u64::MAX),
                };
                lately.min(unsent)
            }
            Turn::Quiet => self
                .covered
                .min(self.replay.until().saturating_sub(LOOK_BACK)),
        };
        self.replay.forget_before(keep_from);
    }

    // ---- from the vendor ---------------------------------------------------

    /// A connection is open.
    pub(super) fn handle_up(&mut self, now: Mono, protocol: Protocol) {
        let before = |from: Samples| from.saturating_sub(STT_SAME_END);
        let from = match self.turn {
            Turn::Quiet if self.heard.is_empty() => {
                let lately = self.replay.until().saturating_sub(STT_IDLE_REPLAY);
                lately.max(self.covered)
            }
            // Words without times are not told from an echo before them.
            Turn::On { from, .. } | Turn::Owed(Debt { from, .. })
                if protocol == Protocol::Flux && self.echoes.hold(self.covered, before(from)) =>
            {
                self.covered.max(before(from))
            }
            _ => self.covered,
        };
        let from = from.max(self.replay.from()).min(self.replay.until());
        self.known_of_vendor_turn = 0;
        self.link = Link::Up(Connection {
            protocol,
            timeline: Timeline::new(from),
            sent: from,
            sent_at: now,
            silence: Samples::ZERO,
            finalize_after: None,
            processed: from,
            alive_at: now,
            waits_since: None,
        });
        match &mut self.turn {
            Turn::Owed(debt) if !debt.read_here => {
                debt.due = now.plus(STT_ANSWER).min(debt.last);
                self.ask_for_finals();
            }
            Turn::On {
                voice: Voice::Pausing { asked, .. },
                ..
            } => *asked = false,
            Turn::Quiet | Turn::On { .. } | Turn::Owed(_) => {}
        }
    }

    /// The connection is gone. What no final words cover will be heard again.
    pub(super) fn handle_down(&mut self) {
        self.link = Link::Down { away: false };
    }

    /// There will be no connection soon.
    pub(super) fn handle_away(&mut self, now: Mono) {
        if let Link::Down { away } = &mut self.link {
            *away = true;
            if let Turn::Owed(debt) = self.turn {
                self.read_here(now, debt);
            }
        }
    }

    /// A text message came.
    ///
    /// # Errors
    /// [`Fault`], which is to be counted. The connection may go on.
    pub(super) fn handle_text(&mut self, now: Mono, text: &str) -> Result<(), Fault> {
        let Link::Up(connection) = &mut self.link else {
            return Ok(());
        };
        let message = parse(connection.protocol, text).map_err(|_| Fault::Garbage)?;
        if matches!(message, Message::Failed { .. }) {
            return Err(Fault::Failed);
        }
        connection.alive_at = now;
        connection.waits_since = None;
        match message {
            Message::Words(words) => self.handle_words(now, &words),
            Message::UtteranceEnd { last_word_end } => {
                let last = last_word_end.map(|end| connection.timeline.position_of(end));
                self.handle_utterance_end(now, last);
            }
            Message::Failed { .. } | Message::Other => {}
        }
        self.forget_old_audio();
        Ok(())
    }

    fn handle_words(&mut self, now: Mono, words: &Words<'_>) {
        let Link::Up(connection) = &mut self.link else {
            return;
        };
        let until = match words.until {
            Some(until) => connection.timeline.position_of(until).min(connection.sent),
            None => connection.sent,
        };
        connection.processed = connection.processed.max(until);
        let Link::Up(connection) = &self.link else {
            return;
        };
        let protocol = connection.protocol;
        let Fresh {
            text,
            from,
            until: spoken_until,
            echoed,
        } = self.fresh(words, connection, until);
        let news = if words.is_final {
            self.heard.add_final(&text, from, spoken_until);
            !text.is_empty()
        } else {
            self.heard.set_interim(&text, from, spoken_until)
        };
        if echoed > 0 {
            self.handle_echoed(words, protocol, echoed);
            if text.is_empty() {
                self.heard.drop_interim();
            }
        }
        if words.is_final {
            self.covered = self.covered.max(until);
        }
        if words.endpoint && protocol == Protocol::Flux {
            // The vendor begins anew.
            self.heard.keep_interim();
            self.known_of_vendor_turn = 0;
        }
        if news {
            self.words_at = now;
        }
        self.judge(now, words, until);
        // Words that were given by this are no partial ones.
        if news && !self.heard.is_empty() {
            let text = self.heard.text();
            self.effects
                .push_back(Effect::Emit(SttEvent::Partial { text }));
        }
    }

    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    // ---- time --------------------------------------------------------------

    /// When [`Self::handle_time`], or [`Self::poll_outgoing`], has something to do.
    pub(super) fn poll_timeout(&self) -> Option<Mono> {
        let connection = match &self.link {
            Link::Up(connection) => Some(connection),
            Link::Down { .. } => None,
        };
        let debt = match &self.turn {
            Turn::Owed(debt) => Some(debt.due),
            Turn::Quiet | Turn::On { .. } => None,
        };
        let alive = connection.map(|connection| connection.sent_at.plus(connection.patience()));
        let stall = connection.and_then(|connection| connection.waits_since);
        [
            debt,
            self.stale_words_due(),
            self.likely.due(),
            alive,
            stall.map(|since| since.plus(STT_STALL)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn handle_time(&mut self, now: Mono) {
        if let Link::Up(connection) = &self.link
            && let Some(since) = connection.waits_since
            && now >= since.plus(STT_STALL)
        {
            self.hang();
        }
        if self.likely.take_due(now) {
            self.consider(now);
        }
        if self.stale_words_due().is_some_and(|due| now >= due) {
            self.give_all();
        }
        if let Turn::Owed(debt) = self.turn
            && now >= debt.due
        {
            self.handle_due(now, debt);
        }
    }

    /// Words outside any turn are given when no more follow.
    fn stale_words_due(&self) -> Option<Mono> {
        let stale = self.turn == Turn::Quiet && !self.heard.is_empty();
        stale.then(|| self.words_at.plus(STT_STALE_WORDS))
    }

    /// The connection says nothing: the next one will be asked.
    fn hang(&mut self) {
        self.link = Link::Down { away: false };
        self.effects.push_back(Effect::Hang);
    }

    // ---- asking for final words --------------------------------------------

    fn ask_for_finals(&mut self) {
        let until = self.replay.until();
        if let Link::Up(connection) = &mut self.link {
            connection.finalize_after = Some(until);
        }
    }
}

#[cfg(test)]
mod tests;
