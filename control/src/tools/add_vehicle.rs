//! `add_vehicle`: another vehicle of a customer, without a booking.
//!
//! It changes the record, so the caller must be verified for that; or the account was made in this
//! very call. A booking may bring its vehicle along without it; see `new_customer`.

use storage::customer::CustomerId;

use super::find_vehicle::Match;
use super::new_customer::{AddVehicle, may_prove_later};
use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

/// A vehicle of the same year, make and model is the same vehicle.
pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub customer_id: CustomerId,
    #[serde(flatten)]
    pub vehicle: AddVehicle,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    let [year, make, model, vin] = schema::vehicle();
    ToolSpec {
        name: "add_vehicle",
        description:
            "Adds a vehicle to the account of a verified caller who does not want to book now, \
                      after they have said yes to it. Not needed for a booking, which takes it along."
                .to_owned(),
        parameters: schema::object([
            ("customer_id", schema::number("Of this caller.")),
            year,
            make,
            model,
            vin,
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let policy = &tools.location().verification;
    let customer = context.may_change_record(policy)?;
    if arguments.customer_id != customer {
        return Err(ToolError::NotThisCaller);
    }
    let mut new = arguments.vehicle.checked(tools.now().year())?;
    new.vin = new.vin.filter(|_| may_prove_later(context, policy));
    let added = tools.store().vehicles.add(customer, &new).await?;
    Ok(Answer::Vehicle(Match::One(added.id)))
}
