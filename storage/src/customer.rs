//! Customers: who calls.

use async_trait::async_trait;
use jiff::civil::Date;

use crate::error::StorageError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct CustomerId(pub i64);

/// A telephone number in E.164 (`+12175550101`); NANP numbers only.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub street: String,
    pub city: String,
    /// Two-letter state code.
    pub state: String,
    pub zip: String,
}

#[derive(Clone, PartialEq, Eq)]
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
    /// Case-insensitive substring match; both must match where both are given; at most 5, by name.
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
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' | ' ' | '-' | '.' | '(' | ')' => {}
                _ => return Err(InvalidPhone::NotADigit(c)),
            }
        }
        let national = match digits.len() {
            10 => digits.as_str(),
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
    #[error("phone: no such area code or exchange in North America")]
    NotAssignable,
}
