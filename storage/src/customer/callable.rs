//! Which numbers we neither call nor write to: those that cost whoever reaches them more than a call
//! within the country.
//!
//! Their owners may call us, and are served; they are asked for another number to be reached at. A
//! made-up one would cost us, or bother somebody.

use super::Phone;

/// Calls to them are charged by whoever answers: area code 900, and the exchange 976 of any area
/// (NANPA, "Premium-rate numbers").
const PREMIUM_AREA: &str = "900";
const PREMIUM_EXCHANGE: &str = "976";

/// Calls to them are paid by whoever answers, and nobody's own telephone has one (47 CFR 52.101;
/// NANPA, "Toll-free codes").
const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// Dialled like a number of this country, and charged as a call to another one (NANPA, "Area codes
/// by country"; the FCC warns of the same list in "One Ring Phone Scam"). Canada costs as much as
/// here, and the territories of the United States are a part of it.
const ABROAD: [&str; 21] = [
    "242", // Bahamas
    "246", // Barbados
    "264", // Anguilla
    "268", // Antigua and Barbuda
    "284", // British Virgin Islands
    "345", // Cayman Islands
    "441", // Bermuda
    "473", // Grenada
    "649", // Turks and Caicos Islands
    "658", // Jamaica
    "664", // Montserrat
    "721", // Sint Maarten
    "758", // Saint Lucia
    "767", // Dominica
    "784", // Saint Vincent and the Grenadines
    "809", // Dominican Republic
    "829", // Dominican Republic
    "849", // Dominican Republic
    "868", // Trinidad and Tobago
    "869", // Saint Kitts and Nevis
    "876", // Jamaica
];

/// Why a number is none that a customer may be reached at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCallable {
    #[error("phone: a premium-rate number cannot be a customer's")]
    Premium,
    #[error("phone: a toll-free number cannot be a customer's")]
    TollFree,
    #[error("phone: calls to that area code go abroad and cost extra")]
    Abroad,
}

impl Phone {
    /// Whether a customer may be reached at it.
    ///
    /// # Errors
    /// [`NotCallable`] says why we neither call it nor write to it.
    pub fn callable(&self) -> Result<(), NotCallable> {
        let (area, rest) = self.national().split_at(3);
        if area == PREMIUM_AREA || rest.starts_with(PREMIUM_EXCHANGE) {
            Err(NotCallable::Premium)
        } else if TOLL_FREE.contains(&area) {
            Err(NotCallable::TollFree)
        } else if ABROAD.contains(&area) {
            Err(NotCallable::Abroad)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NotCallable::{Abroad, Premium, TollFree};
    use super::*;

    #[test]
    fn what_costs_extra_is_no_customers_number() {
        for (number, why) in [
            ("900-555-0100", Premium),
            ("217-976-0100", Premium),
            ("800-555-0100", TollFree),
            ("888-555-0100", TollFree),
            ("876-555-0100", Abroad),
            ("809-555-0100", Abroad),
            ("441-555-0100", Abroad),
        ] {
            let phone = Phone::parse(number).expect("a number, whoever has it");
            assert_eq!(phone.callable(), Err(why), "{number}");
        }
        // Illinois, Toronto, Puerto Rico, Guam.
        for number in [
            "217-555-0101",
            "416-555-0101",
            "787-555-0101",
            "671-555-0101",
        ] {
            let phone = Phone::parse(number).expect("a number");
            assert_eq!(phone.callable(), Ok(()), "{number}");
        }
    }
}
