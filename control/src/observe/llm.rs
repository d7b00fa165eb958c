//! What is counted of language models.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::metrics::SECONDS;
use crate::llm::Usage;
use crate::llm::fallback::Role;

/// Counters of language models; part of [`super::Metrics`].
#[derive(Debug)]
pub struct LlmMetrics {
    first_token: Histogram,
    requests: Family<Request, Counter>,
    tokens: Family<Kind, Counter>,
    cost: Counter<f64, AtomicU64>,
    remaining: Family<Kind, Gauge>,
    speculations: Family<Speculation, Counter>,
    wasted: Family<Kind, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    role: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Speculation {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

impl LlmMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            first_token: Histogram::new(SECONDS),
            requests: Family::default(),
            tokens: Family::default(),
            cost: Counter::default(),
            remaining: Family::default(),
            speculations: Family::default(),
            wasted: Family::default(),
        };
        registry.register(
            "otto_llm_first_token_seconds",
            "From a question to the first word of its answer, hedges and retries included",
            metrics.first_token.clone(),
        );
        registry.register(
            "otto_llm_requests",
            "Requests to language models, by model and how they ended",
            metrics.requests.clone(),
        );
        registry.register(
            "otto_llm_tokens",
            "Tokens of whole answers; cached ones are counted as prompt, too",
            metrics.tokens.clone(),
        );
        registry.register(
            "otto_llm_cost_dollars",
            "What the tokens cost at the configured prices",
            metrics.cost.clone(),
        );
        registry.register(
            "otto_llm_rate_limit_remaining",
            "What the vendor said is left of its rate limits",
            metrics.remaining.clone(),
        );
        registry.register(
            "otto_speculations",
            "Questions to language models ahead of a turn's end, by what became of them",
            metrics.speculations.clone(),
        );
        registry.register(
            "otto_speculation_wasted_characters",
            "Characters of discarded questions and of what had been answered to them",
            metrics.wasted.clone(),
        );
        metrics
    }

    /// An answer was there before its turn had ended.
    pub fn speculation_used(&self) {
        self.speculation("used");
    }

    /// A question was asked in vain: so many characters of the conversation, answered by so many.
    pub fn speculation_discarded(&self, prompt: usize, answer: usize) {
        self.speculation("discarded");
        for (kind, characters) in [("prompt", prompt), ("completion", answer)] {
            let counter = self.wasted.get_or_create(&Kind { kind });
            counter.inc_by(u64::try_from(characters).unwrap_or(u64::MAX));
        }
    }

    /// Words were likely whole, and nobody was asked: there was no room for what may be in vain.
    pub fn speculation_shed(&self) {
        self.speculation("shed");
    }

    fn speculation(&self, outcome: &'static str) {
        self.speculations
            .get_or_create(&Speculation { outcome })
            .inc();
    }

    pub fn first_token(&self, after: Duration) {
        self.first_token.observe(after.as_secs_f64());
    }

    /// `outcome`: `finished`, `cut`, `cancelled`, or how the vendor failed.
    pub fn request(&self, role: Role, outcome: &'static str) {
        let role = role.label();
        self.requests
            .get_or_create(&Request { role, outcome })
            .inc();
    }

    /// `cost` in dollars; zero where there are no prices.
    pub fn tokens(&self, usage: Usage, cost: f64) {
        for (kind, tokens) in [
            ("prompt", usage.prompt),
            ("cached", usage.cached),
            ("completion", usage.completion),
        ] {
            self.tokens.get_or_create(&Kind { kind }).inc_by(tokens);
        }
        if cost > 0.0 {
            self.cost.inc_by(cost);
        }
    }

    /// `kind`: `requests` or `tokens`.
    pub fn rate_limit_remaining(&self, kind: &'static str, left: i64) {
        self.remaining.get_or_create(&Kind { kind }).set(left);
    }
}
