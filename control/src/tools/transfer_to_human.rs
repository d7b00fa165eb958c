//! `transfer_to_human`: hand the caller over once everything said has been heard.

use super::{Answer, CallContext, Effect, ToolOutcome};
use crate::dialogue::TransferReason;

pub const EFFECT: Effect = Effect::Irreversible;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub reason: TransferReason,
}

/// Notes it for the call log; the session carries the transfer out.
pub(super) fn run(context: &mut CallContext, arguments: Arguments) -> ToolOutcome {
    context.ask_for_human();
    Ok(Answer::Transferring(arguments.reason))
}
