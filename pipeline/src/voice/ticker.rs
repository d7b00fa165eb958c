//! When calls are paced: each once a tick, spread over the tick's phases.

use std::time::Duration;

use crate::limits::{TICK, TICK_PHASES};
use crate::time::Mono;

/// Time from one phase to the next.
const STEP: Duration = Duration::from_micros(TICK.as_micros() as u64 / TICK_PHASES as u64);

/// Says which phase is due. Calls belong to a phase by their slot; a phase without calls is never
/// due, so a shard without calls sleeps.
#[derive(Debug)]
pub(super) struct Ticker {
    calls: [usize; TICK_PHASES],
    phase: usize,
    /// When `phase` is due.
    at: Mono,
}

/// A phase whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DuePhase {
    /// Calls in slots `phase`, `phase + TICK_PHASES`, … are to be paced.
    pub(super) phase: usize,
    pub(super) late: Duration,
    /// Whether every call has had its turn with it.
    pub(super) last: bool,
}

impl Ticker {
    pub(super) fn new(now: Mono) -> Self {
        Self {
            calls: [0; TICK_PHASES],
            phase: 0,
            at: now,
        }
    }

    /// A call has taken this slot.
    pub(super) fn add(&mut self, now: Mono, slot: usize) {
        if self.calls == [0; TICK_PHASES] {
            self.at = now;
        }
        self.calls[slot % TICK_PHASES] += 1;
    }

    /// A call has left this slot.
    pub(super) fn remove(&mut self, slot: usize) {
        self.calls[slot % TICK_PHASES] -= 1;
    }

    /// How long until a phase is due; `None` while there are no calls.
    pub(super) fn wait(&self, now: Mono) -> Option<Duration> {
        let steps = self.steps_to_calls()?;
        Some(self.at.plus(STEP * steps).since(now))
    }

    /// The next phase that is due, once each.
    pub(super) fn poll_due(&mut self, now: Mono) -> Option<DuePhase> {
        let steps = self.steps_to_calls()?;
        let at = self.at.plus(STEP * steps);
        if at > now {
            return None;
        }
        let phase = (self.phase + steps as usize) % TICK_PHASES;
        let late = now.since(at);
        // What a stall has missed is not made up for: pacing goes by the clock, not by the count.
        self.at = if late > TICK { now } else { at.plus(STEP) };
        self.phase = (phase + 1) % TICK_PHASES;
        Some(DuePhase {
            phase,
            late,
            last: self.calls[phase + 1..].iter().all(|calls| *calls == 0),
        })
    }

    fn steps_to_calls(&self) -> Option<u32> {
        (0..TICK_PHASES)
            .find(|step| self.calls[(self.phase + step) % TICK_PHASES] > 0)
            .and_then(|step| u32::try_from(step).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }

    #[test]
    fn a_shard_without_calls_sleeps() {
        let ticker = Ticker::new(at(0));
        assert_eq!(ticker.wait(at(5_000)), None);
    }

    #[test]
    fn every_call_has_its_turn_once_a_tick_and_neighbours_at_different_moments() {
        let mut ticker = Ticker::new(at(0));
        ticker.add(at(0), 0);
        ticker.add(at(0), 1);
        let mut due = Vec::new();
        for ms in 0..30 {
            while let Some(phase) = ticker.poll_due(at(ms)) {
                due.push((ms, phase.phase, phase.last));
            }
        }
        let expected = [0, 10, 20].map(|ms| [(ms, 0, false), (ms + 2, 1, true)]);
        assert_eq!(due, expected.concat());
    }

    #[test]
    fn a_stall_is_reported_as_lateness_and_not_made_up_for() {
        let mut ticker = Ticker::new(at(0));
        ticker.add(at(0), 0);
        assert!(ticker.poll_due(at(0)).is_some());
        let late = ticker.poll_due(at(210)).expect("long due").late;
        assert_eq!(late, Duration::from_millis(200));
        assert_eq!(ticker.poll_due(at(210)), None);
    }

    #[test]
    fn the_first_call_of_an_idle_shard_is_not_late() {
        let mut ticker = Ticker::new(at(0));
        ticker.add(at(60_000), 3);
        assert_eq!(ticker.wait(at(60_000)), Some(3 * STEP));
        ticker.remove(3);
        assert_eq!(ticker.wait(at(60_000)), None);
    }
}
