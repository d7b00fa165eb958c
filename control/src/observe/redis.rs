//! What is counted of what nodes share, and of what this one remembers.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::nodes::Tier;

/// From what this process remembers, in microseconds, to a database that is slow.
const LOOKUP_SECONDS: [f64; 12] = [
    0.000_005, 0.000_02, 0.000_1, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.5, 2.5,
];

/// Numbers of Redis; part of [`super::Metrics`].
#[derive(Debug)]
pub struct RedisMetrics {
    failures: Family<Op, Counter>,
    lookups: Family<FoundIn, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Op {
    op: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FoundIn {
    tier: &'static str,
}

impl RedisMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            failures: Family::default(),
            lookups: Family::new_with_constructor(|| Histogram::new(LOOKUP_SECONDS)),
        };
        registry.register(
            "otto_redis_failures",
            "Questions that Redis did not answer, so that this process went on alone",
            metrics.failures.clone(),
        );
        registry.register(
            "otto_customer_lookup_seconds",
            "How long it took to find who has a telephone number, by where they were found",
            metrics.lookups.clone(),
        );
        metrics
    }

    /// `op`: what was asked, a word of a closed set such as `spend`.
    pub fn failed(&self, op: &'static str) {
        self.failures.get_or_create(&Op { op }).inc();
    }

    /// Somebody was looked up by their number, found or not.
    pub fn customer_lookup(&self, tier: Tier, took: Duration) {
        let tier = match tier {
            Tier::Memory => "memory",
            Tier::Redis => "redis",
            Tier::Database => "database",
        };
        self.lookups
            .get_or_create(&FoundIn { tier })
            .observe(took.as_secs_f64());
    }
}
