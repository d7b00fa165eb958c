//! What an agent's question names: which change of the book, and for when. A yes is to that change,
//! and to no other.

use jiff::civil::DateTime;
use jiff::{ToSpan, Zoned};
use storage::Language::{English, Spanish};

use super::asked::question;
use crate::nlu::words::Words;
use crate::nlu::{folded, number, say};
use crate::tools::ToolCall;
use crate::tools::moment::Moment;

/// A change that a caller can agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Book,
    Move,
    Cancel,
    /// They come to what is booked.
    Confirm,
    Wait,
    /// Writes down who they are, or what they drive.
    Record,
}

/// By what a question names each, without accents.
const NAMED: &[(Act, &[&str])] = &[
    (
        Act::Book,
        &[
            "book",
            "reserve",
            "schedule",
            "set up",
            "put you down",
            "reservo",
            "reservar",
            "reserve",
            "agendo",
            "agendar",
            "agende",
            "apunto",
        ],
    ),
    (
        Act::Move,
        &[
            "move",
            "reschedule",
            "change it",
            "change that",
            "change your",
            "change the time",
            "change the day",
            "change the appointment",
            "switch",
            "push",
            "la cambio",
            "lo cambio",
            "le cambio",
            "cambiarla",
            "cambiar la",
            "cambiar su",
            "cambie",
            "muevo",
            "mover",
            "moverla",
            "mueva",
            "paso",
            "reprogramo",
            "reprogramar",
        ],
    ),
    (
        Act::Cancel,
        &[
            "cancel",
            "cancelo",
            "cancelar",
            "cancelarla",
            "cancele",
            "anulo",
            "anular",
        ],
    ),
    (
        Act::Confirm,
        &[
            "you make it",
            "you be there",
            "confirm",
            "podra venir",
            "puede venir",
            "vendra",
            "confirmo",
            "confirmar",
        ],
    ),
    (
        Act::Wait,
        &[
            "waiting list",
            "wait list",
            "waitlist",
            "on the list",
            "lista de espera",
            "en la lista",
        ],
    ),
    (
        Act::Record,
        &[
            "add",
            "create",
            "save",
            "record",
            "account",
            "on file",
            "write down",
            "agrego",
            "agregar",
            "anado",
            "guardo",
            "guardar",
            "registro",
            "registrar",
            "cuenta",
        ],
    ),
];

/// Questions that ask about what was said before them.
const ABOUT_IT: [&str; 18] = [
    "shall i do it",
    "shall i do that",
    "should i do that",
    "do you want me to do that",
    "would you like me to do that",
    "shall i go ahead",
    "should i go ahead",
    "want me to go ahead",
    "like me to go ahead",
    "is that correct",
    "is that right",
    "does that work",
    "does that sound",
    "sound good",
    "es correcto",
    "esta bien",
    "le conviene",
    "le parece bien",
];

/// Whether what was said asks for this very change: its question names it, or asks about what was
/// said before it, where that does; it names no other one; and of the day and the hour that a time
/// is to be taken, it names one, and where it names days or hours, the right one is among them.
pub(super) fn asks_for(text: &str, call: &ToolCall, now: &Zoned) -> bool {
    let Some(question) = question(text) else {
        return false;
    };
    let words = Words::new(&folded(&text.to_lowercase()));
    let asked = Words::new(&folded(&question.to_lowercase()));
    let named = match acts(&asked) {
        none if none.is_empty() && asked.has_any(&ABOUT_IT) => acts(&words),
        named => named,
    };
    let at = |moment: Moment| moment.resolve(now.time_zone()).ok();
    match call {
        ToolCall::BookAppointment(book) => {
            only(&named, Act::Book)
                && at(book.scheduled_at).is_some_and(|at| is_named(&words, at.datetime(), now))
        }
        ToolCall::RescheduleAppointment(to) => {
            only(&named, Act::Move)
                && at(to.new_datetime).is_some_and(|at| is_named(&words, at.datetime(), now))
        }
        ToolCall::CancelAppointment(_) => only(&named, Act::Cancel),
        ToolCall::ConfirmAppointment(_) => only(&named, Act::Confirm),
        ToolCall::JoinWaitlist(_) => only(&named, Act::Wait),
        // A booking writes down whose it is.
        _ => named.contains(&Act::Record) || named.contains(&Act::Book),
    }
}

fn acts(words: &Words) -> Vec<Act> {
    let named = NAMED.iter().filter(|(_, names)| words.has_any(names));
    named.map(|(act, _)| *act).collect()
}

/// "Shall I move it or cancel it?" has no yes. "To confirm: shall I move it?" has one, to the move.
fn only(named: &[Act], act: Act) -> bool {
    let beside = |named: &Act| matches!(named, Act::Record | Act::Confirm) && *named != act;
    let mut changes = named.iter().filter(|named| !beside(named));
    changes.next() == Some(&act) && changes.next().is_none()
}

fn is_named(words: &Words, at: DateTime, now: &Zoned) -> bool {
    let (hour, day) = (hour(words, at), day(words, at, now));
    (hour == Some(true) && day != Some(false)) || (day == Some(true) && hour != Some(false))
}

/// Whether the hour is among those that were named, if any was.
fn hour(words: &Words, at: DateTime) -> Option<bool> {
    const SIGNS: [&str; 8] = [
        "am", "pm", "o'clock", "noon", "midday", "mediodia", "a las", "a la",
    ];
    let twelve = u32::try_from((at.hour() + 11) % 12 + 1).unwrap_or_default();
    let wanted = [
        number::in_words(twelve),
        twelve.to_string(),
        at.hour().to_string(),
        format!("{:02}", at.hour()),
        spoken_hour(at),
    ];
    let is_it = |at_word: usize| {
        let word = words.at(at_word);
        let noon = at.hour() == 12 && matches!(word, "noon" | "midday" | "mediodia");
        let (hour, minute) = match word.split_once(':') {
            Some((hour, minute)) => (hour, minute.parse::<i8>() == Ok(at.minute())),
            None => (word, at.minute() != 0 || !goes_on(words, at_word + 1)),
        };
        noon || (minute && wanted.iter().any(|wanted| wanted == hour))
    };
    if (0..words.len()).any(is_it) {
        return Some(true);
    }
    let clock = |pair: &[String]| match pair {
        [before, hour] => before == "at" && number::is_number_word(hour),
        _ => false,
    };
    let named = words.has_any(&SIGNS)
        || words.list().iter().any(|word| word.contains(':'))
        || words.list().windows(2).any(clock);
    named.then_some(false)
}

/// Whether minutes follow an hour: "nine thirty", "las nueve y media".
fn goes_on(words: &Words, at: usize) -> bool {
    let next = words.at(at);
    matches!(
        next,
        "fifteen" | "twenty" | "thirty" | "forty" | "fifty" | "15" | "30" | "45"
    ) || (next == "y" && matches!(words.at(at + 1), "media" | "cuarto"))
}

/// 24 of "24th".
fn leading(word: &str) -> Option<u32> {
    word.trim_end_matches(char::is_alphabetic).parse().ok()
}

/// "nueve" of "las nueve de la mañana".
fn spoken_hour(at: DateTime) -> String {
    let said = say::time(Spanish, at.time());
    let hour = said.split(' ').find(|word| !matches!(*word, "la" | "las"));
    folded(hour.unwrap_or_default())
}

/// Whether the day is among those that were named, if any was.
fn day(words: &Words, at: DateTime, now: &Zoned) -> Option<bool> {
    const WEEK: [&str; 14] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "lunes",
        "martes",
        "miercoles",
        "jueves",
        "viernes",
        "sabado",
        "domingo",
    ];
    let weekday = at.date().weekday();
    let [english, spanish] =
        [English, Spanish].map(|l| folded(&say::weekday(l, weekday).to_lowercase()));
    let tomorrow = now.date().saturating_add(1.day());
    // "De la mañana" is the half of a day.
    let manana = words
        .list()
        .windows(2)
        .any(|pair| pair[1] == "manana" && pair[0] != "la")
        || words.at(0) == "manana";
    let [is_today, is_tomorrow] = [now.date() == at.date(), tomorrow == at.date()];
    let by_name = words.has(&english)
        || words.has(&spanish)
        || (is_today && words.has_any(&["today", "hoy"]))
        || (is_tomorrow && (words.has("tomorrow") || manana));
    let month = [English, Spanish].map(|l| folded(&say::month(l, at.month()).to_lowercase()));
    let of_month = u32::from(at.day().unsigned_abs());
    let ordinal = number::ordinal_in_words(of_month);
    let by_date = month.iter().any(|month| words.has(month))
        && (words.has(&ordinal) || words.list().iter().any(|w| leading(w) == Some(of_month)));
    if by_name || by_date {
        return Some(true);
    }
    let named = words.has_any(&WEEK) || words.has_any(&["today", "tomorrow", "hoy"]) || manana;
    named.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::ToolRequest;
    use crate::tools::request;
    use storage::Location;

    fn asks(text: &str, name: &str, arguments: &str) -> bool {
        let asked = ToolRequest {
            id: "call_1".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        let here = Location::example();
        let call = request::parse(&asked, &request::specs(&here, &here.clone().into()));
        let now = "2026-11-23T09:00-06:00[America/Chicago]";
        asks_for(text, &call.expect("a call"), &now.parse().expect("a time"))
    }

    fn books(text: &str, at: &str) -> bool {
        let book = format!(
            r#"{{"customer_id": 1, "vehicle_id": 1, "service_type": "oil_change",
                "scheduled_at": "{at}"}}"#
        );
        asks(text, "book_appointment", &book)
    }

    fn moves(text: &str, at: &str) -> bool {
        let to = format!(r#"{{"appointment_id": 1, "new_datetime": "{at}"}}"#);
        asks(text, "reschedule_appointment", &to)
    }

    fn confirms(text: &str) -> bool {
        asks(text, "confirm_appointment", r#"{"appointment_id": 1}"#)
    }

    fn cancels(text: &str) -> bool {
        let cancel = r#"{"appointment_id": 1, "reason": "other"}"#;
        asks(text, "cancel_appointment", cancel)
    }

    #[test]
    fn a_question_asks_for_the_change_that_it_names() {
        const NINE: &str = "2026-11-24T09:00";
        for text in [
            "An oil change tomorrow at nine. Shall I book it?",
            "Shall I book the oil change for Tuesday at 9 a.m.?",
            "I can book you for nine. Does that work?",
            "Would you like me to schedule it for November 24th?",
            "Un cambio de aceite, mañana a las nueve de la mañana. ¿Se la reservo?",
            "¿Le reservo el cambio de aceite para el martes?",
        ] {
            assert!(books(text, NINE), "{text}");
            assert!(!moves(text, NINE) && !cancels(text), "{text}");
        }
        for text in [
            "Shall I move it to Tuesday at nine?",
            "¿Se la cambio para mañana a las nueve?",
        ] {
            assert!(moves(text, NINE), "{text}");
            assert!(!books(text, NINE) && !cancels(text), "{text}");
        }
        for text in [
            "Shall I cancel it?",
            "¿Se la cancelo?",
            "I would cancel it. Is that right?",
        ] {
            assert!(cancels(text), "{text}");
            assert!(!books(text, NINE) && !moves(text, NINE), "{text}");
        }
        for text in [
            "Your oil change is tomorrow at nine. Can you make it?",
            "Will you be there tomorrow at nine?",
            "Shall I confirm it?",
            "Le llamo por su cita de mañana. ¿Podrá venir?",
            "¿La confirmo?",
        ] {
            assert!(confirms(text), "{text}");
            assert!(!books(text, NINE) && !moves(text, NINE), "{text}");
            assert!(!cancels(text), "{text}");
        }
        for text in [
            "Can you make it, or shall I cancel it?",
            "Shall I move it to Tuesday at nine?",
            "Do you want me to look that up?",
        ] {
            assert!(!confirms(text), "{text}");
        }
        assert!(books(
            "To confirm, shall I book it for Tuesday at nine?",
            NINE
        ));
        let join = r#"{"described_as": "", "service_type": "oil_change",
            "first_day": "2026-11-24", "last_day": "2026-11-25"}"#;
        assert!(asks(
            "Shall I put you on the waiting list?",
            "join_waitlist",
            join
        ));
        assert!(!asks("Shall I cancel it?", "join_waitlist", join));
        let add = r#"{"customer_id": 1, "year": 2021, "make": "Honda", "model": "Accord"}"#;
        assert!(asks("Shall I add the Accord?", "add_vehicle", add));
        assert!(!asks("Shall I look that up for you?", "add_vehicle", add));
    }

    #[test]
    fn what_names_no_change_or_two_asks_for_none() {
        for text in [
            "Tuesday at nine. Shall I look that up for you?",
            "I can book that for Tuesday at nine. Shall I look at your record?",
            "I can book that for Tuesday at 9 a.m. Shall I look at your record?",
            "Shall I move it or cancel it on Tuesday at nine?",
            "I have booked Tuesday at nine.",
        ] {
            assert!(!books(text, "2026-11-24T09:00"), "{text}");
            assert!(!moves(text, "2026-11-24T09:00") && !cancels(text), "{text}");
        }
    }

    #[test]
    fn another_day_or_hour_than_the_one_that_was_named_is_not_asked_for() {
        for (text, at) in [
            ("Shall I book it?", "2026-11-24T09:00"),
            ("Shall I book it for Tuesday at nine?", "2026-11-25T09:00"),
            ("Shall I book it for Tuesday at nine?", "2026-11-24T14:00"),
            ("Shall I book it for tomorrow?", "2026-11-25T09:00"),
            ("Shall I book it for nine thirty a.m.?", "2026-11-24T09:00"),
            ("Shall I book it for 9:30 a.m.?", "2026-11-24T09:00"),
            ("Shall I book it for 9 a.m.?", "2026-11-24T10:00"),
            (
                "¿Se la reservo para mañana a las nueve de la mañana?",
                "2026-11-26T09:00",
            ),
            (
                "¿Se la reservo a las nueve de la mañana?",
                "2026-11-24T10:00",
            ),
        ] {
            assert!(!books(text, at), "{text} {at}");
        }
        assert!(books(
            "Shall I book it for Tuesday or Friday at nine?",
            "2026-11-27T09:00"
        ));
        assert!(books(
            "¿Se la reservo a la una de la tarde?",
            "2026-11-24T13:00"
        ));
        assert!(books("Shall I book it for noon?", "2026-11-24T12:00"));
        assert!(books("Shall I book it for 2:30 p.m.?", "2026-11-24T14:30"));
        assert!(books(
            "Shall I book it for tomorrow at nine?",
            "2026-11-24T15:00:00Z"
        ));
    }
}
