//! A date of birth: always with its year, which nobody rolls forward.

use jiff::civil::Date;

use super::date_time;
use super::number;
use super::words::Words;

/// Oldest year of birth that is believed.
const FIRST_YEAR: i16 = 1900;

/// Why no date of birth was read; each asks the caller differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateOfBirthError {
    #[error("date of birth: no date was said, ask for month, day and year")]
    NoDate,
    #[error("date of birth: {month}/{day} without a year, ask for the year")]
    YearMissing { month: i8, day: i8 },
    #[error("date of birth: there is no {month}/{day} in {year}, ask again")]
    NoSuchDate { year: i16, month: i8, day: i8 },
}

/// Reads a date of birth: "march fourth nineteen eighty five", "the ninth of may 1990",
/// "3/14/1985", "three fourteen nineteen eighty five"; also day first or year first, where it can mean
/// nothing else: "14 march 1985", "1985-03-14".
///
/// # Errors
/// [`DateOfBirthError`] says what is missing.
pub fn parse(text: &str) -> Result<Date, DateOfBirthError> {
    parse_words(&Words::new(text))
}

/// [`parse`] of words that are already split.
///
/// # Errors
/// As [`parse`].
pub fn parse_words(words: &Words) -> Result<Date, DateOfBirthError> {
    let (year, month, day) = match in_another_order(words) {
        Some((year, month, day)) => (Some(year), month, day),
        None => match date_time::said_date(words) {
            Some(said) => (
                said.year
                    .or_else(|| short_year(words.list().get(said.to..)?))
                    .or_else(|| year_before(words.list().get(..said.from)?)),
                said.month,
                said.day,
            ),
            None => in_numbers(words).ok_or(DateOfBirthError::NoDate)?,
        },
    };
    let year = year
        .filter(|year| *year >= FIRST_YEAR)
        .ok_or(DateOfBirthError::YearMissing { month, day })?;
    Date::new(year, month, day).map_err(|_| DateOfBirthError::NoSuchDate { year, month, day })
}

/// "Eighty five" after the day. Only from 30 up: below, either century could be meant.
fn short_year(list: &[String]) -> Option<i16> {
    let (n, _) = match list.first()?.parse::<u32>() {
        Ok(n) => (n, 1),
        Err(_) => number::below_hundred(list)?,
    };
    i16::try_from(n)
        .ok()
        .filter(|n| (30..=99).contains(n))
        .map(|n| 1900 + n)
}

/// "Nineteen eighty five" before "march fourteenth".
fn year_before(list: &[String]) -> Option<i16> {
    (0..list.len()).find_map(|i| {
        let (year, used) = number::year(&list[i..])?;
        let rest = list.get(i + used..)?;
        let joined = rest
            .iter()
            .all(|word| matches!(word.as_str(), "in" | "on" | "the"));
        joined.then_some(year)
    })
}

/// The orders that are not the American one, but plain: year first in figures, the day as a number
/// before the month's name or above twelve, the day after the year.
fn in_another_order(words: &Words) -> Option<(i16, i8, i8)> {
    let list = words.list();
    (0..list.len()).find_map(|i| {
        let rest = &list[i..];
        let after_a_number = i > 0 && number::is_number_word(&list[i - 1]);
        if after_a_number {
            return None;
        }
        year_first(rest)
            .or_else(|| day_in_figures_first(rest))
            .or_else(|| day_first(rest))
            .or_else(|| day_last(rest))
    })
}

/// "1985-03-14"
fn year_first(list: &[String]) -> Option<(i16, i8, i8)> {
    let year = list.first()?.parse().ok().filter(|n| *n >= FIRST_YEAR)?;
    let (month, used) = small_number(list.get(1..)?, 12)?;
    let (day, _) = small_number(list.get(1 + used..)?, 31)?;
    Some((year, month, day))
}

/// "14/3/1985"
fn day_in_figures_first(list: &[String]) -> Option<(i16, i8, i8)> {
    let parts: Vec<&str> = list.first()?.split('/').collect();
    let [day, month, year] = parts.as_slice() else {
        return None;
    };
    let day = day.parse().ok().filter(|day| (13..=31).contains(day))?;
    let month = month
        .parse()
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    Some((year.parse().ok().filter(|n| *n >= FIRST_YEAR)?, month, day))
}

/// "14 march 1985"; and "fourteen three nineteen eighty five", where the first can be no month.
fn day_first(list: &[String]) -> Option<(i16, i8, i8)> {
    let (day, used) = small_number(list, 31)?;
    let rest = list.get(used..)?;
    let (month, more) = match date_time::month(rest.first()?) {
        Some(month) => (month, 1),
        None => small_number(rest, 12).filter(|_| day > 12)?,
    };
    let rest = rest.get(more..)?;
    let year = number::year(rest)
        .map(|(year, _)| year)
        .or_else(|| short_year(rest))?;
    Some((year, month, day))
}

/// "March nineteen eighty five, the fourteenth"
fn day_last(list: &[String]) -> Option<(i16, i8, i8)> {
    let month = date_time::month(list.first()?)?;
    let (year, used) = number::year(list.get(1..)?)?;
    let the = usize::from(list.get(1 + used).is_some_and(|word| word == "the"));
    let (day, _) = number::ordinal(list.get(1 + used + the..)?)?;
    Some((year, month, i8::try_from(day).ok()?))
}

/// Month, day and year all as numbers, in the American order.
fn in_numbers(words: &Words) -> Option<(Option<i16>, i8, i8)> {
    (0..words.len()).find_map(|i| {
        let list = words.list().get(i..)?;
        let (month, used) = small_number(list, 12)?;
        let rest = list.get(used..)?;
        let (day, more) = small_number(rest, 31)?;
        let rest = rest.get(more..)?;
        let year = number::year(rest)
            .map(|(year, _)| year)
            .or_else(|| short_year(rest))?;
        Some((Some(year), month, day))
    })
}

/// "Three", "oh three", "03", "fourteen"; at most `most`.
fn small_number(list: &[String], most: i8) -> Option<(i8, usize)> {
    let zero = usize::from(
        list.first()
            .is_some_and(|w| matches!(w.as_str(), "oh" | "o" | "zero")),
    );
    let rest = list.get(zero..)?;
    let (n, used) = match rest.first()?.parse::<u32>() {
        Ok(n) => (n, 1),
        Err(_) => number::below_hundred(rest)?,
    };
    i8::try_from(n)
        .ok()
        .filter(|n| (1..=most).contains(n))
        .map(|n| (n, used + zero))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::nlu::say;
    use storage::Language::English;

    #[test]
    fn dates_of_birth_are_read_however_they_are_said() {
        for (text, expected) in [
            ("march fourteenth nineteen eighty five", date(1985, 3, 14)),
            (
                "my date of birth is july thirtieth two thousand and one",
                date(2001, 7, 30),
            ),
            ("the ninth of may nineteen ninety", date(1990, 5, 9)),
            ("july second nineteen ninety", date(1990, 7, 2)),
            (
                "i was born on june twelfth nineteen ninety nine",
                date(1999, 6, 12),
            ),
            ("march 14, 1985", date(1985, 3, 14)),
            ("March 14th, 1985.", date(1985, 3, 14)),
            ("3/14/1985", date(1985, 3, 14)),
            ("oh three fourteen nineteen eighty five", date(1985, 3, 14)),
            ("march fourteenth eighty five", date(1985, 3, 14)),
            ("seven two ninety", date(1990, 7, 2)),
            ("three fourteen eighty five", date(1985, 3, 14)),
            ("february twenty ninth two thousand", date(2000, 2, 29)),
            ("1985-03-14", date(1985, 3, 14)),
            ("14 March 1985", date(1985, 3, 14)),
            ("fourteen march nineteen eighty five", date(1985, 3, 14)),
            ("nineteen eighty five march fourteenth", date(1985, 3, 14)),
            ("in 1985 on the fourteenth of march", date(1985, 3, 14)),
            (
                "march nineteen eighty five the fourteenth",
                date(1985, 3, 14),
            ),
            ("march nineteen eighty five", date(1985, 3, 19)),
            ("fourteen three nineteen eighty five", date(1985, 3, 14)),
            ("14/3/1985", date(1985, 3, 14)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, error) in [
            (
                "march fourteenth",
                DateOfBirthError::YearMissing { month: 3, day: 14 },
            ),
            (
                "march fourteenth twelve",
                DateOfBirthError::YearMissing { month: 3, day: 14 },
            ),
            (
                "june thirty first nineteen eighty",
                DateOfBirthError::NoSuchDate {
                    year: 1980,
                    month: 6,
                    day: 31,
                },
            ),
            (
                "february twenty ninth nineteen eighty five",
                DateOfBirthError::NoSuchDate {
                    year: 1985,
                    month: 2,
                    day: 29,
                },
            ),
            ("nineteen eighty five", DateOfBirthError::NoDate),
            ("tuesday", DateOfBirthError::NoDate),
            ("", DateOfBirthError::NoDate),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_birthday_in_words_is_read_back(day in 0_i64..44_000, hundred in proptest::bool::ANY) {
            let date = date(1905, 1, 1).saturating_add(jiff::ToSpan::days(day));
            let year = u32::try_from(date.year())?;
            let (century, rest) = (year / 100, year % 100);
            let year = match rest {
                _ if century == 20 && (hundred || rest < 10) => number::in_words(year),
                0 => format!("{} hundred", number::in_words(century)),
                1..10 => format!("{} oh {}", number::in_words(century), number::in_words(rest)),
                _ => format!("{} {}", number::in_words(century), number::in_words(rest)),
            };
            let ordinal = number::ordinal_in_words(u32::try_from(date.day())?);
            let text = format!("{} {ordinal} {year}", say::month(English, date.month()));
            proptest::prop_assert_eq!(parse(&text), Ok(date), "{}", text);
            let spoken = format!(
                "{} {}, {}",
                say::month(English, date.month()),
                date.day(),
                date.year()
            );
            proptest::prop_assert_eq!(parse(&spoken), Ok(date), "{}", spoken);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }
    }
}
