//! `find_vehicle`: which of the caller's vehicles is "the truck"?
//!
//! Tells an id and nothing else, so that a merely claimed caller can book for the right one of
//! several vehicles without hearing what is on file.

use storage::vehicle::VehicleId;

use super::{Answer, Assurance, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;
use crate::nlu::vehicle::{self, Chosen};

pub const EFFECT: Effect = Effect::Read;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// The caller's words: "the truck", "2019 Ford". Empty for a caller who named none.
    pub described_as: String,
    /// "The other one": any but this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_than: Option<VehicleId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    One(VehicleId),
    Several,
    None,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "find_vehicle",
        description:
            "Finds the id of one of the caller's vehicles by what the caller calls it. With \
                      an empty description: their only vehicle, where they have one."
                .to_owned(),
        parameters: schema::object([(
            "described_as",
            schema::text("The caller's words, such as: the truck, or 2019 Ford. May be empty."),
        )]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let customer = context.authorised(Assurance::Claimed)?;
    let mut vehicles = tools.store().vehicles.of_customer(customer).await?;
    vehicles.retain(|vehicle| Some(vehicle.id) != arguments.other_than);
    let named = !arguments.described_as.trim().is_empty();
    Ok(Answer::Vehicle(match vehicles.as_slice() {
        [only] if !named => Match::One(only.id),
        [_, _, ..] if !named => Match::Several,
        _ => match vehicle::choose(&vehicles, &arguments.described_as) {
            Chosen::One(found) => Match::One(found.id),
            Chosen::Ambiguous(_) => Match::Several,
            Chosen::None => Match::None,
        },
    }))
}
