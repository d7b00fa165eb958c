//! What others have put into the calendar: times at which nothing can be offered.
//!
//! Asked while a caller waits, so the answer has a deadline and is kept for a moment. Where it does
//! not come, the book alone decides, and [`Checked`] says so: nothing is invented, and nothing is
//! refused that the book allows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use storage::Location;
use storage::appointment::{AppointmentId, Busy};
use storage::slots::Interval;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::google::{CalendarError, Google, Listed, When};
use crate::limits;

/// Whether the calendar had a say in what is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// There is no calendar.
    #[default]
    NoCalendar,
    Yes,
    /// It did not answer in time: this is what the book knows.
    Unreachable,
}

/// The calendar as the tools see it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Outlook(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    google: Google,
    location: Arc<Location>,
    kept: Mutex<VecDeque<Kept>>,
    /// Wakes the worker that carries bookings over.
    booked: Arc<Notify>,
}

/// What was found for a span, and when.
#[derive(Debug)]
struct Kept {
    span: Interval,
    blocks: Vec<Interval>,
    at: Instant,
}

/// No booking's: ids count from 1.
const NOBODY: AppointmentId = AppointmentId(0);

impl Outlook {
    #[must_use]
    pub fn new(google: Google, location: Arc<Location>, booked: Arc<Notify>) -> Self {
        Self(Some(Arc::new(Inner {
            google,
            location,
            kept: Mutex::default(),
            booked,
        })))
    }

    /// Whether it is this location's.
    #[must_use]
    pub fn is_of(&self, location: &Location) -> bool {
        let inner = self.0.as_ref();
        inner.is_some_and(|inner| inner.location.key == location.key)
    }

    /// Says that the book has changed.
    pub fn booked(&self) {
        if let Some(inner) = &self.0 {
            inner.booked.notify_one();
        }
    }

    /// The times within `span` that others have taken: each closes every bay. Our own events are not
    /// among them, the book knows them better.
    pub async fn busy(&self, span: Interval, now: Timestamp) -> (Vec<Busy>, Checked) {
        let Some(inner) = &self.0 else {
            return (Vec::new(), Checked::NoCalendar);
        };
        match inner.blocks(span, now).await {
            Some(blocks) => {
                let overlapping = blocks.into_iter().filter(|block| block.overlaps(span));
                let bays = 1..=inner.location.bays;
                let busy = overlapping.flat_map(|block| {
                    bays.clone().map(move |bay| Busy {
                        appointment: NOBODY,
                        bay,
                        starts_at: block.starts_at,
                        ends_at: block.ends_at,
                    })
                });
                (busy.collect(), Checked::Yes)
            }
            None => (Vec::new(), Checked::Unreachable),
        }
    }
}

impl Inner {
    /// `None` where Google does not tell in time.
    async fn blocks(&self, span: Interval, now: Timestamp) -> Option<Vec<Interval>> {
        let Some(span) = asked(span, now, self.location.horizon_days) else {
            return Some(Vec::new());
        };
        if let Some(blocks) = self.kept(span) {
            return Some(blocks);
        }
        if !self.google.admits() {
            return None;
        }
        match timeout(limits::CALENDAR_OUTLOOK_DEADLINE, self.ask(span)).await {
            Ok(Ok(blocks)) => {
                self.keep(span, &blocks);
                Some(blocks)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the calendar has no say in what is free");
                None
            }
            Err(_) => {
                self.google.gave_up();
                tracing::warn!("the calendar has no say in what is free: it takes too long");
                None
            }
        }
    }

    /// Free or busy says nothing of whose a time is, and merges; so where anything is busy, the events
    /// are looked at.
    async fn ask(&self, span: Interval) -> Result<Vec<Interval>, CalendarError> {
        if self.google.free_busy(span).await?.is_empty() {
            return Ok(Vec::new());
        }
        let events = self.google.list(span, false).await?;
        Ok(foreign(&events, &self.location))
    }

    fn kept(&self, span: Interval) -> Option<Vec<Interval>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.at.elapsed() < limits::CALENDAR_OUTLOOK_LIFE);
        let covers =
            |one: &&Kept| one.span.starts_at <= span.starts_at && one.span.ends_at >= span.ends_at;
        kept.iter().find(covers).map(|one| one.blocks.clone())
    }

    fn keep(&self, span: Interval, blocks: &[Interval]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= limits::MAX_CALENDAR_OUTLOOKS {
            kept.pop_front();
        }
        kept.push_back(Kept {
            span,
            blocks: blocks.to_vec(),
            at: Instant::now(),
        });
    }
}

/// What is asked for a span: nothing outside the open book, and always some days, so that the
/// caller's next question finds its answer here. `None` where nothing is left.
fn asked(span: Interval, now: Timestamp, horizon_days: u32) -> Option<Interval> {
    const DAY: i64 = 24;
    let day = SignedDuration::from_hours(DAY);
    let horizon = SignedDuration::from_hours(DAY * (i64::from(horizon_days) + 2));
    // Whole hours, so that the same question is the same span.
    let hour = Timestamp::from_second(now.as_second() / 3_600 * 3_600).ok()?;
    let starts_at = span.starts_at.max(hour.checked_sub(day).ok()?);
    let last = hour.checked_add(horizon).ok()?;
    let ahead = starts_at.checked_add(limits::CALENDAR_LOOK_AHEAD).ok()?;
    let ends_at = span.ends_at.max(ahead).min(last);
    (starts_at < ends_at).then_some(Interval { starts_at, ends_at })
}

/// The times that events of others block, on the location's clock.
fn foreign(events: &[Listed], location: &Location) -> Vec<Interval> {
    let blocking = events.iter().filter(|e| e.blocks && e.ours.is_none());
    blocking
        .filter_map(|event| match event.when {
            When::Times(interval) => Some(interval),
            When::Days(first, after) => Some(Interval {
                starts_at: location.at(first.at(0, 0, 0, 0))?.timestamp(),
                ends_at: location.at(after.at(0, 0, 0, 0))?.timestamp(),
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn only_what_others_block_closes_slots() {
        let times = |from: &str, to: &str| {
            When::Times(Interval {
                starts_at: at(from),
                ends_at: at(to),
            })
        };
        let listed = |when, ours, blocks| Listed {
            id: "x".into(),
            when,
            ours,
            blocks,
        };
        let morning = times("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z");
        let events = [
            listed(morning, Some(7), true),
            listed(morning, None, false),
            listed(
                When::Days(date(2026, 11, 25), date(2026, 11, 26)),
                None,
                true,
            ),
            listed(morning, None, true),
        ];
        let blocks = foreign(&events, &Location::example());
        assert_eq!(blocks.len(), 2);
        assert_eq!(
            blocks[0].starts_at,
            at("2026-11-25T06:00:00Z"),
            "midnight in Springfield"
        );
        assert_eq!(blocks[0].ends_at, at("2026-11-26T06:00:00Z"));
        assert_eq!(blocks[1].starts_at, at("2026-11-24T15:00:00Z"));
    }

    #[test]
    fn nothing_is_asked_of_days_that_nobody_can_book() {
        let now = at("2026-11-23T15:20:00Z");
        let span = |from: &str, to: &str| Interval {
            starts_at: at(from),
            ends_at: at(to),
        };
        let day = span("2026-11-24T06:00:00Z", "2026-11-25T06:00:00Z");
        let wider = asked(day, now, 60).expect("asked");
        assert_eq!(wider.starts_at, day.starts_at);
        assert!(wider.ends_at > day.ends_at);
        assert_eq!(
            asked(
                span("2027-11-24T06:00:00Z", "2027-11-25T06:00:00Z"),
                now,
                60
            ),
            None
        );
        let all = Interval {
            starts_at: Timestamp::MIN,
            ends_at: Timestamp::MAX,
        };
        let all = asked(all, now, 60).expect("asked");
        assert_eq!(all.starts_at, at("2026-11-22T15:00:00Z"));
        assert!(all.ends_at < at("2027-02-01T00:00:00Z"));
    }
}
