//! When words end a turn, and what becomes of a turn whose words do not come.
//!
//! - Final words that answer the question end the turn at the vendor's endpoint, unless the caller
//!   has gone on since ([`endpointing::judge`]). Half an answer waits for the end that the voice
//!   thread finds.
//! - A turn that has ended is answered as soon as final words cover its voice; at its deadline by
//!   words that might have changed; and where the vendor says nothing at all, by another
//!   connection, the engine on this machine, or an honest failure.

use dsp::Samples;

use super::{Debt, Effect, Link, Listening, Turn, Voice};
use crate::endpointing::{self, Sign, Verdict};
use crate::limits::{
    LOOK_BACK, STT_ALIVE, STT_ANSWER, STT_ANSWER_MORE, STT_COUGH, STT_DETECTOR, STT_FALLBACK,
    STT_GIVE_UP, STT_SAME_END, STT_WORDLESS,
};
use crate::local::Reading;
use crate::local::stt::judge;
use crate::message::Transcript;
use crate::net::edge::SttEvent;
use crate::time::Mono;
use crate::wire::deepgram_stt::{Guess, Protocol, Words};

impl Listening {
    // ---- the end that the voice thread finds -------------------------------

    pub(super) fn handle_ended(&mut self, now: Mono, to: Samples) {
        let (from, voice) = match self.turn {
            Turn::On { from, voice } => (from, Some(voice)),
            Turn::Owed(debt) => {
                let Some(next) = debt.next else {
                    return;
                };
                // Two turns in a row without a word of the vendor are read as one.
                if self.heard.is_empty() && !self.is_caught_up(debt.last_voiced) {
                    self.emit(SttEvent::Nothing { position: debt.to });
                    (debt.from, None)
                } else {
                    self.settle(debt);
                    (next, None)
                }
            }
            // It was ended by its words.
            Turn::Quiet => return,
        };
        self.echoes.handle_pause(to);
        let (last_voiced, asked) = match voice {
            Some(Voice::Pausing { last_voiced, asked }) => (last_voiced, asked),
            Some(Voice::Speaking { .. }) | None => (to, false),
        };
        let debt = Debt {
            from,
            to,
            last_voiced,
            due: now.plus(STT_ANSWER),
            last: now.plus(STT_GIVE_UP),
            read_here: false,
            next: None,
        };
        self.turn = Turn::Owed(debt);
        if self.is_settled(last_voiced) {
            return self.settle(debt);
        }
        // Nearly all is known of it; the rest is a matter of a moment.
        if self.words_keep_up() {
            self.tell_likely();
        }
        match self.link {
            Link::Down { away: true } => self.read_here(now, debt),
            Link::Down { away: false } => {}
            Link::Up(_) if asked => {}
            Link::Up(_) => self.ask_for_finals(),
        }
    }

    /// Final words cover the voice of the turn.
    fn is_settled(&self, last_voiced: Samples) -> bool {
        self.heard.is_settled() && self.covered + STT_SAME_END >= last_voiced
    }

    /// The vendor has spoken about all of the voice.
    fn is_caught_up(&self, last_voiced: Samples) -> bool {
        match &self.link {
            Link::Up(connection) => connection.processed + STT_SAME_END >= last_voiced,
            Link::Down { .. } => false,
        }
    }

    // ---- the end that the vendor finds -------------------------------------

    /// Draws the consequences of words that were just taken in.
    pub(super) fn judge(&mut self, now: Mono, words: &Words<'_>, until: Samples) {
        match self.turn {
            Turn::Owed(debt) => {
                let flushed = words.from_finalize && self.heard.is_settled();
                if !debt.read_here && (flushed || self.is_settled(debt.last_voiced)) {
                    self.settle(debt);
                }
            }
            Turn::On { from, voice } => {
                self.heed_guess(words.guess);
                let wordless = !self.heard.is_empty() && self.heard.until() + STT_WORDLESS <= until;
                let sign = match self.sign(words) {
                    _ if wordless && until > from => Sign::Wordless,
                    Some(sign) => sign,
                    None => return self.consider(now),
                };
                // Where the line is too noisy for a pause, its voice says nothing.
                let gone_on = sign != Sign::Wordless && goes_on_after(voice, until);
                let voice = if gone_on || until <= from {
                    endpointing::Voice::GoesOn
                } else {
                    self.voice(now)
                };
                match self.weigh(now, sign, voice) {
                    Verdict::End => self.end_turn(until),
                    Verdict::Likely => self.tell_likely(),
                    Verdict::Wait | Verdict::Finish => {}
                }
            }
            // A voice that is too soft for the detector.
            Turn::Quiet => {
                self.heed_guess(words.guess);
                let Some(sign) = self.sign(words) else {
                    return;
                };
                match self.weigh(now, sign, endpointing::Voice::Speaks) {
                    Verdict::End if words.endpoint => self.give_all(),
                    Verdict::Likely => self.tell_likely(),
                    Verdict::End | Verdict::Wait | Verdict::Finish => {}
                }
            }
        }
    }

    /// What the recogniser says of the end of the turn with these words.
    fn sign(&self, words: &Words<'_>) -> Option<Sign> {
        if words.guess == Some(Guess::Over) {
            Some(Sign::EagerEnd)
        } else if words.endpoint && self.finds_turns() {
            Some(Sign::TurnEnd)
        } else {
            (words.endpoint || words.from_finalize).then_some(Sign::Endpoint)
        }
    }

    fn finds_turns(&self) -> bool {
        matches!(&self.link, Link::Up(connection) if connection.protocol == Protocol::Flux)
    }

    /// A second without words after the last one.
    pub(super) fn handle_utterance_end(&mut self, now: Mono, last_word_end: Option<Samples>) {
        let old = last_word_end.is_some_and(|end| end <= self.given);
        if self.heard.is_empty() || old {
            return;
        }
        match self.turn {
            Turn::Owed(debt) if debt.read_here => {}
            Turn::Owed(debt) => self.settle(debt),
            Turn::On { from, voice } => {
                let through = self.processed();
                let gone_on = match voice {
                    Voice::Speaking { since } => since > self.heard.until(),
                    Voice::Pausing { last_voiced, .. } => last_voiced > through,
                };
                let voice = if gone_on {
                    endpointing::Voice::GoesOn
                } else {
                    self.voice(now)
                };
                let verdict = self.weigh(now, Sign::UtteranceEnd, voice);
                if verdict == Verdict::End && through > from {
                    self.end_turn(through);
                }
            }
            Turn::Quiet => self.give_all(),
        }
    }

    fn processed(&self) -> Samples {
        match &self.link {
            Link::Up(connection) => connection.processed,
            Link::Down { .. } => self.covered,
        }
    }

    // ---- what is owed and late ---------------------------------------------

    pub(super) fn handle_due(&mut self, now: Mono, debt: Debt) {
        if now >= debt.last {
            if self.heard.is_empty() || debt.read_here {
                let reason = "the recogniser gave no answer in time".to_owned();
                self.emit(SttEvent::Failed { reason });
            }
            return self.settle(debt);
        }
        let Link::Up(connection) = &self.link else {
            return self.read_here(now, debt);
        };
        if self.is_caught_up(debt.last_voiced) {
            self.settle(debt);
        } else if now < connection.alive_at.plus(STT_ALIVE) {
            self.wait_until(now.plus(STT_ANSWER_MORE).min(debt.last));
        } else if self.finds_turns() && debt.last_voiced.saturating_sub(debt.from) < STT_COUGH {
            // Flux has nothing to say where nobody spoke.
            self.settle(debt);
        } else {
            self.hang();
            self.read_here(now, debt);
        }
    }

    /// Has the turn read on this machine, where that can be done; else it waits for a connection.
    pub(super) fn read_here(&mut self, now: Mono, debt: Debt) {
        if debt.read_here {
            return;
        }
        if !self.has_fallback {
            return self.wait_until(debt.last);
        }
        let last = now.plus(STT_FALLBACK);
        self.turn = Turn::Owed(Debt {
            read_here: true,
            due: last,
            last,
            ..debt
        });
        self.effects.push_back(Effect::Read {
            turn: debt.to,
            expectation: self.expectation,
            mulaw: self
                .replay
                .copy(debt.from.saturating_sub(LOOK_BACK), debt.to),
        });
    }

    /// The engine on this machine has read a turn.
    pub(in crate::net::deepgram::stt) fn handle_read(
        &mut self,
        turn: Samples,
        read: Result<Reading, String>,
    ) {
        let Turn::Owed(debt) = self.turn else {
            return;
        };
        if debt.to != turn || !debt.read_here {
            return;
        }
        self.heard.clear();
        match read.map(|reading| judge(reading, debt.from, debt.to)) {
            Ok(answer) => {
                self.emit(answer);
                self.close(debt);
            }
            Err(reason) => {
                self.emit(SttEvent::Failed { reason });
                self.settle(debt);
            }
        }
    }

    fn wait_until(&mut self, due: Mono) {
        if let Turn::Owed(debt) = &mut self.turn {
            debt.due = due;
        }
    }

    // ---- giving words ------------------------------------------------------

    /// Answers an ended turn with what there is.
    fn settle(&mut self, debt: Debt) {
        if self.heard.is_empty() || debt.read_here {
            self.emit(SttEvent::Nothing { position: debt.to });
        } else {
            self.emit_words(debt.from, debt.to);
        }
        self.close(debt);
    }

    /// An ended turn was answered.
    fn close(&mut self, debt: Debt) {
        self.note_given(debt.to.min(self.replay.until()));
        self.turn = match debt.next {
            Some(from) => Turn::On {
                from,
                voice: Voice::Speaking { since: from },
            },
            None => Turn::Quiet,
        };
    }

    /// Ends the present turn with its words, which reach up to `through`.
    fn end_turn(&mut self, through: Samples) {
        let Turn::On { from, .. } = self.turn else {
            return;
        };
        let to = self.end_before_detector(through);
        if to <= from {
            return;
        }
        self.emit_words(from, to);
        self.ended_through = to;
        self.note_given(through);
        self.echoes.handle_pause(to);
        self.turn = Turn::Quiet;
    }

    /// A turn that begins from now on must not seem to begin within words that were given: the
    /// detector may yet find one in the latest audio.
    fn end_before_detector(&self, through: Samples) -> Samples {
        let known = self.replay.until().saturating_sub(STT_DETECTOR);
        through.min(known).max(self.ended_through)
    }

    /// Gives words that belong to no turn.
    pub(super) fn give_all(&mut self) {
        let through = self.processed().max(self.heard.until());
        let through = through.min(self.replay.until());
        let to = self.end_before_detector(through);
        let from = self.heard.from().unwrap_or(to).min(to);
        self.emit_words(from, to);
        self.ended_through = to;
        self.note_given(through);
    }

    fn emit_words(&mut self, from: Samples, to: Samples) {
        let text = self.heard.text();
        self.emit(SttEvent::Final(Transcript {
            text,
            second_opinion: None,
            typed: false,
            from,
            to,
        }));
    }

    fn emit(&mut self, event: SttEvent) {
        self.effects.push_back(Effect::Emit(event));
    }

    fn note_given(&mut self, through: Samples) {
        if self.finds_turns() {
            // The vendor's turn goes on, and begins with these.
            self.known_of_vendor_turn += self.heard.interim().split_whitespace().count();
        }
        if let Link::Up(connection) = &mut self.link {
            connection.waits_since = None;
        }
        self.heard.clear();
        self.likely.forget();
        self.given = self.given.max(through);
        self.covered = self.covered.max(through);
    }
}

/// Whether the detector has heard voice after this.
fn goes_on_after(voice: Voice, position: Samples) -> bool {
    match voice {
        Voice::Speaking { since } => since > position,
        Voice::Pausing { last_voiced, .. } => last_voiced > position,
    }
}
