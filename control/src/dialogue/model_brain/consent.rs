//! Whether the caller has agreed to a change, judged from what was heard and not by the model.

use super::asked::question;
use crate::nlu::yes_no::{self, Answer};

/// True where the caller's last words are a plain yes, and the agent's last words were a question
/// of which enough came across. `heard` is in letters of `said`.
pub(super) fn agreed(said: &str, heard: usize, answer: &str) -> bool {
    let asked = question(said).is_some();
    let enough = heard * 4 >= said.len() * 3;
    let reply = yes_no::parse(answer);
    let plain = reply.is_some_and(|r| r.answer == Answer::Yes);
    asked && enough && plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "An oil change on Monday at nine. Shall I book it?";

    #[test]
    fn a_yes_to_a_question_is_consent() {
        for yes in ["Yes.", "yes please", "Sure, go ahead.", "That sounds good."] {
            assert!(agreed(ASKED, ASKED.len(), yes), "{yes}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for other in [
            "No.",
            "What was the time?",
            "Book it for Tuesday instead, no.",
            "Maybe.",
        ] {
            assert!(!agreed(ASKED, ASKED.len(), other), "{other}");
        }
        assert!(!agreed("I can book that.", 16, "Yes."), "nothing was asked");
    }

    #[test]
    fn a_question_that_hardly_came_across_cannot_be_agreed_to() {
        assert!(!agreed(ASKED, 12, "Yes."));
        assert!(agreed(ASKED, ASKED.len() - 6, "Yes."));
    }
}
