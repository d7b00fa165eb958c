//! How a voice thread speaks to its net thread: facts, and a bell that is rung no more than needed.

use std::sync::Arc;

use ringbuf::HeapProd;
use ringbuf::traits::Producer;

use crate::doorbell::Doorbell;
use crate::fact::{About, CallKey, Report};
use crate::metrics::{Metrics, Oddity};
use crate::time::Mono;

/// A voice thread's way to its net thread.
pub(super) struct Reporter {
    facts: HeapProd<About<Report>>,
    bell: Doorbell,
    due: Due,
    pub(super) metrics: Arc<Metrics>,
}

/// When the bell is to be rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Never,
    AtTick,
    AtOnce,
}

/// The ring of facts was full.
#[derive(Debug)]
pub(super) struct FactDropped;

impl Reporter {
    pub(super) fn new(
        facts: HeapProd<About<Report>>,
        bell: Doorbell,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            facts,
            bell,
            due: Due::Never,
            metrics,
        }
    }

    pub(super) fn report(
        &mut self,
        call: CallKey,
        at: Mono,
        fact: Report,
    ) -> Result<(), FactDropped> {
        let due = if fact.is_urgent() {
            Due::AtOnce
        } else {
            Due::AtTick
        };
        self.due = self.due.max(due);
        self.facts.try_push(About { call, at, fact }).map_err(|_| {
            self.metrics.count(Oddity::FactDropped);
            FactDropped
        })
    }

    /// Something of another queue waits for the net thread.
    pub(super) fn ring_at_once(&mut self) {
        self.due = Due::AtOnce;
    }

    /// Rings if something urgent happened, or if a tick is over and anything did.
    pub(super) fn ring_if_due(&mut self, tick_over: bool) {
        let threshold = if tick_over { Due::AtTick } else { Due::AtOnce };
        if self.due >= threshold {
            self.due = Due::Never;
            self.bell.ring();
        }
    }
}
