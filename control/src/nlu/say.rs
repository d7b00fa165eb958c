//! The reverse way: dates, times, prices, numbers and lists as one says them, in each language.
//!
//! Figures are left to the synthesiser where it reads them well (English dates and clock times, the
//! day of a Spanish month); telephone numbers are spelled digit by digit, with commas where a
//! speaker pauses.

mod english;
mod spanish;
#[cfg(test)]
mod tests;

use jiff::civil::{Date, Time, Weekday};
use storage::Language;
use storage::Language::{English, Spanish};

/// "Tuesday"; "martes".
#[must_use]
pub fn weekday(language: Language, day: Weekday) -> &'static str {
    match language {
        English => english::weekday(day),
        Spanish => spanish::weekday(day),
    }
}

/// "November"; "noviembre". Empty for a number that is no month.
#[must_use]
pub fn month(language: Language, month: i8) -> &'static str {
    match language {
        English => english::month(month),
        Spanish => spanish::month(month),
    }
}

/// "Tuesday, November 24"; "martes, 24 de noviembre".
#[must_use]
pub fn date(language: Language, date: Date) -> String {
    match language {
        English => english::date(date),
        Spanish => spanish::date(date),
    }
}

/// "Tomorrow, Tuesday, November 24"; "mañana, martes, 24 de noviembre"; and a day that is near by its
/// name alone. In Spanish any other day comes with its article.
#[must_use]
pub fn day(language: Language, day: Date, today: Date) -> String {
    match language {
        English => english::day(day, today),
        Spanish => spanish::day(day, today),
    }
}

/// "10 a.m.", "noon"; "las diez de la mañana", with its article.
#[must_use]
pub fn time(language: Language, time: Time) -> String {
    match language {
        English => english::time(time),
        Spanish => spanish::time(time),
    }
}

/// "8 a.m. to 6 p.m."; "de las ocho de la mañana a las seis de la tarde".
#[must_use]
pub fn from_to(language: Language, from: Time, to: Time) -> String {
    let (from, to) = (time(language, from), time(language, to));
    match language {
        English => format!("from {from} to {to}"),
        Spanish => format!("de {from} a {to}"),
    }
}

/// "40 to 80 dollars"; "de 40 a 80 dólares". Whole dollars.
#[must_use]
pub fn price(language: Language, from: u32, to: u32) -> String {
    match language {
        English => english::price(from, to),
        Spanish => spanish::price(from, to),
    }
}

/// "45 minutes", "an hour and a half"; "45 minutos", "una hora y media".
#[must_use]
pub fn duration(language: Language, minutes: u32) -> String {
    match language {
        English => english::duration(minutes),
        Spanish => spanish::duration(minutes),
    }
}

/// Ten digits in groups of three, three and four: "two one seven, five five five, zero one zero one".
/// Any other text digit by digit.
#[must_use]
pub fn ten_digits(language: Language, digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().filter_map(|c| c.to_digit(10)).enumerate() {
        if i > 0 {
            out.push_str(if i == 3 || i == 6 { ", " } else { " " });
        }
        out.push_str(&match language {
            English => super::number::in_words(digit),
            Spanish => spanish::in_words(digit),
        });
    }
    out
}

/// "a", "a and b", "a, b, and c"; "a, b y c".
#[must_use]
pub fn and(language: Language, items: &[String]) -> String {
    match language {
        English => english::list(items, "and"),
        Spanish => spanish::and(items),
    }
}

/// "a", "a or b", "a, b, or c"; "a, b o c".
#[must_use]
pub fn or(language: Language, items: &[String]) -> String {
    match language {
        English => english::list(items, "or"),
        Spanish => spanish::or(items),
    }
}
