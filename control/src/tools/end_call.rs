//! `end_call`: hang up once everything said has been heard.

use super::{Answer, Effect, ToolOutcome, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::Irreversible;

/// None: a call is ended because its dialogue decided so, never because a sentence sounded like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "end_call",
        description:
            "Hangs up, once the caller has said goodbye or wants nothing else. Say goodbye \
                      in the same answer; the line is closed after it."
                .to_owned(),
        parameters: schema::object([]),
    }
}

pub(super) fn run(_: Arguments) -> ToolOutcome {
    Ok(Answer::Ending)
}
