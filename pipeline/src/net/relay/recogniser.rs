//! The recogniser and its words: whose turn they end, and what they mean for what is being said.

use dsp::Samples;

use super::{Relay, SttEvent};
use crate::fact::Order;
use crate::message::{EventKind, SpeechEdge, Transcript};
use crate::metrics::Oddity;
use crate::net::interjection::Verdict;
use crate::net::turns::Given;
use crate::time::Mono;

impl Relay {
    pub(in crate::net) fn handle_stt(&mut self, event: SttEvent) {
        let now = self.now;
        let kind = match event {
            SttEvent::Partial { text } => {
                let order = self.interjection.handle_partial(&text, self.expects);
                self.decide(order);
                EventKind::Partial { text }
            }
            SttEvent::LikelyEnd { text } => EventKind::LikelyEnd { text },
            SttEvent::WentOn => EventKind::WentOn,
            SttEvent::Final(transcript) => return self.words(now, transcript),
            SttEvent::Nothing { position } => {
                if !self.turns.handle_nothing() {
                    return;
                }
                self.note_stt_final(now);
                let order = self.interjection.handle_nothing(position);
                self.decide(order);
                EventKind::NothingRecognised { position }
            }
            SttEvent::Failed { reason } => EventKind::SpeechFailed {
                edge: SpeechEdge::Stt,
                utterance: None,
                reason,
            },
        };
        self.tell(now, kind);
    }

    /// Words, which end the caller's turn where nobody has ended it yet.
    fn words(&mut self, now: Mono, words: Transcript) {
        let mut resumed = None;
        match self.turns.handle_words(&words) {
            Given::Answer => {}
            Given::EndsTurn { through } => self.end_turn(now, through),
            Given::Turn {
                from,
                through,
                resumes,
            } => {
                self.tell(now, EventKind::SpeechStarted { position: from });
                self.end_turn(now, through);
                resumed = resumes;
            }
        }
        self.note_stt_final(now);
        let (verdict, order) = self.interjection.handle_words(now, words, self.expects);
        self.decide(order);
        match verdict {
            Verdict::Turn(words) => self.tell(now, EventKind::Transcript(words)),
            Verdict::Backchannel(words) => self.tell(now, EventKind::Backchannel(words)),
            Verdict::Kept => {}
        }
        if let Some(position) = resumed {
            self.tell(now, EventKind::SpeechStarted { position });
        }
    }

    /// The recogniser has ended the caller's turn.
    fn end_turn(&mut self, now: Mono, through: Samples) {
        self.orders.give(self.call, Order::EndTurn { through });
        self.hearing.handle_turn_cut(through);
        self.feed_stt();
        self.turn_ended_at = Some(now);
        let ended = EventKind::SpeechEnded {
            position: through,
            silence: self.clock.silence(now, through),
        };
        self.tell(now, ended);
    }

    /// Has the voice thread do what the caller's words mean for what is being said.
    fn decide(&self, order: Option<Order>) {
        if let Some(order) = order {
            self.orders.give(self.call, order);
        }
    }

    fn note_stt_final(&mut self, now: Mono) {
        if let Some(ended_at) = self.turn_ended_at.take() {
            self.metrics.stt_final.record(now.since(ended_at));
        }
    }

    /// The recogniser is gone. The call goes on without one; its session decides what that means.
    pub(super) fn handle_stt_lost(&mut self) {
        self.stt.input = None;
        self.hearing.forget();
        self.turns.handle_lost();
        self.metrics.count(Oddity::EdgeLost);
        let kind = EventKind::SpeechFailed {
            edge: SpeechEdge::Stt,
            utterance: None,
            reason: "the recogniser is gone".into(),
        };
        self.tell(self.now, kind);
    }

    pub(super) fn feed_stt(&mut self) {
        let Some(input) = &self.stt.input else {
            return self.hearing.forget();
        };
        while !self.hearing.is_caught_up()
            && let Ok(permit) = input.try_reserve()
            && let Some(next) = self.hearing.next()
        {
            permit.send(next);
        }
    }
}
