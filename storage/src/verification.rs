//! How often it was guessed who a customer is: counted across calls, in the database.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::location::Verification;

#[async_trait]
pub trait Verifications: Send + Sync {
    /// Counts an answer about this customer as a wrong one, before anybody looks at it: so calls
    /// that guess at the same time have no more guesses together than one has. After as many as the
    /// policy allows within its window, none is allowed until the lock is over.
    async fn attempt(
        &self,
        customer: CustomerId,
        now: Timestamp,
        policy: &Verification,
    ) -> Result<Attempt, StorageError>;

    /// The answer was right: nothing was guessed.
    async fn clear(&self, customer: CustomerId) -> Result<(), StorageError>;
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
/// begins now, $5 the beginning of the window. No row where the customer is locked.
pub(crate) const ATTEMPT: &str = "INSERT INTO verification_failures AS kept
    (customer_id, failures, first_at, locked_until)
    VALUES ($1, 1, $2, CASE WHEN $3 <= 1 THEN $4 END)
    ON CONFLICT (customer_id) DO UPDATE SET
        failures = CASE WHEN kept.locked_until IS NULL AND kept.first_at > $5
            THEN kept.failures + 1 ELSE 1 END,
        first_at = CASE WHEN kept.locked_until IS NULL AND kept.first_at > $5
            THEN kept.first_at ELSE $2 END,
        locked_until = CASE WHEN $3 <= CASE WHEN kept.locked_until IS NULL AND kept.first_at > $5
            THEN kept.failures + 1 ELSE 1 END THEN $4 END
    WHERE kept.locked_until IS NULL OR kept.locked_until <= $2
    RETURNING failures";

pub(crate) const CLEAR: &str = "DELETE FROM verification_failures WHERE customer_id = $1";
