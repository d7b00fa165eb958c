//! Cuts the agent's words into clauses, so that the first can be heard while the rest is made.

use crate::limits::MAX_CLAUSE_BYTES;

/// A full stop after these ends no sentence.
const ABBREVIATIONS: &[&str] = &["mr", "mrs", "ms", "dr", "st", "ave", "no"];

/// The clauses of `text`, in order, none empty and none longer than [`MAX_CLAUSE_BYTES`] unless a
/// single word is. Together they are the text but for the white space between them.
#[must_use]
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut clauses = Vec::new();
    for sentence in sentences(text) {
        let mut rest = sentence;
        while rest.len() > MAX_CLAUSE_BYTES {
            let (head, tail) = rest.split_at(cut(rest));
            let (head, tail) = (head.trim(), tail.trim());
            if tail.is_empty() {
                break;
            }
            clauses.push(head);
            rest = tail;
        }
        clauses.push(rest);
    }
    clauses
}

fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let pauses = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        if matches!(c, '.' | '!' | '?') && pauses && !abbreviates(&text[start..at], c) {
            let end = at + c.len_utf8();
            sentences.push(text[start..end].trim());
            start = end;
        }
    }
    sentences.push(text[start..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn abbreviates(before: &str, mark: char) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or(before);
    mark == '.' && ABBREVIATIONS.iter().any(|a| a.eq_ignore_ascii_case(word))
}

/// Where to cut a long sentence: after the last comma that fits, else at the last space, else at
/// the first space there is. Never 0, and always between characters.
fn cut(sentence: &str) -> usize {
    let fits = &sentence[..sentence.floor_char_boundary(MAX_CLAUSE_BYTES)];
    let comma = fits.rfind(", ").map(|at| at + 1);
    let space = fits.rfind(' ').filter(|at| *at > 0);
    comma
        .or(space)
        .or_else(|| sentence.find(' ').filter(|at| *at > 0))
        .unwrap_or(sentence.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_are_clauses() {
        assert_eq!(
            split("Hello, this is Otto. How can I help?  Tell me!"),
            ["Hello, this is Otto.", "How can I help?", "Tell me!"]
        );
    }

    #[test]
    fn numbers_and_titles_stay_whole() {
        assert_eq!(
            split("Mr. Carter, that is $49.95 at 10:30 a.m. on St. Mary's day. Fine?"),
            [
                "Mr. Carter, that is $49.95 at 10:30 a.m.",
                "on St. Mary's day.",
                "Fine?"
            ]
        );
    }

    #[test]
    fn nothing_to_say_is_no_clause() {
        assert!(split("").is_empty());
        assert!(split("  ").is_empty());
    }

    proptest! {
        #[test]
        fn no_word_is_lost_or_moved(text in "([a-zA-Zé.,!?$0-9]{1,20} ){0,120}") {
            let words = |t: &str| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let joined = split(&text).join(" ");
            prop_assert_eq!(words(&joined), words(&text));
        }

        #[test]
        fn no_clause_is_too_long(text in "([a-z]{1,20}[,.]? ){0,120}") {
            for clause in split(&text) {
                prop_assert!(clause.len() <= MAX_CLAUSE_BYTES);
            }
        }
    }
}
