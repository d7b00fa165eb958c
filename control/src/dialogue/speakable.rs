//! Words for the ear: what a language model writes for the eye, as one would say it.

use storage::Language;

use crate::nlu::say;

/// One clause without what cannot be heard, and with numbers as they are spoken. Empty where
/// nothing is left to say.
#[must_use]
pub(super) fn speakable(language: Language, clause: &str) -> String {
    let words = clause.split_whitespace().map(|one| word(language, one));
    let mut spoken = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if !spoken.chars().any(char::is_alphanumeric) {
        spoken.clear();
    }
    spoken
}

fn word(language: Language, word: &str) -> String {
    let plain: String = word.chars().filter(|c| !is_ornament(*c)).collect();
    if plain == "&" {
        return match language {
            Language::English => "and",
            Language::Spanish => "y",
        }
        .to_owned();
    }
    // A list's dash. Between words it is a pause, which a synthesiser makes of a comma.
    if matches!(&*plain, "-" | "–" | "—" | "•") {
        return String::new();
    }
    // What belongs to the sentence rather than to the word.
    let bare = plain.trim_matches(|c: char| !c.is_alphanumeric() && c != '$' && c != '+');
    let Some(at) = plain.find(bare).filter(|_| !bare.is_empty()) else {
        return plain;
    };
    let (before, after) = (&plain[..at], &plain[at + bare.len()..]);
    let said = telephone(language, bare)
        .or_else(|| prices(language, bare))
        .or_else(|| half_of_day(bare, after));
    match said {
        // "(217) 555-0101" loses its bracket with its spelling.
        Some(said) => format!(
            "{}{said}{}",
            before.trim_matches('('),
            after.trim_matches(')')
        ),
        None => plain,
    }
}

/// Markup, and pictures that a synthesiser would name.
fn is_ornament(c: char) -> bool {
    matches!(c, '*' | '_' | '#' | '`' | '~' | '|' | '>' | '<')
        || matches!(u32::from(c), 0x2600..=0x27BF | 0xFE00..=0xFE0F | 0x1F000..=0x1FAFF)
}

/// `217-555-0101` and other spellings of ten digits in one word.
fn telephone(language: Language, word: &str) -> Option<String> {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let others = |c: char| matches!(c, '-' | '.' | '+' | '(' | ')');
    if !word.chars().all(|c| c.is_ascii_digit() || others(c)) {
        return None;
    }
    let national = match (digits.len(), word.starts_with('+')) {
        (11, true) => digits.strip_prefix('1')?,
        (10, _) => &digits,
        _ => return None,
    };
    Some(say::ten_digits(language, national))
}

/// `$40-$80` and `$40–80`.
fn prices(language: Language, word: &str) -> Option<String> {
    let (from, to) = word.strip_prefix('$')?.split_once(['-', '–'])?;
    let dollars = |text: &str| text.trim_start_matches('$').parse().ok();
    Some(say::price(language, dollars(from)?, dollars(to)?))
}

/// `10:30AM`, `9pm`, and `AM` alone behind a time.
fn half_of_day(word: &str, after: &str) -> Option<String> {
    let at = word.len().checked_sub(2)?;
    let (time, half) = (word.get(..at)?, word.get(at..)?);
    let half = match half {
        "AM" | "am" => "a.m",
        "PM" | "pm" => "p.m",
        _ => return None,
    };
    let is_time = time.chars().all(|c| c.is_ascii_digit() || c == ':');
    // "I am" is no time of day.
    if !is_time || (time.is_empty() && word.starts_with(char::is_lowercase)) {
        return None;
    }
    let stop = if after.starts_with('.') { "" } else { "." };
    let space = if time.is_empty() { "" } else { " " };
    Some(format!("{time}{space}{half}{stop}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_not_spoken() {
        assert_eq!(
            speakable(
                Language::English,
                "**Great** news: - `oil change` & tires 🚗!"
            ),
            "Great news: oil change and tires !"
        );
        assert_eq!(speakable(Language::English, "1. ***"), "1.");
        assert_eq!(speakable(Language::English, "---"), "");
    }

    #[test]
    fn times_prices_and_numbers_are_said_as_one_says_them() {
        assert_eq!(
            speakable(Language::English, "at 10:30AM, or 2 PM."),
            "at 10:30 a.m., or 2 p.m."
        );
        assert_eq!(speakable(Language::English, "I am here."), "I am here.");
        let number = say::ten_digits(Language::English, "2175550101");
        assert_eq!(
            speakable(Language::English, "Call 217-555-0101."),
            format!("Call {number}.")
        );
        assert_eq!(
            speakable(Language::English, "Call +12175550101, please."),
            format!("Call {number}, please.")
        );
        assert_eq!(
            speakable(Language::English, "It is $40-$80."),
            format!("It is {}.", say::price(Language::English, 40, 80))
        );
        assert_eq!(
            speakable(Language::English, "It is $49.95."),
            "It is $49.95."
        );
    }
}
