//! Why a tool refused, in sentences that a dialogue can act on.
//!
//! The rule brain matches the variant; a language model reads the sentence. Neither ever sees the
//! text of an internal error.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use storage::slots::{Slot, SlotRefusal};

use super::limits;
use super::moment::InvalidMoment;
use super::visit::Visit;

#[derive(Clone, Debug, PartialEq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolError {
    #[error("Nobody is known in this call yet. Ask for the telephone number and look it up first.")]
    NobodyBound,
    #[error(
        "The caller is not verified for this. Ask for what your rules name, and verify it first."
    )]
    NotVerified,
    #[error("That does not match our records. {left} more tries.")]
    WrongAnswer { left: u8 },
    #[error(
        "The caller cannot be verified over the telephone now. Say no more about it than that, and \
         transfer them to a human."
    )]
    TooManyFailures,
    #[error("Too many accounts were looked for in this call. Transfer the caller to a human.")]
    TooManyLookups,
    #[error("Too many bookings in this call. Transfer the caller to a human.")]
    TooManyBookings,
    /// Also for ids that exist but belong to somebody else: the two must look the same.
    #[error("This customer has no such appointment. Read their upcoming appointments.")]
    NoSuchAppointment,
    /// Also for somebody else's vehicle.
    #[error("This customer has no such vehicle. Ask which vehicle it is for.")]
    NoSuchVehicle,
    /// The id is not the one of the customer bound to this call, whoever else it may be.
    #[error("That customer is not the one of this call.")]
    NotThisCaller,
    #[error("That appointment is already cancelled.")]
    AlreadyCancelled,
    #[error("That appointment is already over.")]
    AlreadyOver,
    #[error("service_type: there is no service {0:?} here. Ask which service is needed.")]
    UnknownService(String),
    /// `nearest` are free times close to the wanted one, nearest first.
    #[error("{why} Offer one of the nearest free times.")]
    NotBookable {
        why: NotBookable,
        nearest: Vec<Slot>,
    },
    /// For the same vehicle, at that time or for the same service within days.
    #[error(
        "This vehicle is booked already. Ask whether they want that one moved, or both. For both, book \
         again with another = true."
    )]
    AlreadyBooked(Box<Visit>),
    /// The number belongs to an account already: the caller may be that customer.
    #[error("Another customer has this number. Look the number up and verify the caller.")]
    NumberTaken,
    #[error("The caller's number is withheld, so it cannot be known. Ask them to text STOP to us.")]
    NumberWithheld,
    #[error("There is no waiting list here. Offer other days.")]
    NoWaitlist,
    #[error("They want no messages from us, so they cannot be told. Offer other days.")]
    OptedOut,
    #[error("{0} Tell them instead.")]
    NotTexted(#[from] NotTexted),
    #[error("{field}: {remedy}")]
    BadArgument {
        #[serde(deserialize_with = "field_name")]
        field: FieldName,
        remedy: String,
    },
    #[error("The appointment book cannot be reached now. Apologise and transfer the caller.")]
    Trouble,
}

/// Why a time cannot be booked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotBookable {
    /// It is against the location's rules.
    #[error("{0}.")]
    Rule(#[from] SlotRefusal),
    /// Every bay is taken.
    #[error("That time is taken.")]
    Taken,
    #[error("That vehicle is already booked at that time.")]
    VehicleBusy,
}

/// Why no text message was sent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NotTexted {
    #[error("Text messages cannot be sent from here.")]
    NotSetUp,
    /// It is withheld, or one that costs extra.
    #[error("There is no number that it could be sent to.")]
    NoNumber,
    #[error("They want no messages from us, until they text START to our number.")]
    OptedOut,
    #[error("The network did not take the message.")]
    Refused,
}

/// Of an argument, such as `service_type`.
type FieldName = &'static str;

/// Names from outside, each kept once.
static NAMES: Mutex<BTreeSet<FieldName>> = Mutex::new(BTreeSet::new());

/// Reads a name. There are few, so they may stay.
fn field_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FieldName, D::Error> {
    let name = String::deserialize(deserializer)?;
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return Ok(known);
    }
    if names.len() >= limits::MAX_FIELD_NAMES || name.len() > limits::MAX_FIELD_NAME_BYTES {
        return Err(D::Error::custom("field: not the name of an argument"));
    }
    let name: FieldName = Box::leak(name.into_boxed_str());
    names.insert(name);
    Ok(name)
}

impl ToolError {
    pub(super) fn bad_moment(field: &'static str, why: &InvalidMoment) -> Self {
        Self::BadArgument {
            field,
            remedy: why.to_string(),
        }
    }
}

impl From<storage::StorageError> for ToolError {
    /// What the database said is for our log, not for a caller or a model.
    fn from(error: storage::StorageError) -> Self {
        tracing::error!(%error, "a tool could not use the database");
        Self::Trouble
    }
}
