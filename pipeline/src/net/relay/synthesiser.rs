//! The synthesiser and its audio.

use super::{Relay, TtsEvent};
use crate::fact::Order;
use crate::message::{EventKind, SpeechEdge, UtteranceId};
use crate::metrics::Oddity;
use crate::net::speaking::Delivered;

impl Relay {
    pub(in crate::net) fn handle_tts(&mut self, event: TtsEvent) {
        match event {
            TtsEvent::Audio { utterance, mulaw } => {
                self.note_first_audio(utterance);
                let delivered = self.speaking.handle_audio(utterance, mulaw);
                self.heed(delivered);
            }
            TtsEvent::ClauseDone {
                utterance,
                clause,
                samples,
            } => self.tell(
                self.now,
                EventKind::ClauseSynthesised {
                    utterance,
                    clause,
                    samples,
                },
            ),
            TtsEvent::Done { utterance } => {
                // An utterance without words has no first audio.
                self.asked.retain(|(asked, _)| *asked != utterance);
                let delivered = self.speaking.handle_end(utterance);
                self.heed(delivered);
            }
            TtsEvent::Failed { utterance, reason } => self.tts_failed(Some(utterance), &reason),
        }
    }

    fn note_first_audio(&mut self, utterance: UtteranceId) {
        let now = self.now;
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == utterance) else {
            return;
        };
        if let Some((_, asked_at)) = self.asked.remove(at) {
            self.metrics.tts_first_byte.record(now.since(asked_at));
            self.tell(now, EventKind::FirstAudio { utterance });
        }
    }

    /// The synthesiser is gone: what it had promised ends where it stands.
    pub(super) fn handle_tts_lost(&mut self) {
        self.tts.input = None;
        self.clauses.clear();
        self.metrics.count(Oddity::EdgeLost);
        let unfinished: Vec<_> = self.speaking.open().collect();
        if unfinished.is_empty() {
            self.tts_failed(None, "the synthesiser is gone");
        }
        for utterance in unfinished {
            self.tts_failed(Some(utterance), "the synthesiser is gone");
        }
    }

    pub(super) fn tts_failed(&mut self, utterance: Option<UtteranceId>, reason: &str) {
        if let Some(utterance) = utterance {
            self.asked.retain(|(asked, _)| *asked != utterance);
            let delivered = self.speaking.handle_end(utterance);
            self.heed(delivered);
        }
        let kind = EventKind::SpeechFailed {
            edge: SpeechEdge::Tts,
            utterance,
            reason: reason.into(),
        };
        self.tell(self.now, kind);
    }

    pub(super) fn feed_tts(&mut self) {
        let Some(input) = &self.tts.input else {
            return self.clauses.clear();
        };
        while !self.clauses.is_empty()
            && let Ok(permit) = input.try_reserve()
            && let Some(next) = self.clauses.pop_front()
        {
            permit.send(next);
        }
    }

    /// Wakes the voice thread for audio that should not wait for its tick.
    pub(super) fn heed(&mut self, delivered: Delivered) {
        for _ in 0..delivered.retired {
            self.metrics.count(Oddity::RetiredAudio);
        }
        if delivered.wakes {
            self.orders.give(self.call, Order::Audio);
        }
    }
}
