//! What of a booking that was read back is wrong, where the caller names it and not what is right.

use super::words::Words;

/// A part of what is read back before a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    Name,
    Number,
    /// The date of birth.
    Birth,
    Vehicle,
    Service,
}

/// "The name is wrong", "that is not my number", "change the vehicle".
#[must_use]
pub fn wrong(text: &str) -> Option<Detail> {
    const CALLED: [(&str, Detail); 11] = [
        ("birth", Detail::Birth),
        ("birthday", Detail::Birth),
        ("name", Detail::Name),
        ("spelling", Detail::Name),
        ("number", Detail::Number),
        ("phone", Detail::Number),
        ("telephone", Detail::Number),
        ("car", Detail::Vehicle),
        ("vehicle", Detail::Vehicle),
        ("truck", Detail::Vehicle),
        ("service", Detail::Service),
    ];
    const BEFORE: [&str; 9] = [
        "wrong",
        "wrong phone",
        "incorrect",
        "change the",
        "change my",
        "correct the",
        "fix the",
        "not my",
        "different",
    ];
    const BEHIND: [&str; 9] = [
        "is wrong",
        "is incorrect",
        "is not right",
        "is not correct",
        "is misspelled",
        "is bad",
        "not right",
        "wrong",
        "is different",
    ];
    let words = Words::new(text);
    let is_wrong = |called: &str| {
        let before = BEFORE.iter().map(|before| format!("{before} {called}"));
        let behind = BEHIND.iter().map(|behind| format!("{called} {behind}"));
        before.chain(behind).any(|phrase| words.has(&phrase))
    };
    let wrong = CALLED.iter().find(|(called, _)| is_wrong(called));
    wrong.map(|(_, detail)| *detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_in_many_ways() {
        for (text, detail) in [
            ("the name is wrong", Some(Detail::Name)),
            ("no you got my last name wrong", Some(Detail::Name)),
            ("the phone number is wrong", Some(Detail::Number)),
            ("that's not my number", Some(Detail::Number)),
            ("that is the wrong phone number", Some(Detail::Number)),
            ("that is the wrong car", Some(Detail::Vehicle)),
            ("wrong service", Some(Detail::Service)),
            ("my date of birth is wrong", Some(Detail::Birth)),
            ("my name is anne bell", None),
            ("no that is wrong", None),
            ("no the time is wrong", None),
        ] {
            assert_eq!(wrong(text), detail, "{text}");
        }
    }
}
