//! A yes that may be acted on at once, wherever it was said or written.

use super::intent::{self, Intent};
use super::service::Vocabulary;
use super::vehicle;
use super::words::Words;
use super::yes_no::{self, Answer};
use super::{detail, name, phone};

/// Words of whoever asks or makes a condition, and has not agreed: "I'd like to know if yes means
/// that I pay".
const NOT_YET: [&str; 15] = [
    "if",
    "whether",
    "unless",
    "know",
    "means",
    "mean",
    "why",
    "what is",
    "what does",
    "what do",
    "what will",
    "how much",
    "how long",
    "how do",
    "wondering",
];

/// "Yes, but my number is another", "yes, my name is wrong".
fn corrects_the_caller(words: &str) -> bool {
    phone::parse(words).is_ok()
        || name::introduced(words).is_some()
        || detail::wrong(words).is_some()
}

/// A yes with nothing else in it: no other time, name or number, service or vehicle, no question, no condition, no
/// "hang on".
#[must_use]
pub fn is_plain_yes(vocabulary: &Vocabulary, words: &str) -> bool {
    let says_yes = yes_no::parse(words)
        .is_some_and(|reply| reply.answer == Answer::Yes && reply.correction.is_none());
    let wants = intent::parse(words, vocabulary).map(|request| request.intent);
    let goes_with_yes = |intent| {
        matches!(
            intent,
            Intent::Book | Intent::Reschedule | Intent::Cancel | Intent::Thanks | Intent::Greeting
        )
    };
    says_yes
        && yes_no::is_firm(words)
        && !words.contains('?')
        && !Words::new(words).has_any(&NOT_YET)
        && wants.is_none_or(goes_with_yes)
        && vocabulary.find(words).is_empty()
        && !corrects_the_caller(words)
        && vehicle::parse(words).is_none_or(|said| said.make.is_none() && said.model.is_none())
}
