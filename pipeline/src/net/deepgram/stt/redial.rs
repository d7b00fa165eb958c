//! When a lost connection is tried again, and with which model.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use crate::limits::{STT_REDIAL, STT_REDIAL_MAX, STT_REDIAL_REFUSED, STT_REDIALS};
use crate::vendor::VendorErrorKind;

/// Attempts to connect since the last one that succeeded.
#[derive(Debug)]
pub(super) struct Redial {
    delays: ExponentialBackoff,
    attempts: u32,
    second_model: bool,
}

/// What comes after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) delay: Duration,
    /// The vendor will not be there soon.
    pub(super) away: bool,
}

impl Default for Redial {
    fn default() -> Self {
        Self {
            delays: delays(),
            attempts: 0,
            second_model: false,
        }
    }
}

impl Redial {
    /// Whether the second model is to be asked.
    pub(super) fn asks_second_model(&self) -> bool {
        self.second_model
    }

    /// A connection makes sense: failures are counted anew.
    pub(super) fn handle_success(&mut self) {
        self.delays = delays();
        self.attempts = 0;
    }

    /// An attempt failed. `has_second` says whether there is another model to ask.
    pub(super) fn handle_failure(&mut self, kind: VendorErrorKind, has_second: bool) -> Next {
        self.attempts += 1;
        match kind {
            VendorErrorKind::Refused if has_second && !self.second_model => {
                self.second_model = true;
                Next {
                    delay: Duration::ZERO,
                    away: false,
                }
            }
            VendorErrorKind::Unauthorized | VendorErrorKind::Quota | VendorErrorKind::Refused => {
                Next {
                    delay: STT_REDIAL_REFUSED,
                    away: true,
                }
            }
            _ => Next {
                delay: self.delays.next().unwrap_or(STT_REDIAL_MAX),
                away: self.attempts >= STT_REDIALS,
            },
        }
    }

    /// The breaker is open.
    pub(super) fn handle_not_admitted(&mut self) -> Next {
        Next {
            delay: self.delays.next().unwrap_or(STT_REDIAL_MAX),
            away: true,
        }
    }
}

fn delays() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(STT_REDIAL)
        .with_max_delay(STT_REDIAL_MAX)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_rarer_and_after_some_the_vendor_counts_as_away() {
        let mut redial = Redial::default();
        let nexts: Vec<Next> = (0..STT_REDIALS)
            .map(|_| redial.handle_failure(VendorErrorKind::Connect, true))
            .collect();
        assert!(nexts[0].delay >= STT_REDIAL && nexts[0].delay <= 2 * STT_REDIAL);
        assert!(nexts.iter().rev().skip(1).all(|next| !next.away));
        assert!(nexts.last().is_some_and(|next| next.away));
        redial.handle_success();
        assert!(!redial.handle_failure(VendorErrorKind::Connect, true).away);
    }

    #[test]
    fn a_refused_model_is_replaced_at_once_and_a_refused_key_is_not_asked_again_soon() {
        let mut redial = Redial::default();
        let next = redial.handle_failure(VendorErrorKind::Refused, true);
        assert!(redial.asks_second_model() && next.delay.is_zero() && !next.away);
        assert!(redial.handle_failure(VendorErrorKind::Refused, true).away);
        let next = Redial::default().handle_failure(VendorErrorKind::Unauthorized, true);
        assert_eq!(next.delay, STT_REDIAL_REFUSED);
        assert!(
            !Redial::default()
                .handle_failure(VendorErrorKind::RateLimited, true)
                .away
        );
    }
}
