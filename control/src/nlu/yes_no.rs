//! Yes, no, and what callers add to it: "no, Thursday", "yes, but at eleven".

use super::date_time::When;
use super::wish;
use super::words::Words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    /// "I don't know", "maybe", or yes and no at once: to be asked again.
    Unsure,
}

/// An answer with the correction that came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub answer: Answer,
    /// The day or time that was said beside it. After a no it replaces what was asked about; after a
    /// yes it does so only if it differs.
    pub correction: Option<When>,
}

/// Phrases that hold a yes or no word and do not mean it; taken away first.
const NEITHER: [&str; 8] = [
    "right now",
    "right away",
    "not sure",
    "do not know",
    "no idea",
    "good morning",
    "good afternoon",
    "good evening",
];
/// Phrases that hold "no" or "not" and mean yes.
pub(super) const YES_IN_DISGUISE: [&str; 6] = [
    "no problem",
    "not a problem",
    "no worries",
    "why not",
    "no doubt",
    "not bad",
];
const YES: [&str; 38] = [
    "i guess so",
    "i think so",
    "i suppose so",
    "yes",
    "yeah",
    "yep",
    "yup",
    "ya",
    "sure",
    "okay",
    "correct",
    "right",
    "good",
    "great",
    "fine",
    "works",
    "work",
    "will work",
    "would work",
    "perfect",
    "absolutely",
    "definitely",
    "exactly",
    "certainly",
    "of course",
    "go ahead",
    "do that",
    "do it",
    "book it",
    "confirm",
    "please do",
    "sounds good",
    "you bet",
    "affirmative",
    "indeed",
    "alright",
    "all right",
    "that is me",
];
const NO: [&str; 17] = [
    "no",
    "nope",
    "nah",
    "not",
    "wrong",
    "incorrect",
    "never",
    "negative",
    "neither",
    "let me change that",
    "no thanks",
    "no thank you",
    "that is all",
    "that is it",
    "i am done",
    "nothing else",
    "nothing",
];
/// Yes words that only colour a no ("no, that's fine") or are ordinary words ("after work").
const SOFT: [&str; 6] = ["okay", "good", "great", "fine", "all right", "alright"];
/// Yes words only behind a "not" ("does not work").
const NOT_ALONE: &str = "work";
const UNSURE: [&str; 8] = [
    "not remember",
    "forgot",
    "not sure",
    "do not know",
    "no idea",
    "maybe",
    "i guess not sure",
    "it depends",
];

/// Reads an answer; `None` where neither yes nor no nor doubt was said.
#[must_use]
pub fn parse(text: &str) -> Option<Reply> {
    parse_words(&Words::new(text))
}

/// Whether a yes is more than a polite noise: "okay" alone is one, "okay, let me think" is none.
#[must_use]
pub fn is_firm(text: &str) -> bool {
    /// Words that a polite noise may be and still answer: "okay then", "that is fine".
    const BRIEF: usize = 3;
    let words = Words::new(text);
    let rest = without(&words, &NEITHER);
    let polite = |yes: &str| yes == NOT_ALONE || yes == "right" || SOFT.contains(&yes);
    words.len() <= BRIEF || YES.iter().any(|yes| !polite(yes) && rest.has(yes))
}

/// [`parse`] of words that are already split.
#[must_use]
pub fn parse_words(words: &Words) -> Option<Reply> {
    let answer = answer(words)?;
    let correction = wish::beside(words, answer);
    Some(Reply { answer, correction })
}

fn answer(words: &Words) -> Option<Answer> {
    if words.has_any(&UNSURE) {
        return Some(Answer::Unsure);
    }
    let disguised = words.has_any(&YES_IN_DISGUISE);
    let rest = without(words, &YES_IN_DISGUISE);
    let rest = without(&rest, &NEITHER);
    let (rest, denied) = without_denied(&rest);
    let no = denied || rest.has_any(&NO);
    let agreed = without(&rest, &NO);
    let hard_yes = YES
        .iter()
        .any(|yes| *yes != NOT_ALONE && !SOFT.contains(yes) && agreed.has(yes));
    let soft_yes = SOFT.iter().any(|yes| agreed.has(yes));
    let bare = ["please", "it is", "i am", "i do", "i would", "that is me"];
    let bare_yes = bare.iter().any(|yes| words.is(yes));
    match (no, hard_yes || disguised) {
        (true, true) => Some(contradiction(&rest)),
        (true, false) => Some(Answer::No),
        (false, true) => Some(Answer::Yes),
        (false, false) if soft_yes || bare_yes => Some(Answer::Yes),
        (false, false) => None,
    }
}

/// Takes away yes words right after "not" ("not right", "does not work"); whether there were any.
fn without_denied(words: &Words) -> (Words, bool) {
    let denied: Vec<String> = YES
        .iter()
        .flat_map(|yes| {
            [
                format!("not {yes}"),
                format!("not quite {yes}"),
                format!("not really {yes}"),
            ]
        })
        .collect();
    let phrases: Vec<&str> = denied.iter().map(String::as_str).collect();
    let rest = without(words, &phrases);
    let any = rest.len() < words.len();
    (rest, any)
}

/// Both were said. "Actually no", "wait no" and "no ... the wrong ..." take the yes back; a "no" that
/// opens ("no, sure, go ahead") does not tell.
fn contradiction(words: &Words) -> Answer {
    let takes_back = words.has_any(&["actually no", "wait no", "sorry no", "oh no", "i mean no"]);
    let gives_in = words.has_any(&["actually yes", "wait yes", "i mean yes"]);
    match (takes_back, gives_in) {
        (true, false) => Answer::No,
        (false, true) => Answer::Yes,
        _ => Answer::Unsure,
    }
}

/// The words without these phrases, the longest first.
pub(super) fn without(words: &Words, phrases: &[&str]) -> Words {
    let mut words = words.clone();
    let mut by_length: Vec<&str> = phrases.to_vec();
    by_length.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    for phrase in by_length {
        while let Some(at) = words.position(phrase) {
            words = words.cut(at, at + phrase.split(' ').count());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::date_time::{self, Asked};
    use super::*;

    #[test]
    fn answers_are_read_however_they_are_said() {
        for (text, answer) in [
            ("yes", Some(Answer::Yes)),
            ("yeah", Some(Answer::Yes)),
            ("uh-huh", Some(Answer::Yes)),
            ("yes that is correct", Some(Answer::Yes)),
            ("that's right", Some(Answer::Yes)),
            ("that sounds good", Some(Answer::Yes)),
            ("that works", Some(Answer::Yes)),
            ("that is fine", Some(Answer::Yes)),
            ("sure let us do that", Some(Answer::Yes)),
            ("sure, no problem", Some(Answer::Yes)),
            ("why not", Some(Answer::Yes)),
            ("please", Some(Answer::Yes)),
            ("yes please book it", Some(Answer::Yes)),
            ("no", Some(Answer::No)),
            ("nope", Some(Answer::No)),
            ("no that is wrong", Some(Answer::No)),
            ("that's not right", Some(Answer::No)),
            ("that is not correct", Some(Answer::No)),
            ("that doesn't work for me", Some(Answer::No)),
            ("not that one", Some(Answer::No)),
            ("no thank you that is all", Some(Answer::No)),
            ("no thanks i'm good", Some(Answer::No)),
            ("that's all", Some(Answer::No)),
            ("i'm done", Some(Answer::No)),
            ("i do not think so", Some(Answer::No)),
            ("actually no i said the wrong thing", Some(Answer::No)),
            ("yes, actually no", Some(Answer::No)),
            ("i don't know", Some(Answer::Unsure)),
            ("i'm not sure", Some(Answer::Unsure)),
            ("i don't remember", Some(Answer::Unsure)),
            ("i guess so", Some(Answer::Yes)),
            ("yes no", Some(Answer::Unsure)),
            ("tuesday", None),
            ("john smith", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(|reply| reply.answer), answer, "{text}");
        }
    }

    #[test]
    fn a_correction_rides_on_the_answer() {
        let when = |text| date_time::parse(text, Asked::ForATime);
        for (text, answer, correction) in [
            ("no thursday", Answer::No, when("thursday")),
            (
                "no i said thursday at two p m",
                Answer::No,
                when("thursday at two p m"),
            ),
            ("yes but at eleven", Answer::Yes, when("eleven")),
            ("no eleven thirty", Answer::No, when("eleven thirty")),
            ("no", Answer::No, None),
            ("no not thursday", Answer::No, None),
            ("i don't have one", Answer::No, None),
        ] {
            assert_eq!(parse(text), Some(Reply { answer, correction }), "{text}");
        }
    }
}
