//! Business time: what "today" and "tomorrow" mean to a caller.

use std::time::Instant;

use jiff::Timestamp;

/// The clock that bookings, greetings and call logs go by. It runs at the speed of real time, from
/// now or from a chosen instant (`--now`), so that a demo is the same on any date.
#[derive(Clone, Copy, Debug)]
pub struct BusinessClock {
    start: Timestamp,
    started: Instant,
    real: bool,
}

impl BusinessClock {
    /// Real time.
    #[must_use]
    pub fn real() -> Self {
        Self {
            real: true,
            ..Self::starting_at(Timestamp::now())
        }
    }

    /// Time that begins at `start`, now, and goes on from there.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            start,
            started: Instant::now(),
            real: false,
        }
    }

    /// Whether it shows what the clocks of others do.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.real
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.start + self.started.elapsed()
    }
}
