//! How fast the network is asked: so many requests a second, and fewer while it fails.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::limits;

/// Turns of one runner.
#[derive(Debug)]
pub(super) struct Pace {
    between: Duration,
    state: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    /// Nobody's yet.
    next: Instant,
    /// Failures in a row.
    failures: u32,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            between: Duration::from_secs(1) / per_second.max(1),
            state: Mutex::new(Turns {
                next: Instant::now(),
                failures: 0,
            }),
        }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        let mine = {
            let mut turns = self.locked();
            let mine = turns.next.max(Instant::now());
            turns.next = mine + self.between;
            mine
        };
        sleep_until(mine).await;
    }

    /// The network did what it was asked.
    pub(super) fn went_well(&self) {
        self.locked().failures = 0;
    }

    /// The network failed, or wants to be asked less: later turns are later, each time more so.
    pub(super) fn went_badly(&self) {
        let mut turns = self.locked();
        let pause = limits::DIAL_BACK_OFF * 2_u32.saturating_pow(turns.failures.min(16));
        turns.failures = turns.failures.saturating_add(1);
        let from = turns.next.max(Instant::now());
        turns.next = from.max(Instant::now() + pause.min(limits::DIAL_BACK_OFF_AT_MOST));
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_their_pace_and_later_after_failures() {
        let pace = Pace::new(2);
        let began = Instant::now();
        for _ in 0..3 {
            pace.turn().await;
        }
        assert_eq!(began.elapsed().as_secs(), 1, "at 0, 0.5 and 1 s");
        for _ in 0..5 {
            pace.went_badly();
        }
        pace.turn().await;
        let waited = began.elapsed();
        assert_eq!(waited.as_secs(), 5, "four seconds after the last failure");
        pace.went_well();
        pace.turn().await;
        assert_eq!((began.elapsed() - waited).as_millis(), 500);
    }
}
