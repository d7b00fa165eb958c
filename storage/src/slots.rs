//! Slots: when a service can start. Pure: the book's busy times and `now` are arguments.
//!
//! Two questions, one rule: [`check`] judges a wished start by the business rules alone, and
//! [`available`] lists exactly the starts that [`check`] accepts and that have a bay free. A start
//! must lie on the location's grid, so that what is offered and what is accepted are the same set and
//! bays do not fill with gaps too short to sell; a caller who wishes 10:10 is offered the
//! [`nearest`] starts. What these functions say is advice: the database judges the booking.
//!
//! The grid steps by the wall clock from opening. A start that a DST change skips does not exist;
//! one that happens twice is the first. Durations are real time.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::appointment::{AppointmentId, Busy};
use crate::limits;
use crate::location::{DayHours, Hours, Location, Service};

/// A half-open stretch of time, `[starts_at, ends_at)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// A start that can be offered, on the location's own clock.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Slot {
    pub starts_at: Zoned,
    pub ends_at: Zoned,
}

/// Why a wished start is against the business rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotRefusal {
    #[error("starts_at: closed on that day of the week")]
    ClosedWeekday,
    #[error("starts_at: closed for {0}")]
    Holiday(String),
    #[error("starts_at: outside the opening hours of that day")]
    OutsideHours(Hours),
    #[error("starts_at: the service would end after closing")]
    EndsAfterClosing(Hours),
    #[error("starts_at: would be worked on during a break")]
    Break(Hours),
    #[error("starts_at: lies in the past")]
    Past,
    #[error("starts_at: sooner than the notice the location needs")]
    TooSoon {
        /// The earliest instant that gives enough notice; not itself a slot.
        earliest: Timestamp,
    },
    #[error("starts_at: further ahead than the book is open")]
    TooFar {
        /// The last day of the open book.
        last: Date,
    },
    #[error("starts_at: appointments start on a grid counted from opening")]
    OffGrid,
}

/// The appointment of what is busy without one: ids count from 1.
const NOBODYS: AppointmentId = AppointmentId(0);

/// Every start of `service` on the days `from..=to` that the rules accept and that has a bay free,
/// earliest first. `busy` must cover [`span`] of the same days.
#[must_use]
pub fn available(
    location: &Location,
    service: &Service,
    from: Date,
    to: Date,
    busy: &[Busy],
    now: &Zoned,
) -> Vec<Slot> {
    let (today, last) = book(location, now);
    let mut slots = Vec::new();
    for day in from
        .max(today)
        .series(1.day())
        .take_while(|day| *day <= to.min(last))
    {
        slots.extend(
            starts(location, day)
                .filter_map(|start| within_hours_and_notice(location, service, &start, now).ok())
                .filter(|interval| free_bays(location, *interval, busy) > 0)
                .map(|interval| Slot {
                    starts_at: location.local(interval.starts_at),
                    ends_at: location.local(interval.ends_at),
                }),
        );
    }
    slots
}

/// Judges a wished start by the business rules: hours, holidays, notice, grid. Whether a bay is free
/// is not asked here.
///
/// # Errors
/// The first rule it breaks, most helpful to a caller first: the past, a closed day, the hours, the
/// notice, the grid.
pub fn check(
    location: &Location,
    service: &Service,
    start: &Zoned,
    now: &Zoned,
) -> Result<Interval, SlotRefusal> {
    let interval = within_hours_and_notice(location, service, start, now)?;
    let day = location.local(interval.starts_at).date();
    if starts(location, day).any(|start| start.timestamp() == interval.starts_at) {
        Ok(interval)
    } else {
        Err(SlotRefusal::OffGrid)
    }
}

/// Up to `count` free starts around a wished one, nearest first; of two equally near, the earlier.
/// Looks [`limits::NEAREST_DAYS`] to each side; `busy` must cover [`around`] of the same wish.
#[must_use]
pub fn nearest(
    location: &Location,
    service: &Service,
    wished: &Zoned,
    busy: &[Busy],
    now: &Zoned,
    count: usize,
) -> Vec<Slot> {
    let (from, to) = days_around(location, wished);
    let mut slots = available(location, service, from, to, busy, now);
    slots.sort_by_key(|slot| {
        slot.starts_at
            .timestamp()
            .duration_since(wished.timestamp())
            .abs()
    });
    slots.truncate(count);
    slots
}

/// The instants that the days `from..=to` cover: what to ask the book for before [`available`].
#[must_use]
pub fn span(location: &Location, from: Date, to: Date) -> Interval {
    let midnight = |day: Date| location.at(day.at(0, 0, 0, 0)).map(|at| at.timestamp());
    Interval {
        starts_at: midnight(from).unwrap_or(Timestamp::MIN),
        ends_at: to
            .tomorrow()
            .ok()
            .and_then(midnight)
            .unwrap_or(Timestamp::MAX),
    }
}

/// What to ask the book for before [`nearest`].
#[must_use]
pub fn around(location: &Location, wished: &Zoned) -> Interval {
    let (from, to) = days_around(location, wished);
    span(location, from, to)
}

/// How many bays are free during all of `interval`.
#[must_use]
pub fn free_bays(location: &Location, interval: Interval, busy: &[Busy]) -> usize {
    (1..=location.bays)
        .filter(|bay| is_free(*bay, interval, busy))
        .count()
}

/// The bays that held times will take, each the first that is free: what to add to `busy` so that
/// what is held is not offered. One for which no bay is free any more takes none.
#[must_use]
pub fn bays_of_held(location: &Location, held: &[Interval], busy: &[Busy]) -> Vec<Busy> {
    let mut taken = busy.to_vec();
    for interval in held {
        let free = (1..=location.bays).find(|bay| is_free(*bay, *interval, &taken));
        taken.extend(free.map(|bay| Busy {
            appointment: NOBODYS,
            bay,
            starts_at: interval.starts_at,
            ends_at: interval.ends_at,
        }));
    }
    taken.split_off(busy.len())
}

fn is_free(bay: i64, interval: Interval, busy: &[Busy]) -> bool {
    !busy
        .iter()
        .any(|taken| taken.bay == bay && interval.overlaps(taken.interval()))
}

impl Interval {
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
}

impl Slot {
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            starts_at: self.starts_at.timestamp(),
            ends_at: self.ends_at.timestamp(),
        }
    }
}

impl Busy {
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
}

/// The first and the last day of the open book.
fn book(location: &Location, now: &Zoned) -> (Date, Date) {
    let today = location.local(now.timestamp()).date();
    let last = today
        .checked_add(i64::from(location.horizon_days).days())
        .unwrap_or(Date::MAX);
    (today, last)
}

/// Every rule but the grid.
fn within_hours_and_notice(
    location: &Location,
    service: &Service,
    start: &Zoned,
    now: &Zoned,
) -> Result<Interval, SlotRefusal> {
    let starts_at = start.timestamp();
    let start = location.local(starts_at);
    let (today, last) = book(location, now);
    let day = start.date();
    if starts_at < now.timestamp() || day < today {
        return Err(SlotRefusal::Past);
    }
    if day > last {
        return Err(SlotRefusal::TooFar { last });
    }
    let hours = match location.day(day) {
        DayHours::Open(hours) => hours,
        DayHours::ClosedWeekday => return Err(SlotRefusal::ClosedWeekday),
        DayHours::Holiday(name) => return Err(SlotRefusal::Holiday(name)),
    };
    if start.time() < hours.open || start.time() >= hours.close {
        return Err(SlotRefusal::OutsideHours(hours));
    }
    let ends_at = starts_at + service.duration;
    let closes = location.at(day.to_datetime(hours.close));
    if closes.is_none_or(|closes| ends_at > closes.timestamp()) {
        return Err(SlotRefusal::EndsAfterClosing(hours));
    }
    let wall = |time| location.at(day.to_datetime(time));
    let during = |hours: &&Hours| {
        let times = wall(hours.open).zip(wall(hours.close));
        times.is_none_or(|(from, to)| starts_at < to.timestamp() && from.timestamp() < ends_at)
    };
    if let Some(hours) = location.breaks.iter().find(during) {
        return Err(SlotRefusal::Break(*hours));
    }
    let earliest = now.timestamp() + location.lead_time;
    if starts_at < earliest {
        return Err(SlotRefusal::TooSoon { earliest });
    }
    Ok(Interval { starts_at, ends_at })
}

/// The grid of a day: every start from opening to before closing, whatever the service.
fn starts(location: &Location, day: Date) -> impl Iterator<Item = Zoned> + '_ {
    let hours = location.hours(day);
    let (first, close) = hours.map_or((DateTime::MAX, DateTime::MAX), |hours| {
        (day.to_datetime(hours.open), day.to_datetime(hours.close))
    });
    let grid: SignedDuration = location.grid;
    std::iter::successors(Some(first), move |wall| wall.checked_add(grid).ok())
        .take_while(move |wall| *wall < close)
        .filter_map(move |wall| {
            let start = location.at(wall)?;
            // A wall time that a DST change skips comes back as another one.
            (start.datetime() == wall).then_some(start)
        })
}

fn days_around(location: &Location, wished: &Zoned) -> (Date, Date) {
    let day = location.local(wished.timestamp()).date();
    let reach = limits::NEAREST_DAYS.days();
    (
        day.checked_sub(reach).unwrap_or(Date::MIN),
        day.checked_add(reach).unwrap_or(Date::MAX),
    )
}
