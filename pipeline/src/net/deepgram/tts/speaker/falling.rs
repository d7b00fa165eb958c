//! What becomes of an utterance when its speaker fails.

use super::super::script::Rung;
use super::{Link, Order, Speaker};
use crate::message::UtteranceId;
use crate::time::Mono;
use crate::vendor::{Vendor, VendorErrorKind};

impl Speaker {
    /// The socket is of no more use. What it has not delivered is the next speaker's.
    pub(super) fn fail(&mut self, kind: VendorErrorKind, now: Mono) {
        self.count_failure(kind, now);
        self.link = Link::Down;
        self.orders.push_back(Order::HangUp);
        self.clears.clear();
        if let Some(group) = self.groups.front() {
            self.script.break_off(group.pieces, group.samples);
        }
        self.groups.clear();
        self.planned = 0;
        let front = self.script.front();
        let affected = front.filter(|piece| piece.rung == Rung::Socket && !piece.is_ready());
        if let Some(utterance) = affected.map(|piece| piece.utterance) {
            self.fall(utterance, Rung::Socket, kind, "the vendor failed");
        }
        self.advance(now);
    }

    /// The next speaker in line takes the utterance over. Where there is none, it is lost, unless
    /// all that was asked of it is delivered.
    pub(super) fn fall(
        &mut self,
        utterance: UtteranceId,
        from: Rung,
        kind: VendorErrorKind,
        why: &str,
    ) {
        let hopeless = matches!(kind, VendorErrorKind::Unauthorized | VendorErrorKind::Quota);
        let next = match from {
            Rung::Socket if !hopeless => Some(Rung::Rest),
            Rung::Socket | Rung::Rest if self.speaks_locally => Some(Rung::Local),
            _ => None,
        };
        if let Some(rung) = next {
            return self.script.fall(utterance, rung);
        }
        let front = self.script.front();
        if front.is_some_and(|piece| piece.utterance == utterance) {
            let reason = format!("nobody could say it: {why} ({})", kind.label());
            self.script.give_up(utterance, reason);
        }
    }

    /// Whether the vendor is to be asked to speak this utterance. Where nobody else could, it is.
    pub(super) fn may_ask_for(&mut self, utterance: UtteranceId, now: Mono) -> bool {
        if !self.admitted && self.begun != Some(utterance) {
            self.admitted = self.breaker.admits(now);
            return self.admitted || !self.speaks_locally;
        }
        true
    }

    pub(super) fn succeeded(&mut self) {
        self.admitted = false;
        self.breaker.succeeded();
    }

    pub(super) fn count_failure(&mut self, kind: VendorErrorKind, now: Mono) {
        self.admitted = false;
        self.metrics.vendor_errors.count(Vendor::DeepgramTts, kind);
        // A refusal is about these words, and says nothing about the next ones.
        if kind != VendorErrorKind::Refused {
            self.breaker.failed(now);
        }
    }
}
