//! A ten-digit telephone number in words or digits.
//!
//! Only one unbroken run of ten digits (eleven with a leading 1) is a number: neither "two cars" nor
//! a house number can become a part of it.

use std::ops::Range;

use storage::customer::{InvalidPhone, Phone};

use super::date_time::month;
use super::number;
use super::words::Words;

const LENGTH: usize = 10;
/// So many digits in a row are a telephone number, or a part of one, and nothing else.
const LOCAL_LENGTH: usize = 7;

/// Ten digits as they were said. Whether such a number can exist is [`TenDigits::phone`]'s to say,
/// so that the dialogue can tell a caller who was heard well from one who was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenDigits(String);

impl TenDigits {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// # Errors
    /// [`InvalidPhone`] where North American numbering has no such number.
    pub fn phone(&self) -> Result<Phone, InvalidPhone> {
        Phone::parse(&self.0)
    }
}

/// Why no number was read; each asks the caller differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("phone: no digits were said, ask for the number")]
    NoDigits,
    #[error("phone: {0} digits were said, ask for all ten, area code first")]
    Length(usize),
    #[error("phone: two numbers were said, ask which is meant")]
    TwoNumbers,
}

/// Reads a telephone number.
///
/// # Errors
/// [`PhoneError`] unless exactly one number of ten digits was said.
pub fn parse(text: &str) -> Result<TenDigits, PhoneError> {
    parse_words(&Words::new(text))
}

/// [`parse`] of words that are already split.
///
/// # Errors
/// As [`parse`].
pub fn parse_words(words: &Words) -> Result<TenDigits, PhoneError> {
    let runs: Vec<String> = runs(words).into_iter().map(|(run, _)| run).collect();
    let mut numbers: Vec<String> = runs.iter().filter_map(|run| national(run)).collect();
    // A number that was said twice is one number.
    numbers.dedup();
    match numbers.as_slice() {
        [digits] => Ok(TenDigits(digits.clone())),
        [] => match runs.iter().map(String::len).max() {
            None => Err(PhoneError::NoDigits),
            Some(longest) => Err(PhoneError::Length(longest)),
        },
        _ => Err(PhoneError::TwoNumbers),
    }
}

/// The last four digits, where a caller gives only those.
#[must_use]
pub fn last_four(text: &str) -> Option<String> {
    match runs(&Words::new(text)).as_slice() {
        [(run, _)] if run.len() == 4 => Some(run.clone()),
        _ => None,
    }
}

fn national(run: &str) -> Option<String> {
    match run.len() {
        LENGTH => Some(run.to_owned()),
        11 => run.strip_prefix('1').map(str::to_owned),
        _ => None,
    }
}

/// The words without telephone numbers: their digits are no time and no day. Digits behind a month
/// are a date.
#[must_use]
pub fn without(words: &Words) -> Words {
    let mut rest = words.clone();
    for (digits, at) in runs(words).into_iter().rev() {
        let dated = at.start > 0 && month(words.at(at.start - 1)).is_some();
        if digits.len() >= LOCAL_LENGTH && !dated {
            rest = rest.cut(at.start, at.end);
        }
    }
    rest
}

/// All runs of digits, and which words they are; words that only pause do not break a run.
fn runs(words: &Words) -> Vec<(String, Range<usize>)> {
    let list = words.list();
    let mut runs: Vec<(String, Range<usize>)> = Vec::new();
    let mut broken = true;
    let mut i = 0;
    while let Some(rest) = list.get(i..).filter(|rest| !rest.is_empty()) {
        if let Some((digits, used)) = group(rest) {
            match runs.last_mut().filter(|_| !broken) {
                Some((run, at)) => {
                    run.push_str(&digits);
                    at.end = i + used;
                }
                None => runs.push((digits, i..i + used)),
            }
            broken = false;
            i += used;
        } else {
            broken |= !matches!(
                words.at(i),
                "then" | "and" | "area" | "code" | "dash" | "so" | "that" | "is"
            );
            i += 1;
        }
    }
    runs
}

/// "Eight hundred five five five" is 800 and 555: a hundred takes nothing after it.
fn group(list: &[String]) -> Option<(String, usize)> {
    let hundreds = list.get(1).is_some_and(|w| w == "hundred");
    if let Some(digit) = list
        .first()
        .and_then(|w| number::digit(w))
        .filter(|_| hundreds)
    {
        return Some((format!("{digit}00"), 2));
    }
    number::group(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_digits_are_read_however_they_are_said() {
        for (text, digits) in [
            ("two one seven five five five oh one oh one", "2175550101"),
            (
                "my number is two one seven, five five five, zero one zero one",
                "2175550101",
            ),
            ("217-555-0101", "2175550101"),
            ("it's (217) 555-0101", "2175550101"),
            ("+1 217 555 0101", "2175550101"),
            (
                "one two one seven five five five oh one oh one",
                "2175550101",
            ),
            (
                "area code two one seven double five five oh one oh one",
                "2175550101",
            ),
            ("two seventeen triple five oh one oh one", "2175550101"),
            (
                "eight hundred five five five oh one ninety nine",
                "8005550199",
            ),
            (
                "two one seven then five five five and oh one oh two",
                "2175550102",
            ),
            (
                "i have two cars and my number is 217 555 0101",
                "2175550101",
            ),
            ("217 555 0101 yes 217 555 0101", "2175550101"),
            ("2 1 7 5 5 5 0 1 0 1", "2175550101"),
        ] {
            assert_eq!(
                parse(text).as_ref().map(TenDigits::as_str),
                Ok(digits),
                "{text}"
            );
        }
    }

    #[test]
    fn other_numbers_are_never_a_telephone_number() {
        for (text, error) in [
            ("i have two cars", PhoneError::Length(1)),
            ("forty two maple street", PhoneError::Length(2)),
            ("hello", PhoneError::NoDigits),
            ("", PhoneError::NoDigits),
            ("five five five oh one oh one", PhoneError::Length(7)),
            (
                "two one seven five five five oh one oh one two",
                PhoneError::Length(11),
            ),
            ("217 555 0101 or 217 555 0102", PhoneError::TwoNumbers),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_number_that_cannot_exist_is_told_from_one_not_heard() {
        let digits = parse("nine one nine oh two two six one one four").expect("ten digits");
        assert_eq!(digits.phone(), Err(InvalidPhone::NotAssignable));
    }

    proptest::proptest! {
        #[test]
        fn any_ten_digits_in_words_are_read_back(
            digits in proptest::collection::vec(0_u32..10, 10),
            oh in proptest::bool::ANY,
            doubled in proptest::bool::ANY,
        ) {
            let mut words: Vec<String> = Vec::new();
            let mut i = 0;
            while i < digits.len() {
                let word = match digits[i] {
                    0 if oh => "oh".to_owned(),
                    n => number::in_words(n),
                };
                if doubled && digits.get(i + 1) == Some(&digits[i]) {
                    words.push(format!("double {word}"));
                    i += 2;
                } else {
                    words.push(word);
                    i += 1;
                }
            }
            let expected: String = digits.iter().map(u32::to_string).collect();
            let read = parse(&words.join(" "));
            proptest::prop_assert_eq!(read.as_ref().map(TenDigits::as_str), Ok(expected.as_str()));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_digit_is_made_up_and_none_is_left_out(
            text in "([2-9][0-9]{0,3}|ten|hello|and|my|number|is|-| ){0,14}",
        ) {
            // Whatever is read was said, in this order, and nothing else of it is a number.
            if let Ok(digits) = parse(&text) {
                let words = Words::new(&text);
                let said: String = runs(&words).into_iter().map(|(run, _)| run).collect();
                proptest::prop_assert!(said.contains(digits.as_str()), "{}: {:?}", text, digits);
            }
        }

        #[test]
        fn ten_digits_are_a_number_and_fewer_or_more_are_none(count in 0_usize..16) {
            let text = vec!["seven"; count].join(" ");
            proptest::prop_assert_eq!(parse(&text).is_ok(), count == LENGTH, "{}", text);
        }
    }
}
