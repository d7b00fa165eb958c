//! Numbers, in words or digits: digits, cardinals, ordinals, years.
//!
//! Every reader takes the words from the place where the number should begin and gives the value
//! and how many words it took, or nothing.

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const SMALL_ORDINALS: [&str; 20] = [
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const TENS_ORDINALS: [&str; 8] = [
    "twentieth",
    "thirtieth",
    "fortieth",
    "fiftieth",
    "sixtieth",
    "seventieth",
    "eightieth",
    "ninetieth",
];
/// Longest run of digits written as one word that is taken for a number.
const MAX_DIGITS_IN_A_WORD: usize = 12;

/// Whether the word can be part of a number.
#[must_use]
pub fn is_number_word(word: &str) -> bool {
    matches!(word, "hundred" | "thousand" | "oh")
        || small(word).is_some()
        || tens(word).is_some()
        || word.starts_with(|c: char| c.is_ascii_digit())
}

/// One digit: "four", "4", "oh".
#[must_use]
pub fn digit(word: &str) -> Option<u32> {
    match word {
        "oh" | "o" => Some(0),
        _ => small(word)
            .filter(|&n| n < 10)
            .or_else(|| written(word).filter(|&n| n < 10)),
    }
}

/// How many digits a spelled word stands for: "four" and "oh" for one, "twelve" and "forty" for
/// two. "Double" and "triple" stand for the ones they add to the digit that follows. 0 for others.
#[must_use]
pub fn digits_said(word: &str) -> usize {
    match word {
        "oh" | "o" | "double" => 1,
        "triple" => 2,
        _ => match small(word).or_else(|| tens(word)) {
            Some(0..10) => 1,
            Some(_) => 2,
            None => 0,
        },
    }
}

fn small(word: &str) -> Option<u32> {
    let index = SMALL.iter().position(|&w| w == word)?;
    u32::try_from(index).ok()
}

fn tens(word: &str) -> Option<u32> {
    let index = TENS
        .iter()
        .position(|&w| w == word || (w == "forty" && word == "fourty"))?;
    u32::try_from(index).ok().map(|i| 20 + 10 * i)
}

/// A number written in digits.
fn written(word: &str) -> Option<u32> {
    let digits = word.len() <= MAX_DIGITS_IN_A_WORD && word.bytes().all(|b| b.is_ascii_digit());
    if digits { word.parse().ok() } else { None }
}

/// 0 to 99 in words: "seven", "fifteen", "forty", "forty two".
#[must_use]
pub fn below_hundred(words: &[String]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if let Some(n) = small(first) {
        return Some((n, 1));
    }
    let ten = tens(first)?;
    match words.get(1).and_then(|w| small(w)) {
        Some(unit @ 1..=9) => Some((ten + unit, 2)),
        _ => Some((ten, 1)),
    }
}

/// 0 to 99,999 in words, or any number in digits: "seven hundred and five", "twelve hundred",
/// "two thousand one", "42".
#[must_use]
pub fn cardinal(words: &[String]) -> Option<(u32, usize)> {
    if let Some(n) = words.first().and_then(|w| written(w)) {
        return Some((n, 1));
    }
    let (head, used) = below_hundred(words)?;
    match words.get(used).map(String::as_str) {
        Some("hundred") if head > 0 => {
            let (rest, more) = remainder(&words[used + 1..], below_hundred);
            Some((head * 100 + rest, used + 1 + more))
        }
        Some("thousand") if head > 0 => {
            let (rest, more) = remainder(&words[used + 1..], below_thousand);
            Some((head * 1000 + rest, used + 1 + more))
        }
        _ => Some((head, used)),
    }
}

fn below_thousand(words: &[String]) -> Option<(u32, usize)> {
    let (head, used) = below_hundred(words)?;
    if head > 0 && head < 10 && words.get(used).is_some_and(|w| w == "hundred") {
        let (rest, more) = remainder(&words[used + 1..], below_hundred);
        return Some((head * 100 + rest, used + 1 + more));
    }
    Some((head, used))
}

/// What follows "hundred" or "thousand", with or without "and"; 0 where nothing does.
fn remainder(words: &[String], read: impl Fn(&[String]) -> Option<(u32, usize)>) -> (u32, usize) {
    let and = usize::from(words.first().is_some_and(|w| w == "and"));
    match read(&words[and..]) {
        Some((n, used)) if n > 0 => (n, used + and),
        _ => (0, 0),
    }
}

/// First to ninety-ninth: "second", "twenty second", "22nd".
#[must_use]
pub fn ordinal(words: &[String]) -> Option<(u32, usize)> {
    let first = words.first()?;
    let suffixed = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| first.strip_suffix(suffix))
        .and_then(written);
    if let Some(n) = suffixed.filter(|n| (1..=99).contains(n)) {
        return Some((n, 1));
    }
    if let Some(n) = small_ordinal(first) {
        return Some((n, 1));
    }
    if let Some(i) = TENS_ORDINALS.iter().position(|&w| w == first) {
        return u32::try_from(i).ok().map(|i| (20 + 10 * i, 1));
    }
    let ten = tens(first)?;
    let unit = words
        .get(1)
        .and_then(|w| small_ordinal(w))
        .filter(|&n| n < 10)?;
    Some((ten + unit, 2))
}

fn small_ordinal(word: &str) -> Option<u32> {
    let index = SMALL_ORDINALS.iter().skip(1).position(|&w| w == word)?;
    u32::try_from(index).ok().map(|i| i + 1)
}

/// A year of this or the last century, 1900 to 2099: "nineteen eighty five", "nineteen oh five",
/// "two thousand and one", "twenty nineteen", "1985".
#[must_use]
pub fn year(words: &[String]) -> Option<(i16, usize)> {
    if let Some(n) = words.first().and_then(|w| written(w)) {
        return in_range(n).map(|y| (y, 1));
    }
    let century = match words.first()?.as_str() {
        "nineteen" => 1900,
        "twenty" => 2000,
        _ => return cardinal(words).and_then(|(n, used)| Some((in_range(n)?, used))),
    };
    let rest = &words[1..];
    match rest.first().map(String::as_str) {
        Some("hundred") => cardinal(words).and_then(|(n, used)| Some((in_range(n)?, used))),
        Some("oh" | "o") => {
            let unit = rest.get(1).and_then(|w| digit(w)).filter(|&n| n > 0)?;
            Some((in_range(century + unit)?, 3))
        }
        _ => {
            let (n, used) = below_hundred(rest).filter(|&(n, _)| n >= 10)?;
            Some((in_range(century + n)?, used + 1))
        }
    }
}

fn in_range(n: u32) -> Option<i16> {
    if (1900..=2099).contains(&n) {
        i16::try_from(n).ok()
    } else {
        None
    }
}

/// The digits of a number that is read out in groups: "seven fifteen" is 715, "four oh two" 402,
/// "twelve hundred" 1200, "five fifty five" 555, "double five" 55. Gives the digits and how many
/// words they took.
#[must_use]
pub fn grouped_digits(words: &[String]) -> Option<(String, usize)> {
    let mut digits = String::new();
    let mut i = 0;
    while let Some((group, used)) = group(&words[i..]) {
        digits.push_str(&group);
        i += used;
    }
    if i == 0 { None } else { Some((digits, i)) }
}

/// One group of [`grouped_digits`].
#[must_use]
pub fn group(words: &[String]) -> Option<(String, usize)> {
    let first = words.first()?;
    let times = match first.as_str() {
        "double" => 2,
        "triple" => 3,
        _ => 0,
    };
    if times > 0 {
        let digit = words.get(1).and_then(|w| digit(w))?;
        return Some((digit.to_string().repeat(times), 2));
    }
    if first.len() <= MAX_DIGITS_IN_A_WORD && first.bytes().all(|b| b.is_ascii_digit()) {
        return Some((first.clone(), 1));
    }
    if first == "oh" || first == "o" {
        return Some(("0".to_owned(), 1));
    }
    cardinal(words).map(|(n, used)| (n.to_string(), used))
}

/// A whole number in words, below 10,000, as people say it.
#[must_use]
pub fn in_words(n: u32) -> String {
    let below = |n: usize| match n {
        0..20 => SMALL[n].to_owned(),
        _ if n.is_multiple_of(10) => TENS[n / 10 - 2].to_owned(),
        _ => format!("{} {}", TENS[n / 10 - 2], SMALL[n % 10]),
    };
    let n = n as usize;
    match n {
        0..100 => below(n),
        100..1000 if n.is_multiple_of(100) => format!("{} hundred", below(n / 100)),
        100..1000 => format!("{} hundred {}", below(n / 100), below(n % 100)),
        1000..10_000 if n.is_multiple_of(1000) => format!("{} thousand", below(n / 1000)),
        1000..10_000 => format!(
            "{} thousand {}",
            below(n / 1000),
            in_words(u32::try_from(n % 1000).unwrap_or(0))
        ),
        _ => n.to_string(),
    }
}

/// An ordinal in words, first to ninety-ninth; digits beyond.
#[must_use]
pub fn ordinal_in_words(n: u32) -> String {
    let n = n as usize;
    match n {
        1..20 => SMALL_ORDINALS[n].to_owned(),
        20..100 if n.is_multiple_of(10) => TENS_ORDINALS[n / 10 - 2].to_owned(),
        20..100 => format!("{} {}", TENS[n / 10 - 2], SMALL_ORDINALS[n % 10]),
        _ => format!("{n}th"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nlu::words::Words;

    fn list(text: &str) -> Vec<String> {
        Words::new(text).list().to_vec()
    }

    #[test]
    fn years_are_read_as_people_say_them() {
        for (text, value) in [
            ("nineteen eighty five", Some(1985)),
            ("nineteen oh five", Some(1905)),
            ("nineteen seventy", Some(1970)),
            ("two thousand", Some(2000)),
            ("two thousand and one", Some(2001)),
            ("two thousand one", Some(2001)),
            ("twenty nineteen", Some(2019)),
            ("twenty twenty one", Some(2021)),
            ("twenty oh four", Some(2004)),
            ("nineteen hundred", Some(1900)),
            ("1985", Some(1985)),
            ("eighty five", None),
            ("twenty five", None),
            ("three thousand", None),
        ] {
            assert_eq!(year(&list(text)).map(|(y, _)| y), value, "{text}");
        }
    }

    #[test]
    fn numbers_read_out_in_groups_keep_their_digits() {
        for (text, digits) in [
            ("seven fifteen", "715"),
            ("four oh two", "402"),
            ("twelve hundred", "1200"),
            ("three one eight", "318"),
            ("forty two", "42"),
            ("forty two oh one", "4201"),
            ("one twenty three", "123"),
            ("two thousand and five", "2005"),
            ("double five six", "556"),
            ("0101", "0101"),
        ] {
            assert_eq!(
                grouped_digits(&list(text)).map(|(d, _)| d).as_deref(),
                Some(digits)
            );
        }
        assert_eq!(grouped_digits(&list("maple street")), None);
    }

    #[test]
    fn every_number_and_ordinal_survives_being_spoken() {
        for n in 0..10_000 {
            let words = list(&in_words(n));
            assert_eq!(cardinal(&words), Some((n, words.len())), "{n}");
        }
        for n in 1..100 {
            let words = list(&ordinal_in_words(n));
            assert_eq!(ordinal(&words), Some((n, words.len())), "{n}");
            assert_eq!(ordinal(&list(&format!("{n}th"))), Some((n, 1)));
        }
    }
}
