//! Whether the caller has agreed to a change, judged from what was heard and not by the model.

use super::asked::{asked, question};
use super::history::Asked;
use crate::dialogue::Question;
use crate::nlu::is_plain_yes;
use crate::nlu::service::Vocabulary;

/// True where the agent asked whether to do something, enough of that came across, and the caller
/// plainly said yes, in either reading of their words.
pub(super) fn agreed(
    vocabulary: &Vocabulary,
    to: Asked<'_>,
    words: &str,
    second_opinion: Option<&str>,
) -> bool {
    let Some(question) = question(to.text) else {
        return false;
    };
    let enough = to.heard + question.len() / 2 >= to.text.len();
    asked(to.text).0 == Question::Confirm
        && enough
        && is_plain_yes(vocabulary, words)
        && second_opinion.is_none_or(|words| is_plain_yes(vocabulary, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::turn::vocabulary;
    use storage::Location;

    const ASKED: &str = "An oil change on Monday at nine. Shall I book it?";

    fn agrees(text: &str, heard: usize, words: &str, second_opinion: Option<&str>) -> bool {
        let to = Asked {
            number: 1,
            text,
            heard,
        };
        agreed(&vocabulary(&Location::example()), to, words, second_opinion)
    }

    #[test]
    fn a_yes_to_a_question_is_consent() {
        for yes in [
            "Yes.",
            "yes please",
            "Yes, book it.",
            "Sure, go ahead.",
            "That sounds good.",
            "Okay.",
            "That works.",
            "Yes, please do that.",
            "Yes. Thank you.",
        ] {
            assert!(agrees(ASKED, ASKED.len(), yes, None), "{yes}");
        }
        assert!(agrees("Shall I cancel it?", 18, "Yes, cancel it.", None));
    }

    #[test]
    fn anything_else_is_not() {
        for other in [
            "No.",
            "What was the time?",
            "Yes, but at eleven.",
            "Book it for Thursday.",
            "Right, what does it cost?",
            "Okay, let me think about it.",
            "Good question, hang on.",
            "Yes, and a tire rotation.",
            "No. Okay.",
            "Maybe.",
            "I'd like to know if yes means I pay.",
            "Yes, if it does not take long.",
            "",
        ] {
            assert!(!agrees(ASKED, ASKED.len(), other, None), "{other}");
        }
        assert!(
            !agrees(ASKED, ASKED.len(), "yes", Some("no")),
            "two readings"
        );
    }

    #[test]
    fn only_a_question_whether_to_do_it_can_be_agreed_to() {
        for asked in [
            "I can book that.",
            "Are you still there?",
            "Is there anything else?",
            "Is it the Honda Accord?",
            "What time works for you?",
            "Hello John. How can I help you?",
        ] {
            assert!(!agrees(asked, asked.len(), "Yes.", None), "{asked}");
        }
    }

    #[test]
    fn a_question_that_hardly_came_across_cannot_be_agreed_to() {
        assert!(!agrees(ASKED, 12, "Yes.", None));
        assert!(!agrees(
            ASKED,
            "An oil change on Monday at nine.".len(),
            "Right.",
            None
        ));
        assert!(agrees(ASKED, ASKED.len() - 5, "Yes.", None));
    }
}
