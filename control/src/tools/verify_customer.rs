//! `verify_customer`: is it really them?
//!
//! A date of birth or a street address. Digits of the telephone number never count: a number may
//! have found the account, and would then prove nothing.

use jiff::civil::Date;
use storage::customer::Customer;

use super::lookup_customer::describe;
use super::{Answer, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;
use crate::nlu::address;

pub const EFFECT: Effect = Effect::Read;

/// `{"date_of_birth": "1985-03-14"}` or `{"address": "18 Elm Street"}`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arguments {
    DateOfBirth(Date),
    /// House number and street, as spoken or written.
    Address(String),
}

/// Names the kind of proof only: the proof itself is personal data.
impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DateOfBirth(_) => "DateOfBirth(masked)",
            Self::Address(_) => "Address(masked)",
        })
    }
}

/// For a language model. Of the two kinds of proof it gives one; the other is null.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "verify_customer",
        description: "Checks that the caller is the customer, by the date of birth or the street \
                      address that they just said. Needed before anything of the record is read, \
                      moved or cancelled. Give one of the two and null for the other; never guess."
            .to_owned(),
        parameters: schema::object([
            (
                "date_of_birth",
                schema::optional(schema::text("1985-03-14")),
            ),
            (
                "address",
                schema::optional(schema::text(
                    "House number and street, as the caller said it.",
                )),
            ),
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let mut matching = Vec::new();
    for id in context.candidates()? {
        if let Some(customer) = tools.store().customers.by_id(id).await?
            && proves(&arguments, &customer)
        {
            matching.push(customer);
        }
    }
    // Two namesakes born on one day cannot be told apart, so neither is verified.
    let (Some(customer), true) = (matching.pop(), matching.is_empty()) else {
        return Err(context.verification_failed());
    };
    context.verified(customer.id);
    let caller = describe(tools, context, customer).await?;
    Ok(Answer::Verified(caller))
}

fn proves(proof: &Arguments, customer: &Customer) -> bool {
    match proof {
        Arguments::DateOfBirth(date) => customer.date_of_birth == Some(*date),
        // A part of an address, or a single letter of it, is no address and proves nothing.
        Arguments::Address(spoken) => customer.address.as_ref().is_some_and(|known| {
            address::parse(spoken).is_some_and(|spoken| spoken.matches(known))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::customer::{Address, CustomerId, Phone};

    fn john() -> Customer {
        Customer {
            id: CustomerId(1),
            phone: Phone::parse("+12175550101").expect("a valid number"),
            first_name: "John".to_owned(),
            last_name: "Carter".to_owned(),
            email: None,
            date_of_birth: Some(jiff::civil::date(1985, 3, 14)),
            address: Some(Address {
                street: "18 Elm Street".to_owned(),
                city: "Springfield".to_owned(),
                state: "IL".to_owned(),
                zip: "62704".to_owned(),
            }),
        }
    }

    fn address_proves(text: &str) -> bool {
        proves(&Arguments::Address(text.to_owned()), &john())
    }

    #[test]
    fn a_street_line_proves_in_any_spelling() {
        assert!(address_proves("18 elm street"));
        assert!(address_proves("18 Elm St."));
    }

    #[test]
    fn a_part_of_an_address_proves_nothing() {
        for part in [
            "",
            "e",
            "18",
            "elm",
            "elm street",
            "18 e",
            "8 elm street",
            "18 elm avenue",
        ] {
            assert!(!address_proves(part), "{part:?} proved");
        }
    }

    #[test]
    fn only_the_very_day_of_birth_proves() {
        let on = |y, m, d| proves(&Arguments::DateOfBirth(jiff::civil::date(y, m, d)), &john());
        assert!(on(1985, 3, 14));
        assert!(!on(1985, 3, 15));
        assert!(!on(1958, 3, 14));
    }

    #[test]
    fn a_customer_without_a_date_of_birth_is_not_proved_by_one() {
        let stranger = Customer {
            date_of_birth: None,
            ..john()
        };
        let any = Arguments::DateOfBirth(jiff::civil::date(1985, 3, 14));
        assert!(!proves(&any, &stranger));
    }
}
