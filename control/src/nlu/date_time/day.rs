//! The day of a [`When`](super::When), or of a birth.

use jiff::civil::Weekday;

use super::feast::{feast, is_unclear, nth_weekday};
use super::{Day, Week};
use crate::nlu::number;
use crate::nlu::words::Words;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day that was said, and which words said it (so that the time is not read from them).
#[derive(Debug)]
pub(super) struct Found {
    pub(super) day: Option<Day>,
    pub(super) taken: Vec<bool>,
}

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let word = word.strip_suffix('s').unwrap_or(word);
    WEEKDAYS
        .iter()
        .find(|(name, day)| *name == word || abbreviated(*day) == word)
        .map(|&(_, day)| day)
}

fn abbreviated(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// Month 1 to 12 by its name, or by its first three letters ("sept" too).
pub(crate) fn month(word: &str) -> Option<i8> {
    let index = MONTHS.iter().position(|&name| {
        name == word
            || (word.len() == 3 && name.starts_with(word))
            || (word == "sept" && name == "september")
    })?;
    i8::try_from(index + 1).ok()
}

/// A date by month name or in figures: month (if said), day, year (if said), and its words' range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SaidDate {
    pub(crate) year: Option<i16>,
    pub(crate) month: i8,
    pub(crate) day: i8,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The first full date: "march fourth", "the fourth of march", "march 4 2027", "3/4/2027". The day
/// may be one that the month does not have.
pub(crate) fn date(words: &Words) -> Option<SaidDate> {
    (0..words.len()).find_map(|i| {
        let list = &words.list()[i..];
        let mut said = figures(list)
            .or_else(|| month_first(list))
            .or_else(|| day_first(list))?;
        if said.year.is_none() {
            let skip = usize::from(matches!(words.at(i + said.to), "of" | "in"));
            if let Some((year, used)) = number::year(words.list().get(i + said.to + skip..)?) {
                said.year = Some(year);
                said.to += used + skip;
            }
        }
        Some(SaidDate {
            from: i,
            to: i + said.to,
            ..said
        })
    })
}

/// "11/24" or "11/24/2026".
fn figures(list: &[String]) -> Option<SaidDate> {
    let parts: Vec<i16> = list
        .first()?
        .split('/')
        .map_while(|p| p.parse().ok())
        .collect();
    let (month, day, year) = match parts.as_slice() {
        [m, d] => (*m, *d, None),
        [m, d, y] => (*m, *d, Some(*y)),
        _ => return None,
    };
    let year = match year {
        Some(y @ 1900..=2099) => Some(y),
        Some(_) => return None,
        None => None,
    };
    Some(SaidDate {
        year,
        month: i8::try_from(month).ok().filter(|m| (1..=12).contains(m))?,
        day: i8::try_from(day).ok().filter(|d| (1..=31).contains(d))?,
        from: 0,
        to: 1,
    })
}

fn month_first(list: &[String]) -> Option<SaidDate> {
    let month = month(list.first()?)?;
    let the = usize::from(list.get(1).is_some_and(|w| w == "the"));
    let (day, used) = day_number(&list[1 + the..])?;
    Some(SaidDate {
        year: None,
        month,
        day,
        from: 0,
        to: 1 + the + used,
    })
}

fn day_first(list: &[String]) -> Option<SaidDate> {
    let (day, used) = number::ordinal(list)?;
    let of = usize::from(list.get(used).is_some_and(|w| w == "of"));
    let month = month(list.get(used + of)?)?;
    Some(SaidDate {
        year: None,
        month,
        day: i8::try_from(day).ok().filter(|d| *d <= 31)?,
        from: 0,
        to: used + of + 1,
    })
}

/// The day after a month's name: an ordinal or a plain number up to 31. A number that goes on as a
/// clock time ("december at 10" never gets here; "march 10:30") is none.
fn day_number(list: &[String]) -> Option<(i8, usize)> {
    let (n, used) = number::ordinal(list).or_else(|| {
        let (n, used) = match list.first()?.parse::<u32>() {
            Ok(n) => (n, 1),
            Err(_) => number::below_hundred(list)?,
        };
        let a_time = matches!(
            list.get(used).map(String::as_str),
            Some("am" | "pm" | "o'clock")
        );
        (!a_time).then_some((n, used))
    })?;
    i8::try_from(n)
        .ok()
        .filter(|d| (1..=31).contains(d))
        .map(|d| (d, used))
}

/// Finds the day. `choosing` says that an ordinal alone names an offered time, not a date.
pub(super) fn find(words: &Words, choosing: bool) -> Found {
    let mut found = Found {
        day: None,
        taken: vec![false; words.len()],
    };
    let said_weekday = find_weekday(words);
    if let Some((day, from, to)) = nth_weekday(words) {
        found.take(from, to);
        found.day = Some(day);
    } else if let Some(day) = feast(words, said_weekday.map(|(_, day)| day)) {
        found.day = Some(day);
    } else if let Some(said) = date(words) {
        found.take(said.from, said.to);
        found.day = Some(Day::Date {
            year: said.year,
            month: Some(said.month),
            day: said.day,
            weekday: said_weekday.map(|(_, day)| day),
        });
    } else if let Some((day, from, to)) = day_of_month(words).filter(|_| !choosing) {
        found.take(from, to);
        let weekday = said_weekday.map(|(_, day)| day);
        found.day = Some(Day::Date {
            year: None,
            month: None,
            day,
            weekday,
        });
    } else if let Some((day, from, to)) = counted(words) {
        found.take(from, to);
        found.day = Some(match (day, said_weekday) {
            // "In two weeks on Tuesday."
            (Day::InDays(days), Some((_, weekday))) if days >= 7 && days % 7 == 0 => {
                let weeks = u8::try_from(days / 7).unwrap_or(u8::MAX);
                Day::Weekday(Week::InWeeks(weeks), weekday)
            }
            (day, _) => day,
        });
    } else if let Some((week, weekday)) = said_weekday {
        found.day = Some(Day::Weekday(week, weekday));
    } else {
        found.day = stretch(words).or_else(|| is_unclear(words).then_some(Day::Unclear));
    }
    found
}

impl Found {
    fn take(&mut self, from: usize, to: usize) {
        let to = to.min(self.taken.len());
        for taken in &mut self.taken[from.min(to)..to] {
            *taken = true;
        }
    }
}

/// The first weekday and which week it is of.
fn find_weekday(words: &Words) -> Option<(Week, Weekday)> {
    let (at, day) = words
        .list()
        .iter()
        .enumerate()
        .find_map(|(i, word)| weekday(word).map(|day| (i, day)))
        // "Sun", "sat" and "wed" alone are ordinary words.
        .filter(|&(i, day)| {
            words.at(i).len() > 3
                || i == 0
                || abbreviated(day) != words.at(i)
                || matches!(words.at(i - 1), "on" | "next" | "this")
        })?;
    let before = if at == 0 { "" } else { words.at(at - 1) };
    let week = match before {
        "next" => Week::Next,
        "this" => Week::This,
        "from" | "after" if words.has_any(&["a week from", "week from", "week after"]) => {
            Week::AfterComing
        }
        _ if words.has_any(&["next week", "following week", "week after this"]) => Week::Next,
        _ if words.has("this week") => Week::This,
        _ => Week::Coming,
    };
    Some((week, day))
}

/// "The fifteenth", not followed by a noun that it would count.
fn day_of_month(words: &Words) -> Option<(i8, usize, usize)> {
    (0..words.len()).find_map(|i| {
        let (n, used) = number::ordinal(&words.list()[i..])?;
        let before = if i == 0 { "" } else { words.at(i - 1) };
        let introduced = before == "the" || weekday(before).is_some() || used == 2;
        let after = words.at(i + used);
        let counts = matches!(
            after,
            "one"
                | "time"
                | "slot"
                | "option"
                | "appointment"
                | "thing"
                | "available"
                | "opening"
                | "street"
                | "avenue"
                | "road"
                | "visit"
                | "you"
                | "half"
                | "week"
        );
        let day = i8::try_from(n).ok().filter(|d| *d <= 31)?;
        (introduced && !counts).then_some((day, i, i + used))
    })
}

/// "In three days", "two weeks from now", "the day after tomorrow".
fn counted(words: &Words) -> Option<(Day, usize, usize)> {
    let said = |phrase: &str| {
        words
            .position(phrase)
            .map(|at| (at, phrase.split(' ').count()))
    };
    for (phrase, days) in [
        ("day after tomorrow", 2),
        ("tomorrow", 1),
        ("today", 0),
        ("tonight", 0),
        ("this morning", 0),
        ("this afternoon", 0),
        ("this evening", 0),
        ("a week from today", 7),
        ("a week from now", 7),
        ("in a week", 7),
    ] {
        if let Some((at, _)) = said(phrase) {
            // The words stay free: "this afternoon" is a time as well.
            return Some((Day::InDays(days), at, at));
        }
    }
    (0..words.len()).find_map(|i| {
        let (n, used) = number::cardinal(&words.list()[i..])?;
        let scale = match words.at(i + used) {
            "day" | "days" => 1,
            "week" | "weeks" => 7,
            _ => return None,
        };
        let before = if i == 0 { "" } else { words.at(i - 1) };
        let counted = before == "in" || matches!(words.at(i + used + 1), "from" | "later");
        // A year ahead is as far as anybody books.
        let days = u16::try_from(n)
            .ok()?
            .checked_mul(scale)
            .filter(|d| *d <= 366)?;
        counted.then_some((Day::InDays(days), i, i + used + 1))
    })
}

/// A stretch of days.
fn stretch(words: &Words) -> Option<Day> {
    if words.has_any(&["end of the week", "later this week"]) {
        return Some(Day::EndOfWeek);
    }
    for (phrase, day) in [
        ("next weekend", Day::Weekend(Week::Next)),
        ("this weekend", Day::Weekend(Week::This)),
        ("the weekend", Day::Weekend(Week::Coming)),
        ("next week", Day::NextWeek),
        ("following week", Day::NextWeek),
        ("this week", Day::ThisWeek),
        ("next month", Day::NextMonth),
        ("right away", Day::InDays(0)),
    ] {
        if words.has(phrase) {
            return Some(day);
        }
    }
    words.list().iter().enumerate().find_map(|(i, word)| {
        let month = month(word)?;
        let before = if i == 0 { "" } else { words.at(i - 1) };
        // "May" and "march" are also verbs, and "mar" or "sun" ordinary sounds.
        matches!(before, "in" | "of" | "early" | "late" | "mid").then_some(Day::Month(month))
    })
}
