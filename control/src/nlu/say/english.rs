//! English.

use jiff::civil::{Date, Time, Weekday};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// "November"; empty for a number that is no month.
pub(super) fn month(month: i8) -> &'static str {
    usize::try_from(month)
        .ok()
        .and_then(|m| m.checked_sub(1))
        .and_then(|m| MONTHS.get(m))
        .copied()
        .unwrap_or("")
}

/// "Tuesday".
pub(super) fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// "Tuesday, November 24".
pub(super) fn date(date: Date) -> String {
    format!(
        "{}, {} {}",
        weekday(date.weekday()),
        month(date.month()),
        date.day()
    )
}

/// "today", "tomorrow", or the date.
pub(super) fn day(day: Date, today: Date) -> String {
    if day == today {
        "today".to_owned()
    } else if today.tomorrow().is_ok_and(|tomorrow| day == tomorrow) {
        format!("tomorrow, {}", date(day))
    } else {
        date(day)
    }
}

/// "10 a.m.", "10:30 a.m.", "noon".
pub(super) fn time(time: Time) -> String {
    let (hour, half) = match time.hour() {
        12 if time.minute() == 0 => return "noon".to_owned(),
        0 => (12, "a.m."),
        h @ 1..12 => (h, "a.m."),
        12 => (12, "p.m."),
        h => (h - 12, "p.m."),
    };
    match time.minute() {
        0 => format!("{hour} {half}"),
        minute => format!("{hour}:{minute:02} {half}"),
    }
}

/// "40 to 80 dollars", "40 dollars", "free of charge". Whole dollars.
pub(super) fn price(from: u32, to: u32) -> String {
    match (from, to) {
        (0, 0) => "free of charge".to_owned(),
        (1, 1) => "1 dollar".to_owned(),
        _ if from == to => format!("{from} dollars"),
        _ => format!("{from} to {to} dollars"),
    }
}

/// "45 minutes", "1 hour", "an hour and a half", "2 hours and 15 minutes".
pub(super) fn duration(minutes: u32) -> String {
    let hours = match minutes / 60 {
        0 => String::new(),
        1 => "1 hour".to_owned(),
        n => format!("{n} hours"),
    };
    match (minutes / 60, minutes % 60) {
        (0, 1) => "1 minute".to_owned(),
        (0, n) => format!("{n} minutes"),
        (_, 0) => hours,
        (1, 30) => "an hour and a half".to_owned(),
        (n, 30) => format!("{n} and a half hours"),
        (_, 1) => format!("{hours} and 1 minute"),
        (_, n) => format!("{hours} and {n} minutes"),
    }
}

/// "a", "a and b", "a, b, and c".
pub(super) fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [a, b] => format!("{a} {word} {b}"),
        [all @ .., last] => format!("{}, {word} {last}", all.join(", ")),
    }
}
