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

/// Scheduled or confirmed ones in the future, earliest first. Each is read by the rules of the location
/// where it is: one that asks for more proof than this call has given is left out, and where no other
/// is left, more proof is needed.
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
    let mut withheld = None;
    for appointment in upcoming {
        let there = tools.where_it_is(&appointment);
        match context.allowed(Action::Read, &there.location().verification) {
            Ok(_) => visits.push(tools.visit(context, appointment).await?),
            Err(refused) => withheld = Some(refused),
        }
    }
    match withheld {
        Some(refused) if visits.is_empty() => Err(refused),
        _ => Ok(Answer::Upcoming(visits)),
    }
}
