//! `suggest_service`: what a verified caller's vehicle is due for, by recalls and its history; once in
//! a call.

use jiff::civil::Date;
use storage::location::{Action, RECALL};
use storage::upkeep;
use storage::vehicle::VehicleId;

use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::ThisCall;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub vehicle_id: VehicleId,
    /// Services that are being booked anyway.
    pub beside: Vec<String>,
    /// What the odometer shows, where the caller has said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mileage: Option<i64>,
    /// Key of the location; absent, the one that the caller dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// A service that may be offered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Suggestion {
    /// Key in the location file.
    pub service_type: String,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Vehicles like it are recalled.
    Recall {
        /// What about, such as "the fuel pump".
        concerns: String,
    },
    /// It was done here last so long ago.
    Interval {
        last_on: Date,
        /// Whole months since.
        months: i32,
        /// Miles since, where it is they that make it due.
        miles: Option<i64>,
    },
}

/// For a language model.
pub(super) fn spec(among: &storage::Locations) -> ToolSpec {
    ToolSpec {
        name: "suggest_service",
        description:
            "Which service the vehicle is due for by recalls and its history, for a verified caller who \
                      books. Ask it once in a call, and offer what it names once."
                .to_owned(),
        parameters: schema::object([
            ("vehicle_id", schema::number("From find_vehicle.")),
            (
                "beside",
                schema::list(schema::text("Services that are booked anyway.")),
            ),
            (
                "mileage",
                schema::optional(schema::number("Only if the caller said it.")),
            ),
            ("location", schema::location(among)),
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let customer = context.allowed(Action::Read, &tools.location().verification)?;
    let vehicle = tools.store().vehicles.by_id(arguments.vehicle_id).await?;
    let vehicle = vehicle.filter(|vehicle| vehicle.customer == customer);
    let vehicle = vehicle.ok_or(ToolError::NoSuchVehicle)?;
    let there = tools.there(arguments.location.as_deref())?;
    if !context.suggests() {
        return Ok(Answer::Suggestion(None));
    }
    let now = there.now();
    let (appointments, history) = (&tools.store().appointments, &tools.store().service_history);
    let upcoming = appointments.upcoming(customer, now.timestamp()).await?;
    let history = history.of_vehicle(vehicle.id).await?;
    let booked = upcoming.iter().filter(|visit| visit.vehicle == vehicle.id);
    let booked = booked.map(|visit| visit.service.as_str());
    let without: Vec<&str> = arguments
        .beside
        .iter()
        .map(String::as_str)
        .chain(booked)
        .collect();
    let recall = upkeep::recall(there.location(), &vehicle, &history, &without);
    let suggestion = match recall {
        Some(recall) => Some(Suggestion {
            service_type: RECALL.to_owned(),
            why: Why::Recall {
                concerns: recall.concerns.clone(),
            },
        }),
        None => upkeep::due(
            there.location(),
            &history,
            arguments.mileage,
            &without,
            &now,
        )
        .map(|due| Suggestion {
            service_type: due.service,
            why: Why::Interval {
                last_on: due.last_on,
                months: due.months,
                miles: due.miles,
            },
        }),
    };
    Ok(Answer::Suggestion(suggestion))
}
