//! `verify_customer`: is it really them?
//!
//! A date of birth, a street address or a VIN, as the location's policy has it. Digits of the telephone
//! number never count: a number may have found the account, and would then prove nothing.
//!
//! Wrong answers count for the call and, in the database, for the customer: another call, another
//! account and another hour buy no more guesses than the policy allows. A right answer is no guess, and
//! the wrong ones are forgotten once nothing is left to be guessed. Whoever may not guess is told the
//! same, whether the answer was right, wrong, or about nobody.

use jiff::civil::Date;
use serde::{Deserializer, de::Error as _};
use storage::customer::Customer;
use storage::location::Proof;
use storage::vehicle::Vehicle;
use storage::verification::{Attempt, Guessed};

use super::field;
use super::lookup_customer::describe;
use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;
use crate::nlu::address::{self, SpokenAddress};
use crate::nlu::{self, vin};

pub const EFFECT: Effect = Effect::ThisCall;

/// `{"date_of_birth": "1985-03-14"}`, `{"address": "18 Elm Street"}` or `{"vin": "1FTEW1E50KFA00001"}`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arguments {
    DateOfBirth(#[serde(deserialize_with = "date_of_birth")] Date),
    /// House number and street, as spoken or written.
    Address(String),
    /// As spelled or written.
    Vin(String),
}

/// Names the kind of proof only: the proof itself is personal data.
impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DateOfBirth(_) => "DateOfBirth(masked)",
            Self::Address(_) => "Address(masked)",
            Self::Vin(_) => "Vin(masked)",
        })
    }
}

/// For a language model. Of the kinds of proof it gives one; the others are null.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "verify_customer",
        description: "Checks that the caller is the customer, by the date of birth, the street \
                      address or the VIN that they just said. Needed before anything of the record \
                      is read, moved or cancelled. Give one of them and null for the others; never \
                      guess."
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
            (
                "vin",
                schema::optional(schema::text(
                    "17 letters and digits, as the caller said them.",
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
    let candidates = context.candidates()?;
    let given = Given::read(&arguments)?;
    let policy = &tools.location().verification;
    if !policy.proofs.contains(&given.kind()) {
        return Err(given.refused("is no proof here; ask for what your rules name"));
    }
    let failures = &tools.store().verifications;
    let now = tools.now().timestamp();
    let (about, candidates) = match candidates.as_slice() {
        [one] => (Guessed::Customer(*one), candidates),
        several => {
            // Who is locked is nobody whom an answer could be about; the others are no less.
            let mut open = Vec::new();
            for id in several {
                if !failures.is_locked(*id, now).await? {
                    open.push(*id);
                }
            }
            let first = several.iter().min_by_key(|id| id.0);
            let (Some(first), false) = (first, open.is_empty()) else {
                return Err(context.locked_out());
            };
            (Guessed::Namesakes(*first), open)
        }
    };
    let left = match failures.attempt(about, now, policy).await? {
        Attempt::Allowed { left } => left,
        Attempt::Locked => return Err(context.locked_out()),
    };
    let mut matching = Vec::new();
    for id in candidates {
        let vehicles = tools.store().vehicles.of_customer(id).await?;
        if let Some(customer) = tools.store().customers.by_id(id).await?
            && given.proves(&customer, &vehicles)
        {
            matching.push(customer);
        }
    }
    // Two namesakes born on one day cannot be told apart, so neither is verified.
    let (Some(customer), true) = (matching.pop(), matching.is_empty()) else {
        return Err(context.verification_failed(left));
    };
    failures.take_back(about).await?;
    context.proved(customer.id, given.kind(), policy);
    // Who knows one proof and guesses at another, here or elsewhere, goes on to have guessed.
    let mut policies = tools.locations().iter().map(|l| &l.verification);
    if policies.all(|policy| context.has_proved_all(policy)) {
        failures.clear(customer.id).await?;
    }
    let caller = describe(tools, context, customer).await?;
    Ok(Answer::Verified(caller))
}

/// A date as it is written, or as it was spoken.
pub(super) fn date_of_birth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let written: String = field::named("date_of_birth", deserializer)?;
    let read = written.parse().ok();
    // A model may hand on what the caller said.
    let read = read.or_else(|| nlu::date_of_birth::parse(&written).ok());
    read.ok_or_else(|| {
        D::Error::custom("date_of_birth: there is no such date; ask for month, day and year again")
    })
}

/// A proof that can be compared.
enum Given {
    DateOfBirth(Date),
    Address(SpokenAddress),
    Vin(String),
}

impl Given {
    /// What is no address or no VIN at all proves nothing and is no guess either: it is asked again.
    fn read(arguments: &Arguments) -> Result<Self, ToolError> {
        match arguments {
            Arguments::DateOfBirth(date) => Ok(Self::DateOfBirth(*date)),
            Arguments::Address(line) => {
                let remedy = "ask for the house number and the street";
                let bad = || ToolError::BadArgument {
                    field: "address",
                    remedy: remedy.to_owned(),
                };
                address::parse(line).map(Self::Address).ok_or_else(bad)
            }
            Arguments::Vin(spelled) => {
                let bad = |why: vin::VinError| ToolError::BadArgument {
                    field: "vin",
                    remedy: field::unnamed(&why),
                };
                vin::parse(spelled).map(Self::Vin).map_err(bad)
            }
        }
    }

    fn kind(&self) -> Proof {
        match self {
            Self::DateOfBirth(_) => Proof::DateOfBirth,
            Self::Address(_) => Proof::Address,
            Self::Vin(_) => Proof::Vin,
        }
    }

    fn refused(&self, remedy: &str) -> ToolError {
        let field = match self {
            Self::DateOfBirth(_) => "date_of_birth",
            Self::Address(_) => "address",
            Self::Vin(_) => "vin",
        };
        let remedy = remedy.to_owned();
        ToolError::BadArgument { field, remedy }
    }

    fn proves(&self, customer: &Customer, vehicles: &[Vehicle]) -> bool {
        match self {
            Self::DateOfBirth(date) => customer.date_of_birth == Some(*date),
            Self::Address(spoken) => customer
                .address
                .as_ref()
                .is_some_and(|known| spoken.matches(known)),
            Self::Vin(vin) => vehicles.iter().any(|v| v.vin.as_ref() == Some(vin)),
        }
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

    fn proves(proof: Arguments, customer: &Customer) -> bool {
        Given::read(&proof).is_ok_and(|given| given.proves(customer, &[]))
    }

    fn address_proves(text: &str) -> bool {
        proves(Arguments::Address(text.to_owned()), &john())
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
        let on = |y, m, d| proves(Arguments::DateOfBirth(jiff::civil::date(y, m, d)), &john());
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
        assert!(!proves(any, &stranger));
    }
}
