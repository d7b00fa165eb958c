//! What a transcript may show: personal data gives way to a label.
//!
//! Dates of birth, telephone numbers, street addresses, VINs and anything card-like, spoken or written.
//! What was asked for is the best guide to what a number is, so the expectation under which the
//! words were said comes along; long runs of digits and dates with a year are masked whatever it is.

use pipeline::message::Expectation;

use crate::nlu::date_time::month;
use crate::nlu::{address as street, folded, number, spanish_digits, spanish_month, vin};

/// Digits in a row that are at least a telephone number without its area code.
const NUMBER_DIGITS: usize = 7;
/// Digits in a row that are at least a payment card.
const CARD_DIGITS: usize = 13;
/// Words between a month and the year of a date.
const DATE_REACH: usize = 6;

const DATE_OF_BIRTH: &str = "[date of birth]";
const PHONE: &str = "[phone number]";
const ADDRESS: &str = "[address]";
const VIN: &str = "[vin]";
const NUMBER: &str = "[number]";
const CARD: &str = "[card number]";

/// The text with its personal data replaced by labels.
#[must_use]
pub fn masked(text: &str, expectation: Expectation) -> String {
    let words: Vec<Word<'_>> = text.split_whitespace().map(Word::new).collect();
    let whole = match expectation {
        // Spelled letter by letter, none of it is told from another word.
        _ if vin::parse(text).is_ok() => Some(((0, words.len()), VIN)),
        // Whoever is asked for the one proof may give another.
        Expectation::DateOfBirth if is_street(text) => address(&words).map(|e| (e, ADDRESS)),
        Expectation::DateOfBirth => {
            extent(&words, |w| w.kind != Kind::Other).map(|e| (e, DATE_OF_BIRTH))
        }
        Expectation::Phone => extent(&words, |w| w.digits() > 0).map(|e| (e, PHONE)),
        Expectation::Address => address(&words).map(|e| (e, ADDRESS)),
        Expectation::Open
        | Expectation::YesNo
        | Expectation::When
        | Expectation::Name
        | Expectation::Vehicle => None,
    };
    let mut spans: Vec<((usize, usize), &str)> = whole.into_iter().collect();
    spans.extend(volunteered_address(&words).map(|e| (e, ADDRESS)));
    spans.extend(
        dates_with_a_year(&words)
            .into_iter()
            .map(|e| (e, DATE_OF_BIRTH)),
    );
    spans.extend(long_numbers(&words));
    replace(&words, &spans)
}

/// Words as `[from, to)` gave way to the first span that covers them.
fn replace(words: &[Word<'_>], spans: &[((usize, usize), &str)]) -> String {
    let mut out: Vec<&str> = Vec::with_capacity(words.len());
    let mut shown: Option<&((usize, usize), &str)> = None;
    for (at, word) in words.iter().enumerate() {
        match spans
            .iter()
            .find(|((from, to), _)| (*from..*to).contains(&at))
        {
            None => {
                out.push(word.text);
                shown = None;
            }
            Some(span) => {
                if shown.is_none_or(|s| s.1 != span.1) {
                    out.push(span.1);
                }
                shown = Some(span);
            }
        }
    }
    out.join(" ")
}

/// From the first to the last of the words that are meant, what lies between included.
fn extent(words: &[Word<'_>], meant: impl Fn(&Word<'_>) -> bool) -> Option<(usize, usize)> {
    let first = words.iter().position(&meant)?;
    let last = words.iter().rposition(&meant)?;
    Some((first, last + 1))
}

fn is_street(text: &str) -> bool {
    street::parse(text).is_some_and(|said| said.kind.is_some())
}

/// From the house number to the end: the town tells as much as the street.
fn address(words: &[Word<'_>]) -> Option<(usize, usize)> {
    let first = words.iter().position(|w| w.digits() > 0)?;
    Some((first, words.len()))
}

/// An address that nobody asked for.
fn volunteered_address(words: &[Word<'_>]) -> Option<(usize, usize)> {
    let says = |at: usize, phrase: &[&str]| {
        phrase
            .iter()
            .enumerate()
            .all(|(i, p)| words.get(at + i).is_some_and(|w| w.plain == *p))
    };
    let start = (0..words.len()).find_map(|at| {
        [
            &["live", "at"][..],
            &["address", "is"][..],
            &["vivo", "en"][..],
            &["direccion", "es"][..],
            &["live", "on"][..],
        ]
        .iter()
        .find(|phrase| says(at, phrase))
        .map(|phrase| at + phrase.len())
    })?;
    let (first, end) = address(words.get(start..)?)?;
    Some((start + first, start + end))
}

/// A month, and a year soon after it: nobody books by the year, so it is a birthday.
fn dates_with_a_year(words: &[Word<'_>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word.kind != Kind::Month {
            continue;
        }
        let reach = (at + 1 + DATE_REACH).min(words.len());
        let Some(year) = (at + 1..reach).find(|&i| begins_year(&words[i..])) else {
            continue;
        };
        let end = (year..words.len())
            .find(|&i| words[i].kind == Kind::Other && !matches!(&*words[i].plain, "and" | "y"))
            .unwrap_or(words.len());
        // "The fourteenth of March".
        let start = (at.saturating_sub(2)..at)
            .find(|&i| words[i].digits() > 0 || words[i].kind == Kind::Ordinal)
            .unwrap_or(at);
        found.push((start, end));
    }
    found
}

fn begins_year(words: &[Word<'_>]) -> bool {
    let plain = |at: usize| words.get(at).map_or("", |w| w.plain.as_str());
    let written = plain(0).len() == 4 && (plain(0).starts_with("19") || plain(0).starts_with("20"));
    let spoken = (plain(0) == "nineteen" && words.get(1).is_some_and(|w| w.digits() > 0))
        || (plain(0) == "two" && plain(1) == "thousand")
        || plain(0) == "mil"
        || (plain(0) == "dos" && plain(1) == "mil")
        || (plain(0) == "twenty" && words.get(1).is_some_and(|w| w.digits() > 0));
    spoken || (written && words[0].digits() == 4)
}

/// Runs of digits, in words or figures, that are too long for a date, a time or a price.
fn long_numbers(words: &[Word<'_>]) -> Vec<((usize, usize), &'static str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let end = (at..words.len())
            .find(|&i| words[i].kind != Kind::Number)
            .unwrap_or(words.len());
        let digits: usize = words[at..end].iter().map(Word::digits).sum();
        if digits >= CARD_DIGITS {
            found.push(((at, end), CARD));
        } else if digits >= NUMBER_DIGITS {
            found.push(((at, end), NUMBER));
        }
        at = end.max(at + 1);
    }
    found
}

struct Word<'a> {
    text: &'a str,
    /// Lower case, without punctuation around it.
    plain: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Ordinal,
    Month,
    Other,
}

impl<'a> Word<'a> {
    fn new(text: &'a str) -> Self {
        let plain = text
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase();
        let plain = folded(&plain);
        let kind = if month(&plain)
            .or_else(|| spanish_month(&plain).and_then(month))
            .is_some()
        {
            Kind::Month
        } else if number::ordinal(std::slice::from_ref(&plain)).is_some() {
            Kind::Ordinal
        } else if digits_in(&plain) > 0 || matches!(plain.as_str(), "hundred" | "thousand" | "mil")
        {
            Kind::Number
        } else {
            Kind::Other
        };
        Self { text, plain, kind }
    }

    /// How many digits the word stands for; 0 for a word that is no number.
    fn digits(&self) -> usize {
        digits_in(&self.plain)
    }
}

fn digits_in(plain: &str) -> usize {
    match number::digits_said(plain) {
        0 => match spanish_digits(plain) {
            0 => plain.bytes().filter(u8::is_ascii_digit).count(),
            said => said,
        },
        said => said,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_of_birth_is_masked_when_it_was_asked_for() {
        let said = "my birthday is march fourteenth nineteen eighty five";
        assert_eq!(
            masked(said, Expectation::DateOfBirth),
            "my birthday is [date of birth]"
        );
        assert_eq!(
            masked("3/14/1985", Expectation::DateOfBirth),
            "[date of birth]"
        );
    }

    #[test]
    fn what_is_said_in_spanish_is_masked_too() {
        for (said, expectation, shown) in [
            (
                "nací el catorce de marzo de mil novecientos ochenta y cinco",
                Expectation::Open,
                "nací el [date of birth]",
            ),
            (
                "catorce de marzo del ochenta y cinco",
                Expectation::DateOfBirth,
                "[date of birth]",
            ),
            (
                "dos uno siete cinco cinco cinco cero uno cero uno",
                Expectation::Phone,
                "[phone number]",
            ),
            (
                "dos uno siete cinco cinco cinco cero uno cero uno",
                Expectation::Open,
                "[number]",
            ),
            (
                "vivo en 402 Oak Avenue",
                Expectation::Open,
                "vivo en [address]",
            ),
            (
                "el quince de diciembre a las tres",
                Expectation::When,
                "el quince de diciembre a las tres",
            ),
        ] {
            assert_eq!(masked(said, expectation), shown);
        }
    }

    #[test]
    fn whatever_is_given_for_a_proof_is_masked() {
        let asked = Expectation::DateOfBirth;
        assert_eq!(
            masked("i live at 402 Oak Avenue", asked),
            "i live at [address]"
        );
        assert_eq!(masked("four oh two oak avenue", asked), "[address]");
        for asked in [asked, Expectation::Address, Expectation::Open] {
            let vin = "one foxtrot t e w one e five zero k f a double zero double zero one";
            assert_eq!(masked(vin, asked), "[vin]");
            assert_eq!(masked("it is 1FTEW1E50KFA00001", asked), "[vin]");
        }
    }

    #[test]
    fn a_date_of_birth_is_masked_when_it_was_volunteered() {
        for said in [
            "i was born on march fourteenth nineteen eighty five thanks",
            "i was born on the fourteenth of march nineteen eighty five thanks",
            "i was born on March 14, 1985 thanks",
            "i was born on july thirtieth two thousand and one thanks",
        ] {
            assert!(
                !masked(said, Expectation::Open).contains("eighty"),
                "{said}"
            );
            assert!(
                masked(said, Expectation::Open).contains("[date of birth] thanks"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_day_to_come_is_no_date_of_birth() {
        for said in [
            "november twenty fourth at ten thirty a m",
            "Tuesday, November 24 at 10 a.m.",
            "yes on march fourteenth",
            "it may be on friday",
        ] {
            assert_eq!(masked(said, Expectation::When), said);
        }
    }

    #[test]
    fn telephone_and_card_numbers_are_masked_wherever_they_are_said() {
        let spoken = "it is two one seven five five five oh one oh one thanks";
        assert_eq!(
            masked(spoken, Expectation::Phone),
            "it is [phone number] thanks"
        );
        assert_eq!(masked(spoken, Expectation::Open), "it is [number] thanks");
        assert_eq!(
            masked(
                "two one seven, five five five, zero one zero one. Right?",
                Expectation::YesNo
            ),
            "[number] Right?"
        );
        assert_eq!(
            masked(
                "it is two one seven triple five oh one oh one thanks",
                Expectation::Open
            ),
            "it is [number] thanks"
        );
        assert_eq!(
            masked("call 217-555-0101", Expectation::Open),
            "call [number]"
        );
        assert_eq!(
            masked("my card is 4111 1111 1111 1111", Expectation::Open),
            "my card is [card number]"
        );
    }

    #[test]
    fn an_address_is_masked_to_its_end() {
        assert_eq!(
            masked(
                "i live at eighteen elm street in springfield",
                Expectation::Address
            ),
            "i live at [address]"
        );
        assert_eq!(
            masked(
                "i live at eighteen elm street in springfield",
                Expectation::Open
            ),
            "i live at [address]"
        );
    }

    #[test]
    fn times_prices_and_model_years_are_shown() {
        for said in [
            "a twenty twenty one honda accord",
            "An oil change is 40 to 80 dollars.",
            "half past nine on the twenty eighth",
        ] {
            assert_eq!(masked(said, Expectation::Open), said);
        }
    }

    proptest! {
        #[test]
        fn no_ten_digits_survive_however_they_are_spelled(
            digits in proptest::collection::vec(0u32..10, 10),
            spelling in 0..3,
        ) {
            let spelled = |digit: &u32| match spelling {
                2 => number::in_words(*digit),
                _ => digit.to_string(),
            };
            let separator = if spelling == 0 { "" } else { " " };
            let said = digits.iter().map(spelled).collect::<Vec<_>>().join(separator);
            let shown = masked(&format!("it is {said} ok"), Expectation::Open);
            prop_assert_eq!(shown, "it is [number] ok");
        }
    }
}
