//! What the control plane counts, and the page that a scrape reads.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use storage::call_log::{Outcome, TurnTimings};

use super::calendar::CalendarMetrics;
use super::llm::LlmMetrics;
use super::redis::RedisMetrics;
use super::scrape::DataPlaneCollector;
use crate::telephony::signature::SignatureRefused;
use crate::telephony::token::TokenRefused;

/// Bucket bounds for what a caller waits for, in seconds.
pub(super) const SECONDS: [f64; 14] = [
    0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.5, 10.0,
];

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    turns: Family<Stage, Histogram>,
    turn_overhead: Histogram,
    tools: Family<Tool, Histogram>,
    calls: Family<Ended, Counter>,
    refused: Family<Refusal, Counter>,
    webhooks_refused: Family<Refusal, Counter>,
    network: Family<NetworkEvent, Counter>,
    panics: Counter,
    call_events_lost: Counter,
    llm: LlmMetrics,
    calendar: CalendarMetrics,
    redis: RedisMetrics,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tool {
    tool: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NetworkEvent {
    kind: &'static str,
    what: &'static str,
}

pub(super) fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// With the numbers of the data plane, read when the page is read.
    #[must_use]
    pub fn new(data_plane: Arc<pipeline::metrics::Metrics>) -> Self {
        let mut registry = Registry::default();
        let turns = Family::<Stage, Histogram>::new_with_constructor(seconds);
        let turn_overhead = seconds();
        let tools = Family::<Tool, Histogram>::new_with_constructor(seconds);
        let calls = Family::<Ended, Counter>::default();
        let refused = Family::<Refusal, Counter>::default();
        let webhooks_refused = Family::<Refusal, Counter>::default();
        let network = Family::<NetworkEvent, Counter>::default();
        let panics = Counter::default();
        let call_events_lost = Counter::default();
        registry.register(
            "otto_turn_seconds",
            "From the end of the caller's speech to each stage of the answer",
            turns.clone(),
        );
        registry.register(
            "otto_turn_overhead_seconds",
            "Otto's own share of a turn: all but the pause that ends it, the recogniser and the voice",
            turn_overhead.clone(),
        );
        registry.register("otto_tool_seconds", "How long tools took", tools.clone());
        registry.register("otto_calls", "Calls that ended, by outcome", calls.clone());
        registry.register(
            "otto_calls_refused",
            "Calls and media streams that were turned away",
            refused.clone(),
        );
        registry.register(
            "otto_webhooks_refused",
            "Requests that were not signed by Twilio",
            webhooks_refused.clone(),
        );
        registry.register(
            "otto_network_events",
            "What the telephone network told of calls and messages",
            network.clone(),
        );
        registry.register(
            "otto_session_panics",
            "Sessions ended by a bug of ours",
            panics.clone(),
        );
        registry.register(
            "otto_call_events_lost",
            "Event logs of calls that break off: too long, too much at once, or a full disk",
            call_events_lost.clone(),
        );
        let llm = LlmMetrics::register(&mut registry);
        let calendar = CalendarMetrics::register(&mut registry);
        let redis = RedisMetrics::register(&mut registry);
        registry.register_collector(Box::new(DataPlaneCollector(data_plane)));
        Self {
            registry,
            turns,
            turn_overhead,
            tools,
            calls,
            refused,
            webhooks_refused,
            network,
            panics,
            call_events_lost,
            llm,
            calendar,
            redis,
        }
    }

    /// The page, in the OpenMetrics text format.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut page = String::new();
        if prometheus_client::encoding::text::encode(&mut page, &self.registry).is_err() {
            tracing::error!("the metrics page could not be written");
        }
        page
    }

    pub fn turn(&self, timings: &TurnTimings) {
        let stages = [
            ("endpoint", timings.endpoint_ms),
            ("transcript", timings.transcript_ms),
            ("first_token", timings.first_token_ms),
            ("first_clause", timings.first_clause_ms),
            ("first_audio", timings.first_audio_ms),
            ("first_frame", timings.first_frame_ms),
            ("first_heard", timings.first_heard_ms),
        ];
        for (stage, ms) in stages {
            if let Some(ms) = ms {
                self.turns
                    .get_or_create(&Stage { stage })
                    .observe(ms / 1_000.0);
            }
        }
        if let Some(ms) = overhead_ms(timings) {
            self.turn_overhead.observe(ms / 1_000.0);
        }
    }

    pub fn tool(&self, tool: &'static str, took: Duration) {
        self.tools
            .get_or_create(&Tool { tool })
            .observe(took.as_secs_f64());
    }

    pub fn call_ended(&self, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::InProgress => "in_progress",
            Outcome::Booked => "booked",
            Outcome::Rescheduled => "rescheduled",
            Outcome::Cancelled => "cancelled",
            Outcome::Answered => "answered",
            Outcome::Transferred => "transferred",
            Outcome::Abandoned => "abandoned",
            Outcome::Failed => "failed",
        };
        self.calls.get_or_create(&Ended { outcome }).inc();
    }

    /// What is counted of language models.
    #[must_use]
    pub fn llm(&self) -> &LlmMetrics {
        &self.llm
    }

    /// What is counted of the calendar.
    #[must_use]
    pub fn calendar(&self) -> &CalendarMetrics {
        &self.calendar
    }

    /// What is counted of Redis.
    #[must_use]
    pub fn redis(&self) -> &RedisMetrics {
        &self.redis
    }

    /// An announced call was not taken.
    pub fn call_refused(&self) {
        self.count_refusal("no_room");
    }

    /// A call was announced that is going on already, or over.
    pub fn call_repeated(&self) {
        self.count_refusal("repeated");
    }

    /// A media stream was turned away before anything was started for it.
    pub fn token_refused(&self, refused: TokenRefused) {
        self.count_refusal(match refused {
            TokenRefused::Missing => "token_missing",
            TokenRefused::Malformed => "token_malformed",
            TokenRefused::Forged => "token_forged",
            TokenRefused::Expired => "token_expired",
            TokenRefused::Spent => "token_spent",
        });
    }

    /// A media socket did not get as far as `start`.
    pub fn handshake_failed(&self) {
        self.count_refusal("handshake");
    }

    /// A request that Twilio did not sign.
    pub fn webhook_refused(&self, refused: SignatureRefused) {
        let reason = match refused {
            SignatureRefused::Missing => "missing",
            SignatureRefused::Malformed => "malformed",
            SignatureRefused::OtherBody => "other_body",
            SignatureRefused::Wrong => "wrong",
        };
        self.webhooks_refused
            .get_or_create(&Refusal { reason })
            .inc();
    }

    /// The telephone network told of something. Both words are of closed sets.
    pub fn network_event(&self, kind: &'static str, what: &'static str) {
        self.network
            .get_or_create(&NetworkEvent { kind, what })
            .inc();
    }

    pub fn session_panicked(&self) {
        self.panics.inc();
    }

    /// The event log of a call breaks off.
    pub fn call_events_lost(&self) {
        self.call_events_lost.inc();
    }

    fn count_refusal(&self, reason: &'static str) {
        self.refused.get_or_create(&Refusal { reason }).inc();
    }
}

/// Otto's own share of a turn, in milliseconds: from the words to the first clause of the answer
/// (the dialogue, its tools, but not the model), and from the first audio to the first frame that leaves. What lies
/// before is the pause and the recogniser's, what lies between is the synthesiser's.
fn overhead_ms(timings: &TurnTimings) -> Option<f64> {
    let model = timings.model_ms.unwrap_or_default();
    let thinking = timings.first_clause_ms? - timings.transcript_ms? - model;
    let sending = timings.first_frame_ms? - timings.first_audio_ms?;
    Some(thinking.max(0.0) + sending.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overhead_of_a_turn_is_neither_the_pause_nor_the_engines() {
        let turn = TurnTimings {
            speech_end_at_ms: 4_000,
            endpoint_ms: Some(500.0),
            transcript_ms: Some(650.0),
            first_token_ms: Some(656.0),
            first_clause_ms: Some(658.0),
            first_audio_ms: Some(700.0),
            first_frame_ms: Some(712.0),
            first_heard_ms: Some(740.0),
            model_ms: Some(5.0),
        };
        assert_eq!(overhead_ms(&turn), Some(3.0 + 12.0));
        let metrics = Metrics::new(Arc::default());
        metrics.turn(&turn);
        let page = metrics.encode();
        assert!(
            page.contains("otto_turn_overhead_seconds_sum 0.015\n"),
            "{page}"
        );
        assert!(
            page.contains("otto_turn_overhead_seconds_count 1\n"),
            "{page}"
        );
    }

    #[test]
    fn an_answer_that_never_left_has_no_overhead() {
        let silent = TurnTimings {
            transcript_ms: Some(650.0),
            first_clause_ms: Some(658.0),
            ..TurnTimings::default()
        };
        assert_eq!(overhead_ms(&silent), None);
    }
}
