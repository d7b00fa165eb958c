//! `stop_reminders`: whoever is on the line wants no more calls or messages of ours, and gets none,
//! at once and whoever they are.

use storage::consent::Channel;

use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "stop_reminders",
        description:
            "Ends all calls and messages of ours to the telephone that the caller is on, for \
                      good. Call it at once when they ask for that; never otherwise."
                .to_owned(),
        parameters: schema::object([]),
    }
}

pub(super) async fn run(tools: &Toolbox, context: &mut CallContext) -> ToolOutcome {
    let phone = context.claimed_number().ok_or(ToolError::NumberWithheld)?;
    let at = tools.now().timestamp();
    let consents = &tools.store().consents;
    consents
        .opt_out(phone, Channel::All, "ai_voice", at)
        .await?;
    context.opted_out();
    Ok(Answer::RemindersStopped)
}
