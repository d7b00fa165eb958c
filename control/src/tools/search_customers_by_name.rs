//! `search_customers_by_name`: an account for a caller whose number finds none.
//!
//! A name is no secret, so it binds nobody and reveals nothing but whether to go on: the accounts
//! found are kept in the call's context until a verification tells which of them is calling.

use super::field;
use super::limits::NAMESAKES;
use super::{Answer, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::ThisCall;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// Both names: half a name would match half the town.
    pub first_name: String,
    pub last_name: String,
}

/// Nothing about the accounts themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    pub found: bool,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "search_customers_by_name",
        description:
            "Finds out whether there is an account under a name, where no number finds one. \
                      It says only yes or no; the caller is to be verified next."
                .to_owned(),
        parameters: schema::object([
            ("first_name", schema::text("As the caller said it.")),
            ("last_name", schema::text("As the caller said it.")),
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let first = field::name("first_name", &arguments.first_name)?;
    let last = field::name("last_name", &arguments.last_name)?;
    context.count_lookup()?;
    let customers = tools
        .store()
        .customers
        .by_name(Some(&first), Some(&last))
        .await?;
    let same: Vec<_> = customers
        .into_iter()
        .filter(|c| !context.is_denied(c.id))
        .take(NAMESAKES)
        .map(|c| c.id)
        .collect();
    let found = !same.is_empty();
    if found {
        context.suspect(same);
    }
    Ok(Answer::Customers(Found { found }))
}
