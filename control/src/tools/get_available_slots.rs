//! `get_available_slots`: the times at which a service can begin.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserializer;
use storage::location::{DayHours, Location, Locations};
use storage::slots::Slot;

use super::field;
use super::limits::{ALTERNATIVE_DAYS, ALTERNATIVES, OFFERED_AT_ONCE};
use super::{Answer, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::calendar::Checked;
use crate::dialogue::Offer;
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::Read;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// `2026-11-28`, in the location's zone.
    #[serde(deserialize_with = "date")]
    pub date: Date,
    /// The last day to look at, where it is more than one.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "to_date"
    )]
    pub to_date: Option<Date>,
    /// Key of a service in the location file; it decides how long a bay is needed.
    pub service_type: String,
    /// Key of the location; absent, the one that the caller dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What the book shows of a day, or of several.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Slots {
    /// Key of the service.
    pub service_type: String,
    /// The last day that was looked at.
    pub last: Date,
    pub date: Date,
    /// The hours of `date`.
    pub hours: DayHours,
    /// Earliest first.
    pub available_slots: Vec<Slot>,
    /// Where the days have none: the next free times after it, earliest first.
    pub next: Vec<Slot>,
    /// Whether the dealership's calendar had a say, or only the book.
    pub calendar: Checked,
    /// Whether somebody for whom none of them will do may be put on a waiting list.
    pub waitlist: bool,
}

impl Slots {
    /// The first of the free times: those that are likely to be told the caller.
    #[must_use]
    pub fn first(&self) -> Option<Offer> {
        let free = if self.available_slots.is_empty() {
            &self.next
        } else {
            &self.available_slots
        };
        let starts = free.iter().take(OFFERED_AT_ONCE);
        Some(Offer {
            service: self.service_type.clone(),
            starts: starts.map(|slot| slot.starts_at.clone()).collect(),
        })
        .filter(|offer| !offer.starts.is_empty())
    }
}

/// For a language model.
pub(super) fn spec(location: &Location, among: &Locations) -> ToolSpec {
    ToolSpec {
        name: "get_available_slots",
        description:
            "The free times for a service on a day, or on several days in a row. Offer only \
                      times that it names."
                .to_owned(),
        parameters: schema::object([
            ("date", schema::text("The first day, such as 2026-11-28.")),
            (
                "to_date",
                schema::optional(schema::text("The last day, where it is more than one.")),
            ),
            ("service_type", schema::service(location, among)),
            ("location", schema::location(among)),
        ]),
    }
}

pub(super) async fn run(tools: &Toolbox, arguments: Arguments) -> ToolOutcome {
    let tools = &tools.there(arguments.location.as_deref())?;
    let location = tools.location();
    let service = tools.service(&arguments.service_type)?;
    let date = arguments.date;
    let now = tools.now();
    let last = arguments.to_date.unwrap_or(date).max(date);
    let (free, mut calendar) = tools.free(service, date, last, &now).await?;
    let next = if free.is_empty() {
        let from = last.max(now.date());
        let to = from
            .checked_add(ALTERNATIVE_DAYS.days())
            .map_err(|_| ToolError::BadArgument {
                field: "date",
                remedy: "that is no date of our calendar; ask for the day again".to_owned(),
            })?;
        let (mut next, checked) = tools.free(service, from, to, &now).await?;
        calendar = checked;
        next.truncate(ALTERNATIVES);
        next
    } else {
        Vec::new()
    };
    Ok(Answer::Slots(Slots {
        service_type: service.key.clone(),
        last,
        date,
        hours: location.day(date),
        available_slots: free,
        next,
        calendar,
        waitlist: tools.has_waitlist(),
    }))
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    field::named("date", deserializer)
}

fn to_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    field::named("to_date", deserializer)
}
