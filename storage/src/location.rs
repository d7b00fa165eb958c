//! A location: the business facts of one dealership, parsed once from its TOML file.
//!
//! Nothing of this is hard-coded elsewhere. [`Location::example`] is the shipped Otto's Auto; one
//! program may answer for several [`Locations`]. All hours and dates are local to the location's zone;
//! an instant exists only together with it.

mod file;
mod recalls;
pub mod reminders;
mod several;
mod spoken;
mod verification;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

pub use self::recalls::{RECALL, Recall};
use self::reminders::ReminderRules;
pub use self::several::Locations;
pub use self::spoken::Spoken;
use crate::customer::Phone;
pub use verification::{Action, Proof, Verification};

/// The example that ships inside the binary.
const EXAMPLE: &str = include_str!("../locations/ottos-auto.toml");

/// One dealership.
#[derive(Clone, Debug)]
pub struct Location {
    /// What the database calls it: bookings belong to a location by this, so it stays as it is.
    pub key: String,
    /// As the agent says it.
    pub name: String,
    /// How callers name it beside the others, such as "north shop"; lower case.
    pub called: Vec<String>,
    /// The agent's own name.
    pub agent: String,
    pub zone: TimeZone,
    /// What callers dial.
    pub phone: Phone,
    /// Who takes over when the agent hands a caller on.
    pub transfer_to: Phone,
    /// Where the dealership is. Public, unlike a customer's address.
    pub address: Premises,
    /// How many vehicles can be worked on at the same time; at least 1.
    pub bays: i64,
    /// Appointments start every so often, counted from opening.
    pub grid: SignedDuration,
    /// The shortest notice for a new appointment.
    pub lead_time: SignedDuration,
    /// How many days ahead the book is open, today not counted.
    pub horizon_days: u32,
    pub week: Week,
    /// Times of every open day at which nobody works on a vehicle, such as lunch.
    pub breaks: Vec<Hours>,
    /// Closed all day, by name.
    pub holidays: BTreeMap<Date, String>,
    /// What else a language model is told that leads a call; a sentence each.
    pub rules: Vec<String>,
    /// What customers are told without being asked.
    pub reminders: ReminderRules,
    /// In the order of the file; at least one, keys unique.
    pub services: Vec<Service>,
    /// In the order of the file.
    pub recalls: Vec<Recall>,
    /// What proves who calls.
    pub verification: Verification,
    /// The languages of its calls, and its agent's voices; where it has none, the configuration's.
    pub spoken: Spoken,
    /// The calendar that its bookings are written to; absent: the configuration's.
    pub calendar: Option<String>,
}

/// Where a dealership is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Premises {
    pub street: String,
    pub city: String,
    /// Two-letter state code.
    pub state: String,
    pub zip: String,
}

/// Opening hours of one day, local time. `open` is before `close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hours {
    pub open: Time,
    pub close: Time,
}

/// Opening hours of a usual week; absent on days that are always closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week([Option<Hours>; 7]);

/// What can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What the database holds, such as `oil_change`.
    pub key: String,
    /// How the agent says it.
    pub name: String,
    /// How callers say it.
    pub synonyms: Vec<String>,
    /// How long it takes a bay; above zero.
    pub duration: SignedDuration,
    pub price: PriceRange,
    pub upkeep: Upkeep,
}

/// How often a vehicle needs a service, whichever comes first; nothing is suggested where both are
/// absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    pub months: Option<u32>,
    pub miles: Option<u32>,
}

/// What a service costs, in whole US dollars; `low` is at most `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    pub low_usd: u32,
    pub high_usd: u32,
}

/// What a caller who asks for the hours of a day is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayHours {
    Open(Hours),
    /// Closed on this day of every week.
    ClosedWeekday,
    /// Closed for this holiday.
    Holiday(String),
}

impl Location {
    /// Otto's Auto, the shipped example.
    #[must_use]
    pub fn example() -> Self {
        Self::parse(EXAMPLE).expect("the embedded example is a valid location file")
    }

    /// Reads and checks a location file.
    ///
    /// # Errors
    /// [`LoadError`] names the file, and the key that is wrong.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(path).map_err(|why| LoadError::Unreadable {
            path: path.to_owned(),
            why,
        })?;
        Self::parse(&text).map_err(|why| LoadError::Invalid {
            path: path.to_owned(),
            why,
        })
    }

    /// Parses and checks the text of a location file.
    ///
    /// # Errors
    /// [`LocationError`] names the key that is wrong.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        file::parse(text)
    }

    /// The service with this key.
    #[must_use]
    pub fn service(&self, key: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.key == key)
    }

    /// What a caller is told about the hours of this day.
    #[must_use]
    pub fn day(&self, date: Date) -> DayHours {
        if let Some(name) = self.holidays.get(&date) {
            return DayHours::Holiday(name.clone());
        }
        match self.week.on(date.weekday()) {
            Some(hours) => DayHours::Open(hours),
            None => DayHours::ClosedWeekday,
        }
    }

    /// The opening hours of this day, absent where the location is closed.
    #[must_use]
    pub fn hours(&self, date: Date) -> Option<Hours> {
        match self.day(date) {
            DayHours::Open(hours) => Some(hours),
            DayHours::ClosedWeekday | DayHours::Holiday(_) => None,
        }
    }

    /// Whether someone is there at this instant.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        self.hours(local.date())
            .is_some_and(|hours| hours.open <= local.time() && local.time() < hours.close)
    }

    /// The first day after `date` on which the location is open. Absent only where it stays closed
    /// for as long as the book is open.
    #[must_use]
    pub fn next_working_day(&self, date: Date) -> Option<Date> {
        date.series(1.day())
            .skip(1)
            .take(self.horizon_days as usize)
            .find(|day| self.hours(*day).is_some())
    }

    /// This instant on the location's own clock.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// The instant at which the location's clock shows this. A time that a DST change skips is taken
    /// as that much later; one that happens twice, as the first.
    #[must_use]
    pub fn at(&self, wall: DateTime) -> Option<Zoned> {
        wall.to_zoned(self.zone.clone()).ok()
    }
}

impl Week {
    #[must_use]
    pub fn on(&self, day: Weekday) -> Option<Hours> {
        self.0[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// Monday to Sunday.
    pub fn iter(&self) -> impl Iterator<Item = (Weekday, Option<Hours>)> + '_ {
        Weekday::Monday.cycle_forward().zip(self.0)
    }

    /// Days that follow each other with the same hours, together.
    #[must_use]
    pub fn runs(&self) -> Vec<(Vec<Weekday>, Option<Hours>)> {
        let mut runs: Vec<(Vec<Weekday>, Option<Hours>)> = Vec::new();
        for (day, hours) in self.iter() {
            match runs.last_mut() {
                Some((days, same)) if *same == hours => days.push(day),
                _ => runs.push((vec![day], hours)),
            }
        }
        runs
    }
}

/// Why a location file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("location file {}: {why}", .path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("location file {}: {why}", .path.display())]
    Invalid { path: PathBuf, why: LocationError },
    #[error("location folder {}: holds no file that ends in .toml", .path.display())]
    NoFiles { path: PathBuf },
}

/// What is wrong in the text of a location file.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// Not TOML, a key missing, unknown, or of the wrong type. The message shows the line.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A value that makes no sense.
    #[error("{key}: {problem}")]
    Value { key: String, problem: String },
}
