//! `create_customer` and `add_vehicle`: who is new to the book.
//!
//! As parts of a booking's arguments neither writes on its own: the booking creates the customer, the
//! vehicle and the appointment in one transaction or none of them. The tools of the same names are for
//! whoever does not book.

use storage::customer::NewCustomer;
use storage::vehicle::NewVehicle;

use super::error::ToolError;
use super::field;

/// First model year that a vehicle may have.
const FIRST_YEAR: i16 = 1900;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CreateCustomer {
    pub first_name: String,
    pub last_name: String,
    pub phone_number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AddVehicle {
    pub year: i16,
    pub make: String,
    pub model: String,
}

impl CreateCustomer {
    pub(super) fn checked(&self) -> Result<NewCustomer, ToolError> {
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
            date_of_birth: None,
            address: None,
        })
    }
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
            vin: None,
        })
    }
}
