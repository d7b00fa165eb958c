//! The latencies of one turn: from the end of the caller's speech to the first answer heard.

use std::time::Duration;

use pipeline::Mono;
use pipeline::message::UtteranceId;
use storage::call_log::TurnTimings;

/// A turn that is being answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    speech_end: Mono,
    timings: TurnTimings,
    /// The first utterance that answers it.
    answer: Option<UtteranceId>,
    /// A language model is waited for since then.
    waiting: Option<Mono>,
}

impl Turn {
    /// The caller's speech ended `paused` before `decided`, when the data plane noticed.
    pub(super) fn new(opened: Mono, decided: Mono, paused: Duration) -> Self {
        let nanos = u64::try_from(paused.as_nanos()).unwrap_or(u64::MAX);
        let speech_end = Mono::from_nanos(decided.as_nanos().saturating_sub(nanos));
        let mut turn = Self {
            speech_end,
            timings: TurnTimings {
                speech_end_at_ms: millis(speech_end.since(opened)),
                ..TurnTimings::default()
            },
            answer: None,
            waiting: None,
        };
        turn.timings.endpoint_ms = Some(turn.after(decided));
        turn
    }

    pub(super) fn transcript(&mut self, at: Mono) {
        self.timings.transcript_ms = Some(self.after(at));
    }

    /// A language model was asked.
    pub(super) fn asked(&mut self, at: Mono) {
        self.waiting = Some(at);
    }

    /// The model said something; `words`: to be spoken.
    pub(super) fn model_spoke(&mut self, words: bool, at: Mono) {
        if self.answer.is_some() {
            return;
        }
        if let Some(since) = self.waiting.replace(at) {
            let waited = at.since(since).as_secs_f64() * 1_000.0;
            *self.timings.model_ms.get_or_insert(0.0) += waited;
        }
        if words {
            let at = self.after(at);
            self.timings.first_token_ms.get_or_insert(at);
        } else {
            self.waiting = None;
        }
    }

    /// The first words of an answer were handed over. Later ones are not this turn's latency.
    pub(super) fn said(&mut self, utterance: UtteranceId, at: Mono) {
        if self.answer.is_none() {
            self.answer = Some(utterance);
            self.timings.first_clause_ms = Some(self.after(at));
        }
    }

    pub(super) fn first_audio(&mut self, utterance: UtteranceId, at: Mono) {
        if self.answer == Some(utterance) {
            self.timings.first_audio_ms.get_or_insert(self.after(at));
        }
    }

    pub(super) fn first_frame(&mut self, utterance: UtteranceId, at: Mono) {
        if self.answer == Some(utterance) {
            self.timings.first_frame_ms.get_or_insert(self.after(at));
        }
    }

    /// The caller's side confirmed hearing the utterance. True where that completes the turn.
    pub(super) fn heard(&mut self, utterance: UtteranceId, at: Mono) -> bool {
        if self.answer != Some(utterance) {
            return false;
        }
        self.timings.first_heard_ms = Some(self.after(at));
        true
    }

    /// What is known, if the turn got as far as an answer.
    pub(super) fn timings(&self) -> Option<TurnTimings> {
        self.answer.map(|_| self.timings)
    }

    fn after(&self, at: Mono) -> f64 {
        at.since(self.speech_end).as_secs_f64() * 1_000.0
    }
}

/// Whole milliseconds.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }

    #[test]
    fn every_stage_counts_from_the_end_of_speech() {
        let mut turn = Turn::new(at(1_000), at(5_500), Duration::from_millis(500));
        turn.transcript(at(5_600));
        turn.asked(at(5_601));
        turn.model_spoke(true, at(5_608));
        turn.said(UtteranceId(3), at(5_610));
        turn.said(UtteranceId(4), at(5_620));
        turn.first_audio(UtteranceId(3), at(5_700));
        turn.first_frame(UtteranceId(4), at(5_705));
        turn.first_frame(UtteranceId(3), at(5_710));
        assert!(!turn.heard(UtteranceId(4), at(5_715)));
        assert!(turn.heard(UtteranceId(3), at(5_730)));
        assert_eq!(
            turn.timings(),
            Some(TurnTimings {
                speech_end_at_ms: 4_000,
                endpoint_ms: Some(500.0),
                transcript_ms: Some(600.0),
                first_token_ms: Some(608.0),
                first_clause_ms: Some(610.0),
                first_audio_ms: Some(700.0),
                first_frame_ms: Some(710.0),
                first_heard_ms: Some(730.0),
                model_ms: Some(7.0),
            })
        );
    }

    #[test]
    fn a_turn_without_an_answer_has_no_latency() {
        let turn = Turn::new(at(0), at(100), Duration::ZERO);
        assert_eq!(turn.timings(), None);
    }
}
