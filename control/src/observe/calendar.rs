//! What is counted of the calendar.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use storage::calendar::OutboxDepth;

use super::metrics::seconds;
use crate::calendar::reconcile::Drift;

/// Numbers of the calendar; part of [`super::Metrics`].
#[derive(Debug)]
pub struct CalendarMetrics {
    requests: Family<Op, Histogram>,
    outbox: Family<State, Gauge>,
    drift: Family<Kind, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Op {
    op: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

impl CalendarMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::new_with_constructor(seconds),
            outbox: Family::default(),
            drift: Family::default(),
        };
        registry.register(
            "otto_calendar_seconds",
            "How long the calendar took to answer, repeated attempts included",
            metrics.requests.clone(),
        );
        registry.register(
            "otto_calendar_outbox",
            "Changes that the calendar has yet to hear of, and those that were given up",
            metrics.outbox.clone(),
        );
        registry.register(
            "otto_calendar_drift",
            "Differences between the calendar and the book, when they were compared last",
            metrics.drift.clone(),
        );
        metrics
    }

    /// `op`: `free_busy`, `list`, `insert`, `patch`, `get` or `delete`.
    pub fn request(&self, op: &'static str, took: Duration) {
        self.requests
            .get_or_create(&Op { op })
            .observe(took.as_secs_f64());
    }

    pub fn outbox(&self, depth: OutboxDepth) {
        for (state, count) in [("pending", depth.pending), ("dead", depth.dead)] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.outbox.get_or_create(&State { state }).set(count);
        }
    }

    pub fn drift(&self, drift: &Drift) {
        for (kind, count) in [
            ("missing", drift.missing.len()),
            ("changed", drift.changed.len()),
            ("left_over", drift.left_over.len()),
            ("orphan", drift.orphans.len()),
        ] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.drift.get_or_create(&Kind { kind }).set(count);
        }
    }
}
