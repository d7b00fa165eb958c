//! Guesses in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Database;
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::location::Verification;
use crate::verification::{
    ATTEMPT, Attempt, CLEAR, Guessed, IS_LOCKED, TAKE_BACK_ONE, TAKE_BACK_ONLY, Verifications,
};

#[async_trait]
impl Verifications for Database {
    async fn attempt(
        &self,
        about: Guessed,
        now: Timestamp,
        policy: &Verification,
    ) -> Result<Attempt, StorageError> {
        let (customer, by_name) = about.row();
        let now = now.as_second();
        self.write(async |connection| {
            let failures: Option<i64> = sqlx::query_scalar(ATTEMPT)
                .bind(customer)
                .bind(now)
                .bind(i64::from(policy.wrong_answers))
                .bind(now.saturating_add(policy.lock.as_secs()))
                .bind(now.saturating_sub(policy.window.as_secs()))
                .bind(by_name)
                .fetch_optional(&mut *connection)
                .await?;
            Ok(Attempt::after(failures, policy))
        })
        .await
    }

    async fn take_back(&self, about: Guessed) -> Result<(), StorageError> {
        let (customer, by_name) = about.row();
        self.write(async |connection| {
            // In this order, or the one that is left would go, too.
            for step in [TAKE_BACK_ONLY, TAKE_BACK_ONE] {
                sqlx::query(step)
                    .bind(customer)
                    .bind(by_name)
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    async fn clear(&self, customer: CustomerId) -> Result<(), StorageError> {
        self.write(async |connection| {
            sqlx::query(CLEAR)
                .bind(customer.0)
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn is_locked(&self, customer: CustomerId, now: Timestamp) -> Result<bool, StorageError> {
        let locked = sqlx::query_scalar(IS_LOCKED)
            .bind(customer.0)
            .bind(now.as_second())
            .fetch_one(&self.readers)
            .await?;
        Ok(locked)
    }
}
