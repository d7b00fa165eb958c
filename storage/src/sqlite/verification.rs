//! Guesses in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Database;
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::location::Verification;
use crate::verification::{ATTEMPT, Attempt, CLEAR, Verifications};

#[async_trait]
impl Verifications for Database {
    async fn attempt(
        &self,
        customer: CustomerId,
        now: Timestamp,
        policy: &Verification,
    ) -> Result<Attempt, StorageError> {
        let now = now.as_second();
        let mut transaction = self.write().await?;
        let failures: Option<i64> = sqlx::query_scalar(ATTEMPT)
            .bind(customer.0)
            .bind(now)
            .bind(i64::from(policy.wrong_answers))
            .bind(now.saturating_add(policy.lock.as_secs()))
            .bind(now.saturating_sub(policy.window.as_secs()))
            .fetch_optional(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Attempt::after(failures, policy))
    }

    async fn clear(&self, customer: CustomerId) -> Result<(), StorageError> {
        let mut transaction = self.write().await?;
        sqlx::query(CLEAR)
            .bind(customer.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
