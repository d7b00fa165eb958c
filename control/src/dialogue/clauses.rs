//! Cuts the agent's words into clauses, so that the first can be heard while the rest is made.
//!
//! A clause is a sentence, or a part of one that a speaker would pause after. Of words that are
//! still being written ([`Clauses`]) the first clause ends as early as it can: how soon the caller
//! hears anything depends on it. Of words that are all there ([`split`]) every clause is a sentence.

use crate::limits::MAX_CLAUSE_BYTES;

/// A full stop after these ends no sentence.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "dr", "st", "ave", "no", "vs", "approx", "e.g", "i.e",
];
/// A full stop after these ends a sentence only where a capital letter follows.
const MAYBE: &[&str] = &["a.m", "p.m", "u.s", "inc", "jr", "sr", "etc", "blvd", "rd"];
/// Letters that a first clause has at least: a "Hi," alone is over before the rest is there.
const FIRST_CLAUSE_LETTERS: usize = 4;

/// The clauses of `text`, in order, none empty and none longer than [`MAX_CLAUSE_BYTES`] unless a
/// single word is. Together they are the text but for the white space between them.
#[must_use]
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut clauses = Clauses {
        begun: true,
        ..Clauses::default()
    };
    clauses.push(text);
    let mut all: Vec<String> = std::iter::from_fn(|| clauses.pop()).collect();
    all.extend(clauses.finish());
    all
}

/// Words that are still being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clauses {
    /// What belongs to no clause yet.
    rest: String,
    /// The first clause is cut off.
    begun: bool,
}

impl Clauses {
    /// More of the text.
    pub(crate) fn push(&mut self, text: &str) {
        self.rest.push_str(text);
    }

    /// The next clause, if it is certain where it ends. Ask until there is none.
    pub(crate) fn pop(&mut self) -> Option<String> {
        loop {
            let end = end_of_clause(&self.rest, self.begun)?;
            let clause = self.cut(end);
            if !clause.is_empty() {
                self.begun = true;
                return Some(clause);
            }
        }
    }

    /// No more text comes: what is left of it. Then it begins anew.
    pub(crate) fn finish(&mut self) -> Vec<String> {
        let mut left: Vec<String> = std::iter::from_fn(|| self.pop()).collect();
        while self.rest.trim().len() > MAX_CLAUSE_BYTES {
            let end = forced_end(&self.rest);
            left.push(self.cut(end));
        }
        left.push(self.cut(self.rest.len()));
        left.retain(|clause| !clause.is_empty());
        *self = Self::default();
        left
    }

    fn cut(&mut self, end: usize) -> String {
        let clause = self.rest[..end].trim().to_owned();
        self.rest.drain(..end);
        clause
    }
}

/// Where the first clause of `text` ends, if what follows cannot change that.
fn end_of_clause(text: &str, begun: bool) -> Option<usize> {
    let found = text.char_indices().find_map(|(at, c)| {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        let ends = match c {
            '.' | '!' | '?' => ends_sentence(before, c, after),
            '\n' => true,
            ',' | ';' | ':' | '—' | '–' if !begun => pauses(before),
            _ => false,
        };
        ends.then(|| at + c.len_utf8())
    });
    match found {
        Some(end) if end <= MAX_CLAUSE_BYTES => Some(end),
        _ if text.len() > MAX_CLAUSE_BYTES => {
            Some(forced_end(text)).filter(|end| *end < text.len())
        }
        _ => None,
    }
}

/// Known only by what follows: "3." may go on as "3.5", and "a.m." may stand within a sentence.
fn ends_sentence(before: &str, mark: char, after: &str) -> bool {
    let Some(next) = after.chars().next() else {
        return false;
    };
    if !next.is_whitespace() {
        return false;
    }
    let word = before.rsplit(char::is_whitespace).next().unwrap_or(before);
    let is_one_of = |list: &[&str]| list.iter().any(|one| one.eq_ignore_ascii_case(word));
    match mark {
        '.' if is_one_of(TITLES) => false,
        '.' if is_one_of(MAYBE) => after
            .trim_start()
            .chars()
            .next()
            .is_some_and(char::is_uppercase),
        _ => true,
    }
}

/// Whether a speaker may pause at a comma after these words. Never within a number.
fn pauses(before: &str) -> bool {
    before.ends_with(char::is_alphabetic)
        && before.chars().filter(|c| c.is_alphabetic()).count() >= FIRST_CLAUSE_LETTERS
}

/// Where to cut a long sentence: after the last comma that fits, else at the last space, else at
/// the first space there is. Never 0, and always between characters.
fn forced_end(sentence: &str) -> usize {
    let fits = &sentence[..sentence.floor_char_boundary(MAX_CLAUSE_BYTES)];
    let begins = fits.len() - fits.trim_start().len();
    let comma = fits.rfind(", ").map(|at| at + 1);
    let space = fits.rfind(' ').filter(|at| *at > begins);
    let later = || {
        let words = sentence.trim_start();
        let skipped = sentence.len() - words.len();
        words.find(' ').map(|at| at + skipped)
    };
    comma.or(space).or_else(later).unwrap_or(sentence.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The clauses of words that come letter by letter, each as soon as it is certain.
    fn spelled(text: &str) -> Vec<String> {
        let mut clauses = Clauses::default();
        let mut all = Vec::new();
        for letter in text.chars() {
            clauses.push(&letter.to_string());
            all.extend(std::iter::from_fn(|| clauses.pop()));
        }
        all.extend(clauses.finish());
        all
    }

    #[test]
    fn sentences_are_clauses() {
        assert_eq!(
            split("Hello, this is Otto. How can I help?  Tell me!"),
            ["Hello, this is Otto.", "How can I help?", "Tell me!"]
        );
    }

    #[test]
    fn numbers_times_and_titles_stay_whole() {
        assert_eq!(
            split("Mr. Carter, that is $49.95 at 10:30 a.m. on St. Mary's day. Fine?"),
            [
                "Mr. Carter, that is $49.95 at 10:30 a.m. on St. Mary's day.",
                "Fine?"
            ]
        );
        assert_eq!(
            split("It is at 9 a.m. Shall I book it?"),
            ["It is at 9 a.m.", "Shall I book it?"]
        );
    }

    #[test]
    fn the_first_clause_of_words_being_written_ends_at_the_first_pause() {
        assert_eq!(
            spelled("Sure, I can help, of course. What is it, then?"),
            ["Sure,", "I can help, of course.", "What is it, then?"]
        );
        assert_eq!(
            spelled("Hi, John, good to hear you."),
            ["Hi, John,", "good to hear you."]
        );
        assert_eq!(
            spelled("It costs 1,000 dollars: a lot."),
            ["It costs 1,000 dollars:", "a lot."]
        );
    }

    #[test]
    fn a_comma_is_not_waited_at() {
        let mut clauses = Clauses::default();
        clauses.push("Thanks,");
        assert_eq!(clauses.pop().as_deref(), Some("Thanks,"));
        clauses.push(" a Honda Civic.");
        assert_eq!(clauses.pop(), None, "it may go on as \"Civic.com\"");
        clauses.push(" We");
        assert_eq!(clauses.pop().as_deref(), Some("a Honda Civic."));
        assert_eq!(clauses.finish(), ["We"]);
    }

    #[test]
    fn nothing_to_say_is_no_clause() {
        assert!(split("").is_empty());
        assert!(split("  \n ").is_empty());
    }

    proptest! {
        #[test]
        fn no_word_is_lost_or_moved(text in "([a-zA-Zé.,!?$0-9]{1,20} ){0,120}") {
            let words = |t: &str| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&split(&text).join(" ")), words(&text));
            let letters = |t: &str| t.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&spelled(&text).concat()), letters(&text));
        }

        #[test]
        fn no_clause_is_too_long(text in "([a-z]{1,20}[,.]? ){0,120}") {
            for clause in split(&text).into_iter().chain(spelled(&text)) {
                prop_assert!(clause.len() <= MAX_CLAUSE_BYTES);
            }
        }
    }
}
