//! `get_upcoming_appointments`: what a verified caller has booked.

use storage::customer::CustomerId;
use storage::location::Action;

use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::Read;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub customer_id: CustomerId,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "get_upcoming_appointments",
        description: "The caller's appointments with their ids. Only for a verified caller."
            .to_owned(),
        parameters: schema::object([("customer_id", schema::number("Of this caller."))]),
    }
}

/// Scheduled or confirmed ones in the future, earliest first.
pub(super) async fn run(
    tools: &Toolbox,
    context: &CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let customer = context.allowed(Action::Read, &tools.location().verification)?;
    if arguments.customer_id != customer {
        return Err(ToolError::NotThisCaller);
    }
    let upcoming = tools
        .store()
        .appointments
        .upcoming(customer, tools.now().timestamp())
        .await?;
    let mut visits = Vec::with_capacity(upcoming.len());
    for appointment in upcoming {
        visits.push(tools.visit(context, appointment).await?);
    }
    Ok(Answer::Upcoming(visits))
}
