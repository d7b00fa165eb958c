//! What sentences are made of.

use storage::Language::{self, English, Spanish};
use storage::location::{Location, Service};

use crate::nlu::say;
use crate::nlu::vehicle::{Body, SpokenVehicle};

/// As much of a vehicle as was said: "2019 Ford F-150", "truck"; empty where nothing was.
pub(in crate::dialogue) fn vehicle(language: Language, said: &SpokenVehicle) -> String {
    let mut words: Vec<String> = said.year.iter().map(ToString::to_string).collect();
    words.extend(said.make.clone());
    words.extend(said.model.clone());
    if said.make.is_none() && said.model.is_none() {
        words.extend(
            said.body
                .map(|body| body_in_words(language, body).to_owned()),
        );
    }
    words.join(" ")
}

fn body_in_words(language: Language, body: Body) -> &'static str {
    match (language, body) {
        (English, Body::Car) => "car",
        (English, Body::Truck) => "truck",
        (English, Body::Suv) => "SUV",
        (English, Body::Van) => "van",
        (Spanish, Body::Car) => "carro",
        (Spanish, Body::Truck) => "camioneta",
        (Spanish, Body::Suv) => "todoterreno",
        (Spanish, Body::Van) => "furgoneta",
    }
}

pub(super) fn service_name<'a>(
    language: Language,
    location: &'a Location,
    key: Option<&str>,
) -> &'a str {
    match key.and_then(|key| location.service(key)) {
        Some(service) => location.spoken.service(service, language),
        None => match language {
            English => "service",
            Spanish => "servicio",
        },
    }
}

pub(super) fn duration(language: Language, service: &Service) -> String {
    let minutes = u32::try_from(service.duration.as_mins()).unwrap_or(u32::MAX);
    say::duration(language, minutes)
}

/// With its indefinite article; "engine diagnostics" and other plurals go without.
pub(super) fn a(language: Language, name: &str) -> String {
    match language {
        English if name.ends_with('s') || name.ends_with("maintenance") => name.to_owned(),
        English => {
            let vowel = name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
            format!("{} {name}", if vowel { "an" } else { "a" })
        }
        Spanish => {
            let noun = name.split(' ').next().unwrap_or(name);
            if noun.ends_with('s') {
                return name.to_owned();
            }
            let feminine = ["a", "ción", "sión", "dad"];
            let feminine = feminine.iter().any(|ending| noun.ends_with(ending));
            format!("{} {name}", if feminine { "una" } else { "un" })
        }
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Ends with one full stop, also after "a.m.".
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}
