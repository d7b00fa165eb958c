//! What is to be said, in order, and what was delivered of it.
//!
//! Clauses wait here as pieces until all their audio was handed on. Audio has no clause boundaries
//! of its own: the audio of several pieces is apportioned to them by their letters.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use dsp::Samples;

use crate::limits::{TTS_PIECE_BYTES, TTS_PIECES};
use crate::message::UtteranceId;
use crate::net::edge::TtsEvent;
use crate::time::Mono;

/// Who speaks, best first. An utterance never climbs back: two voices in one are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    /// The vendor, by the call's own socket.
    Socket,
    /// The vendor, asked clause by clause.
    Rest,
    /// The voice on this machine.
    Local,
}

/// A clause, or as much of it as is spoken in one go.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) utterance: UtteranceId,
    clause: u32,
    /// No white space around it. Empty where there is nothing to say, but something may end.
    pub(super) text: String,
    /// Its audio, where it was made before.
    pub(super) kept: Option<Bytes>,
    ends_clause: bool,
    pub(super) last: bool,
    pub(super) rung: Rung,
}

impl Piece {
    /// Needs no speaker.
    pub(super) fn is_ready(&self) -> bool {
        self.kept.is_some() || self.text.is_empty()
    }

    pub(super) fn letters(&self) -> u32 {
        letters(&self.text)
    }

    /// Whether there is anything in it that can be heard.
    pub(super) fn is_audible(&self) -> bool {
        self.text.chars().any(char::is_alphanumeric)
    }

    pub(super) fn ends_sentence(&self) -> bool {
        let text = self
            .text
            .trim_end_matches(['"', '\'', ')', '\u{201D}', '\u{2019}']);
        text.ends_with(['.', '!', '?'])
    }
}

/// One clause of an utterance, as it is asked for.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) utterance: UtteranceId,
    pub(super) clause: u32,
    pub(super) text: String,
    pub(super) last: bool,
    /// Its audio, where it was made before.
    pub(super) kept: Option<Bytes>,
}

/// More is asked for than is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

#[derive(Debug, Default)]
pub(super) struct Script {
    pieces: VecDeque<Piece>,
    /// Audio of the front clause that is delivered already: of earlier pieces, or broken off.
    so_far: Samples,
    events: VecDeque<TtsEvent>,
    /// The utterance that came last, and its rung: what follows of it is spoken there, too.
    latest: Option<(UtteranceId, Rung)>,
    /// Clauses of this utterance or of one before it may still come, but are not wanted.
    retired: Option<UtteranceId>,
    /// Until when the caller has something to hear, if nothing was in its way.
    audible_until: Mono,
    pace: Pace,
}

impl Script {
    /// Takes a clause. One of a retired utterance is ignored, and one that neither says nor ends
    /// anything.
    pub(super) fn take(&mut self, words: Words) -> Result<(), TooMuch> {
        let Words {
            utterance, clause, ..
        } = words;
        let retired = self.retired.is_some_and(|retired| utterance <= retired);
        let idle = words.text.trim().is_empty() && !words.last;
        if retired || idle {
            return Ok(());
        }
        if self.pieces.len() >= TTS_PIECES {
            return Err(TooMuch);
        }
        let rung = match self.latest {
            Some((latest, rung)) if latest == utterance => rung,
            _ => Rung::Socket,
        };
        self.latest = Some((utterance, rung));
        let mut rest = words.text.trim();
        loop {
            let at = match &words.kept {
                Some(_) => rest.len(),
                None => cut(rest),
            };
            let (text, tail) = rest.split_at(at);
            rest = tail.trim_start();
            self.pieces.push_back(Piece {
                utterance,
                clause,
                text: text.trim_end().to_owned(),
                kept: words.kept.clone(),
                ends_clause: rest.is_empty(),
                last: words.last && rest.is_empty(),
                rung,
            });
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    pub(super) fn front(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(at)
    }

    /// How many of the first pieces are of this utterance.
    pub(super) fn count_in(&self, first: usize, utterance: UtteranceId) -> usize {
        let first = self.pieces.iter().take(first);
        first.filter(|piece| piece.utterance == utterance).count()
    }

    /// The utterance is spoken on this rung from now on, or on one further down.
    pub(super) fn fall(&mut self, utterance: UtteranceId, rung: Rung) {
        let pieces = self.pieces.iter_mut();
        for piece in pieces.filter(|piece| piece.utterance == utterance) {
            piece.rung = piece.rung.max(rung);
        }
        if let Some((latest, at)) = &mut self.latest
            && *latest == utterance
        {
            *at = rung.max(*at);
        }
    }

    /// Nothing of the utterance is delivered from now on.
    pub(super) fn forget(&mut self, utterance: UtteranceId) {
        self.retired = self.retired.max(Some(utterance));
        if self
            .front()
            .is_some_and(|piece| piece.utterance == utterance)
        {
            self.so_far = Samples::ZERO;
        }
        self.pieces.retain(|piece| piece.utterance != utterance);
        self.events.retain(|event| utterance_of(event) != utterance);
        self.audible_until = Mono::default();
    }

    /// The utterance is lost.
    pub(super) fn give_up(&mut self, utterance: UtteranceId, reason: String) {
        self.forget(utterance);
        self.events
            .push_back(TtsEvent::Failed { utterance, reason });
    }

    /// Audio of the front utterance.
    pub(super) fn deliver(&mut self, utterance: UtteranceId, mulaw: Bytes, now: Mono) {
        let length = Samples(mulaw.len() as u64);
        let lasts = Duration::from_millis(length.as_ms());
        self.audible_until = self.audible_until.max(now).plus(lasts);
        self.events.push_back(TtsEvent::Audio { utterance, mulaw });
    }

    /// The front piece needs no speaker: what is known of it is delivered.
    pub(super) fn deliver_ready(&mut self, now: Mono) {
        let Some(front) = self.pieces.front_mut() else {
            return;
        };
        let kept = front.kept.take().unwrap_or_default();
        let (utterance, length) = (front.utterance, Samples(kept.len() as u64));
        if !kept.is_empty() {
            self.deliver(utterance, kept, now);
        }
        self.finish_front(length);
    }

    /// All audio of the first pieces was delivered: so much together.
    pub(super) fn finish(&mut self, pieces: usize, samples: Samples) {
        let letters = self.pieces.iter().take(pieces).map(Piece::letters);
        let total: u32 = letters.sum();
        self.pace.learn(total, samples);
        let (mut before, mut given) = (0, 0);
        for _ in 0..pieces {
            before += u64::from(self.front().map_or(0, Piece::letters));
            let until = samples.0 * before / u64::from(total.max(1));
            self.finish_front(Samples(until - given));
            given = until;
        }
    }

    /// The audio of the first pieces was broken off after so much of it. Pieces that were heard to
    /// their end, as far as the pace of speech tells, are finished. The next one will be said again
    /// from its begin: half of it is worse than hearing a little twice.
    pub(super) fn break_off(&mut self, pieces: usize, samples: Samples) {
        let mut left = samples;
        for n in 1..=pieces {
            let Some(front) = self.front() else { return };
            let expected = self.pace.length(front.letters());
            if left.0 == 0 || left < expected {
                self.so_far += left;
                return;
            }
            let length = if n == pieces { left } else { expected };
            self.finish_front(length);
            left = left.saturating_sub(length);
        }
    }

    pub(super) fn audible_until(&self) -> Mono {
        self.audible_until
    }

    pub(super) fn next_event(&mut self) -> Option<TtsEvent> {
        self.events.pop_front()
    }

    pub(super) fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    fn finish_front(&mut self, length: Samples) {
        let Some(piece) = self.pieces.pop_front() else {
            return;
        };
        let (utterance, clause) = (piece.utterance, piece.clause);
        self.so_far += length;
        if piece.ends_clause {
            let samples = std::mem::take(&mut self.so_far);
            self.events.push_back(TtsEvent::ClauseDone {
                utterance,
                clause,
                samples,
            });
        }
        if piece.last {
            self.events.push_back(TtsEvent::Done { utterance });
        }
    }
}

/// How fast the vendor speaks, as far as is known.
#[derive(Debug)]
struct Pace {
    letters: u64,
    samples: u64,
}

impl Default for Pace {
    /// About 15 letters a second, believed until as many have been heard.
    fn default() -> Self {
        Self {
            letters: 100,
            samples: 53_300,
        }
    }
}

impl Pace {
    fn learn(&mut self, letters: u32, samples: Samples) {
        self.letters += u64::from(letters);
        self.samples += samples.0;
    }

    fn length(&self, letters: u32) -> Samples {
        Samples(u64::from(letters) * self.samples / self.letters)
    }
}

fn letters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Where to cut what is too long for one piece: at the last space that fits, else anywhere.
fn cut(text: &str) -> usize {
    if text.len() <= TTS_PIECE_BYTES {
        return text.len();
    }
    let fits = &text[..text.floor_char_boundary(TTS_PIECE_BYTES)];
    fits.rfind(char::is_whitespace)
        .filter(|at| *at > 0)
        .unwrap_or(fits.len())
}

fn utterance_of(event: &TtsEvent) -> UtteranceId {
    match event {
        TtsEvent::Audio { utterance, .. }
        | TtsEvent::ClauseDone { utterance, .. }
        | TtsEvent::Done { utterance }
        | TtsEvent::Failed { utterance, .. } => *utterance,
    }
}
