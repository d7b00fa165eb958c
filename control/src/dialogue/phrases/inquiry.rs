//! What is answered about the location: prices, durations, the way, the hours.

use jiff::civil::Date;
use storage::Language::{self, English, Spanish};
use storage::location::{DayHours, Hours, Location, Service};

use super::words::{a, capital, duration, sentence};
use crate::nlu::say;

pub(in crate::dialogue) fn prices(
    language: Language,
    location: &Location,
    about: Option<&Service>,
) -> Vec<String> {
    let Some(service) = about.or(location.services.first()) else {
        return vec![match language {
            English => "A colleague can tell you our prices.".to_owned(),
            Spanish => "Uno de mis colegas le puede decir nuestros precios.".to_owned(),
        }];
    };
    let one = capital(&a(language, location.spoken.service(service, language)));
    if service.price.high_usd == 0 {
        return vec![match language {
            English => format!("{one} costs you nothing."),
            Spanish => format!("{one} no le cuesta nada."),
        }];
    }
    let price = say::price(language, service.price.low_usd, service.price.high_usd);
    vec![match language {
        English => format!("{one} is {price}, depending on the vehicle."),
        Spanish => format!("{one} cuesta {price}, según el vehículo."),
    }]
}

pub(in crate::dialogue) fn durations(
    language: Language,
    location: &Location,
    about: Option<&Service>,
) -> Vec<String> {
    let Some(service) = about.or(location.services.first()) else {
        return vec![match language {
            English => "A colleague can tell you how long it takes.".to_owned(),
            Spanish => "Uno de mis colegas le puede decir cuánto dura.".to_owned(),
        }];
    };
    let one = capital(&a(language, location.spoken.service(service, language)));
    let long = duration(language, service);
    vec![match language {
        English => format!("{one} takes about {long}."),
        Spanish => format!("{one} dura más o menos {long}."),
    }]
}

pub(in crate::dialogue) fn address(language: Language, location: &Location) -> Vec<String> {
    let (street, city) = (&location.address.street, &location.address.city);
    vec![match language {
        English => format!("We are at {street} in {city}."),
        Spanish => format!("Estamos en {street}, en {city}."),
    }]
}

pub(in crate::dialogue) fn hours_of_day(
    language: Language,
    location: &Location,
    day: Date,
    today: Date,
) -> Vec<String> {
    vec![match location.day(day) {
        DayHours::Open(hours) if day == today => {
            let hours = say::from_to(language, hours.open, hours.close);
            sentence(&match language {
                English => format!("Today we are open {hours}"),
                Spanish => format!("Hoy abrimos {hours}"),
            })
        }
        DayHours::Open(hours) => open_on(language, day, hours),
        DayHours::ClosedWeekday | DayHours::Holiday(_) => closed(language, location, day, today),
    }]
}

/// Runs of days with the same hours are said together.
pub(in crate::dialogue) fn hours_of_week(language: Language, location: &Location) -> Vec<String> {
    let runs = location.week.runs().into_iter();
    runs.map(|(days, hours)| {
        let days: Vec<_> = days
            .into_iter()
            .map(|day| say::weekday(language, day))
            .collect();
        let days = run_of_days(language, &days);
        let hours = hours.map(|hours| say::from_to(language, hours.open, hours.close));
        sentence(&match (language, hours) {
            (English, Some(hours)) => format!("{days} we are open {hours}"),
            (English, None) => format!("{days} we are closed"),
            (Spanish, Some(hours)) => format!("{days} abrimos {hours}"),
            (Spanish, None) => format!("{days} estamos cerrados"),
        })
    })
    .collect()
}

/// "Monday to Friday"; "De lunes a viernes".
fn run_of_days(language: Language, days: &[&str]) -> String {
    match (language, days) {
        (_, []) => String::new(),
        (English, [one]) => (*one).to_owned(),
        (English, [first, second]) => format!("{first} and {second}"),
        (English, [first, .., last]) => format!("{first} to {last}"),
        (Spanish, [one]) => format!("El {one}"),
        (Spanish, [first, second]) => format!("El {first} y el {second}"),
        (Spanish, [first, .., last]) => format!("De {first} a {last}"),
    }
}

pub(super) fn open_on(language: Language, day: Date, hours: Hours) -> String {
    let (day, hours) = (
        say::date(language, day),
        say::from_to(language, hours.open, hours.close),
    );
    sentence(&match language {
        English => format!("On {day} we are open {hours}"),
        Spanish => format!("El {day}, abrimos {hours}"),
    })
}

pub(super) fn closed(language: Language, location: &Location, day: Date, today: Date) -> String {
    let date = say::date(language, day);
    let when = match language {
        English if day == today => "today".to_owned(),
        English => format!("on {date}"),
        Spanish if day == today => "hoy".to_owned(),
        Spanish => format!("el {date}"),
    };
    match (location.day(day), language) {
        (DayHours::Holiday(name), English) => format!("We are closed {when} for {name}."),
        (DayHours::Holiday(name), Spanish) => {
            let name = location.spoken.holiday(&name, language);
            format!("Estamos cerrados {when} por {name}.")
        }
        (_, English) => format!("We are closed {when}."),
        (_, Spanish) => format!("Estamos cerrados {when}."),
    }
}
