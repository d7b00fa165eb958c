//! `decode_vin`: year, make and model by a vehicle's number.

use super::error::ToolError;
use super::field;
use super::{Answer, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;
use crate::nhtsa::VinRefused;

/// Nothing of ours is read: it is the manufacturer's word on a number.
pub const EFFECT: Effect = Effect::Read;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// As it is written, or as it was spoken.
    pub vin: String,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "decode_vin",
        description:
            "Year, make and model of a vehicle by its VIN, for a caller who reads it out instead of \
                      describing the vehicle. Say them back before you use them."
                .to_owned(),
        parameters: schema::object([(
            "vin",
            schema::text("17 characters, or the caller's words for them."),
        )]),
    }
}

pub(super) async fn run(tools: &Toolbox, arguments: Arguments) -> ToolOutcome {
    let number = field::vin(&arguments.vin)?;
    let decoded = match tools.vins() {
        Some(vins) => vins.decode(&number).await,
        None => Err(VinRefused::Unreachable),
    };
    decoded
        .map(Answer::Decoded)
        .map_err(|why| ToolError::BadArgument {
            field: "vin",
            remedy: why.to_string(),
        })
}
