//! What is said in calls of ours after a visit.

use jiff::Zoned;
use storage::Location;

use super::reminder::what;
use super::sentence;
use crate::dialogue::known::Known;
use crate::nlu::say;
use crate::tools::visit::Visit;

pub(in crate::dialogue) const WAS_ALL_WELL: &str = "Was everything all right?";
pub(in crate::dialogue) const HINT_ALL_WELL: &str =
    "You can say, for example, yes, it was, or tell me what is wrong.";
pub(in crate::dialogue) const GLAD_TO_HEAR: &str = "I am glad to hear that. Thank you.";
pub(in crate::dialogue) const SORRY_TO_HEAR: &str = "I am sorry about that.";
pub(in crate::dialogue) const THEN_OUR_BOOK_IS_WRONG: &str =
    "Then our book is wrong. I am sorry for the trouble.";

/// Who calls, and about which visit.
pub(in crate::dialogue) fn follow_up(
    location: &Location,
    first_name: &str,
    visit: &Visit,
    now: &Zoned,
) -> String {
    let day = say::day(visit.scheduled_at.date(), now.date());
    sentence(&format!(
        "Hello {first_name}, this is {}, an automated assistant of {}. I am calling about your \
         visit: {}, on {day}",
        location.agent,
        location.name,
        what(location, visit),
    ))
}

/// For a machine. It says nothing of what was done: whose machine it is is not known.
pub(super) fn message(location: &Location, known: &Known) -> Option<String> {
    known.visited.as_ref()?;
    let hello = match &known.caller {
        Some(caller) => format!("Hello {}", caller.first_name),
        None => "Hello".to_owned(),
    };
    let number = say::ten_digits(location.phone.national());
    Some(format!(
        "{hello}, this is {}. Thank you for coming in. If anything is not as it should be, please \
         call us at {number}. Goodbye.",
        location.name
    ))
}
