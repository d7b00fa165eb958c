//! The location file as it is written, and the way from there to checked types.

use std::collections::{BTreeMap, HashSet};

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use super::recalls::{self, RECALL};
use super::reminders::{FollowUp, PLACEHOLDERS, ReminderRules, Schedule, Texts, Wording, names};
use super::spoken::{self, Translation, Voice};
use super::verification::Section;
use super::{Hours, Location, LocationError, Premises, PriceRange, Service, Upkeep, Week};
use crate::customer::Phone;
use crate::language::Language;
use crate::{limits, states};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "main")]
    key: String,
    name: String,
    #[serde(default)]
    called: Vec<String>,
    #[serde(default = "english")]
    languages: Vec<Language>,
    #[serde(default)]
    spoken: BTreeMap<Language, Translation>,
    voice: Option<Voice>,
    calendar: Option<String>,
    agent: String,
    zone: String,
    phone: String,
    transfer_to: String,
    bays: i64,
    #[serde(default)]
    rules: Vec<String>,
    address: Premises,
    booking: Booking,
    hours: WeekHours,
    #[serde(default)]
    holidays: BTreeMap<String, String>,
    #[serde(default)]
    reminders: Reminders,
    services: Vec<ServiceEntry>,
    #[serde(default)]
    recalls: Vec<recalls::Entry>,
    #[serde(default)]
    verification: Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Booking {
    grid_min: u32,
    lead_time_min: u32,
    horizon_days: u32,
    #[serde(default)]
    breaks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeekHours {
    monday: String,
    tuesday: String,
    wednesday: String,
    thursday: String,
    friday: String,
    saturday: String,
    sunday: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reminders {
    cron: Option<String>,
    #[serde(default)]
    text_before_min: u32,
    #[serde(default)]
    confirm_by_text: bool,
    #[serde(default, deserialize_with = "follow_up")]
    follow_up: Option<FollowUp>,
    language: Option<Language>,
    #[serde(default)]
    texts: BTreeMap<Language, Wording>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    key: String,
    name: String,
    #[serde(default)]
    synonyms: Vec<String>,
    duration_min: u32,
    price_usd: [u32; 2],
    every_months: Option<u32>,
    every_miles: Option<u32>,
}

pub(super) fn parse(text: &str) -> Result<Location, LocationError> {
    let file: File = toml::from_str(text)?;
    let services = services(file.services)?;
    let repairs_recalls = services.iter().any(|service| service.key == RECALL);
    let recalls = recalls::checked(file.recalls, repairs_recalls)?;
    let holidays = holidays(file.holidays)?;
    let spoken = spoken::checked(
        file.languages,
        file.spoken,
        file.voice,
        &services,
        &holidays,
    )?;
    Ok(Location {
        key: plain("key", file.key)?,
        called: called(file.called)?,
        calendar: file
            .calendar
            .map(|id| spelled("calendar", id))
            .transpose()?,
        zone: TimeZone::get(&file.zone).map_err(|_| {
            wrong(
                "zone",
                format!(
                    "no time zone is called {:?}, try \"America/Chicago\"",
                    file.zone
                ),
            )
        })?,
        phone: phone("phone", &file.phone)?,
        transfer_to: phone("transfer_to", &file.transfer_to)?,
        bays: within("bays", file.bays, 1, limits::BAYS)?,
        grid: minutes("booking.grid_min", file.booking.grid_min, 1)?,
        lead_time: minutes("booking.lead_time_min", file.booking.lead_time_min, 0)?,
        horizon_days: within(
            "booking.horizon_days",
            file.booking.horizon_days,
            1,
            limits::HORIZON_DAYS,
        )?,
        week: week(&file.hours)?,
        breaks: breaks(&file.booking.breaks)?,
        holidays,
        reminders: reminders(file.reminders, spoken.first())?,
        recalls,
        services,
        spoken,
        name: said("name", file.name)?,
        agent: said("agent", file.agent)?,
        address: premises(file.address)?,
        rules: rules(file.rules)?,
        verification: file.verification.checked()?,
    })
}

fn week(hours: &WeekHours) -> Result<Week, LocationError> {
    let week = Week([
        day_hours("hours.monday", &hours.monday)?,
        day_hours("hours.tuesday", &hours.tuesday)?,
        day_hours("hours.wednesday", &hours.wednesday)?,
        day_hours("hours.thursday", &hours.thursday)?,
        day_hours("hours.friday", &hours.friday)?,
        day_hours("hours.saturday", &hours.saturday)?,
        day_hours("hours.sunday", &hours.sunday)?,
    ]);
    if week.iter().all(|(_, hours)| hours.is_none()) {
        return Err(wrong("hours", "at least one day of the week must be open"));
    }
    Ok(week)
}

/// `08:00-18:00` or `closed`.
fn day_hours(key: &str, text: &str) -> Result<Option<Hours>, LocationError> {
    if text.trim().eq_ignore_ascii_case("closed") {
        return Ok(None);
    }
    let expected = "is neither \"HH:MM-HH:MM\" nor \"closed\"";
    stretch(key, text, expected).map(Some)
}

/// `12:00-13:00`, each.
fn breaks(texts: &[String]) -> Result<Vec<Hours>, LocationError> {
    let texts = texts.iter().enumerate();
    texts
        .map(|(n, text)| {
            stretch(
                &format!("booking.breaks[{n}]"),
                text,
                "is no \"HH:MM-HH:MM\"",
            )
        })
        .collect()
}

fn stretch(key: &str, text: &str, expected: &str) -> Result<Hours, LocationError> {
    let malformed = || wrong(key, format!("{text:?} {expected}"));
    let (open, close) = text.split_once('-').ok_or_else(malformed)?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim());
    let (Ok(open), Ok(close)) = (time(open), time(close)) else {
        return Err(malformed());
    };
    if open >= close {
        return Err(wrong(key, format!("{text:?} must begin before it ends")));
    }
    Ok(Hours { open, close })
}

fn holidays(entries: BTreeMap<String, String>) -> Result<BTreeMap<Date, String>, LocationError> {
    entries
        .into_iter()
        .map(|(date, name)| match date.parse() {
            Ok(date) => Ok((date, name)),
            Err(_) => Err(wrong(
                format!("holidays.{date}"),
                "the key must be a date, YYYY-MM-DD",
            )),
        })
        .collect()
}

/// One of the ways, or false for none.
fn follow_up<'de, D: Deserializer<'de>>(value: D) -> Result<Option<FollowUp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        By(FollowUp),
        Not(bool),
    }
    match Written::deserialize(value) {
        Ok(Written::By(way)) => Ok(Some(way)),
        Ok(Written::Not(false)) => Ok(None),
        Ok(Written::Not(true)) | Err(_) => Err(serde::de::Error::custom(
            "`follow_up` must be \"call\", \"text\" or false",
        )),
    }
}

fn reminders(section: Reminders, first: Language) -> Result<ReminderRules, LocationError> {
    let schedule = section.cron.map(|text| {
        Schedule::parse(&text)
            .map_err(|problem| wrong("reminders.cron", format!("{text:?} {problem}")))
    });
    let text_before = match section.text_before_min {
        0 => None,
        _ => Some(minutes(
            "reminders.text_before_min",
            section.text_before_min,
            30,
        )?),
    };
    let writes = text_before.is_some()
        || section.confirm_by_text
        || section.follow_up == Some(FollowUp::Text);
    let usual = section.language.unwrap_or(first);
    for (language, wording) in &section.texts {
        check(*language, wording)?;
    }
    if !section.texts.contains_key(&usual) && (writes || !section.texts.is_empty()) {
        return Err(wrong(
            "reminders.texts",
            "has no words in the location's language (`reminders.language`)",
        ));
    }
    let texts = (!section.texts.is_empty()).then_some(Texts {
        usual,
        by_language: section.texts,
    });
    Ok(ReminderRules {
        schedule: schedule.transpose()?,
        text_before,
        confirm_by_text: section.confirm_by_text,
        follow_up: section.follow_up,
        texts,
    })
}

/// Every text has words that we can fill in, and says how to be left alone where nobody asked for it.
fn check(language: Language, wording: &Wording) -> Result<(), LocationError> {
    let code = language.code();
    for (name, text) in wording.each() {
        let key = format!("reminders.texts.{code}.{name}");
        if text.trim().is_empty() {
            return Err(wrong(key, "must not be empty: it is sent"));
        }
        if let Some(unknown) = names(text).find(|name| !PLACEHOLDERS.contains(name)) {
            let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(" ");
            let problem = format!("{{{unknown}}} is nothing we can fill in; there is {known}");
            return Err(wrong(key, problem));
        }
        let unasked = ["confirmation", "reminder", "follow_up", "waitlist.offer"].contains(&name);
        if unasked && !text.contains("STOP") {
            return Err(wrong(key, "must say how to get no more: reply STOP"));
        }
    }
    Ok(())
}

fn services(entries: Vec<ServiceEntry>) -> Result<Vec<Service>, LocationError> {
    if entries.is_empty() {
        return Err(wrong("services", "at least one service must be offered"));
    }
    let mut keys = HashSet::new();
    for (i, entry) in entries.iter().enumerate() {
        plain(format!("services[{i}].key"), entry.key.clone())?;
        if !keys.insert(entry.key.clone()) {
            return Err(wrong(
                format!("services[{i}].key"),
                format!("{:?} stands there twice", entry.key),
            ));
        }
    }
    entries.into_iter().map(service).collect()
}

fn service(entry: ServiceEntry) -> Result<Service, LocationError> {
    let at = |field: &str| format!("services.{}.{field}", entry.key);
    let [low_usd, high_usd] = entry.price_usd;
    if low_usd > high_usd {
        return Err(wrong(
            at("price_usd"),
            format!("[{low_usd}, {high_usd}] must be [low, high]"),
        ));
    }
    Ok(Service {
        duration: minutes(at("duration_min"), entry.duration_min, 1)?,
        name: said(at("name"), entry.name.clone())?,
        price: PriceRange { low_usd, high_usd },
        upkeep: Upkeep {
            months: every(
                at("every_months"),
                entry.every_months,
                limits::UPKEEP_MONTHS,
            )?,
            miles: every(at("every_miles"), entry.every_miles, limits::UPKEEP_MILES)?,
        },
        synonyms: entry.synonyms,
        key: entry.key,
    })
}

/// The languages of a location whose file names none.
fn english() -> Vec<Language> {
    vec![Language::English]
}

/// The key of a location whose file has none, and of what was booked before there were several.
fn main() -> String {
    "main".to_owned()
}

/// What the database holds.
fn plain(key: impl Into<String>, text: String) -> Result<String, LocationError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.is_empty() || !text.chars().all(plain) {
        let problem = format!("{text:?} must be lower-case letters, digits and underscores");
        return Err(wrong(key, problem));
    }
    Ok(text)
}

/// How callers name the location, to be looked for in what they say.
fn called(names: Vec<String>) -> Result<Vec<String>, LocationError> {
    let checked = names.into_iter().enumerate().map(|(i, name)| {
        let name = name.trim().to_lowercase();
        let letters = name.chars().filter(|c| c.is_alphanumeric()).count();
        if letters < 3 {
            let problem = format!("{name:?} is too short to be told from other words");
            return Err(wrong(format!("called[{i}]"), problem));
        }
        Ok(name)
    });
    checked.collect()
}

/// An id of somebody else's: no spaces in it.
pub(super) fn spelled(key: impl Into<String>, text: String) -> Result<String, LocationError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let problem = format!("{text:?} holds a space or a character that none has, or nothing");
        return Err(wrong(key, problem));
    }
    Ok(text)
}

fn every(key: String, value: Option<u32>, most: u32) -> Result<Option<u32>, LocationError> {
    value.map(|value| within(key, value, 1, most)).transpose()
}

fn phone(key: &str, text: &str) -> Result<Phone, LocationError> {
    Phone::parse(text)
        .map_err(|why| wrong(key, format!("{text:?} is not a telephone number ({why})")))
}

fn premises(address: Premises) -> Result<Premises, LocationError> {
    if states::is_one(&address.state) {
        return Ok(address);
    }
    let state = address.state;
    let problem = format!("{state:?} is no state, territory or district; write it as \"IL\"");
    Err(wrong("address.state", problem))
}

fn rules(texts: Vec<String>) -> Result<Vec<String>, LocationError> {
    if let Some(empty) = texts.iter().position(|text| text.trim().is_empty()) {
        let problem = "must not be empty; write a sentence or take it out";
        return Err(wrong(format!("rules[{empty}]"), problem));
    }
    Ok(texts)
}

pub(super) fn said(key: impl Into<String>, text: String) -> Result<String, LocationError> {
    if text.trim().is_empty() {
        return Err(wrong(key, "must not be empty: the agent says it"));
    }
    Ok(text)
}

fn minutes(
    key: impl Into<String>,
    value: u32,
    least: u32,
) -> Result<SignedDuration, LocationError> {
    let minutes = within(key, value, least, limits::SERVICE_MINUTES)?;
    Ok(SignedDuration::from_mins(i64::from(minutes)))
}

pub(super) fn within<T>(
    key: impl Into<String>,
    value: T,
    least: T,
    most: T,
) -> Result<T, LocationError>
where
    T: PartialOrd + std::fmt::Display,
{
    if value < least || value > most {
        return Err(wrong(key, format!("{value} is outside {least} to {most}")));
    }
    Ok(value)
}

pub(super) fn wrong(key: impl Into<String>, problem: impl Into<String>) -> LocationError {
    LocationError::Value {
        key: key.into(),
        problem: problem.into(),
    }
}
