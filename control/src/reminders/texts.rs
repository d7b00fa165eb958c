//! The words of text messages: a location's own, with the appointment filled in.

use jiff::civil::{Time, Weekday};
use jiff::{Timestamp, Zoned};
use pipeline::message::Expectation;
use storage::Language;
use storage::customer::Customer;
use storage::location::reminders::{Texts, WaitlistWording, Wording, filled};
use storage::location::{Hours, Location};
use storage::reminder::{Briefing, Kind};
use storage::vehicle::Vehicle;
use unicode_normalization::UnicodeNormalization as _;

use crate::nlu::intent::wants_no_calls;
use crate::nlu::language::plain;
use crate::nlu::say;

/// What a text message to us asks for, in a word that networks agree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    Stop,
    Start,
    Help,
}

impl Keyword {
    /// What a message asks for, and its language where that is plain. A sentence with a keyword in it
    /// is a sentence; but one that begins with STOP, or says in any words that we are to leave them
    /// alone, is heeded.
    #[must_use]
    pub fn of(message: &str) -> Option<(Self, Option<Language>)> {
        // Some keyboards write Latin letters as wide as Chinese ones.
        let message: String = message.nfkc().collect();
        let letters: String = message
            .chars()
            .filter(|c| c.is_alphabetic() || c.is_whitespace())
            .collect();
        let keyword = letters.trim().to_uppercase();
        let spanish = Some(Language::Spanish);
        let found = match keyword.as_str() {
            "STOP" | "STOPALL" | "STOP ALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT"
            | "REVOKE" | "OPTOUT" | "OPT OUT" => (Self::Stop, None),
            "ALTO" | "PARAR" | "BAJA" => (Self::Stop, spanish),
            "START" | "UNSTOP" => (Self::Start, None),
            "INICIAR" => (Self::Start, spanish),
            "HELP" | "INFO" => (Self::Help, None),
            "AYUDA" => (Self::Help, spanish),
            _ if keyword.split_whitespace().next() == Some("STOP") => (Self::Stop, None),
            _ if wants_no_calls(&message, None) => (Self::Stop, None),
            _ if wants_no_calls(&in_plain_words(&message), None) => (Self::Stop, spanish),
            _ => return None,
        };
        Some(found)
    }

    /// The answer to it, where the location has words.
    #[must_use]
    pub fn answer(self, location: &Location, language: Option<Language>) -> Option<String> {
        let texts = location.reminders.texts.as_ref()?;
        let words = texts.wording(language.unwrap_or(texts.usual()));
        let text = match self {
            Self::Stop => &words.stopped,
            Self::Start => &words.started,
            Self::Help => &words.help,
        };
        Some(filled(text, |name| of_location(location, name)))
    }
}

/// Spanish as the readers of meaning know it.
fn in_plain_words(message: &str) -> String {
    plain(Language::Spanish, Expectation::Open, message)
}

/// The message of a reminder; nothing where it goes by voice, or the location has no words.
#[must_use]
pub fn message(location: &Location, briefing: &Briefing) -> Option<String> {
    let texts: &Texts = location.reminders.texts.as_ref()?;
    let language = texts.usual();
    let words: &Wording = texts.wording(language);
    let told = Told {
        customer: &briefing.customer,
        vehicle: &briefing.vehicle,
        service: &briefing.appointment.service,
        at: briefing.appointment.starts_at,
        until: None,
    };
    let text = match briefing.reminder.kind {
        Kind::Voice => return None,
        Kind::Sms => &words.reminder,
        Kind::Confirmation => &words.confirmation,
        Kind::FollowUp => &words.follow_up,
    };
    Some(about(text, location, language, &told))
}

/// What a message is about.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub customer: &'a Customer,
    pub vehicle: &'a Vehicle,
    /// Key in the location file.
    pub service: &'a str,
    /// When it is.
    pub at: Timestamp,
    /// Until when an offer of it stands.
    pub until: Option<Timestamp>,
}

/// A time has come free; nothing where the location has no waiting list.
#[must_use]
pub fn offer(location: &Location, told: &Told<'_>) -> Option<String> {
    waitlist(location, told, |words| &words.offer)
}

/// They took an offer too late.
#[must_use]
pub fn taken(location: &Location, told: &Told<'_>) -> Option<String> {
    waitlist(location, told, |words| &words.taken)
}

/// They do not want what was offered.
#[must_use]
pub fn declined(location: &Location, told: &Told<'_>) -> Option<String> {
    waitlist(location, told, |words| &words.declined)
}

/// What they wrote is neither a yes nor a no to an offer.
#[must_use]
pub fn yes_or_no(location: &Location, told: &Told<'_>) -> Option<String> {
    waiting(location, told, |language| match language {
        Language::English => "{location}: please reply YES to take that time, or NO to leave it.",
        Language::Spanish => "{location}: responda SÍ para tomar esa hora, o NO para dejarla.",
    })
}

/// They took an offer, and their vehicle comes for the same at `told.at`.
#[must_use]
pub fn booked_already(location: &Location, told: &Told<'_>) -> Option<String> {
    waiting(location, told, |language| match language {
        Language::English => {
            "{location}: your {vehicle} has an appointment already, {day} at {time}. To change it, \
             please call {phone}."
        }
        Language::Spanish => {
            "{location}: su {vehicle} ya tiene una cita, {day}, {time}. Para cambiarla, llame al \
             {phone}."
        }
    })
}

/// Words that are no location's own; nothing where it has no waiting list.
fn waiting(
    location: &Location,
    told: &Told<'_>,
    words: fn(Language) -> &'static str,
) -> Option<String> {
    location.reminders.waitlist()?;
    let language = location.reminders.texts.as_ref()?.usual();
    Some(about(words(language), location, language, told))
}

/// They are booked; nothing where the location has no words.
#[must_use]
pub fn confirmation(location: &Location, told: &Told<'_>) -> Option<String> {
    let texts = location.reminders.texts.as_ref()?;
    let language = texts.usual();
    let text = &texts.wording(language).confirmation;
    Some(about(text, location, language, told))
}

/// Where the location is and when it is open; nothing where it has no words.
#[must_use]
pub fn address_and_hours(location: &Location) -> Option<String> {
    let language = location.reminders.texts.as_ref()?.usual();
    let (open, closed, call) = match language {
        Language::English => ("Open", "closed", "Call"),
        Language::Spanish => ("Abierto", "cerrado", "Llame al"),
    };
    let runs = location.week.runs().into_iter().map(|(days, hours)| {
        let day = |day: &Weekday| say::weekday(language, *day);
        let days = match days.as_slice() {
            [one] => day(one).to_owned(),
            [first, .., last] => format!("{}-{}", day(first), day(last)),
            [] => String::new(),
        };
        match hours {
            Some(Hours { open, close }) => {
                format!("{days} {}-{}", hour(open, language), hour(close, language))
            }
            None => format!("{days} {closed}"),
        }
    });
    let runs: Vec<String> = runs.collect();
    let place = &location.address;
    Some(format!(
        "{}: {}, {}, {} {}. {open} {}. {call} {}.",
        location.name,
        place.street,
        place.city,
        place.state,
        place.zip,
        runs.join(", "),
        of_location(location, "phone"),
    ))
}

fn waitlist(
    location: &Location,
    told: &Told<'_>,
    words: fn(&WaitlistWording) -> &String,
) -> Option<String> {
    let language = location.reminders.texts.as_ref()?.usual();
    let text = words(location.reminders.waitlist()?);
    Some(about(text, location, language, told))
}

fn about(text: &str, location: &Location, language: Language, told: &Told<'_>) -> String {
    let at = location.local(told.at);
    filled(text, |name| match name {
        "name" => told.customer.first_name.clone(),
        "vehicle" => format!("{} {}", told.vehicle.make, told.vehicle.model),
        "service" => match location.service(told.service) {
            Some(service) => location.spoken.service(service, language).to_owned(),
            None => told.service.replace('_', " "),
        },
        "day" => day(&at, language),
        "time" => time(&at, language),
        "until" => told.until.map_or(String::new(), |until| {
            time(&location.local(until), language)
        }),
        other => of_location(location, other),
    })
}

fn of_location(location: &Location, name: &str) -> String {
    match name {
        "location" => location.name.clone(),
        "phone" => {
            let digits = location.phone.national();
            format!("{}-{}-{}", &digits[..3], &digits[3..6], &digits[6..])
        }
        _ => String::new(),
    }
}

/// `Tuesday, November 24`.
fn day(at: &Zoned, language: Language) -> String {
    match language {
        Language::English => at.strftime("%A, %B %-d").to_string(),
        Language::Spanish => {
            let weekday = say::weekday(language, at.weekday());
            let month = say::month(language, at.month());
            format!("{weekday} {} de {month}", at.day())
        }
    }
}

/// `9:00 AM`.
fn time(at: &Zoned, language: Language) -> String {
    hour(at.time(), language)
}

fn hour(at: Time, language: Language) -> String {
    match language {
        Language::English => at.strftime("%-I:%M %p").to_string(),
        Language::Spanish => {
            let half = if at.hour() < 12 { "a. m." } else { "p. m." };
            format!("{} {half}", at.strftime("%-I:%M"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_a_whole_message_in_any_case_and_a_stop_in_any_words() {
        for (text, keyword) in [
            ("STOP", Keyword::Stop),
            (" stop. ", Keyword::Stop),
            ("Stop calling me!", Keyword::Stop),
            ("please stop texting me", Keyword::Stop),
            ("Don't call me again.", Keyword::Stop),
            ("take me off your list", Keyword::Stop),
            ("ＳＴＯＰ", Keyword::Stop),
            (
                "You did not text me back, so stop texting me",
                Keyword::Stop,
            ),
            ("please stop sending me messages", Keyword::Stop),
            ("Por favor, no me escriban más", Keyword::Stop),
            ("alto", Keyword::Stop),
            ("Start", Keyword::Start),
            ("help?", Keyword::Help),
            ("Ayuda", Keyword::Help),
        ] {
            assert_eq!(
                Keyword::of(text).map(|found| found.0),
                Some(keyword),
                "{text}"
            );
        }
        for text in [
            "",
            "I will stop by at nine",
            "please start early",
            "you did not call me back",
            "why did you not contact me when it was ready",
            "you can't text me, it's a landline",
            "remove my number and put my wife's",
            "I can't make it, please text me",
            "yes please",
            "7",
        ] {
            assert_eq!(Keyword::of(text), None, "{text}");
        }
    }

    #[test]
    fn stop_is_answered_in_its_language() {
        let location = Location::example();
        let answer = |text| {
            let (keyword, language) = Keyword::of(text).expect("a keyword");
            keyword.answer(&location, language).expect("words")
        };
        assert!(answer("STOP").contains("no more calls or messages"));
        assert!(answer("ALTO").starts_with("Otto's Auto: no recibirá"));
        assert!(answer("ya no me llamen").starts_with("Otto's Auto: no recibirá"));
        assert!(answer("HELP").contains("217-555-0100"));
    }

    #[test]
    fn where_and_when_we_are_open_fits_into_a_message() {
        let text = address_and_hours(&Location::example()).expect("it has words");
        assert_eq!(
            text,
            "Otto's Auto: 123 Main Street, Springfield, IL 62701. Open Monday-Friday 8:00 AM-6:00 PM, \
             Saturday 9:00 AM-3:00 PM, Sunday closed. Call 217-555-0100."
        );
    }

    #[test]
    fn days_and_times_are_said_as_people_say_them() {
        let location = Location::example();
        let at = location.local("2026-11-24T15:30:00Z".parse().expect("an instant"));
        assert_eq!(day(&at, Language::English), "Tuesday, November 24");
        assert_eq!(time(&at, Language::English), "9:30 AM");
        assert_eq!(day(&at, Language::Spanish), "martes 24 de noviembre");
        assert_eq!(time(&at, Language::Spanish), "9:30 a. m.");
    }
}
