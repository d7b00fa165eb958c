//! Everything that the agent can say is said in every language, and in that one alone.

use std::collections::HashSet;

use jiff::{Timestamp, Zoned};
use storage::appointment::AppointmentId;
use storage::customer::{CustomerId, Phone};
use storage::location::Hours;
use storage::slots::SlotRefusal;
use storage::vehicle::VehicleId;

use super::*;
use crate::dialogue::TransferReason;
use crate::dialogue::known::Known;
use crate::dialogue::state::{Booking, Born, Cancellation, Chosen, Days, Move, Task, Wish};
use crate::nlu::date_time::WhenError;
use crate::nlu::name::Name;
use crate::nlu::vehicle::{Body, SpokenVehicle};
use crate::tools::new_customer::AddVehicle;
use crate::tools::suggest_service::{Suggestion, Why};
use crate::tools::visit::{Elsewhere, VehicleSummary, Visit};

/// Everyday words of one language that the other does not have.
const ENGLISH: [&str; 42] = [
    "the", "is", "are", "you", "your", "i", "we", "my", "and", "or", "of", "to", "at", "on", "in",
    "for", "what", "which", "would", "have", "please", "sorry", "can", "day", "time", "that",
    "this", "it", "not", "with", "today", "tomorrow", "free", "dollars", "minutes", "hour", "noon",
    "call", "called", "book", "car", "service",
];
const SPANISH: [&str; 24] = [
    "el", "la", "los", "las", "un", "una", "de", "del", "que", "por", "para", "con", "su", "le",
    "se", "es", "cita", "hora", "favor", "siento", "gracias", "hoy", "mañana", "cuál",
];

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.map(str::to_lowercase).collect()
}

fn foreign(language: Language, text: &str) -> Vec<&'static str> {
    let words = words(text);
    let others: &[&str] = match language {
        Language::English => &SPANISH,
        Language::Spanish => &ENGLISH,
    };
    let others = others.iter().copied();
    others.filter(|word| words.contains(*word)).collect()
}

/// Names are the same in every language.
fn without_names(text: &str) -> String {
    let names = [
        "Otto's Auto",
        "Otto's North",
        "Main Street",
        "Oak Street",
        "La Tour",
        "stop",
    ];
    names
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, ""))
}

#[test]
fn every_phrase_is_told_in_every_language() {
    for phrase in PARTS.into_iter().flatten() {
        let told: HashSet<&str> = Language::ALL.map(|l| phrase.told_in(l)).into();
        assert_eq!(told.len(), Language::ALL.len(), "{phrase:?}");
        for language in Language::ALL {
            let text = phrase.told_in(language);
            assert!(!text.trim().is_empty(), "{phrase:?}");
            assert!(text.ends_with(['.', '?']), "{text}");
            assert!(!text.contains("  "), "{text}");
            let foreign = foreign(language, &without_names(text));
            assert!(foreign.is_empty(), "{text}: {foreign:?}");
        }
    }
}

#[test]
fn every_sentence_that_is_made_for_a_call_is_made_in_every_language() {
    let english = sentences(Language::English);
    let spanish = sentences(Language::Spanish);
    assert_eq!(english.len(), spanish.len());
    assert!(english.len() > 60, "the walk is whole");
    for (english, spanish) in english.iter().zip(&spanish) {
        assert_ne!(english, spanish);
        for (language, text) in [(Language::English, english), (Language::Spanish, spanish)] {
            assert!(text.ends_with(['.', '?']), "{text}");
            assert!(!text.contains("  ") && !text.contains(".."), "{text}");
            let foreign = foreign(language, &without_names(text));
            assert!(foreign.is_empty(), "{text}: {foreign:?}");
        }
    }
}

#[test]
fn spanish_is_said_as_one_says_it() {
    let location = location();
    let visit = visit(&location, true);
    let today = now(&location).date();
    assert_eq!(
        booked(Language::Spanish, &location, &visit, today),
        "Su cita está reservada: cambio de aceite, el viernes, 27 de noviembre, a las diez de la \
         mañana."
    );
    assert_eq!(
        appointment(Language::Spanish, &location, &visit, today),
        "Tiene un cambio de aceite para su Toyota Camry, el viernes, 27 de noviembre, a las diez de \
         la mañana."
    );
    let oil = location.service("oil_change");
    assert_eq!(
        prices(Language::Spanish, &location, oil),
        ["Un cambio de aceite cuesta de 40 a 80 dólares, según el vehículo."]
    );
    assert_eq!(
        hours_of_week(Language::Spanish, &location),
        [
            "De lunes a viernes abrimos de las ocho de la mañana a las seis de la tarde.",
            "El sábado abrimos de las nueve de la mañana a las tres de la tarde.",
            "El domingo estamos cerrados.",
        ]
    );
}

/// Every function of the phrases, once for each of its branches.
fn sentences(l: Language) -> Vec<String> {
    let location = location();
    let now = now(&location);
    let today = now.date();
    let (with, without) = (visit(&location, true), visit(&location, false));
    let there = Visit {
        elsewhere: Some(Elsewhere {
            key: "north".to_owned(),
            name: "Otto's North".to_owned(),
        }),
        ..with.clone()
    };
    let mut all = vec![
        welcome(l, &location, None),
        welcome(l, &location, Some("Ana")),
        goodbye(l, &location),
        hint_services(l, &location),
        offer(l, std::slice::from_ref(&with.scheduled_at), today),
        offer(l, &[with.scheduled_at.clone(), noon(&with)], today),
        taken(l, &with.scheduled_at, today),
        rescheduled(l, &location, &with, today),
        booked(l, &location, &with, today),
        booked(l, &location, &there, today),
        appointment(l, &location, &without, today),
        appointments(l, &location, &[with.clone(), there.clone()], today),
        follow_up(l, &location, "Ana", &with, &now),
        reminder(l, &location, "Ana", &with, &now),
        see_you(l, &with, today),
        super::there(l, &location),
        stays(l, &location, &location),
    ];
    all.extend(of_tasks(l, &location, &with, today));
    all.extend(of_refusals(l, &location, &now));
    all.extend(of_the_location(l, &location, today));
    let mut known = Known::speaking(l);
    known.visited = Some(with.clone());
    all.extend(message(l, &location, &known, &now));
    known.reminded = Some(with.clone());
    all.extend(message(l, &location, &known, &now));
    let interval = |months, miles| Why::Interval {
        last_on: today,
        months,
        miles,
    };
    let recall = Why::Recall {
        concerns: "the fuel pump".to_owned(),
    };
    for why in [
        interval(1, None),
        interval(8, None),
        interval(8, Some(6_000)),
        recall,
    ] {
        let suggestion = Suggestion {
            service_type: "tire_rotation".to_owned(),
            why,
        };
        all.push(due(l, &location, &suggestion));
    }
    for last in [today, today.tomorrow().expect("a day")] {
        let days = Days { first: today, last };
        all.push(shall_i_wait(l, &days, today));
        all.push(waiting(l, &days, today));
    }
    all.extend(rest_of_vehicles().map(|known| rest_of_vehicle(l, &known)));
    all
}

fn of_tasks(
    l: Language,
    location: &Location,
    visit: &Visit,
    today: jiff::civil::Date,
) -> Vec<String> {
    let time = Wish::at(visit.scheduled_at.clone());
    let said = |day: bool, time_of_day: bool| Wish {
        said: time.said.map(|when| crate::nlu::date_time::When {
            day: when.day.filter(|_| day),
            time: when.time.filter(|_| time_of_day),
            choice: None,
        }),
        start: None,
    };
    let moved = |time| Move {
        visit: visit.clone(),
        time,
        rather_than: None,
    };
    let cancellation = Cancellation {
        visit: visit.clone(),
        reason: None,
    };
    let mut all = vec![cancelling(l, location, &cancellation, today)];
    all.extend(moving(l, location, &moved(time.clone()), today));
    for (day, time_of_day) in [(false, false), (true, false), (false, true), (true, true)] {
        all.push(when(l, &Task::Reschedule(moved(said(day, time_of_day)))));
        all.push(when(
            l,
            &Task::Book(Booking {
                time: said(day, time_of_day),
                ..Booking::default()
            }),
        ));
    }
    let whole = Booking {
        service: Some("brake_inspection".to_owned()),
        place: Some("Otto's North".to_owned()),
        also: vec!["oil_change".to_owned(), "tire_rotation".to_owned()],
        time: time.clone(),
        vehicle: Chosen::New(AddVehicle {
            year: 2021,
            make: "Honda".to_owned(),
            model: "Accord".to_owned(),
            vin: None,
        }),
        name: Name {
            first: Some("Ana".to_owned()),
            last: Some("Bell".to_owned()),
        },
        phone: Phone::parse("217-555-0101").ok(),
        born: Born::On(jiff::civil::date(1985, 3, 14)),
        ..Booking::default()
    };
    all.push(booking(l, location, &whole, today).join(" "));
    for vehicle in [
        Chosen::Unsaid,
        Chosen::Known {
            vehicle: VehicleId(1),
            called: SpokenVehicle::default(),
            other: true,
        },
    ] {
        let booked = Booking {
            time: time.clone(),
            vehicle,
            ..Booking::default()
        };
        all.push(booking(l, location, &booked, today).join(" "));
    }
    for body in [Body::Car, Body::Truck, Body::Suv, Body::Van] {
        let said = SpokenVehicle {
            body: Some(body),
            ..SpokenVehicle::default()
        };
        let booked = Booking {
            time: time.clone(),
            vehicle: Chosen::Described(said),
            ..Booking::default()
        };
        all.push(booking(l, location, &booked, today).join(" "));
    }
    all
}

fn of_refusals(l: Language, location: &Location, now: &Zoned) -> Vec<String> {
    let today = now.date();
    let hours = location.hours(today).expect("open");
    let lunch = Hours {
        open: jiff::civil::time(12, 0, 0, 0),
        close: jiff::civil::time(13, 0, 0, 0),
    };
    let refusals = [
        SlotRefusal::ClosedWeekday,
        SlotRefusal::Holiday("Christmas Day".to_owned()),
        SlotRefusal::OutsideHours(hours),
        SlotRefusal::EndsAfterClosing(hours),
        SlotRefusal::Break(lunch),
        SlotRefusal::Past,
        SlotRefusal::TooSoon {
            earliest: Timestamp::from(now.clone()),
        },
        SlotRefusal::TooFar { last: today },
        SlotRefusal::OffGrid,
    ];
    let for_oil = Some("oil_change");
    let mut all: Vec<String> = refusals
        .iter()
        .map(|why| refusal(l, location, why, for_oil, now))
        .collect();
    all.push(refusal(l, location, &refusals[3], None, now));
    let sunday = jiff::civil::date(2026, 11, 29);
    let thanksgiving = jiff::civil::date(2026, 11, 26);
    let errors = [
        WhenError::Closed { date: sunday },
        WhenError::Closed { date: thanksgiving },
        WhenError::Past { date: today },
        WhenError::Past {
            date: today.yesterday().expect("a day"),
        },
        WhenError::OutsideHours {
            date: today,
            opens: hours.open,
            closes: hours.close,
        },
        WhenError::NoSuchDate { month: 2, day: 30 },
        WhenError::WrongWeekday {
            date: sunday,
            said: jiff::civil::Weekday::Monday,
        },
        WhenError::TooFar { date: today },
        WhenError::SkippedByClockChange(now.datetime()),
    ];
    all.extend(errors.iter().map(|why| impossible(l, location, why, today)));
    all
}

fn of_the_location(l: Language, location: &Location, today: jiff::civil::Date) -> Vec<String> {
    let nothing = Location {
        services: Vec::new(),
        ..location.clone()
    };
    let mut all = Vec::new();
    all.extend(hours_of_week(l, location));
    all.extend(address(l, location));
    for service in &location.services {
        all.extend(prices(l, location, Some(service)));
        all.extend(durations(l, location, Some(service)));
    }
    all.extend(prices(l, &nothing, None));
    all.extend(durations(l, &nothing, None));
    for holiday in location.holidays.keys() {
        all.extend(hours_of_day(l, location, *holiday, today));
        all.extend(hours_of_day(l, location, *holiday, *holiday));
    }
    for ahead in 0..7 {
        let day = today.saturating_add(jiff::ToSpan::days(ahead));
        all.extend(hours_of_day(l, location, day, today));
    }
    for reason in [
        TransferReason::Requested,
        TransferReason::Upset,
        TransferReason::Complaint,
        TransferReason::Complex,
        TransferReason::NotUnderstood,
        TransferReason::Trouble,
    ] {
        all.push(handing_over(reason).said_in(l));
    }
    all
}

fn rest_of_vehicles() -> impl Iterator<Item = SpokenVehicle> {
    let (year, make, model) = (Some(2021), Some("Honda"), Some("Accord"));
    [
        (None, make, model),
        (year, make, None),
        (None, make, None),
        (year, None, None),
        (None, None, None),
    ]
    .into_iter()
    .map(|(year, make, model)| SpokenVehicle {
        year,
        make: make.map(str::to_owned),
        model: model.map(str::to_owned),
        body: None,
    })
}

fn location() -> Location {
    Location::example()
}

/// Monday.
fn now(location: &Location) -> Zoned {
    location.local("2026-11-23T15:00:00Z".parse().expect("a time"))
}

fn visit(location: &Location, with_vehicle: bool) -> Visit {
    Visit {
        appointment_id: AppointmentId(7),
        customer_id: CustomerId(1),
        service_type: "oil_change".to_owned(),
        scheduled_at: location.local("2026-11-27T16:00:00Z".parse().expect("a time")),
        duration_minutes: 30,
        vehicle: with_vehicle.then(|| VehicleSummary {
            vehicle_id: VehicleId(1),
            year: 2020,
            make: "Toyota".to_owned(),
            model: "Camry".to_owned(),
        }),
        elsewhere: None,
    }
}

fn noon(visit: &Visit) -> Zoned {
    visit
        .scheduled_at
        .saturating_add(jiff::SignedDuration::from_hours(2))
}
