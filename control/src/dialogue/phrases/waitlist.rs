//! The waiting list.

use jiff::civil::Date;
use storage::Language::{self, English, Spanish};

use super::phrases;
use super::words::sentence;
use crate::dialogue::state::Days;
use crate::nlu::say;

phrases! {
    CANNOT_WAIT: "I am sorry, I cannot put you on the waiting list.",
        "Lo siento, no le puedo poner en la lista de espera.";
}

/// "Shall I put you on the waiting list for Friday, and text you if something comes free?"
pub(in crate::dialogue) fn shall_i_wait(language: Language, days: &Days, today: Date) -> String {
    let days = spoken(language, days, today);
    match language {
        English => format!(
            "Shall I put you on the waiting list for {days}, and text you if something comes free?"
        ),
        Spanish => format!(
            "¿Le pongo en la lista de espera para {days}, y le envío un mensaje si se libera algo?"
        ),
    }
}

pub(in crate::dialogue) fn waiting(language: Language, days: &Days, today: Date) -> String {
    let days = spoken(language, days, today);
    match language {
        English => format!(
            "{} Nothing is booked yet: I will text you if something comes free.",
            sentence(&format!("You are on the waiting list for {days}"))
        ),
        Spanish => format!(
            "Está en la lista de espera para {days}. Todavía no hay nada reservado: le enviaré un \
             mensaje si se libera algo."
        ),
    }
}

fn spoken(language: Language, days: &Days, today: Date) -> String {
    let first = say::day(language, days.first, today);
    if days.first == days.last {
        return first;
    }
    let last = say::day(language, days.last, today);
    match language {
        English => format!("{first} to {last}"),
        Spanish => format!("{first} hasta {last}"),
    }
}
