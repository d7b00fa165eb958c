//! Which instants a [`When`] means, given now and the opening hours.

use jiff::civil::{self, Date, Weekday};
use jiff::tz::AmbiguousOffset;
use jiff::{ToSpan, Zoned};

use super::{Clock, Day, Half, Nth, Part, Time, Week, When};

/// Furthest day that is booked, counted from today.
const HORIZON_DAYS: i64 = 366;
/// How far ahead "any afternoon" looks.
const OPEN_SEARCH_DAYS: i64 = 30;
const NOON: civil::Time = civil::time(12, 0, 0, 0);
const EVENING: civil::Time = civil::time(17, 0, 0, 0);
const END_OF_DAY: civil::Time = civil::time(23, 59, 59, 0);

/// Opening and closing time of one day.
pub type Opening = (civil::Time, civil::Time);

/// What the caller's words come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// This instant, inside opening hours and in the future.
    At(Zoned),
    /// Appointments that start on these days between these times.
    Within {
        first_day: Date,
        last_day: Date,
        /// First start time of a day.
        from: civil::Time,
        /// No start at or after this time.
        to: civil::Time,
        /// The caller wants the last one, not the first.
        latest: bool,
    },
}

/// Why no instant can be offered; each asks the caller a different question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    #[error("day: a time without a day, ask for the day")]
    DayMissing,
    #[error("day: it cannot be told which day was named, ask for the day")]
    DayUnclear,
    #[error("day: neither a day nor a time, ask for both")]
    NothingSaid,
    #[error("date: there is no such date as {month}/{day}, ask again")]
    NoSuchDate { month: i8, day: i8 },
    #[error("date: {date} is not a {said:?}, ask which is meant")]
    WrongWeekday { date: Date, said: Weekday },
    #[error("date: {date} is past, or nothing is left of its hours")]
    Past { date: Date },
    #[error("date: {date} is more than a year ahead, ask for an earlier one")]
    TooFar { date: Date },
    #[error("date: closed on {date}, offer another day")]
    Closed { date: Date },
    #[error("time: outside the hours of {date}, {opens} to {closes}, offer a time within them")]
    OutsideHours {
        date: Date,
        opens: civil::Time,
        closes: civil::Time,
    },
    #[error("time: {am} or {pm}? Ask which")]
    AmbiguousHalf {
        am: civil::DateTime,
        pm: civil::DateTime,
    },
    #[error("time: the clocks skip {0}, offer another time")]
    SkippedByClockChange(civil::DateTime),
}

/// Decides what `when` means at `now`, in the zone of `now`. `opening` gives the hours of a date,
/// `None` where the location is closed.
///
/// A bare hour is the half of the day in which the location is open; a date without a year is the
/// next such date; a day of the month without a month is the next month that has it.
///
/// # Errors
/// [`WhenError`] says what to ask.
pub fn resolve(
    when: &When,
    now: &Zoned,
    opening: impl Fn(Date) -> Option<Opening>,
) -> Result<Candidate, WhenError> {
    let today = now.date();
    let (first_day, last_day) = match (when.day, when.time) {
        (Some(day), _) => days(day, today)?,
        (None, None) => return Err(WhenError::NothingSaid),
        (None, Some(Time::At(_))) => return Err(WhenError::DayMissing),
        (None, Some(_)) => (today, ahead(today, OPEN_SEARCH_DAYS)),
    };
    if last_day < today {
        return Err(WhenError::Past { date: last_day });
    }
    if first_day > ahead(today, HORIZON_DAYS) {
        return Err(WhenError::TooFar { date: first_day });
    }
    let first_day = first_day.max(today);
    if first_day == last_day {
        let hours = opening(first_day).ok_or(WhenError::Closed { date: first_day })?;
        return on_day(first_day, when.time, now, hours);
    }
    within_days(first_day, last_day, when.time, &opening)
}

fn on_day(
    date: Date,
    time: Option<Time>,
    now: &Zoned,
    hours: Opening,
) -> Result<Candidate, WhenError> {
    if let Some(Time::At(clock)) = time {
        return at(date, clock, now, hours);
    }
    let (opens, closes) = hours;
    let (from, to) = bounds(time, hours);
    let left = if date == now.date() {
        from.max(next_minute(now.time()))
    } else {
        from
    };
    if left < to {
        let latest = matches!(time, Some(Time::Latest));
        Ok(Candidate::Within {
            first_day: date,
            last_day: date,
            from: left,
            to,
            latest,
        })
    } else if from < to {
        Err(WhenError::Past { date })
    } else {
        Err(WhenError::OutsideHours {
            date,
            opens,
            closes,
        })
    }
}

/// One clock time on one day.
fn at(date: Date, clock: Clock, now: &Zoned, hours: Opening) -> Result<Candidate, WhenError> {
    let (opens, closes) = hours;
    let in_hours: Vec<civil::Time> = readings(clock)
        .into_iter()
        .filter(|t| opens <= *t && *t < closes)
        .collect();
    let to_come = |t: &civil::Time| date.to_datetime(*t) > now.datetime();
    let left: Vec<civil::Time> = in_hours.iter().copied().filter(to_come).collect();
    match left.as_slice() {
        [time] => instant(date.to_datetime(*time), now).map(Candidate::At),
        [am, pm, ..] => Err(WhenError::AmbiguousHalf {
            am: date.to_datetime(*am),
            pm: date.to_datetime(*pm),
        }),
        [] if in_hours.is_empty() => Err(WhenError::OutsideHours {
            date,
            opens,
            closes,
        }),
        [] => Err(WhenError::Past { date }),
    }
}

/// The times of day that a clock time may be, in order.
fn readings(clock: Clock) -> Vec<civil::Time> {
    let hours = match clock.half {
        Some(Half::Am) => vec![clock.hour % 12],
        Some(Half::Pm) => vec![clock.hour % 12 + 12],
        None if (1..=12).contains(&clock.hour) => vec![clock.hour % 12, clock.hour % 12 + 12],
        None => vec![clock.hour],
    };
    hours
        .into_iter()
        .filter_map(|h| civil::Time::new(h, clock.minute, 0, 0).ok())
        .collect()
}

fn instant(time: civil::DateTime, now: &Zoned) -> Result<Zoned, WhenError> {
    let ambiguous = now.time_zone().to_ambiguous_zoned(time);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return Err(WhenError::SkippedByClockChange(time));
    }
    // Where the clocks are set back, the first of the two is meant.
    ambiguous
        .compatible()
        .map_err(|_| WhenError::SkippedByClockChange(time))
}

/// A stretch of days: the times are bounded by the widest hours of those days.
fn within_days(
    first_day: Date,
    last_day: Date,
    time: Option<Time>,
    opening: &impl Fn(Date) -> Option<Opening>,
) -> Result<Candidate, WhenError> {
    let hours = first_day
        .series(1.day())
        .take_while(|date| *date <= last_day)
        .filter_map(opening)
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        .ok_or(WhenError::Closed { date: first_day })?;
    let (from, to) = match time {
        Some(Time::At(clock)) => {
            let inside = |t: &civil::Time| hours.0 <= *t && *t < hours.1;
            let readings: Vec<_> = readings(clock).into_iter().filter(inside).collect();
            match readings.as_slice() {
                [time] => (*time, next_minute(*time)),
                [am, pm, ..] => {
                    return Err(WhenError::AmbiguousHalf {
                        am: first_day.to_datetime(*am),
                        pm: first_day.to_datetime(*pm),
                    });
                }
                [] => (END_OF_DAY, END_OF_DAY),
            }
        }
        _ => bounds(time, hours),
    };
    if from >= to {
        let (opens, closes) = hours;
        return Err(WhenError::OutsideHours {
            date: first_day,
            opens,
            closes,
        });
    }
    let latest = matches!(time, Some(Time::Latest));
    Ok(Candidate::Within {
        first_day,
        last_day,
        from,
        to,
        latest,
    })
}

/// The part of the opening hours that a vague time leaves.
fn bounds(time: Option<Time>, (opens, closes): Opening) -> (civil::Time, civil::Time) {
    let single = |clock: Clock| {
        let all = readings(clock);
        let inside = all.iter().copied().find(|t| opens <= *t && *t <= closes);
        inside.or_else(|| all.first().copied()).unwrap_or(opens)
    };
    match time {
        Some(Time::Part(Part::Morning)) => (opens, closes.min(NOON)),
        Some(Time::Part(Part::Afternoon)) => (opens.max(NOON), closes.min(EVENING)),
        Some(Time::Part(Part::Evening)) => (opens.max(EVENING), closes),
        Some(Time::After(clock)) => (opens.max(single(clock)), closes),
        Some(Time::Before(clock)) => (opens, closes.min(single(clock))),
        Some(Time::At(_) | Time::Earliest | Time::Latest | Time::Any | Time::Same) | None => {
            (opens, closes)
        }
    }
}

fn next_minute(time: civil::Time) -> civil::Time {
    let start = time
        .with()
        .second(0)
        .subsec_nanosecond(0)
        .build()
        .unwrap_or(time);
    start.saturating_add(1.minute())
}

/// First and last day of what was said. A single day gives it twice.
fn days(day: Day, today: Date) -> Result<(Date, Date), WhenError> {
    let monday = ahead(today, -i64::from(today.weekday().to_monday_zero_offset()));
    let one = |date: Date| Ok((date, date));
    match day {
        Day::InDays(n) => one(ahead(today, i64::from(n))),
        Day::Weekday(week, weekday) => {
            let offset = i64::from(weekday.to_monday_zero_offset());
            let this = ahead(monday, offset);
            let coming = if this > today { this } else { ahead(this, 7) };
            one(match week {
                Week::Coming => coming,
                Week::This => this,
                Week::Next => ahead(this, 7),
                Week::AfterComing => ahead(coming, 7),
                Week::InWeeks(weeks) => ahead(this, 7 * i64::from(weeks)),
            })
        }
        Day::ThisWeek => Ok((today, ahead(monday, 6))),
        Day::NextWeek => Ok((ahead(monday, 7), ahead(monday, 13))),
        Day::EndOfWeek => {
            let friday = ahead(monday, 4);
            let friday = if friday < today {
                ahead(friday, 7)
            } else {
                friday
            };
            Ok((ahead(friday, -1).max(today), friday))
        }
        Day::Weekend(week) => {
            let weeks = if week == Week::Next { 7 } else { 0 };
            Ok((ahead(monday, 5 + weeks), ahead(monday, 6 + weeks)))
        }
        Day::NextMonth => {
            let first = ahead(today.last_of_month(), 1);
            Ok((first, first.last_of_month()))
        }
        Day::NthWeekday {
            nth,
            weekday,
            month,
            days_after,
        } => one(nth_weekday(nth, weekday, month, days_after, today)),
        Day::Unclear => Err(WhenError::DayUnclear),
        Day::Month(month) => {
            let year = if month < today.month() {
                today.year() + 1
            } else {
                today.year()
            };
            let first =
                Date::new(year, month, 1).map_err(|_| WhenError::NoSuchDate { month, day: 1 })?;
            Ok((first, first.last_of_month()))
        }
        Day::Date {
            year,
            month,
            day,
            weekday,
        } => {
            let date = match month {
                Some(month) => month_day(year, month, day, today)?,
                None => day_of_month(day, today)?,
            };
            match weekday {
                Some(said) if said != date.weekday() => Err(WhenError::WrongWeekday { date, said }),
                _ => one(date),
            }
        }
    }
}

/// The coming one, today included.
fn nth_weekday(nth: Nth, weekday: Weekday, month: Option<i8>, days_after: i8, today: Date) -> Date {
    let of = |year: i16, month: i8| {
        let first = civil::date(year, month, 1);
        let to_weekday = (weekday.to_monday_zero_offset()
            - first.weekday().to_monday_zero_offset())
        .rem_euclid(7);
        let weeks = match nth {
            Nth::Nth(n) => i64::from(n) - 1,
            // Four weeks on it may be the next month already.
            Nth::Last if to_weekday + 28 < first.days_in_month() => 4,
            Nth::Last => 3,
        };
        ahead(
            first,
            i64::from(to_weekday) + 7 * weeks + i64::from(days_after),
        )
    };
    let next_month = ahead(today.last_of_month(), 1);
    let (this, later) = match month {
        Some(month) => (of(today.year(), month), of(today.year() + 1, month)),
        None => (
            of(today.year(), today.month()),
            of(next_month.year(), next_month.month()),
        ),
    };
    if this < today { later } else { this }
}

fn month_day(year: Option<i16>, month: i8, day: i8, today: Date) -> Result<Date, WhenError> {
    let none = |_| WhenError::NoSuchDate { month, day };
    if let Some(year) = year {
        return Date::new(year, month, day).map_err(none);
    }
    // 29 February may be missing this year and be meant next year.
    match Date::new(today.year(), month, day) {
        Ok(date) if date >= today => Ok(date),
        _ => Date::new(today.year() + 1, month, day).map_err(none),
    }
}

fn day_of_month(day: i8, today: Date) -> Result<Date, WhenError> {
    let mut first = today.first_of_month();
    // No two months in a row are short, so a date up to the 31st is found by the third.
    for _ in 0..3 {
        match Date::new(first.year(), first.month(), day) {
            Ok(date) if date >= today => return Ok(date),
            _ => first = ahead(first.last_of_month(), 1),
        }
    }
    Err(WhenError::NoSuchDate {
        month: today.month(),
        day,
    })
}

fn ahead(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}
