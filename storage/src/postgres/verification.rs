//! Guesses on Postgres.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;

use super::row;
use super::transaction::{Mode, within};
use super::{Database, sql};
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
        let lock_ends = now.saturating_add(policy.lock).unwrap_or(Timestamp::MAX);
        let window_begins = now.saturating_sub(policy.window).unwrap_or(Timestamp::MIN);
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let row = sql(ATTEMPT)
                .bind(customer.0)
                .bind(row::instant(now))
                .bind(i64::from(policy.wrong_answers))
                .bind(row::instant(lock_ends))
                .bind(row::instant(window_begins))
                .fetch_optional(&mut *transaction)
                .await;
            let row = transaction.end(row.map_err(StorageError::from)).await?;
            let failures: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
            Ok(Attempt::after(failures, policy))
        })
        .await
    }

    async fn clear(&self, customer: CustomerId) -> Result<(), StorageError> {
        self.run(sql(CLEAR).bind(customer.0)).await?;
        Ok(())
    }
}
