//! What is said in calls of ours after a visit.

use jiff::Zoned;
use storage::Language::{self, English, Spanish};
use storage::Location;

use super::phrases;
use super::record::what;
use super::reminder::hello;
use super::words::sentence;
use crate::dialogue::known::Known;
use crate::nlu::say;
use crate::tools::visit::Visit;

phrases! {
    WAS_ALL_WELL: "Was everything all right?", "¿Quedó todo bien?";
    HINT_ALL_WELL: "You can say, for example, yes, it was, or tell me what is wrong.",
        "Puede decir, por ejemplo, sí, todo bien, o contarme qué pasó.";
    GLAD_TO_HEAR: "I am glad to hear that. Thank you.", "Me alegra saberlo. Gracias.";
    SORRY_TO_HEAR: "I am sorry about that.", "Lo lamento mucho.";
    THEN_OUR_BOOK_IS_WRONG: "Then our book is wrong. I am sorry for the trouble.",
        "Entonces nuestros datos están mal. Disculpe la molestia.";
}

/// Who calls, and about which visit.
pub(in crate::dialogue) fn follow_up(
    language: Language,
    location: &Location,
    first_name: &str,
    visit: &Visit,
    now: &Zoned,
) -> String {
    let day = say::day(language, visit.scheduled_at.date(), now.date());
    let what = what(language, location, visit);
    let (agent, place) = (&location.agent, &location.name);
    sentence(&match language {
        English => format!(
            "Hello {first_name}, this is {agent}, an automated assistant of {place}. I am calling \
             about your visit: {what}, on {day}"
        ),
        Spanish => format!(
            "Hola {first_name}, le habla {agent}, el sistema automático de {place}. Le llamo por su \
             visita: {what}, {day}"
        ),
    })
}

/// For a machine. It says nothing of what was done: whose machine it is is not known.
pub(super) fn message(language: Language, location: &Location, known: &Known) -> Option<String> {
    known.visited.as_ref()?;
    let hello = hello(language, known);
    let number = say::ten_digits(language, location.phone.national());
    let place = &location.name;
    Some(match language {
        English => format!(
            "{hello}, this is {place}. Thank you for coming in. If anything is not as it should be, \
             please call us at {number}. Goodbye."
        ),
        Spanish => format!(
            "{hello}, le habla {place}. Gracias por su visita. Si algo no quedó bien, llámenos al \
             {number}. Hasta luego."
        ),
    })
}
