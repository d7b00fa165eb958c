//! Playout: lets the agent's audio go just ahead of the caller's ear, and takes it back.
//!
//! An answer leaves as one frame at once, then in messages of 100 ms, never further ahead than the
//! send horizon: what is not yet sent costs nothing to take back. When the caller speaks over the
//! agent, the far end's buffer is cleared, the utterance retired, and its waiting frames dropped.

use std::time::Duration;

use dsp::{FRAME_MS, FRAME_SAMPLES, Samples};

use crate::fact::Report;
use crate::limits::{LOW_WATER, MESSAGE_BYTES, MESSAGE_FRAMES, SEND_HORIZON};
use crate::message::UtteranceId;
use crate::metrics::Oddity;
use crate::ring::AgentFrame;
use crate::time::Mono;

use super::ledger::{Heard, Ledger, MarkName, MarkRejected};
use super::outlet::Outlet;
use super::reference::Reference;

/// The agent's side of the line.
#[derive(Debug, Default)]
pub struct Playout {
    floor: Floor,
    ledger: Ledger,
    pub(super) reference: Reference,
    /// This utterance and all before it are never heard again.
    retired: Option<UtteranceId>,
}

/// What the agent does with the floor. Audio that was sent lives on in the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Floor {
    /// The agent has nothing to say, or all of it was sent.
    #[default]
    Silent,
    /// The agent is in the middle of an utterance.
    Speaking {
        utterance: UtteranceId,
        /// How much of it has been sent.
        sent: Samples,
        /// Whether the caller's buffer has run empty since the last message.
        dry: bool,
    },
}

/// What the caller is doing, as far as the agent must mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The agent may speak.
    Listens,
    /// An utterance that has not begun waits.
    Speaks,
    /// So long that an utterance that has not begun never will.
    HoldsTheFloor,
}

impl Playout {
    /// Sends what is due.
    pub fn handle_tick(&mut self, now: Mono, caller: Caller, out: &mut impl Outlet) {
        while let Some(heard) = self.ledger.pop_lost(now) {
            out.count(Oddity::LostMark);
            report_heard(heard, out);
        }
        while self.send_next(now, caller, out) {}
    }

    /// A mark came back.
    pub fn handle_mark(&mut self, name: &[u8], out: &mut impl Outlet) {
        let Some(name) = MarkName::parse(name) else {
            return out.count(Oddity::UnknownMark);
        };
        match self.ledger.handle_mark(name) {
            Ok(()) => {
                while let Some(heard) = self.ledger.pop_through(name) {
                    report_heard(heard, out);
                }
            }
            Err(MarkRejected::Cleared) => out.count(Oddity::ClearedMark),
            Err(MarkRejected::Unknown) => out.count(Oddity::UnknownMark),
        }
    }

    /// The caller has begun to speak: where the agent sounds, it falls silent now. `voiced_at` is
    /// when the first voiced frame arrived.
    pub fn handle_voice(&mut self, now: Mono, voiced_at: Mono, out: &mut impl Outlet) {
        // What the clock says was played needs no `clear`, though its marks may be on their way.
        self.settle_played(now, out);
        if !self.is_audible(now) {
            return;
        }
        let cleared_at = out.clear(now, Some(voiced_at));
        let stopped = self.stop(now, out);
        for (utterance, heard) in stopped.into_iter().flatten() {
            out.report(Report::BargeIn {
                utterance,
                heard,
                voiced_at,
                cleared_at,
            });
            self.retire(utterance, out);
        }
    }

    /// The control plane takes an utterance, and all before it, back. What of them is already in
    /// the air in front of a later utterance is let go; it is less than the send horizon.
    pub fn handle_retire(&mut self, now: Mono, through: UtteranceId, out: &mut impl Outlet) {
        let latest = match self.floor {
            Floor::Speaking { utterance, .. } => Some(utterance),
            Floor::Silent => self.ledger.latest(),
        };
        if latest.is_some_and(|latest| latest <= through) {
            out.clear(now, None);
            for (utterance, samples) in self.stop(now, out).into_iter().flatten() {
                out.report(Report::Heard { utterance, samples });
            }
        }
        self.retire(through, out);
    }

    /// Whether the caller hears the agent, or would in a moment: in the middle of an utterance, or
    /// with its audio in the air.
    #[must_use]
    pub fn is_audible(&self, now: Mono) -> bool {
        matches!(self.floor, Floor::Speaking { .. }) || self.ledger.in_the_air(now)
    }

    /// Whether all there was to say has been heard.
    #[must_use]
    pub fn is_done(&self, out: &impl Outlet) -> bool {
        self.floor == Floor::Silent && self.ledger.is_settled() && out.waiting().is_none()
    }

    /// Takes one step; false when nothing more can be done now.
    fn send_next(&mut self, now: Mono, caller: Caller, out: &mut impl Outlet) -> bool {
        let Some(&head) = out.waiting() else {
            self.note_dry(now, out);
            return false;
        };
        if self.is_retired(head.utterance) {
            out.take_waiting();
            if !head.is_end() {
                out.count(Oddity::RetiredAudio);
            }
            return true;
        }
        if self.floor == Floor::Silent && caller != Caller::Listens {
            return self.hold(now, head.utterance, caller, out);
        }
        if head.is_end() {
            out.take_waiting();
            self.close(head, out);
            return true;
        }
        let Some(frames) = self.frames_due(now, out) else {
            return false;
        };
        self.send(now, head, frames, out);
        true
    }

    /// How many frames may go now: one where the caller's buffer is empty, else a whole message;
    /// part of one only where waiting for the rest is a risk.
    fn frames_due(&self, now: Mono, out: &impl Outlet) -> Option<usize> {
        let ahead = self.ledger.ahead(now);
        let frames = if ahead.is_zero() { 1 } else { MESSAGE_FRAMES };
        let length = Duration::from_millis(FRAME_MS) * u32::try_from(frames).unwrap_or(u32::MAX);
        let may_wait = out.waiting_frames() < frames && ahead > LOW_WATER;
        (out.takes_media() && ahead + length <= SEND_HORIZON && !may_wait).then_some(frames)
    }

    /// Sends up to `frames` frames of the utterance that `head` belongs to, and a mark.
    fn send(&mut self, now: Mono, head: AgentFrame, frames: usize, out: &mut impl Outlet) {
        let mut message = [0; MESSAGE_BYTES];
        let mut filled = 0;
        let mut until = head.position;
        while filled < frames * FRAME_SAMPLES
            && let Some(frame) = out.waiting()
            && frame.utterance == head.utterance
            && !frame.is_end()
        {
            message[filled..filled + FRAME_SAMPLES].copy_from_slice(&frame.mulaw);
            filled += FRAME_SAMPLES;
            until = frame.until();
            out.take_waiting();
        }
        if self.ledger.is_full()
            && let Some(heard) = self.ledger.pop_oldest()
        {
            out.count(Oddity::LostMark);
            report_heard(heard, out);
        }
        out.media(&message[..filled]);
        self.reference.play(now, &message[..filled]);
        let on_line = Samples(filled as u64);
        let mark = self
            .ledger
            .record(now, head.utterance, head.position, until, on_line);
        out.mark(mark);
        let goes_on =
            matches!(self.floor, Floor::Speaking { utterance, .. } if utterance == head.utterance);
        if !goes_on {
            out.report(Report::UtteranceStarted {
                utterance: head.utterance,
            });
        }
        self.floor = Floor::Speaking {
            utterance: head.utterance,
            sent: until,
            dry: false,
        };
    }

    /// All audio of an utterance has been sent.
    fn close(&mut self, end: AgentFrame, out: &mut impl Outlet) {
        self.floor = Floor::Silent;
        if let Some(heard) = self.ledger.close(end.utterance, end.position) {
            report_heard(heard, out);
        }
    }

    /// The caller speaks while an utterance has yet to begin: it waits, in case that was a cough,
    /// and is retired once that is speech, because what it says no longer fits.
    fn hold(
        &mut self,
        now: Mono,
        utterance: UtteranceId,
        caller: Caller,
        out: &mut impl Outlet,
    ) -> bool {
        if caller == Caller::Speaks {
            return false;
        }
        out.report(Report::BargeIn {
            utterance,
            heard: Samples::ZERO,
            voiced_at: now,
            cleared_at: now,
        });
        self.retire(utterance, out);
        true
    }

    /// Forgets what is in the air, which the far end has been told to do, too. Returns what of the
    /// interrupted utterances had been heard: of the one that sounded, and of a later one that was
    /// already being sent.
    fn stop(&mut self, now: Mono, out: &mut impl Outlet) -> [Option<(UtteranceId, Samples)>; 2] {
        self.settle_played(now, out);
        let sounding = self.ledger.sounding(now);
        let latest = self.ledger.latest();
        self.ledger.clear(now);
        self.reference.clear(now);
        let sending = match std::mem::take(&mut self.floor) {
            Floor::Speaking {
                utterance, sent, ..
            } => Some((utterance, sent)),
            Floor::Silent => latest.map(|utterance| (utterance, Samples::ZERO)),
        };
        match (sounding, sending) {
            (Some(sounding), Some(sending)) if sounding.0 != sending.0 => {
                [Some(sounding), Some((sending.0, Samples::ZERO))]
            }
            // Nothing of it was in the air any more, so all that was sent had been heard.
            (None, sending) => [sending, None],
            (sounding, _) => [sounding, None],
        }
    }

    fn settle_played(&mut self, now: Mono, out: &mut impl Outlet) {
        while let Some(heard) = self.ledger.pop_played(now) {
            report_heard(heard, out);
        }
    }

    fn retire(&mut self, through: UtteranceId, out: &mut impl Outlet) {
        self.retired = self.retired.max(Some(through));
        while let Some(&head) = out.waiting()
            && self.is_retired(head.utterance)
        {
            out.take_waiting();
        }
    }

    fn is_retired(&self, utterance: UtteranceId) -> bool {
        self.retired.is_some_and(|retired| utterance <= retired)
    }

    fn note_dry(&mut self, now: Mono, out: &mut impl Outlet) {
        if let Floor::Speaking { dry, .. } = &mut self.floor
            && !*dry
            && self.ledger.ahead(now).is_zero()
        {
            *dry = true;
            out.count(Oddity::Underrun);
        }
    }
}

fn report_heard(heard: Heard, out: &mut impl Outlet) {
    let Heard {
        utterance,
        samples,
        finished,
    } = heard;
    out.report(Report::Heard { utterance, samples });
    if finished {
        out.report(Report::UtteranceFinished { utterance, samples });
    }
}
