//! Whether words take the floor.

use crate::message::Expectation;

/// What words said over the agent mean for its speaking on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// There are none.
    None,
    /// The agent may go on: "uh-huh".
    Backchannel,
    /// The caller says something: "stop".
    Turn,
}

/// Sounds that answer nothing, whatever was asked.
const HESITATIONS: [&str; 16] = [
    "ah", "eh", "em", "er", "erm", "hm", "hmm", "huh", "mm", "mmm", "oh", "uh", "uhm", "um", "umm",
    "este",
];

/// Words that only say that somebody listens, unless yes or no is asked. "Yes", "no", "stop" and
/// "wait" are not among them: they always count.
const ACKNOWLEDGEMENTS: [&str; 27] = [
    "uh-huh", "uhhuh", "uhuh", "mhm", "mmhm", "mm-hmm", "mmhmm", "mhmm", "hm-hmm", "okay", "ok",
    "alright", "right", "yeah", "yep", "sure", "see", "i", "got", "it", "great", "good", "ajá",
    "aja", "vale", "claro", "ya",
];

/// Of which more than this are said by somebody who wants to say something.
const MANY: usize = 4;

/// Judges words said over the agent, while the dialogue waits for `expects`.
pub(super) fn weigh(text: &str, expects: Expectation) -> Words {
    let lower = text.to_lowercase();
    let mut words = lower
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'')
        .map(|word| word.trim_matches('-'))
        .filter(|word| !word.is_empty())
        .peekable();
    if words.peek().is_none() {
        return Words::None;
    }
    let mut said = 0;
    let mut hesitates = true;
    for word in words {
        said += 1;
        if HESITATIONS.contains(&word) {
            continue;
        }
        hesitates = false;
        if !ACKNOWLEDGEMENTS.contains(&word) {
            return Words::Turn;
        }
    }
    // "Uh huh" in two words is a yes.
    let answers = !hesitates || lower.contains("uh huh") || lower.contains("mm hmm");
    match expects {
        Expectation::YesNo if answers => Words::Turn,
        _ if said > MANY => Words::Turn,
        _ => Words::Backchannel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uh_huh_in_a_monologue_lets_the_agent_go_on() {
        for text in [
            "uh-huh",
            "Mhm.",
            "mm-hmm",
            "uh huh",
            "Okay.",
            "Yeah, okay.",
            "oh I see",
            "got it",
            "Right, right.",
            "hmm",
            "um",
            "Ajá.",
        ] {
            assert_eq!(weigh(text, Expectation::Open), Words::Backchannel, "{text}");
        }
    }

    #[test]
    fn yes_no_stop_and_wait_always_count() {
        for text in [
            "yes",
            "no",
            "Stop!",
            "wait",
            "Wait, wait.",
            "um, no",
            "okay stop",
            "hold on",
            "sí",
            "for",
            "okay but",
            "thursday",
        ] {
            for expects in Expectation::ALL {
                assert_eq!(weigh(text, expects), Words::Turn, "{text} {expects:?}");
            }
        }
    }

    #[test]
    fn what_acknowledges_elsewhere_answers_a_question() {
        for text in ["uh-huh", "okay", "yeah", "sure", "uh huh", "mhm"] {
            assert_eq!(weigh(text, Expectation::YesNo), Words::Turn, "{text}");
        }
        for text in ["um", "hmm", "uh"] {
            assert_eq!(
                weigh(text, Expectation::YesNo),
                Words::Backchannel,
                "{text}"
            );
        }
    }

    #[test]
    fn who_goes_on_acknowledging_wants_to_say_something() {
        let many = "okay okay okay okay okay";
        assert_eq!(weigh(many, Expectation::Open), Words::Turn);
    }

    #[test]
    fn no_words_say_nothing() {
        for text in ["", " ", "...", "-"] {
            assert_eq!(weigh(text, Expectation::Open), Words::None, "{text:?}");
        }
    }
}
