//! How often it was guessed who a customer is: counted across calls, in the database.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::location::Verification;

#[async_trait]
pub trait Verifications: Send + Sync {
    /// Counts an answer as a wrong one, before anybody looks at it: so calls that guess at the same
    /// time have no more guesses together than one has. After as many as the policy allows within its
    /// window, none is allowed until the lock is over.
    async fn attempt(
        &self,
        about: Guessed,
        now: Timestamp,
        policy: &Verification,
    ) -> Result<Attempt, StorageError>;

    /// An answer that was counted was no guess: it was right, if not enough. Those before it stay.
    async fn take_back(&self, about: Guessed) -> Result<(), StorageError>;

    /// The customer has proved all that is ever asked: nothing was guessed.
    async fn clear(&self, customer: CustomerId) -> Result<(), StorageError>;

    /// Whether nobody is verified as this customer at the moment.
    async fn is_locked(&self, customer: CustomerId, now: Timestamp) -> Result<bool, StorageError>;
}

/// Whom an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed {
    Customer(CustomerId),
    /// One of several customers of one name, of whom this is the first: which of them it is meant for
    /// is not known, so it counts for none of them, but for all answers that are given by their name.
    Namesakes(CustomerId),
}

impl Guessed {
    /// As it is kept: the customer, and whether it is all of that name.
    pub(crate) fn row(self) -> (i64, bool) {
        match self {
            Self::Customer(id) => (id.0, false),
            Self::Namesakes(first) => (first.0, true),
        }
    }
}

/// Whether an answer may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It may; if it is wrong, so many more may follow.
    Allowed { left: u8 },
    /// It may not, whatever it is.
    Locked,
}

impl Attempt {
    /// What follows from the number of answers that count now, this one included; none where the
    /// customer is locked.
    pub(crate) fn after(failures: Option<i64>, policy: &Verification) -> Self {
        let Some(failures) = failures else {
            return Self::Locked;
        };
        let left = i64::from(policy.wrong_answers).saturating_sub(failures);
        Self::Allowed {
            left: u8::try_from(left).unwrap_or(0),
        }
    }
}

/// The same words in both databases. $1 customer, $2 now, $3 answers allowed, $4 the end of a lock that
/// begins now, $5 the beginning of the window, $6 by name. No row where it is locked.
pub(crate) const ATTEMPT: &str = "INSERT INTO verification_failures AS kept
    (customer_id, by_name, failures, first_at, locked_until)
    VALUES ($1, $6, 1, $2, CASE WHEN $3 <= 1 THEN $4 END)
    ON CONFLICT (customer_id, by_name) DO UPDATE SET
        failures = CASE WHEN kept.locked_until IS NULL AND kept.first_at > $5
            THEN kept.failures + 1 ELSE 1 END,
        first_at = CASE WHEN kept.locked_until IS NULL AND kept.first_at > $5
            THEN kept.first_at ELSE $2 END,
        locked_until = CASE WHEN $3 <= CASE WHEN kept.locked_until IS NULL AND kept.first_at > $5
            THEN kept.failures + 1 ELSE 1 END THEN $4 END
    WHERE kept.locked_until IS NULL OR kept.locked_until <= $2
    RETURNING failures";

pub(crate) const TAKE_BACK_ONLY: &str = "DELETE FROM verification_failures
    WHERE customer_id = $1 AND by_name = $2 AND failures = 1";

/// What is left is fewer than a lock takes.
pub(crate) const TAKE_BACK_ONE: &str = "UPDATE verification_failures
    SET failures = failures - 1, locked_until = NULL
    WHERE customer_id = $1 AND by_name = $2 AND failures > 1";

pub(crate) const CLEAR: &str = "DELETE FROM verification_failures
    WHERE customer_id = $1 AND by_name = FALSE";

pub(crate) const IS_LOCKED: &str = "SELECT EXISTS (SELECT 1 FROM verification_failures
    WHERE customer_id = $1 AND by_name = FALSE AND locked_until > $2)";
