//! Customers: who calls.

mod callable;
pub(crate) mod name;

use async_trait::async_trait;
use jiff::civil::Date;

pub use self::callable::NotCallable;
use crate::error::StorageError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct CustomerId(pub i64);

/// A telephone number in E.164 (`+12175550101`); NANP numbers only.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    pub street: String,
    pub city: String,
    /// Two-letter state code.
    pub state: String,
    pub zip: String,
}

#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub phone: Phone,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub date_of_birth: Option<Date>,
    pub address: Option<Address>,
}

/// A customer to be created. The phone number is unique.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCustomer {
    pub phone: Phone,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub date_of_birth: Option<Date>,
    pub address: Option<Address>,
}

#[async_trait]
pub trait Customers: Send + Sync {
    async fn by_id(&self, id: CustomerId) -> Result<Option<Customer>, StorageError>;
    async fn by_phone(&self, phone: &Phone) -> Result<Option<Customer>, StorageError>;
    /// Those of this name, without regard to case, accents, apostrophes and hyphens; both must be the
    /// same where both are given. At most 5, by name.
    async fn by_name(
        &self,
        first: Option<&str>,
        last: Option<&str>,
    ) -> Result<Vec<Customer>, StorageError>;
    /// How many customers there are.
    async fn count(&self) -> Result<u64, StorageError>;
    async fn create(&self, customer: &NewCustomer) -> Result<Customer, CreateCustomerError>;
}

#[derive(Debug, thiserror::Error)]
pub enum CreateCustomerError {
    #[error("phone: another customer has this number")]
    PhoneTaken,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Phone {
    /// Parses any usual spelling: `(217) 555-0101`, `217.555.0101`, `+1 217 555 0101`.
    ///
    /// # Errors
    /// [`InvalidPhone`] unless it is ten digits, or eleven starting with 1, that NANP allows.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        let mut digits = String::with_capacity(11);
        let mut international = false;
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() => international = true,
                ' ' | '-' | '.' | '(' | ')' => {}
                _ => return Err(InvalidPhone::NotADigit(c)),
            }
        }
        let national = match digits.len() {
            _ if international && !digits.starts_with('1') => return Err(InvalidPhone::Foreign),
            10 if !international => digits.as_str(),
            11 if digits.starts_with('1') => &digits[1..],
            n => return Err(InvalidPhone::Length(n)),
        };
        let d: Vec<u8> = national.bytes().map(|b| b - b'0').collect();
        let area_ok = d[0] >= 2 && d[1] != 9 && !(d[1] == 1 && d[2] == 1);
        let exchange_ok = d[3] >= 2 && !(d[4] == 1 && d[5] == 1);
        if area_ok && exchange_ok {
            Ok(Self(format!("+1{national}")))
        } else {
            Err(InvalidPhone::NotAssignable)
        }
    }

    /// E.164 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ten digits without the country code.
    #[must_use]
    pub fn national(&self) -> &str {
        &self.0[2..]
    }
}

/// Only what tells two customers apart: names, dates of birth and addresses are personal data and
/// reach logs by `Debug`.
impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Customer")
            .field("id", &self.id)
            .field("phone", &self.phone)
            .finish_non_exhaustive()
    }
}

/// As little as [`Customer`]'s.
impl std::fmt::Debug for NewCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCustomer")
            .field("phone", &self.phone)
            .finish_non_exhaustive()
    }
}

/// Nothing: where someone lives reaches no log.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(masked)")
    }
}

/// Masked but for the last two digits: numbers are personal data and reach logs by `Debug`.
impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone(+1********{})", &self.0[10..])
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;
    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        Self::parse(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

/// Why a text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    #[error("phone: {0:?} is not part of a telephone number")]
    NotADigit(char),
    #[error("phone: {0} digits, expected 10 (or 11 starting with 1)")]
    Length(usize),
    #[error("phone: only numbers of North America (+1) are known")]
    Foreign,
    #[error("phone: no such area code or exchange in North America")]
    NotAssignable,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_may_be_spelled_in_any_usual_way() {
        for text in [
            "2175550101",
            "12175550101",
            "+12175550101",
            "(217) 555-0101",
            "217.555.0101",
            "+1 217 555 0101",
            "1-217-555-0101",
        ] {
            let phone = Phone::parse(text).expect(text);
            assert_eq!(phone.as_str(), "+12175550101");
            assert_eq!(phone.national(), "2175550101");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        use InvalidPhone::{Foreign, Length, NotADigit, NotAssignable};
        for (text, why) in [
            ("", Length(0)),
            ("anonymous", NotADigit('a')),
            ("+49 30 901820", Foreign),
            ("+45 35 35 35 35", Foreign),
            ("+", Foreign),
            ("+1 217 555 010", Length(10)),
            ("217+5550101", NotADigit('+')),
            ("5550101", Length(7)),
            ("22175550101", Length(11)),
            ("sip:2175550101", NotADigit('s')),
            ("٢١٧٥٥٥٠١٠١", NotADigit('٢')),
            ("1175550101", NotAssignable),
            ("2170550101", NotAssignable),
            ("9115550101", NotAssignable),
            ("2179110101", NotAssignable),
        ] {
            assert_eq!(Phone::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_a_person() {
        let address = Address {
            street: "7 Pine Court".into(),
            city: "Springfield".into(),
            state: "IL".into(),
            zip: "62702".into(),
        };
        let new = NewCustomer {
            phone: Phone::parse("217-555-0142").expect("a number"),
            first_name: "Grace".into(),
            last_name: "Hill".into(),
            email: Some("grace@example.com".into()),
            date_of_birth: Some(jiff::civil::date(1984, 2, 29)),
            address: Some(address.clone()),
        };
        let customer = Customer {
            id: CustomerId(7),
            phone: new.phone.clone(),
            first_name: new.first_name.clone(),
            last_name: new.last_name.clone(),
            email: new.email.clone(),
            date_of_birth: new.date_of_birth,
            address: new.address.clone(),
        };
        let party = crate::appointment::Party::NewCustomer {
            customer: new.clone(),
            vehicle: crate::vehicle::NewVehicle {
                year: 2020,
                make: "Toyota".into(),
                model: "Camry".into(),
                vin: None,
            },
        };
        let shown = format!("{address:?} {new:?} {customer:?} {party:#?}");
        for secret in [
            "Pine", "62702", "Grace", "Hill", "grace@", "1984", "5550142",
        ] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(
            shown.contains("CustomerId(7)") && shown.contains("********42"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_is_e164(text in any::<String>()) {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(phone.as_str().len(), 12);
                prop_assert!(phone.as_str().starts_with("+1"));
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
            }
        }

        #[test]
        fn telephone_like_texts_never_panic(text in "[-+. ()0-9]{0,20}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.national()), Ok(phone));
            }
        }

        #[test]
        fn separators_change_nothing(
            digits in "[2-9][0-8][2-9][2-9][2-9][0-9]{5}",
            separators in prop::collection::vec("[-. ()]{0,2}", 10),
        ) {
            let spelled: String = digits
                .chars()
                .zip(&separators)
                .flat_map(|(digit, separator)| separator.chars().chain([digit]))
                .collect();
            let phone = Phone::parse(&spelled);
            prop_assert_eq!(&phone, &Phone::parse(&digits));
            prop_assert_eq!(phone.map(|phone| phone.national().to_owned()), Ok(digits));
        }
    }
}
