//! "I'm not John": the caller is not whom their number stands for.

use super::words::Words;

/// Said without a name.
const NOT_ME: [&str; 11] = [
    "that is not me",
    "that is not my name",
    "this is not my account",
    "that is not my account",
    "i am not him",
    "i am not her",
    "i am not that person",
    "wrong person",
    "wrong customer",
    "i am somebody else",
    "i am someone else",
];

/// Before the name.
const NOT: [&str; 9] = [
    "i am not",
    "this is not",
    "it is not",
    "that is not",
    "my name is not",
    "name is not",
    "you are not speaking with",
    "you are not speaking to",
    "you are not talking to",
];

/// Whether the words say that the caller is not the one of this first name.
#[must_use]
pub fn denies(text: &str, first_name: &str) -> bool {
    let words = Words::new(text);
    let name = Words::new(first_name).list().join(" ");
    if words.has_any(&NOT_ME) {
        return true;
    }
    let named = |before: &&str| words.has(&format!("{before} {name}"));
    !name.is_empty() && NOT.iter().any(named) && !owns(&words, &name)
}

/// "I am not John Carter's wife" is about somebody else, and so is "not John's".
fn owns(words: &Words, name: &str) -> bool {
    words.has_any(&[&*format!("{name} s"), &*format!("{name}'s")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_may_deny_to_be_whom_the_number_stands_for() {
        for text in [
            "I'm not John.",
            "no, i am not john",
            "This isn't John, this is Anna Bell.",
            "My name isn't John",
            "it's not john i need an oil change",
            "Sorry, you have the wrong person",
            "that's not me",
            "I'm not him",
        ] {
            assert!(denies(text, "John"), "{text}");
        }
        assert!(denies("i am not anne marie", "Anne-Marie"));
    }

    #[test]
    fn other_words_deny_nothing() {
        for text in [
            "this is john",
            "i'm not sure",
            "i am not johnny",
            "no",
            "it's not the honda",
            "i'm not John's wife, I am John",
            "that's not right",
            "not monday",
            "",
        ] {
            assert!(!denies(text, "John"), "{text}");
        }
        assert!(!denies("i am not", ""));
    }
}
