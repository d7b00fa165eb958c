//! `join_waitlist`: puts a known customer on the waiting list, for days on which nothing is free.

use jiff::civil::Date;
use serde::Deserializer;
use storage::consent::Channel;
use storage::waitlist::NewWait;

use super::{
    Answer, Assurance, CallContext, Effect, ToolError, ToolOutcome, Toolbox, field, schema,
};
use crate::llm::ToolSpec;
use crate::nlu::vehicle::{self, Chosen};

/// The same vehicle waits once for the same.
pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// The caller's words for their vehicle; empty where they have one.
    pub described_as: String,
    /// Key of a service in the location file.
    pub service_type: String,
    #[serde(deserialize_with = "first_day")]
    pub first_day: Date,
    #[serde(deserialize_with = "last_day")]
    pub last_day: Date,
    /// Key of the location; absent, the one that the caller dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waiting {
    pub service_type: String,
    pub first_day: Date,
    pub last_day: Date,
}

/// For a language model.
pub(super) fn spec(location: &storage::Location, among: &storage::Locations) -> ToolSpec {
    ToolSpec {
        name: "join_waitlist",
        description:
            "Puts a customer who has an account on the waiting list, where get_available_slots says \
             that there is one, nothing free suits them, and they said yes to being written to. A \
             time that comes free is offered to them by text message; nothing is booked before they \
             answer."
                .to_owned(),
        parameters: schema::object([
            (
                "described_as",
                schema::text("The caller's words for their vehicle; empty where they have one."),
            ),
            ("service_type", schema::service(location, among)),
            ("first_day", schema::text("Such as 2026-11-28.")),
            ("last_day", schema::text("The last day that suits them.")),
            ("location", schema::location(among)),
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let customer = context.authorised(Assurance::Claimed)?;
    let tools = &tools.there(arguments.location.as_deref())?;
    if !tools.has_waitlist() {
        return Err(ToolError::NoWaitlist);
    }
    let service = tools.service(&arguments.service_type)?;
    let now = tools.now();
    let first_day = arguments.first_day.max(now.date());
    if arguments.last_day < first_day {
        return Err(ToolError::BadArgument {
            field: "last_day",
            remedy: "it lies before the first day, or is over; ask which days suit them".to_owned(),
        });
    }
    let vehicles = tools.store().vehicles.of_customer(customer).await?;
    let vehicle = match vehicles.as_slice() {
        [only] => only.id,
        several => match vehicle::choose(several, &arguments.described_as) {
            Chosen::One(found) => found.id,
            Chosen::Ambiguous(_) | Chosen::None => return Err(ToolError::NoSuchVehicle),
        },
    };
    let known = tools.store().customers.by_id(customer).await?;
    let phone = known.ok_or(ToolError::NobodyBound)?.phone;
    let consents = &tools.store().consents;
    if consents.is_opted_out(&phone, Channel::Sms).await? {
        return Err(ToolError::OptedOut);
    }
    let at = now.timestamp();
    consents
        .consent(&phone, Channel::Sms, "waitlist", at)
        .await?;
    let wait = NewWait {
        customer,
        vehicle,
        location: tools.location().key.clone(),
        service: service.key.clone(),
        first_day,
        last_day: arguments.last_day,
    };
    let joined = tools.store().waitlist.join(&wait).await?;
    Ok(Answer::Waiting(Waiting {
        service_type: joined.service,
        first_day: joined.first_day,
        last_day: joined.last_day,
    }))
}

fn first_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    field::named("first_day", deserializer)
}

fn last_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    field::named("last_day", deserializer)
}
