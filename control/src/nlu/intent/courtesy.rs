//! What is said about the talk itself.

use super::Intent;
use crate::nlu::words::Words;

/// Waiting, thanks, goodbyes, greetings: they count only where nothing else was said.
#[must_use]
pub fn courtesy(words: &Words) -> Option<Intent> {
    let waits = words.has_any(&[
        "hold on",
        "hang on",
        "one moment",
        "one second",
        "one minute",
        "just a second",
        "just a minute",
        "just a moment",
        "give me a second",
        "give me a minute",
        "let me check",
        "let me see",
    ]) || words.is("wait")
        || words.is("stop")
        || words.has_any(&[
            "wait a second",
            "wait a minute",
            "wait please",
            "please wait",
        ]);
    if waits {
        return Some(Intent::Wait);
    }
    let cares_for_something = words.has("take care of");
    if words.has_any(&[
        "goodbye",
        "bye",
        "good bye",
        "see you",
        "have a good",
        "have a great",
        "have a nice",
        "talk to you later",
    ]) || (words.has("take care") && !cares_for_something)
    {
        return Some(Intent::Goodbye);
    }
    if words.has_any(&["thank you", "thanks", "appreciate it"]) {
        return Some(Intent::Thanks);
    }
    let greeting = [
        "hello",
        "hi",
        "hey",
        "good morning",
        "good afternoon",
        "good evening",
    ];
    (words.len() <= 4 && words.has_any(&greeting)).then_some(Intent::Greeting)
}

pub(super) fn asks_to_repeat(words: &Words) -> bool {
    words.has_any(&[
        "repeat",
        "say that again",
        "say it again",
        "come again",
        "pardon",
        "not catch that",
        "not hear that",
        "not hear you",
        "not get that",
        "what did you say",
        "what was that",
        "who is this",
        "who is calling",
    ]) || ["what", "sorry", "huh", "excuse me", "i am sorry"]
        .iter()
        .any(|p| words.is(p))
}
