//! `end_call`: hang up once everything said has been heard.

use super::{Answer, Effect, ToolOutcome};

pub const EFFECT: Effect = Effect::Irreversible;

/// None: a call is ended because its dialogue decided so, never because a sentence sounded like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {}

pub(super) fn run(_: Arguments) -> ToolOutcome {
    Ok(Answer::Ending)
}
