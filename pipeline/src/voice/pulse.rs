//! What a voice thread shows of itself, and by what another thread judges it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::limits::{VOICE_STALL, VOICE_STUCK};
use crate::time::Mono;

/// Where a call is taken: first by a thread that turns, then by the one with the most free slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Room {
    turns: bool,
    slots: usize,
}

/// What other threads may see of a voice thread and tell it, beside the queues.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// When the loop last turned. Relaxed: a watchdog only looks for an old one.
    turned_at: AtomicU64,
    /// Calls in slots. Relaxed, for the same reader.
    calls: AtomicU64,
    stop: AtomicBool,
    stopped: AtomicBool,
}

impl Pulse {
    /// Whether the thread has calls and has not turned for `limit`.
    pub(crate) fn is_stalled(&self, now: Mono, limit: std::time::Duration) -> bool {
        let turned_at = Mono::from_nanos(self.turned_at.load(Ordering::Relaxed));
        self.calls.load(Ordering::Relaxed) > 0 && now.since(turned_at) >= limit
    }

    /// How welcome another call is, with so many slots free; `None` where it could not be taken.
    pub(crate) fn room(&self, now: Mono, slots: usize) -> Option<Room> {
        let takes = slots > 0 && !self.has_stopped() && !self.is_stalled(now, VOICE_STUCK);
        takes.then(|| Room {
            turns: !self.is_stalled(now, VOICE_STALL),
            slots,
        })
    }

    pub(super) fn note_turn(&self, now: Mono) {
        self.turned_at.store(now.as_nanos(), Ordering::Relaxed);
    }

    pub(super) fn note_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_departure(&self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }

    /// The last that the thread does.
    pub(super) fn note_end(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    pub(super) fn is_to_stop(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Asks the thread to end its calls and then itself. Ring its bell afterwards.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether the thread has ended; pairs with its last store, so all its departures are visible.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_stands_still_takes_calls_last_and_after_two_seconds_none() {
        let pulse = Pulse::default();
        let begin = Mono::from_millis(1_000);
        pulse.note_call();
        pulse.note_turn(begin);
        let room = |past| pulse.room(begin.plus(past), 9);
        let turning = room(VOICE_STALL / 2);
        let late = room(VOICE_STALL);
        assert!(turning > late && late.is_some());
        assert!(pulse.room(begin, 1) > late, "fewer slots, but it turns");
        assert_eq!(room(VOICE_STUCK), None);
        assert_eq!(pulse.room(begin, 0), None);
    }

    #[test]
    fn a_thread_without_calls_sleeps_and_is_not_stuck() {
        let pulse = Pulse::default();
        let begin = Mono::from_millis(1_000);
        pulse.note_turn(begin);
        assert!(pulse.room(begin.plus(2 * VOICE_STUCK), 1).is_some());
    }
}
