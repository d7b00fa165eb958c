//! A session's time: one clock for the call, the dialogue and the task.

use std::sync::Arc;

use jiff::Timestamp;
use pipeline::Mono;
use storage::Location;
use tokio::time::Instant;

use super::conversation::Now;
use crate::clock::BusinessClock;

/// The data plane's monotonic clock, read through tokio's, so that tests can pause it.
pub(super) struct SessionClock {
    mono: Mono,
    instant: Instant,
    /// Business time at `instant`: within a call it goes as fast as the rest.
    began: Timestamp,
    location: Arc<Location>,
}

impl SessionClock {
    pub(super) fn new(business: BusinessClock, location: Arc<Location>) -> Self {
        Self {
            mono: Mono::now(),
            instant: Instant::now(),
            began: business.now(),
            location,
        }
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = self.instant.elapsed();
        Now {
            mono: self.mono.plus(elapsed),
            local: self.location.local(self.began + elapsed),
        }
    }

    pub(super) fn instant(&self, at: Mono) -> Instant {
        self.instant + at.since(self.mono)
    }

    /// Milliseconds since the session began.
    pub(super) fn elapsed_ms(&self) -> u64 {
        super::turn::millis(self.instant.elapsed())
    }
}
