//! Writes a text as it is spoken, where flite would read it badly.
//!
//! flite reads dates, clock times, prices, years and grouped telephone numbers well. It does not
//! know most contractions ("we're" becomes "were"), numbers in the international notation, or that
//! a model such as an F-150 is an "F one fifty".

/// The text for the engine.
pub(super) fn spoken(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let end = word
        .trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
        .len();
    let (core, after) = word.split_at(end);
    let spoken = contraction(core)
        .or_else(|| international(core))
        .or_else(|| model(core));
    match spoken {
        Some(spoken) => spoken + after,
        None => word.to_owned(),
    }
}

/// "we're", "don't": with both words in full.
fn contraction(word: &str) -> Option<String> {
    let (stem, ending) = word.split_once(['\'', '\u{2019}'])?;
    match (stem.to_ascii_lowercase().as_str(), ending) {
        ("won", "t") => Some("will not".to_owned()),
        ("can", "t") => Some("cannot".to_owned()),
        (_, "t") => stem.strip_suffix('n').map(|verb| format!("{verb} not")),
        (_, "re") => Some(format!("{stem} are")),
        (_, "ve") => Some(format!("{stem} have")),
        _ => None,
    }
}

/// "+12175550101": digit by digit, without the plus.
fn international(word: &str) -> Option<String> {
    let digits = word.strip_prefix('+')?;
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| {
        let digits: Vec<String> = digits.chars().map(String::from).collect();
        digits.join(" ")
    })
}

/// "F-150": a letter, the hundreds, the rest.
fn model(word: &str) -> Option<String> {
    let (letter, number) = word.split_once('-')?;
    let one_letter = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase());
    let three_digits = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    (one_letter && three_digits).then(|| {
        let (hundreds, rest) = number.split_at(1);
        format!("{letter} {hundreds} {rest}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flite_reads_well_stays_as_it_is() {
        for text in [
            "I have Friday, November 27 at 8 a.m., 10:30 a.m., or noon.",
            "That is $40 to $80. Let's go, I'll see; it's fine.",
            "Otto's Auto, (217) 555-0101, a CR-V.",
        ] {
            assert_eq!(spoken(text), text);
        }
    }

    #[test]
    fn contractions_are_said_in_full() {
        assert_eq!(
            spoken("We're here; I don't, won't and can't, they\u{2019}ve said."),
            "We are here; I do not, will not and cannot, they have said."
        );
    }

    #[test]
    fn an_international_number_is_said_digit_by_digit() {
        assert_eq!(spoken("Call +12175550101."), "Call 1 2 1 7 5 5 5 0 1 0 1.");
        assert_eq!(spoken("1 + 1"), "1 + 1");
    }

    #[test]
    fn a_truck_is_an_f_one_fifty() {
        assert_eq!(
            spoken("a 2019 Ford F-150, right?"),
            "a 2019 Ford F 1 50, right?"
        );
    }

    #[test]
    fn no_words_are_nothing_to_say() {
        assert_eq!(spoken(" \n "), "");
    }
}
