//! A circuit breaker: after some failures in a row a vendor is left alone for a while, then tried
//! by one request; its success lets everybody back in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::limits::{BREAKER_FAILURES, BREAKER_REST, BREAKER_REST_MAX, BREAKER_TRIAL};
use crate::time::Mono;

/// Whether a vendor may be asked. Pure; [`SharedBreaker`] is the one that calls share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// It works, but for this many failures in a row.
    Closed { failures: u32 },
    /// It is left alone until then; `rest` is how long this time.
    Open { until: Mono, rest: Duration },
    /// One request finds out whether it works again. Where nobody reports what became of it,
    /// another one may.
    Trying { since: Mono, rest: Duration },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether a request may be made now. Whoever is told yes reports success or failure.
    pub fn admits(&mut self, now: Mono) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until, rest } if now >= until => {
                *self = Self::Trying { since: now, rest };
                true
            }
            Self::Trying { since, rest } if now.since(since) >= BREAKER_TRIAL => {
                *self = Self::Trying { since: now, rest };
                true
            }
            Self::Open { .. } | Self::Trying { .. } => false,
        }
    }

    /// Whether the vendor works, as far as is known. For what is of use only then and tries
    /// nothing, as opening a socket ahead of its first use.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// A request was answered.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A request failed in a way that the next one may, too.
    pub fn failed(&mut self, now: Mono) {
        let rest = match *self {
            Self::Closed { failures } if failures + 1 < BREAKER_FAILURES => {
                *self = Self::Closed {
                    failures: failures + 1,
                };
                return;
            }
            Self::Closed { .. } => BREAKER_REST,
            // A request from before the breaker opened.
            Self::Open { .. } => return,
            Self::Trying { rest, .. } => (rest * 2).min(BREAKER_REST_MAX),
        };
        *self = Self::Open {
            until: now.plus(rest),
            rest,
        };
    }
}

/// One breaker for all calls of the process.
#[derive(Clone, Debug, Default)]
pub struct SharedBreaker(Arc<Mutex<Breaker>>);

impl SharedBreaker {
    /// See [`Breaker::admits`].
    #[must_use]
    pub fn admits(&self, now: Mono) -> bool {
        self.with(|breaker| breaker.admits(now))
    }

    /// See [`Breaker::is_closed`].
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.with(|breaker| breaker.is_closed())
    }

    /// See [`Breaker::succeeded`].
    pub fn succeeded(&self) {
        self.with(Breaker::succeeded);
    }

    /// See [`Breaker::failed`].
    pub fn failed(&self, now: Mono) {
        self.with(|breaker| breaker.failed(now));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(now: Mono) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..BREAKER_FAILURES {
            assert!(breaker.admits(now));
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn a_few_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let now = Mono::from_millis(1);
        assert!(!broken(now).admits(now));
        let mut breaker = Breaker::default();
        for _ in 0..3 * BREAKER_FAILURES {
            breaker.failed(now);
            breaker.succeeded();
        }
        assert!(breaker.admits(now));
    }

    #[test]
    fn after_its_rest_one_request_tries_and_its_success_lets_all_in() {
        let now = Mono::from_millis(1);
        let mut breaker = broken(now);
        let rested = now.plus(BREAKER_REST);
        assert!(breaker.admits(rested));
        assert!(!breaker.admits(rested));
        breaker.succeeded();
        assert!(breaker.admits(rested) && breaker.admits(rested));
    }

    #[test]
    fn a_failed_trial_doubles_the_rest_up_to_a_bound() {
        let mut now = Mono::from_millis(1);
        let mut breaker = broken(now);
        for _ in 0..20 {
            now = now.plus(BREAKER_REST_MAX);
            assert!(breaker.admits(now));
            breaker.failed(now);
        }
        assert!(!breaker.admits(now.plus(BREAKER_REST_MAX / 2)));
        assert!(breaker.admits(now.plus(BREAKER_REST_MAX)));
    }

    #[test]
    fn a_trial_of_which_nothing_is_heard_does_not_close_the_door_for_ever() {
        let now = Mono::from_millis(1);
        let mut breaker = broken(now);
        let rested = now.plus(BREAKER_REST);
        assert!(breaker.admits(rested));
        assert!(breaker.admits(rested.plus(BREAKER_TRIAL)));
    }
}
