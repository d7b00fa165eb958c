//! Guesses on Postgres.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, Row as _};

use super::row;
use super::transaction::{Mode, within};
use super::{Database, sql};
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
        let lock_ends = now.saturating_add(policy.lock).unwrap_or(Timestamp::MAX);
        let window_begins = now.saturating_sub(policy.window).unwrap_or(Timestamp::MIN);
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let row = sql(ATTEMPT)
                .bind(customer)
                .bind(row::instant(now))
                .bind(i64::from(policy.wrong_answers))
                .bind(row::instant(lock_ends))
                .bind(row::instant(window_begins))
                .bind(by_name)
                .fetch_optional(&mut *transaction)
                .await;
            let row = transaction.end(row.map_err(StorageError::from)).await?;
            let failures: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
            Ok(Attempt::after(failures, policy))
        })
        .await
    }

    async fn take_back(&self, about: Guessed) -> Result<(), StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = take_back(&mut transaction, about.row()).await;
            transaction.end(done).await
        })
        .await
    }

    async fn clear(&self, customer: CustomerId) -> Result<(), StorageError> {
        self.run(sql(CLEAR).bind(customer.0)).await?;
        Ok(())
    }

    async fn is_locked(&self, customer: CustomerId, now: Timestamp) -> Result<bool, StorageError> {
        let query = sql(IS_LOCKED).bind(customer.0).bind(row::instant(now));
        let locked = self.one(query, |row| Ok(row.try_get(0)?)).await?;
        Ok(locked.unwrap_or_default())
    }
}

/// In this order, or the one that is left would go, too.
async fn take_back(
    connection: &mut PgConnection,
    (customer, by_name): (i64, bool),
) -> Result<(), StorageError> {
    for step in [TAKE_BACK_ONLY, TAKE_BACK_ONE] {
        sql(step)
            .bind(customer)
            .bind(by_name)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
