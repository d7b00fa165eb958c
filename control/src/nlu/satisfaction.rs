//! How a visit was, as its customer tells it.

use super::words::Words;

/// What a customer says of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Satisfaction {
    /// All is well.
    Content,
    /// Something is not.
    Troubled,
    /// They were not there.
    NeverCame,
}

/// Trouble that is named to be denied; taken away first.
const NO_TROUBLE: [&str; 16] = [
    "no problems at all",
    "no problem at all",
    "no problems",
    "no problem",
    "no complaints",
    "no complaint",
    "no issues",
    "no issue",
    "no trouble",
    "no worries",
    "nothing wrong",
    "nothing to complain",
    "can not complain",
    "cannot complain",
    "could not be better",
    "not bad",
];

const NEVER_CAME: [&str; 8] = [
    "did not come",
    "never came",
    "was not there",
    "never went",
    "did not go",
    "have not been there",
    "did not make it",
    "could not make it",
];

const TROUBLE: [&str; 40] = [
    "not",
    "never",
    "still",
    "but",
    "except",
    "problem",
    "problems",
    "issue",
    "issues",
    "trouble",
    "wrong",
    "noise",
    "noises",
    "noisy",
    "rattle",
    "rattles",
    "rattling",
    "squeak",
    "squeaks",
    "squeaking",
    "leak",
    "leaks",
    "leaking",
    "worse",
    "bad",
    "terrible",
    "awful",
    "horrible",
    "poor",
    "broken",
    "broke",
    "scratch",
    "scratched",
    "unhappy",
    "disappointed",
    "dissatisfied",
    "complaint",
    "complain",
    "rude",
    "overcharged",
];

const CONTENT: [&str; 24] = [
    "yes",
    "yeah",
    "yep",
    "yup",
    "fine",
    "good",
    "great",
    "perfect",
    "perfectly",
    "excellent",
    "happy",
    "satisfied",
    "pleased",
    "wonderful",
    "fantastic",
    "awesome",
    "amazing",
    "well",
    "all right",
    "alright",
    "okay",
    "super",
    "smooth",
    "loved it",
];

/// Words that ask for something beside telling how it was.
const ASKS: [&str; 22] = [
    "i need",
    "i want",
    "i would like",
    "book",
    "schedule",
    "appointment",
    "can i",
    "could i",
    "can you",
    "could you",
    "may i",
    "come in",
    "come by",
    "come back",
    "bring it",
    "bring her",
    "look at it",
    "how much",
    "how long",
    "what",
    "when",
    "where",
];

/// Reads it; `None` where the words do not tell.
#[must_use]
pub fn of(text: &str) -> Option<Satisfaction> {
    let mut words = Words::new(text);
    if words.has_any(&NEVER_CAME) {
        return Some(Satisfaction::NeverCame);
    }
    let mut content = false;
    for phrase in NO_TROUBLE {
        while let Some(end) = words.after(phrase) {
            content = true;
            words = words.cut(end - phrase.split(' ').count(), end);
        }
    }
    if words.has_any(&TROUBLE) {
        return Some(Satisfaction::Troubled);
    }
    if content || words.has_any(&CONTENT) {
        return Some(Satisfaction::Content);
    }
    words
        .has_any(&["no", "nope", "nah"])
        .then_some(Satisfaction::Troubled)
}

/// Whether they ask who calls: they have not heard our first words.
#[must_use]
pub fn asks_who(text: &str) -> bool {
    let words = Words::new(text);
    words.has_any(&["who is this", "who is calling", "who are you", "who is it"])
        || (words.len() <= 2 && words.has_any(&["hello", "hi", "hey"]))
}

/// Whether they ask for something too.
#[must_use]
pub fn asks_too(text: &str) -> bool {
    Words::new(text).has_any(&ASKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn praise_trouble_and_their_denials_are_told_apart() {
        use Satisfaction::{Content, NeverCame, Troubled};
        for (text, meant) in [
            ("yes", Content),
            ("Yes, everything was great, thanks!", Content),
            ("the oil change was perfect", Content),
            ("no complaints", Content),
            ("No problems at all", Content),
            ("no, it was fine", Content),
            ("can't complain", Content),
            ("not bad", Content),
            ("no", Troubled),
            ("no it wasn't", Troubled),
            ("it still makes a noise", Troubled),
            ("yes but there is a scratch on the door", Troubled),
            ("no problem with the price but it still leaks", Troubled),
            ("I am not happy", Troubled),
            ("I didn't come", NeverCame),
            ("we couldn't make it that day", NeverCame),
        ] {
            assert_eq!(of(text), Some(meant), "{text}");
        }
        for text in ["", "who is this", "i need an oil change on friday"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn who_wants_more_than_to_tell_is_heard() {
        assert!(asks_too("great and I need new tires on Friday"));
        assert!(asks_too("it still rattles, can I bring it in tomorrow"));
        assert!(!asks_too("the oil change on Friday was great"));
        assert!(asks_who("Hello? Who's this?") && asks_who("hello"));
        assert!(!asks_who("hi everything was fine"));
    }
}
