//! What proves who calls, how much of it an action needs, and how often one may guess.
//!
//! The telephone number is no proof: it finds the account, and anyone can claim one.

use jiff::SignedDuration;
use serde::Deserialize;

use super::LocationError;
use super::file::{within, wrong};
use crate::limits;

/// A dealership's rules for telling its customers from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What counts, in the order in which it is asked for; at least one, each once.
    pub proofs: Vec<Proof>,
    /// How many of them it takes to hear what is on record; what each other action takes is no less.
    pub read: u8,
    pub reschedule: u8,
    pub cancel: u8,
    pub change: u8,
    /// Wrong answers about one customer, in all calls together, before a lock; at least 1.
    pub wrong_answers: u8,
    /// How long a wrong answer counts, from the first of them on.
    pub window: SignedDuration,
    /// How long nobody is verified as that customer.
    pub lock: SignedDuration,
}

/// What only the customer knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    DateOfBirth,
    /// House number and street.
    Address,
    /// Of one of their vehicles.
    Vin,
}

/// What a caller must be verified for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To hear what is on record.
    Read,
    /// To move an appointment.
    Move,
    /// To cancel an appointment.
    Cancel,
    /// To change what is on record otherwise.
    Change,
}

impl Verification {
    /// How many different proofs the action needs; at least 1, at most as many as count.
    #[must_use]
    pub fn needs(&self, action: Action) -> usize {
        usize::from(match action {
            Action::Read => self.read,
            Action::Move => self.reschedule,
            Action::Cancel => self.cancel,
            Action::Change => self.change,
        })
    }

    /// How many proofs the action needs that needs most.
    #[must_use]
    pub fn most_needed(&self) -> usize {
        let most = self.reschedule.max(self.cancel).max(self.change);
        usize::from(self.read.max(most))
    }

    /// How many of these proofs, each kind once, count.
    #[must_use]
    pub fn counted(&self, given: &[Proof]) -> usize {
        let counts = |proof: &&Proof| self.proofs.contains(proof);
        given.iter().filter(counts).count()
    }
}

/// As it is written; what is left out is as in the shipped example.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    proofs: Vec<Proof>,
    read: u8,
    r#move: u8,
    cancel: u8,
    change: u8,
    wrong_answers: u8,
    within_min: u32,
    locked_min: u32,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            proofs: vec![Proof::DateOfBirth, Proof::Address, Proof::Vin],
            read: 1,
            r#move: 1,
            cancel: 1,
            change: 1,
            wrong_answers: 5,
            within_min: 24 * 60,
            locked_min: 60,
        }
    }
}

impl Section {
    pub(super) fn checked(self) -> Result<Verification, LocationError> {
        const PROOFS: &str = "verification.proofs";
        if self.proofs.is_empty() {
            return Err(wrong(PROOFS, "at least one must count"));
        }
        for (n, proof) in self.proofs.iter().enumerate() {
            if self.proofs[..n].contains(proof) {
                return Err(wrong(PROOFS, "each may stand there once"));
            }
        }
        let all = u8::try_from(self.proofs.len()).unwrap_or(u8::MAX);
        let read = within("verification.read", self.read, 1, all)?;
        // An appointment is read out before it is moved or cancelled.
        let at_least_read =
            |key: &str, value| within(format!("verification.{key}"), value, read, all);
        Ok(Verification {
            read,
            reschedule: at_least_read("move", self.r#move)?,
            cancel: at_least_read("cancel", self.cancel)?,
            change: at_least_read("change", self.change)?,
            wrong_answers: within(
                "verification.wrong_answers",
                self.wrong_answers,
                1,
                limits::WRONG_ANSWERS,
            )?,
            window: lasting("verification.within_min", self.within_min)?,
            lock: lasting("verification.locked_min", self.locked_min)?,
            proofs: self.proofs,
        })
    }
}

fn lasting(key: &str, value: u32) -> Result<SignedDuration, LocationError> {
    let value = within(key, value, 1, limits::LOCK_MINUTES)?;
    Ok(SignedDuration::from_mins(i64::from(value)))
}
