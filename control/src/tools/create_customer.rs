//! `create_customer`: an account for a caller who has none and books nothing yet.
//!
//! Whoever books at once is created by the booking, together with it or not at all; see
//! `new_customer`.

use storage::customer::CreateCustomerError;

use super::lookup_customer::{Lookup, describe};
use super::new_customer::CreateCustomer;
use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

/// A number has one account: the same again is the same customer.
pub const EFFECT: Effect = Effect::IdempotentWrite;

pub type Arguments = CreateCustomer;

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "create_customer",
        description:
            "Makes an account for a caller who has none and does not want to book now, after \
                      they have said yes to it. Not needed for a booking, which makes one by itself."
                .to_owned(),
        parameters: schema::new_customer(),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let new = arguments.checked(tools.now().date())?;
    // It tells whether a number is taken, as a search does.
    context.count_lookup()?;
    let customer = match tools.store().customers.create(&new).await {
        Ok(created) => created,
        Err(CreateCustomerError::PhoneTaken) => {
            let theirs = tools.store().customers.by_phone(&new.phone).await?;
            theirs
                .filter(|known| context.has_created(known.id))
                .ok_or(ToolError::NumberTaken)?
        }
        Err(CreateCustomerError::Storage(error)) => return Err(error.into()),
    };
    context.created(customer.id);
    let caller = describe(tools, context, customer).await?;
    Ok(Answer::Customer(Lookup::Found(caller)))
}
