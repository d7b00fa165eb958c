//! Text messages that callers ask for, in SQLite.

use async_trait::async_trait;

use super::{Database, row};
use crate::asked_text::{AskedText, AskedTexts, CONCLUDE, INTEND, Intended, OF_CALL, State, Topic};
use crate::customer::Phone;
use crate::error::StorageError;
use crate::read::asked_text;

#[async_trait]
impl AskedTexts for Database {
    async fn intend(
        &self,
        call_sid: &str,
        topic: Topic,
        to: &Phone,
    ) -> Result<Intended, StorageError> {
        let committed = self
            .write(async |connection| {
                let done = sqlx::query(INTEND)
                    .bind(call_sid)
                    .bind(row::word(topic)?)
                    .bind(to.as_str())
                    .execute(&mut *connection)
                    .await?;
                Ok::<_, StorageError>(done.rows_affected() == 1)
            })
            .await?;
        Intended::of(committed, to, self).await
    }

    async fn conclude(
        &self,
        call_sid: &str,
        topic: Topic,
        state: State,
    ) -> Result<(), StorageError> {
        self.write(async |connection| {
            sqlx::query(CONCLUDE)
                .bind(call_sid)
                .bind(row::word(topic)?)
                .bind(row::word(state)?)
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn of_call(&self, call_sid: &str) -> Result<Vec<AskedText>, StorageError> {
        let rows = sqlx::query(OF_CALL)
            .bind(call_sid)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(asked_text).collect()
    }
}
