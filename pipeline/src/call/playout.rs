//! Playout: lets the agent's audio go just ahead of the caller's ear, and takes it back.
//!
//! An answer leaves as one frame at once, then in messages of 100 ms, never further ahead than the
//! send horizon: what is not yet sent costs nothing to take back. When the caller makes a sound over
//! the agent, the far end's buffer is cleared and nothing more is sent; whether that is the end of
//! the utterance is decided afterwards ([`interruption`]).

mod interruption;

use std::time::Duration;

use dsp::{FRAME_MS, FRAME_SAMPLES, Samples};

pub(super) use self::interruption::Sound;

use crate::fact::Report;
use crate::limits::{LOW_WATER, MESSAGE_BYTES, MESSAGE_FRAMES, SEND_HORIZON};
use crate::message::UtteranceId;
use crate::metrics::Oddity;
use crate::ring::AgentFrame;
use crate::time::Mono;

use super::air::Air;
use super::duck::Duck;
use super::ledger::{Heard, Ledger, MarkName, MarkRejected};
use super::outlet::Outlet;
use super::reference::Reference;

/// The agent's side of the line.
#[derive(Debug, Default)]
pub struct Playout {
    floor: Floor,
    ledger: Ledger,
    pub(super) reference: Reference,
    air: Air,
    /// The latest utterance that has begun.
    begun: Option<UtteranceId>,
    /// The furthest point that the caller is known to have heard. What lies before it is repeated.
    heard: Option<(UtteranceId, Samples)>,
    /// How often an utterance was interrupted by what was never certain to be a voice, for nothing.
    false_alarms: (Option<UtteranceId>, u32),
    /// When the latest interruption was heard, and when it had been obeyed.
    reaction: (Mono, Mono),
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
    /// The agent has fallen silent, and waits whether the caller takes the floor.
    Ducked(Duck),
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
            self.report_heard(heard, out);
        }
        self.conclude_in_time(now, out);
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
                    self.report_heard(heard, out);
                }
            }
            Err(MarkRejected::Cleared) => out.count(Oddity::ClearedMark),
            Err(MarkRejected::Unknown) => out.count(Oddity::UnknownMark),
        }
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
        self.floor == Floor::Silent && self.ledger.is_settled() && self.air.head(out).is_none()
    }

    /// Takes one step; false when nothing more can be done now.
    fn send_next(&mut self, now: Mono, caller: Caller, out: &mut impl Outlet) -> bool {
        if let Floor::Ducked(_) = self.floor {
            return false;
        }
        let Some(&head) = self.air.head(out) else {
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
            self.air.take(out);
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
        let may_wait = self.air.waiting_frames(out) < frames && ahead > LOW_WATER;
        (out.takes_media() && ahead + length <= SEND_HORIZON && !may_wait).then_some(frames)
    }

    /// Sends up to `frames` frames of the utterance that `head` belongs to, and a mark.
    fn send(&mut self, now: Mono, head: AgentFrame, frames: usize, out: &mut impl Outlet) {
        let mut message = [0; MESSAGE_BYTES];
        let mut filled = 0;
        let mut until = head.position;
        while filled < frames * FRAME_SAMPLES
            && let Some(frame) = self.air.head(out)
            && frame.utterance == head.utterance
            && !frame.is_end()
        {
            message[filled..filled + FRAME_SAMPLES].copy_from_slice(&frame.mulaw);
            filled += FRAME_SAMPLES;
            until = frame.until();
            self.air.take(out);
        }
        if self.ledger.is_full()
            && let Some(heard) = self.ledger.pop_oldest()
        {
            out.count(Oddity::LostMark);
            self.report_heard(heard, out);
        }
        out.media(&message[..filled]);
        self.reference.play(now, &message[..filled]);
        let on_line = Samples(filled as u64);
        let mark = self
            .ledger
            .record(now, head.utterance, head.position, until, on_line);
        out.mark(mark);
        if Some(head.utterance) > self.begun {
            self.begun = Some(head.utterance);
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
            self.report_heard(heard, out);
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

    fn settle_played(&mut self, now: Mono, out: &mut impl Outlet) {
        while let Some(heard) = self.ledger.pop_played(now) {
            self.report_heard(heard, out);
        }
    }

    fn retire(&mut self, through: UtteranceId, out: &mut impl Outlet) {
        self.retired = self.retired.max(Some(through));
        self.air.forget(through);
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

    /// Notes how much of an utterance was heard. True where that is more than was known.
    fn note_heard(&mut self, utterance: UtteranceId, samples: Samples) -> bool {
        let more = self.heard < Some((utterance, samples));
        if more {
            self.heard = Some((utterance, samples));
        }
        more
    }

    fn report_heard(&mut self, heard: Heard, out: &mut impl Outlet) {
        let Heard {
            utterance,
            samples,
            finished,
        } = heard;
        if self.note_heard(utterance, samples) {
            out.report(Report::Heard { utterance, samples });
        }
        if finished {
            out.report(Report::UtteranceFinished { utterance, samples });
        }
    }
}
