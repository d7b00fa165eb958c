//! Monotonic time of the data plane.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Monotonic time: nanoseconds since the process first asked.
///
/// Logic takes `now: Mono` as an argument and never reads a clock; the threads' loops read it once
/// per turn by [`Mono::now`]. A virtual clock is just another source of the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

static EPOCH: OnceLock<Instant> = OnceLock::new();

impl Mono {
    /// Reads the clock. For loops and edges only; logic is told the time.
    #[must_use]
    pub fn now() -> Self {
        let elapsed = EPOCH.get_or_init(Instant::now).elapsed();
        Self(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    /// A point on a virtual clock.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// A point on a virtual clock.
    #[must_use]
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }

    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, or zero where `earlier` is in fact later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// So much earlier, but not before the beginning of time.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}
