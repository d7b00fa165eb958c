//! What the caller heard of an utterance: its words as far as its audio was played.

use dsp::Samples;

/// The heard part of an utterance, cut at a word boundary.
///
/// `clauses` are the utterance's texts, each with the length of its audio, in the order they were
/// played; `heard` is how much of the whole was played. Within a clause, words are taken to last as
/// long as they are written; a word that was cut short was not heard.
#[must_use]
pub fn heard_text(clauses: &[(&str, Samples)], heard: Samples) -> String {
    let mut left = heard;
    let mut words: Vec<&str> = Vec::new();
    for (text, length) in clauses {
        if left >= *length {
            if *length > Samples::ZERO {
                words.extend(text.split_whitespace());
            }
            left = left.saturating_sub(*length);
        } else {
            words.extend(
                text.get(..cut(text, left, *length))
                    .unwrap_or("")
                    .split_whitespace(),
            );
            break;
        }
    }
    words.join(" ")
}

/// The byte at which the heard part of a clause ends: the end of its last whole word.
fn cut(text: &str, heard: Samples, length: Samples) -> usize {
    let letters = text.chars().count() as u64;
    let heard_letters = letters.saturating_mul(heard.0) / length.0.max(1);
    let mut end = 0;
    for (count, (at, letter)) in (0u64..).zip(text.char_indices()) {
        if letter.is_whitespace() {
            end = at;
        }
        if count >= heard_letters {
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLAUSES: [(&str, Samples); 2] = [
        ("Hello John.", Samples(8_000)),
        ("How can I help you?", Samples(16_000)),
    ];

    fn heard(ms: u64) -> String {
        heard_text(&CLAUSES, Samples::from_ms(ms))
    }

    #[test]
    fn nothing_played_is_nothing_heard() {
        assert_eq!(heard(0), "");
    }

    #[test]
    fn everything_played_is_everything_heard() {
        assert_eq!(heard(3_000), "Hello John. How can I help you?");
        assert_eq!(heard(9_000), "Hello John. How can I help you?");
    }

    #[test]
    fn a_word_that_was_cut_short_was_not_heard() {
        // Nine tenths of a second are eight of nineteen letters: up to the pause before the "I".
        assert_eq!(heard(1_900), "Hello John. How can");
        assert_eq!(heard(1_700), "Hello John. How");
        assert_eq!(heard(600), "Hello");
    }

    #[test]
    fn a_clause_that_was_never_synthesised_was_not_heard() {
        let clauses = [("One.", Samples(8_000)), ("Two.", Samples::ZERO)];
        assert_eq!(heard_text(&clauses, Samples(9_000)), "One.");
    }

    proptest! {
        #[test]
        fn what_was_heard_is_a_beginning_and_never_shrinks(a in 0u64..30_000, b in 0u64..30_000) {
            let whole = "Hello John. How can I help you?";
            let (less, more) = (a.min(b), a.max(b));
            let less = heard_text(&CLAUSES, Samples(less));
            let more = heard_text(&CLAUSES, Samples(more));
            prop_assert!(whole.starts_with(&more));
            prop_assert!(more.starts_with(&less));
        }
    }
}
