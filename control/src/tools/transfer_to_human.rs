//! `transfer_to_human`: hand the caller over once everything said has been heard.

use super::{Answer, CallContext, Effect, ToolOutcome, schema};
use crate::dialogue::TransferReason;
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::Irreversible;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub reason: TransferReason,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    let reasons = [
        "requested",
        "upset",
        "complaint",
        "complex",
        "not_understood",
        "trouble",
    ];
    ToolSpec {
        name: "transfer_to_human",
        description: "Hands the caller to a colleague: where they ask for a human, are upset or \
                      complain, ask about warranty, insurance, discounts or a bill, or where a tool \
                      says so. Say one short sentence first; the line changes hands after it."
            .to_owned(),
        parameters: schema::object([("reason", schema::one_of(reasons))]),
    }
}

/// Notes it for the call log; the session carries the transfer out.
pub(super) fn run(context: &mut CallContext, arguments: Arguments) -> ToolOutcome {
    context.ask_for_human();
    Ok(Answer::Transferring(arguments.reason))
}
