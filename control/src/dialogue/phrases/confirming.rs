//! Before a change of the book, and after it.

use jiff::civil::Date;
use storage::Language::{self, English, Spanish};
use storage::location::Location;

use super::phrases;
use super::places::{at_another, at_place};
use super::times::moment;
use super::words::{a, sentence, service_name, vehicle};
use crate::dialogue::state::{Booking, Born, Cancellation, Chosen, Move};
use crate::nlu::say;
use crate::tools::visit::Visit;

phrases! {
    SHALL_I_BOOK: "Shall I book it?", "¿Se la reservo?";
    SHALL_I_MOVE: "Shall I move it?", "¿Se la cambio?";
    SHALL_I_CANCEL: "Shall I cancel it?", "¿Se la cancelo?";
    NOT_THAT: "All right, not that.", "De acuerdo, eso no.";
    NOTHING_BOOKED: "All right, then I book nothing.", "De acuerdo, entonces no reservo nada.";
    ALREADY_THEN: "That is when it is now.", "Su cita ya está a esa hora.";
    BACK_AGAIN: "Of course. I can book it again for you.",
        "Por supuesto. Se la puedo reservar de nuevo.";
    CANCELLED: "Your appointment is cancelled.", "Su cita está cancelada.";
    ALREADY_SETTLED: "That appointment is already cancelled or over.",
        "Esa cita ya está cancelada o ya pasó.";
}

/// Everything that a yes would write down.
pub(in crate::dialogue) fn booking(
    language: Language,
    location: &Location,
    booking: &Booking,
    today: Date,
) -> Vec<String> {
    let mut says = Vec::new();
    if let (Some(first), Some(last)) = (&booking.name.first, &booking.name.last) {
        let phone = booking.phone.as_ref();
        let phone = phone.map(|phone| say::ten_digits(language, phone.national()));
        let born = match booking.born {
            Born::On(date) => born(language, date),
            Born::Unasked | Born::Unsaid => String::new(),
        };
        says.push(match (language, phone) {
            (English, Some(phone)) => format!("{first} {last}{born}, at {phone}."),
            (Spanish, Some(phone)) => format!("{first} {last}{born}, con el número {phone}."),
            (_, None) => format!("{first} {last}{born}."),
        });
    }
    let what = a(
        language,
        service_name(language, location, booking.service.as_deref()),
    );
    let vehicle = for_the_vehicle(language, &booking.vehicle);
    if let Some(start) = &booking.time.start {
        let place = at_place(language, booking.place.as_deref());
        let at = moment(language, start, today);
        says.push(sentence(&match language {
            English => format!("That is {what}{vehicle}{place}, {at}"),
            Spanish => format!("Es una cita para {what}{vehicle}{place}, {at}"),
        }));
    }
    let also: Vec<String> = booking
        .also
        .iter()
        .map(|key| a(language, service_name(language, location, Some(key))))
        .collect();
    if !also.is_empty() {
        let also = say::and(language, &also);
        says.push(match language {
            English => format!("I will note that you also want {also}."),
            Spanish => format!("Anotaré que también desea {also}."),
        });
    }
    says
}

/// It is said back: misheard, it would keep them from being verified next time.
fn born(language: Language, date: Date) -> String {
    let (month, day, year) = (say::month(language, date.month()), date.day(), date.year());
    match language {
        English => format!(", born {month} {day}, {year}"),
        Spanish => format!(", fecha de nacimiento {day} de {month} de {year}"),
    }
}

fn for_the_vehicle(language: Language, chosen: &Chosen) -> String {
    let described = match chosen {
        Chosen::New(new) => format!("{} {} {}", new.year, new.make, new.model),
        Chosen::Known { other: true, .. } => {
            return match language {
                English => " for your other vehicle",
                Spanish => " para su otro vehículo",
            }
            .to_owned();
        }
        chosen => vehicle(language, &chosen.described()),
    };
    match (language, described.as_str()) {
        (_, "") => String::new(),
        (English, words) => format!(" for your {words}"),
        (Spanish, words) => format!(" para su {words}"),
    }
}

pub(in crate::dialogue) fn moving(
    language: Language,
    location: &Location,
    moved: &Move,
    today: Date,
) -> Vec<String> {
    let what = service_name(language, location, Some(&moved.visit.service_type));
    let to = moved.time.start.iter();
    to.map(|to| {
        let to = moment(language, to, today);
        sentence(&match language {
            English => format!("I would move your {what} to {to}"),
            Spanish => format!("Cambiaría su cita para {what}: {to}"),
        })
    })
    .collect()
}

pub(in crate::dialogue) fn cancelling(
    language: Language,
    location: &Location,
    cancellation: &Cancellation,
    today: Date,
) -> String {
    let visit = &cancellation.visit;
    let what = service_name(language, location, Some(&visit.service_type));
    let at = moment(language, &visit.scheduled_at, today);
    sentence(&match language {
        English => format!("I would cancel your {what}, {at}"),
        Spanish => format!("Cancelaría su cita para {what}, {at}"),
    })
}

pub(in crate::dialogue) fn booked(
    language: Language,
    location: &Location,
    visit: &Visit,
    today: Date,
) -> String {
    let what = service_name(language, location, Some(&visit.service_type));
    let at = moment(language, &visit.scheduled_at, today);
    let place = at_another(language, visit);
    sentence(&match language {
        English => format!("You are booked{place}: {what}, {at}"),
        Spanish => format!("Su cita está reservada{place}: {what}, {at}"),
    })
}

pub(in crate::dialogue) fn rescheduled(
    language: Language,
    location: &Location,
    visit: &Visit,
    today: Date,
) -> String {
    let what = service_name(language, location, Some(&visit.service_type));
    let at = moment(language, &visit.scheduled_at, today);
    sentence(&match language {
        English => format!("Done. Your {what} is now {at}"),
        Spanish => format!("Listo. Su cita para {what} es ahora {at}"),
    })
}
