//! Carries the outbox over to the calendar: woken by a booking, and by a clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::SignedDuration;
use storage::calendar::{CalendarTask, Next, OutboxDepth};
use storage::{Locations, StorageError, Store};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::carry::{CarryError, carry};
use super::google::{CalendarError, Google};
use super::reconcile;
use crate::clock::BusinessClock;
use crate::limits;
use crate::observe::Metrics;

/// What carries the outbox over. Any number of them may work on one database.
#[derive(Debug)]
pub struct Worker {
    pub google: Google,
    pub store: Store,
    pub locations: Locations,
    pub clock: BusinessClock,
    pub metrics: Arc<Metrics>,
    /// Told of bookings by whoever makes them in this process; the clock finds all others.
    pub booked: Arc<Notify>,
}

impl Worker {
    /// Works until `stopping`; what is under way then is finished.
    pub async fn run(self, stopping: CancellationToken) {
        // Both sides are compared at the start, too: what happened while nobody was here?
        let mut compare_at = Instant::now();
        while !stopping.is_cancelled() {
            let depth = match self.drain(&stopping).await {
                Ok(depth) => depth,
                Err(error) => {
                    tracing::warn!(%error, "the calendar's outbox cannot be read");
                    OutboxDepth::default()
                }
            };
            let due = Instant::now() >= compare_at;
            if due && depth.pending == 0 && self.google.is_well() && !stopping.is_cancelled() {
                let compared = self.compare().await;
                compare_at = Instant::now()
                    + if compared {
                        limits::CALENDAR_COMPARE_EVERY
                    } else {
                        limits::CALENDAR_ACCOUNT_PAUSE
                    };
                continue;
            }
            let pause = if depth.pending > 0 {
                limits::CALENDAR_PENDING_POLL
            } else {
                limits::CALENDAR_POLL
            };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.booked.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Carries over what is due. Gives what is left.
    ///
    /// # Errors
    /// Where the outbox cannot be read.
    pub async fn drain(&self, stopping: &CancellationToken) -> Result<OutboxDepth, StorageError> {
        while !stopping.is_cancelled() {
            // A vendor that was down is tried by one entry.
            let well = self.google.is_well();
            if !well && !self.google.admits() {
                break;
            }
            let at_most = if well { limits::CALENDAR_BATCH } else { 1 };
            let lease = limits::CALENDAR_LEASE;
            let tasks = self.store.calendar.claim(lease, at_most).await?;
            if tasks.is_empty() {
                break;
            }
            join_all(tasks.iter().map(|task| self.one(task))).await;
        }
        let depth = self.store.calendar.depth().await?;
        self.metrics.calendar().outbox(depth);
        Ok(depth)
    }

    async fn one(&self, task: &CalendarTask) {
        let work = carry(&self.google, &self.store, &self.locations, task);
        let carried = match timeout(limits::CALENDAR_CARRY_DEADLINE, work).await {
            Ok(carried) => carried,
            Err(_) => Err(CalendarError::TimedOut.into()),
        };
        let outbox = &self.store.calendar;
        let appointment = task.booking.appointment.id.0;
        let reported = match carried {
            Ok(event) => outbox.done(task, event.as_ref()).await,
            Err(CarryError::Calendar(error)) => {
                let next = next(&error, task.attempts, rand::random());
                if next == Next::GiveUp || error.is_the_accounts() {
                    tracing::error!(appointment, %error, "a booking is not in the calendar");
                } else {
                    tracing::debug!(appointment, %error, "a booking is not in the calendar yet");
                }
                outbox.failed(task, &error.to_string(), next).await
            }
            // The lease runs out, and the entry is tried again.
            Err(CarryError::Storage(error)) => Err(error),
        };
        match reported {
            Ok(true) => {}
            Ok(false) => tracing::debug!(appointment, "somebody else has this entry by now"),
            Err(error) => tracing::warn!(appointment, %error, "the outbox was not written"),
        }
    }

    /// Compares both sides and has the calendar corrected where it differs. `false` where it could not.
    async fn compare(&self) -> bool {
        let now = self.clock.now();
        let over = now - SignedDuration::try_from(limits::CALENDAR_TOO_LATE).unwrap_or_default();
        let tidied = self.store.calendar.tidy(limits::CALENDAR_KEEP_DONE, over);
        if let Err(error) = tidied.await {
            tracing::warn!(%error, "the calendar's outbox was not tidied");
        }
        match reconcile::drift(&self.google, &self.store, &self.locations, now).await {
            Ok(drift) => {
                self.metrics.calendar().drift(&drift);
                if !drift.is_none() {
                    tracing::warn!("the calendar differs from the book: {drift}");
                }
                for appointment in drift.to_correct() {
                    if let Err(error) = self.store.calendar.enqueue(appointment).await {
                        tracing::warn!(%error, "the calendar's outbox was not written");
                    }
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the calendar cannot be compared with the book");
                false
            }
        }
    }
}

/// What becomes of an entry after a failure. `jitter` is between 0 and 1: whoever failed together
/// does not come back together.
fn next(error: &CalendarError, attempts: i64, jitter: f64) -> Next {
    if error.is_the_accounts() {
        // The same for every entry, until somebody corrects it.
        return Next::RetryAfter(limits::CALENDAR_ACCOUNT_PAUSE);
    }
    if !error.is_transient() && *error != CalendarError::Changed {
        return Next::GiveUp;
    }
    if attempts >= limits::CALENDAR_TRIES {
        return Next::GiveUp;
    }
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    let pause = limits::CALENDAR_BACKOFF * 2_u32.pow(doublings);
    let pause = pause
        .min(limits::CALENDAR_BACKOFF_AT_MOST)
        .mul_f64(0.5 + jitter / 2.0);
    let asked = match error {
        CalendarError::RateLimited { retry_after } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    Next::RetryAfter(pause.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_may_pass_is_tried_again_ever_later_and_not_for_ever() {
        let pause = |attempts| match next(&CalendarError::Connect, attempts, 1.0) {
            Next::RetryAfter(pause) => pause,
            Next::GiveUp => panic!("given up after {attempts}"),
        };
        assert_eq!(pause(1), limits::CALENDAR_BACKOFF);
        assert_eq!(pause(2), limits::CALENDAR_BACKOFF * 2);
        assert_eq!(
            pause(limits::CALENDAR_TRIES - 1),
            limits::CALENDAR_BACKOFF_AT_MOST
        );
        let given_up = next(&CalendarError::Connect, limits::CALENDAR_TRIES, 1.0);
        assert_eq!(given_up, Next::GiveUp);
    }

    #[test]
    fn a_refusal_is_given_up_and_the_accounts_trouble_never_is() {
        let refused = CalendarError::Refused {
            status: 400,
            reason: "invalid".into(),
        };
        assert_eq!(next(&refused, 1, 0.5), Next::GiveUp);
        let revoked = CalendarError::Revoked {
            reason: "invalid_grant".into(),
        };
        let pause = Next::RetryAfter(limits::CALENDAR_ACCOUNT_PAUSE);
        assert_eq!(next(&revoked, 10_000, 0.5), pause);
    }

    #[test]
    fn google_is_asked_no_sooner_than_it_wishes() {
        let wish = Duration::from_secs(20);
        let limited = CalendarError::RateLimited {
            retry_after: Some(wish),
        };
        assert_eq!(next(&limited, 1, 0.0), Next::RetryAfter(wish));
    }
}
