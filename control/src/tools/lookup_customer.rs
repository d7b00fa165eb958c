//! `lookup_customer`: whose number is this?

use storage::customer::{Customer, CustomerId};
use storage::location::{Action, Proof};
use storage::vehicle::Vehicle;

use super::error::ToolError;
use super::field;
use super::visit::VehicleSummary;
use super::{Answer, Assurance, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::ThisCall;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// Any usual spelling; the network's, or one that the caller spoke.
    pub phone_number: String,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    Found(Caller),
    NotFound,
}

/// What may be known of a customer at the call's assurance.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Caller {
    pub customer_id: CustomerId,
    pub first_name: String,
    pub vehicle_count: usize,
    /// Whether enough is on file to prove who calls.
    pub can_be_verified: bool,
    pub proofs: Proofs,
    /// The vehicles themselves, for a verified caller only.
    pub vehicles: Option<Vec<VehicleSummary>>,
}

/// What could prove who calls, and what has.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Proofs {
    /// Kinds that count here and that are on file, in the order in which they are asked for.
    pub on_file: Vec<Proof>,
    /// Kinds that were given rightly in this call.
    pub given: Vec<Proof>,
}

impl Proofs {
    /// What to ask for next.
    #[must_use]
    pub fn next(&self) -> Option<Proof> {
        let open = |proof: &&Proof| !self.given.contains(proof);
        self.on_file.iter().find(open).copied()
    }
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
    let phone = field::phone(&arguments.phone_number)?;
    context.count_lookup()?;
    match tools.store().customers.by_phone(&phone).await? {
        None => Ok(Answer::Customer(Lookup::NotFound)),
        Some(customer) if context.is_denied(customer.id) => Ok(Answer::Customer(Lookup::NotFound)),
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
    let policy = &tools.location().verification;
    let on_file: Vec<Proof> = policy
        .proofs
        .iter()
        .copied()
        .filter(|proof| is_on_file(*proof, &customer, &vehicles))
        .collect();
    Ok(Caller {
        customer_id: customer.id,
        can_be_verified: on_file.len() >= policy.needs(Action::Read),
        proofs: Proofs {
            on_file,
            given: context.proofs().to_vec(),
        },
        first_name: customer.first_name,
        vehicle_count: vehicles.len(),
        vehicles: (context.assurance() == Assurance::Verified)
            .then(|| vehicles.into_iter().map(VehicleSummary::from).collect()),
    })
}

fn is_on_file(proof: Proof, customer: &Customer, vehicles: &[Vehicle]) -> bool {
    match proof {
        Proof::DateOfBirth => customer.date_of_birth.is_some(),
        Proof::Address => customer.address.is_some(),
        Proof::Vin => vehicles.iter().any(|vehicle| vehicle.vin.is_some()),
    }
}
