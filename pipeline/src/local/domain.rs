//! What callers of a dealership say: grammars, language models and pronunciations, embedded.
//!
//! One grammar file holds all rules; what is expected chooses the one that is heard. How the
//! files are made is told in `local/lm/README.md`.

use std::collections::HashSet;
use std::ffi::CStr;

use crate::message::Expectation;

/// The rules, in JSGF.
const RULES: &str = include_str!("grammar/service.jsgf");

/// Pronunciations of words that the model's own dictionary lacks, in its notation.
const PRONUNCIATIONS: &str = include_str!("grammar/extra.dict");

/// Of searches, and of the rule that each begins with.
pub(super) fn name(expectation: Expectation) -> &'static CStr {
    match expectation {
        Expectation::Open => c"open",
        Expectation::YesNo => c"yesno",
        Expectation::When => c"when",
        Expectation::Phone => c"phone",
        Expectation::DateOfBirth => c"dob",
        Expectation::Address => c"address",
        Expectation::Name => c"name",
        Expectation::Vehicle => c"vehicle",
    }
}

/// The grammar of one expectation: all rules, of which one is public.
pub(super) fn grammar(expectation: Expectation) -> String {
    let name = name(expectation).to_string_lossy();
    format!("{RULES}\npublic <heard> = <{name}>;\n")
}

/// The language model of one expectation, in ARPA format.
pub(super) fn language_model(expectation: Expectation) -> &'static [u8] {
    match expectation {
        Expectation::Open => include_bytes!("lm/open.arpa"),
        Expectation::YesNo => include_bytes!("lm/yesno.arpa"),
        Expectation::When => include_bytes!("lm/when.arpa"),
        Expectation::Phone => include_bytes!("lm/phone.arpa"),
        Expectation::DateOfBirth => include_bytes!("lm/dob.arpa"),
        Expectation::Address => include_bytes!("lm/address.arpa"),
        Expectation::Name => include_bytes!("lm/name.arpa"),
        Expectation::Vehicle => include_bytes!("lm/vehicle.arpa"),
    }
}

/// The part of the model's dictionary that our words need, and our own pronunciations. A decoder
/// with this one starts sooner and stays smaller than with all 134,000 words.
pub(super) fn dictionary(whole: &str) -> String {
    let words = vocabulary();
    let mut ours = String::new();
    for line in whole.lines().chain(PRONUNCIATIONS.lines()) {
        if headword(line).is_some_and(|word| words.contains(word)) {
            ours.push_str(line);
            ours.push('\n');
        }
    }
    ours
}

/// The word of a dictionary's line; a further pronunciation of it is written `word(2)`.
fn headword(line: &str) -> Option<&str> {
    let entry = line.split_whitespace().next()?;
    Some(entry.split_once('(').map_or(entry, |(word, _)| word))
}

/// All words of the grammar and of the language models.
fn vocabulary() -> HashSet<&'static str> {
    let mut words = HashSet::new();
    for line in RULES.lines().filter(|line| !is_comment(line)) {
        let symbol = |c: char| !(c.is_ascii_lowercase() || c == '\'' || c == '<' || c == '>');
        words.extend(line.split(symbol).filter(|token| is_word(token)));
    }
    for expectation in Expectation::ALL {
        let model = std::str::from_utf8(language_model(expectation)).unwrap_or_default();
        let unigrams = model
            .lines()
            .skip_while(|line| *line != "\\1-grams:")
            .take_while(|line| *line != "\\2-grams:");
        let tokens = unigrams.filter_map(|line| line.split_whitespace().nth(1));
        words.extend(tokens.filter(|token| is_word(token)));
    }
    words
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//") || line.starts_with('#') || line.starts_with("grammar")
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_lowercase())
        && token.chars().all(|c| c.is_ascii_lowercase() || c == '\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::library::Model;

    #[test]
    fn every_word_that_is_listened_for_has_a_pronunciation() {
        let model = match Model::find(None) {
            Ok(model) => model,
            Err(missing) => {
                return crate::local::testing::not_run(&missing);
            }
        };
        let whole = std::fs::read_to_string(model.dictionary).expect("readable");
        let ours = dictionary(&whole);
        let known: HashSet<&str> = ours.lines().filter_map(headword).collect();
        let mut unknown: Vec<&str> = vocabulary().difference(&known).copied().collect();
        unknown.sort_unstable();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn the_vocabulary_holds_words_of_grammars_and_models_and_no_rule_names() {
        let words = vocabulary();
        for word in ["accord", "o'clock", "saturday", "squealing"] {
            assert!(words.contains(word), "{word}");
        }
        for name in ["yesno", "monthday", "dob", "grammar"] {
            assert!(!words.contains(name), "{name}");
        }
    }

    #[test]
    fn each_grammar_has_one_public_rule() {
        for expectation in Expectation::ALL {
            assert_eq!(grammar(expectation).matches("public").count(), 1);
        }
    }

    #[test]
    fn further_pronunciations_belong_to_their_word() {
        let ours = dictionary("a AH\na(2) EY\nzebra Z IY B R AH\n");
        assert!(ours.contains("a(2) EY\n") && !ours.contains("zebra"));
    }
}
