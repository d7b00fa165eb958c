//! `stop_reminders`: whoever is on the line wants no more calls or messages of ours, and gets none,
//! at once and whoever they are.

use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;
use crate::reminders::owed::Wish;

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
    let wish = Wish::stop(phone, "ai_voice", at);
    if let Err(error) = wish.grant(tools.store().consents.as_ref()).await {
        // They are told that they are left alone, and will be: it is on disk.
        let kept = match tools.owed() {
            Some(owed) => owed.keep(wish).await.is_ok(),
            None => false,
        };
        if !kept {
            return Err(error.into());
        }
        tracing::error!(%error, "a caller's wish to be left alone waits for the book");
    }
    context.opted_out();
    Ok(Answer::RemindersStopped)
}
