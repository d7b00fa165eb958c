//! What is said in calls of ours.

use jiff::Zoned;
use jiff::civil::Date;
use storage::Language::{self, English, Spanish};
use storage::Location;

use super::phrases;
use super::record::what;
use super::times::moment;
use super::words::sentence;
use crate::dialogue::known::Known;
use crate::nlu::say;
use crate::tools::visit::Visit;

phrases! {
    CAN_YOU_MAKE_IT: "Can you make it?", "¿Podrá venir?";
    MOVE_OR_CANCEL: "Would you like another time, or shall I cancel it?",
        "¿Prefiere otra hora, o la cancelo?";
    HINT_MOVE_OR_CANCEL: "You can say, for example, Friday at two p.m., or, cancel it.",
        "Puede decir, por ejemplo, el viernes a las dos de la tarde, o, cancélela.";
    CALLED_BY_MISTAKE: "I am sorry, I called you by mistake. Goodbye.",
        "Disculpe, le llamé por error. Hasta luego.";
    NO_MORE_CALLS: "I am sorry for the trouble. You will get no more calls or messages about your \
        appointments.",
        "Disculpe la molestia. No recibirá más llamadas ni mensajes sobre sus citas.";
    OPT_OUT_BY_TEXT: "I cannot see your number. Please send us the word stop as a text message, \
        and you will hear nothing more from us.",
        "No puedo ver su número. Envíenos la palabra stop en un mensaje de texto, y no recibirá \
        nada más de nosotros.";
}

/// Who calls, and why.
pub(in crate::dialogue) fn reminder(
    language: Language,
    location: &Location,
    first_name: &str,
    visit: &Visit,
    now: &Zoned,
) -> String {
    let what = what(language, location, visit);
    let at = moment(language, &visit.scheduled_at, now.date());
    let (agent, place) = (&location.agent, &location.name);
    sentence(&match language {
        English => format!(
            "Hello {first_name}, this is {agent}, an automated assistant of {place}. I am calling \
             about your appointment: {what}, {at}"
        ),
        Spanish => format!(
            "Hola {first_name}, le habla {agent}, el sistema automático de {place}. Le llamo por su \
             cita: {what}, {at}"
        ),
    })
}

pub(in crate::dialogue) fn see_you(language: Language, visit: &Visit, today: Date) -> String {
    let at = moment(language, &visit.scheduled_at, today);
    sentence(&match language {
        English => format!("Wonderful. We will see you {at}"),
        Spanish => format!("Muy bien. Le esperamos {at}"),
    })
}

/// For a machine: everything in one breath. Nothing where what the call is about is gone.
pub(in crate::dialogue) fn message(
    language: Language,
    location: &Location,
    known: &Known,
    now: &Zoned,
) -> Option<String> {
    let Some(visit) = &known.reminded else {
        return super::follow_up::message(language, location, known);
    };
    let hello = hello(language, known);
    let what = what(language, location, visit);
    let at = moment(language, &visit.scheduled_at, now.date());
    let number = say::ten_digits(language, location.phone.national());
    let place = &location.name;
    Some(match language {
        English => {
            let reminder = sentence(&format!(
                "{hello}, this is {place} with a reminder of your appointment: {what}, {at}"
            ));
            format!("{reminder} To move or cancel it, please call us at {number}. Goodbye.")
        }
        Spanish => format!(
            "{hello}, le habla {place} para recordarle su cita: {what}, {at}. Para cambiarla o \
             cancelarla, llámenos al {number}. Hasta luego."
        ),
    })
}

/// "Hello Maria", or without a name.
pub(super) fn hello(language: Language, known: &Known) -> String {
    let hello = match language {
        English => "Hello",
        Spanish => "Hola",
    };
    match &known.caller {
        Some(caller) => format!("{hello} {}", caller.first_name),
        None => hello.to_owned(),
    }
}
