//! `lookup_customer`: whose number is this?

use storage::customer::{Customer, CustomerId};

use super::error::ToolError;
use super::visit::VehicleSummary;
use super::{Answer, Assurance, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::Read;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// Any usual spelling; the network's, or one that the caller spoke.
    pub phone_number: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Found(Caller),
    NotFound,
}

/// What may be known of a customer at the call's assurance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub customer_id: CustomerId,
    pub first_name: String,
    pub vehicle_count: usize,
    /// Whether anything is on file that could prove who calls.
    pub can_be_verified: bool,
    /// The vehicles themselves, for a verified caller only.
    pub vehicles: Option<Vec<VehicleSummary>>,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "lookup_customer",
        description:
            "Finds the account of a telephone number. The caller's own number was looked up \
                      already; use this for a number that the caller says."
                .to_owned(),
        parameters: schema::object([(
            "phone_number",
            schema::text("Ten digits, such as 2175550101."),
        )]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let phone = storage::customer::Phone::parse(&arguments.phone_number).map_err(|why| {
        ToolError::BadArgument {
            field: "phone_number",
            remedy: format!("{why}; ask for the ten digits again"),
        }
    })?;
    context.count_lookup()?;
    match tools.store().customers.by_phone(&phone).await? {
        None => Ok(Answer::Customer(Lookup::NotFound)),
        Some(customer) => {
            context.claim(customer.id);
            let caller = describe(tools, context, customer).await?;
            Ok(Answer::Customer(Lookup::Found(caller)))
        }
    }
}

/// The customer as far as the call's assurance allows.
pub(super) async fn describe(
    tools: &Toolbox,
    context: &CallContext,
    customer: Customer,
) -> Result<Caller, ToolError> {
    let vehicles = tools.store().vehicles.of_customer(customer.id).await?;
    Ok(Caller {
        customer_id: customer.id,
        can_be_verified: customer.date_of_birth.is_some() || customer.address.is_some(),
        first_name: customer.first_name,
        vehicle_count: vehicles.len(),
        vehicles: (context.assurance() == Assurance::Verified)
            .then(|| vehicles.into_iter().map(VehicleSummary::from).collect()),
    })
}
