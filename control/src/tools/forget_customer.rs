//! `forget_customer`: the caller is not whom their number stands for.
//!
//! The account is let go of for the rest of the call: it is not found again by its number, nothing of
//! it is read or changed, and nobody is called by its name.

use super::{Answer, CallContext, Effect, ToolOutcome, schema};
use crate::llm::ToolSpec;

/// Nothing in the book is changed.
pub const EFFECT: Effect = Effect::ThisCall;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "forget_customer",
        description:
            "Lets go of the customer that the number stands for, where the caller says that \
                      they are somebody else. From then on the caller is unknown."
                .to_owned(),
        parameters: schema::object([]),
    }
}

pub(super) fn run(context: &mut CallContext, _: Arguments) -> ToolOutcome {
    context.disown();
    Ok(Answer::Forgotten)
}
