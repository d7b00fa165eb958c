//! The reverse way: dates, times, prices, numbers and lists as one says them.
//!
//! Figures are left to the synthesiser where it reads them well (dates, clock times); telephone
//! numbers are spelled digit by digit, with commas where a speaker pauses.

use jiff::civil::{Date, DateTime, Time, Weekday};
use storage::customer::Phone;
use storage::vehicle::Vehicle;

use super::number;

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
#[must_use]
pub fn month(month: i8) -> &'static str {
    usize::try_from(month)
        .ok()
        .and_then(|m| m.checked_sub(1))
        .and_then(|m| MONTHS.get(m))
        .copied()
        .unwrap_or("")
}

/// "Tuesday".
#[must_use]
pub fn weekday(day: Weekday) -> &'static str {
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
#[must_use]
pub fn date(date: Date) -> String {
    format!(
        "{}, {} {}",
        weekday(date.weekday()),
        month(date.month()),
        date.day()
    )
}

/// "today", "tomorrow", or the date.
#[must_use]
pub fn day(day: Date, today: Date) -> String {
    if day == today {
        "today".to_owned()
    } else if today.tomorrow().is_ok_and(|tomorrow| day == tomorrow) {
        format!("tomorrow, {}", date(day))
    } else {
        date(day)
    }
}

/// "10 a.m.", "10:30 a.m.", "noon".
#[must_use]
pub fn time(time: Time) -> String {
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

/// "Tuesday, November 24 at 10 a.m."
#[must_use]
pub fn date_time(at: DateTime) -> String {
    format!("{} at {}", date(at.date()), time(at.time()))
}

/// "March 14, 1985".
#[must_use]
pub fn date_of_birth(date: Date) -> String {
    format!("{} {}, {}", month(date.month()), date.day(), date.year())
}

/// "40 to 80 dollars", "40 dollars", "free of charge". Whole dollars.
#[must_use]
pub fn price(from: u32, to: u32) -> String {
    match (from, to) {
        (0, 0) => "free of charge".to_owned(),
        (1, 1) => "1 dollar".to_owned(),
        _ if from == to => format!("{from} dollars"),
        _ => format!("{from} to {to} dollars"),
    }
}

/// "45 minutes", "1 hour", "an hour and a half", "2 hours and 15 minutes".
#[must_use]
pub fn duration(minutes: u32) -> String {
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

/// "two one seven, five five five, zero one zero one".
#[must_use]
pub fn phone(phone: &Phone) -> String {
    ten_digits(phone.national())
}

/// Ten digits in groups of three, three and four; any other text digit by digit.
#[must_use]
pub fn ten_digits(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().filter_map(|c| c.to_digit(10)).enumerate() {
        if i > 0 {
            out.push_str(if i == 3 || i == 6 { ", " } else { " " });
        }
        out.push_str(&number::in_words(digit));
    }
    out
}

/// "2020 Toyota Camry".
#[must_use]
pub fn vehicle(vehicle: &Vehicle) -> String {
    format!("{} {} {}", vehicle.year, vehicle.make, vehicle.model)
}

/// "a", "a and b", "a, b, and c".
#[must_use]
pub fn and(items: &[String]) -> String {
    list(items, "and")
}

/// "a", "a or b", "a, b, or c".
#[must_use]
pub fn or(items: &[String]) -> String {
    list(items, "or")
}

fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [a, b] => format!("{a} {word} {b}"),
        [all @ .., last] => format!("{}, {word} {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn dates_and_times_are_said_naturally() {
        let day = civil::date(2026, 11, 24);
        assert_eq!(
            date_time(day.at(10, 0, 0, 0)),
            "Tuesday, November 24 at 10 a.m."
        );
        assert_eq!(time(civil::time(10, 30, 0, 0)), "10:30 a.m.");
        assert_eq!(time(civil::time(12, 0, 0, 0)), "noon");
        assert_eq!(time(civil::time(12, 5, 0, 0)), "12:05 p.m.");
        assert_eq!(time(civil::time(0, 0, 0, 0)), "12 a.m.");
        assert_eq!(time(civil::time(16, 45, 0, 0)), "4:45 p.m.");
        let monday = civil::date(2026, 11, 23);
        assert_eq!(super::day(day, monday), "tomorrow, Tuesday, November 24");
        assert_eq!(super::day(monday, monday), "today");
        assert_eq!(date_of_birth(civil::date(1985, 3, 14)), "March 14, 1985");
    }

    #[test]
    fn prices_durations_and_lists_are_said_naturally() {
        assert_eq!(price(40, 80), "40 to 80 dollars");
        assert_eq!(price(40, 40), "40 dollars");
        assert_eq!(price(0, 0), "free of charge");
        assert_eq!(duration(30), "30 minutes");
        assert_eq!(duration(60), "1 hour");
        assert_eq!(duration(90), "an hour and a half");
        assert_eq!(duration(150), "2 and a half hours");
        assert_eq!(duration(75), "1 hour and 15 minutes");
        let items = ["8 a.m.", "9 a.m.", "noon"].map(str::to_owned);
        assert_eq!(or(&items), "8 a.m., 9 a.m., or noon");
        assert_eq!(and(&items[..2]), "8 a.m. and 9 a.m.");
        assert_eq!(and(&[]), "");
    }

    #[test]
    fn a_telephone_number_is_said_digit_by_digit() {
        let number = Phone::parse("217-555-0101").expect("assignable");
        assert_eq!(
            phone(&number),
            "two one seven, five five five, zero one zero one"
        );
    }
}
