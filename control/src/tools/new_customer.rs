//! `create_customer` and `add_vehicle`: who is new to the book.
//!
//! As parts of a booking's arguments neither writes on its own: the booking creates the customer, the
//! vehicle and the appointment in one transaction or none of them. The tools of the same names are for
//! whoever does not book.

use jiff::civil::Date;
use serde::{Deserialize as _, Deserializer, de::Error as _};
use storage::customer::{Address, NewCustomer};
use storage::location::Verification;
use storage::vehicle::NewVehicle;

use super::error::ToolError;
use super::{CallContext, field, verify_customer};

/// First model year that a vehicle may have, and first year of birth that is believed.
const FIRST_YEAR: i16 = 1900;

#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CreateCustomer {
    pub first_name: String,
    pub last_name: String,
    pub phone_number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What will prove on another call that it is them, and so may the address.
    #[serde(
        default,
        deserialize_with = "date_of_birth",
        skip_serializing_if = "Option::is_none"
    )]
    pub date_of_birth: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Box<Address>>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AddVehicle {
    #[serde(deserialize_with = "model_year")]
    pub year: i16,
    pub make: String,
    pub model: String,
    /// As written or spelled, where the caller knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vin: Option<String>,
}

/// Nothing: it is all personal data.
impl std::fmt::Debug for CreateCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CreateCustomer(masked)")
    }
}

impl CreateCustomer {
    /// `today` is the business clock's.
    pub(super) fn checked(&self, today: Date) -> Result<NewCustomer, ToolError> {
        let email = self.email.as_deref().map(field::email).transpose()?;
        let phone = field::phone(&self.phone_number)?;
        phone.callable().map_err(|why| ToolError::BadArgument {
            field: "phone_number",
            remedy: format!("{why}; ask for another one"),
        })?;
        Ok(NewCustomer {
            phone,
            first_name: field::name("first_name", &self.first_name)?,
            last_name: field::name("last_name", &self.last_name)?,
            email,
            date_of_birth: self
                .date_of_birth
                .map(|date| born(date, today))
                .transpose()?,
            address: self.address.as_deref().map(field::address).transpose()?,
        })
    }
}

/// Nobody was born in the future, or is as old as that.
fn born(date: Date, today: Date) -> Result<Date, ToolError> {
    if date.year() >= FIRST_YEAR && date < today {
        return Ok(date);
    }
    Err(ToolError::BadArgument {
        field: "date_of_birth",
        remedy: format!("nobody who calls was born on {date}; ask for it again, or leave it out"),
    })
}

fn date_of_birth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    verify_customer::date_of_birth(deserializer).map(Some)
}

fn model_year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i16, D::Error> {
    let year = i64::deserialize(deserializer)?;
    let no_year = |_| format!("year: {year} is no model year; ask for the year again");
    i16::try_from(year)
        .map_err(no_year)
        .map_err(D::Error::custom)
}

/// Whether a VIN that is given now may prove later that it is them. What is said in the call that
/// makes the account is the account's; of another one only whoever has proved enough for everything:
/// else a number that was made up would become a proof.
pub(super) fn may_prove_later(context: &CallContext, policy: &Verification) -> bool {
    let made_now = context.customer().is_some_and(|id| context.has_created(id));
    made_now || context.has_proved_all(policy)
}

impl AddVehicle {
    /// `this_year` is the business clock's: next year's models are already sold.
    pub(super) fn checked(&self, this_year: i16) -> Result<NewVehicle, ToolError> {
        if !(FIRST_YEAR..=this_year.saturating_add(1)).contains(&self.year) {
            return Err(ToolError::BadArgument {
                field: "year",
                remedy: format!("{} is no model year; ask for the year again", self.year),
            });
        }
        Ok(NewVehicle {
            year: self.year,
            make: field::vehicle_name("make", &self.make)?,
            model: field::vehicle_name("model", &self.model)?,
            vin: self.vin.as_deref().map(field::vin).transpose()?,
        })
    }
}
