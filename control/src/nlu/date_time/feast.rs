//! Days that callers name without their date: feasts, "the last Monday of December"; and those that
//! are named and that we cannot tell.

use jiff::ToSpan;
use jiff::civil::{Weekday, date};

use super::Day;
use super::day::{month, weekday};
use crate::nlu::number;
use crate::nlu::words::Words;

/// A feast on the same date every year: month and day.
const FIXED: [(&str, (i8, i8)); 14] = [
    ("christmas eve", (12, 24)),
    ("christmas day", (12, 25)),
    ("christmas", (12, 25)),
    ("new year's eve", (12, 31)),
    ("new years eve", (12, 31)),
    ("new year eve", (12, 31)),
    ("new year's", (1, 1)),
    ("new years", (1, 1)),
    ("valentine's day", (2, 14)),
    ("juneteenth", (6, 19)),
    ("independence day", (7, 4)),
    ("halloween", (10, 31)),
    ("veterans day", (11, 11)),
    ("veteran's day", (11, 11)),
];

/// A feast on the nth weekday of a month: which, the weekday, the month.
const MOVING: [(&str, (Nth, Weekday, i8)); 7] = [
    ("martin luther king day", (Nth::Nth(3), Weekday::Monday, 1)),
    ("presidents day", (Nth::Nth(3), Weekday::Monday, 2)),
    ("mother's day", (Nth::Nth(2), Weekday::Sunday, 5)),
    ("memorial day", (Nth::Last, Weekday::Monday, 5)),
    ("labor day", (Nth::Nth(1), Weekday::Monday, 9)),
    ("columbus day", (Nth::Nth(2), Weekday::Monday, 10)),
    ("thanksgiving", (Nth::Nth(4), Weekday::Thursday, 11)),
];

/// Which of a month's Mondays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// Counted from 1.
    Nth(u8),
    Last,
}

/// The feast that was named, or the day before or after it. With a weekday that it does not fall on,
/// another day is meant than the feast, if one that we can tell.
pub(super) fn feast(words: &Words, said: Option<Weekday>) -> Option<Day> {
    if words.has("black friday") {
        let (nth, weekday, month) = (Nth::Nth(4), Weekday::Thursday, Some(11));
        return Some(Day::NthWeekday {
            nth,
            weekday,
            month,
            days_after: 1,
        });
    }
    let (name, feast) = named(words)?;
    let beside = |phrase: &str| words.has(&format!("{phrase} {name}"));
    let days_after = if beside("day after") || (beside("friday after") && name == "thanksgiving") {
        1
    } else if beside("day before") {
        -1
    } else if ["after", "before", "week of", "around"]
        .into_iter()
        .any(beside)
        || words.has(&format!("{name} week"))
    {
        // "The Monday after Christmas", "some time before Thanksgiving".
        return Some(Day::Unclear);
    } else {
        0
    };
    match feast {
        Feast::Fixed(month, day) => {
            // A year in which no month is longer; the days beside a feast are the same in any.
            let date = date(2026, month, day).saturating_add(i64::from(days_after).days());
            Some(Day::Date {
                year: None,
                month: Some(date.month()),
                day: date.day(),
                weekday: said,
            })
        }
        Feast::Moving(_, weekday, _) if days_after == 0 && said.is_some_and(|s| s != weekday) => {
            None
        }
        Feast::Moving(nth, weekday, month) => Some(Day::NthWeekday {
            nth,
            weekday,
            month: Some(month),
            days_after,
        }),
    }
}

enum Feast {
    Fixed(i8, i8),
    Moving(Nth, Weekday, i8),
}

fn named(words: &Words) -> Option<(&'static str, Feast)> {
    let fixed = FIXED
        .iter()
        .map(|&(name, (m, d))| (name, Feast::Fixed(m, d)));
    let moving = MOVING
        .iter()
        .map(|&(name, (n, w, m))| (name, Feast::Moving(n, w, m)));
    fixed.chain(moving).find(|(name, _)| words.has(name))
}

/// "The last Monday of December", "the second Friday in January", "the first Tuesday of the month".
/// Gives the range of its words.
pub(super) fn nth_weekday(words: &Words) -> Option<(Day, usize, usize)> {
    let at = words
        .list()
        .iter()
        .position(|word| weekday(word).is_some())?;
    let before = at.checked_sub(1)?;
    let nth = match words.at(before) {
        "last" => Nth::Last,
        _ => {
            let (n, _) = number::ordinal(words.list().get(before..=before)?)?;
            Nth::Nth(u8::try_from(n).ok().filter(|n| (1..=4).contains(n))?)
        }
    };
    let joined = matches!(words.at(at + 1), "of" | "in");
    let of = at + 1 + usize::from(joined);
    let this_month = words.at(of) == "the" && words.at(of + 1) == "month";
    let month = month(words.at(of));
    if !this_month && month.is_none() {
        return None;
    }
    let day = Day::NthWeekday {
        nth,
        weekday: weekday(words.at(at))?,
        month,
        days_after: 0,
    };
    Some((day, before, of + 1 + usize::from(this_month)))
}

/// Whether a day was named in a way that none of our readers knows: it is asked for, so that none
/// that was said earlier stands in its place.
pub(super) fn is_unclear(words: &Words) -> bool {
    words.has_any(&[
        "day after",
        "day before",
        "days after",
        "days before",
        "week after",
        "week before",
        "week of",
        "week between",
        "end of the month",
        "end of next month",
        "middle of the month",
        "beginning of the month",
        "in a month",
        "a month from",
        "next year",
        "new year",
        "easter",
        "hanukkah",
        "passover",
        "ramadan",
        "father's day",
        "the holidays",
    ])
}
