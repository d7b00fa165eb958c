//! The machine under a virtual clock: what it sends, what the call hears, and when.

mod any_course;
mod budget;
mod clauses;
mod failures;
mod interruptions;

use std::time::Duration;

use super::*;
use crate::limits::BREAKER_FAILURES;
use crate::vendor::Vendor;

const ONE: UtteranceId = UtteranceId(1);
const TWO: UtteranceId = UtteranceId(2);

/// A machine, and all that came of it.
struct Scene {
    speaker: Speaker,
    breaker: SharedBreaker,
    metrics: Arc<Metrics>,
    now: Mono,
}

impl Scene {
    /// With a voice on this machine, before the call's begin.
    fn new() -> Self {
        Self::with(true)
    }

    fn with(speaks_locally: bool) -> Self {
        let (breaker, metrics) = (SharedBreaker::default(), Arc::<Metrics>::default());
        Self {
            speaker: Speaker::new(speaks_locally, breaker.clone(), metrics.clone()),
            breaker,
            metrics,
            now: Mono::from_millis(1_000),
        }
    }

    /// With its socket open.
    fn open() -> Self {
        let mut scene = Self::new();
        scene.speaker.handle_start();
        assert_eq!(scene.orders(), [Order::Open]);
        scene.speaker.handle_opened(scene.now);
        scene
    }

    fn say(&mut self, utterance: UtteranceId, clause: u32, text: &str, last: bool) {
        self.say_kept(utterance, clause, text, last, None);
    }

    fn say_kept(
        &mut self,
        utterance: UtteranceId,
        clause: u32,
        text: &str,
        last: bool,
        kept: Option<Bytes>,
    ) {
        let words = Words {
            utterance,
            clause,
            text: text.into(),
            last,
            kept,
        };
        self.speaker.handle_speak(words, self.now);
    }

    fn audio(&mut self, bytes: usize) {
        self.speaker.handle_audio(vec![7; bytes].into(), self.now);
    }

    fn text(&mut self, kind: &str) {
        let message = format!(r#"{{"type":"{kind}"}}"#);
        self.speaker.handle_text(&message, self.now);
    }

    /// Lets time pass, deadline by deadline.
    fn pass(&mut self, span: Duration) {
        let until = self.now.plus(span);
        for _ in 0..100 {
            match self.speaker.timeout(self.now) {
                Some(due) if due <= until => {
                    self.now = self.now.max(due);
                    self.speaker.handle_time(self.now);
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("deadlines pass and nothing comes of it");
    }

    fn orders(&mut self) -> Vec<Order> {
        std::iter::from_fn(|| self.speaker.poll_order()).collect()
    }

    /// What was sent, in short.
    fn sent(&mut self) -> Vec<String> {
        self.orders().iter().map(in_short).collect()
    }

    fn events(&mut self) -> Vec<TtsEvent> {
        std::iter::from_fn(|| self.speaker.poll_event()).collect()
    }

    /// Audio heard, in bytes, and the other events.
    fn heard(&mut self) -> (usize, Vec<TtsEvent>) {
        let (mut bytes, mut others) = (0, Vec::new());
        for event in self.events() {
            match event {
                TtsEvent::Audio { mulaw, .. } => bytes += mulaw.len(),
                other => others.push(other),
            }
        }
        (bytes, others)
    }

    fn errors(&self, kind: VendorErrorKind) -> u64 {
        let errors = &self.metrics.vendor_errors;
        errors.count_of(Vendor::DeepgramTts, kind)
    }

    fn break_vendor(&self) {
        for _ in 0..BREAKER_FAILURES {
            self.breaker.failed(self.now);
        }
    }
}

fn in_short(order: &Order) -> String {
    match order {
        Order::Send(message) => {
            let message: serde_json::Value = serde_json::from_str(message).expect("JSON");
            match message["text"].as_str() {
                Some(text) => format!("say {text}"),
                None => message["type"].as_str().expect("a type").to_lowercase(),
            }
        }
        Order::Fetch { from, text } => format!("{from:?} {text}").to_lowercase(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn clause_done(utterance: UtteranceId, clause: u32, samples: u64) -> TtsEvent {
    TtsEvent::ClauseDone {
        utterance,
        clause,
        samples: Samples(samples),
    }
}

fn done(utterance: UtteranceId) -> TtsEvent {
    TtsEvent::Done { utterance }
}
