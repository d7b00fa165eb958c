//! Text messages that callers ask for, on Postgres.

use async_trait::async_trait;

use super::{Database, row, sql};
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
        let query = sql(INTEND)
            .bind(row::text(call_sid))
            .bind(row::word(topic)?)
            .bind(to.as_str());
        let committed = self.run(query).await? == 1;
        Intended::of(committed, to, self).await
    }

    async fn conclude(
        &self,
        call_sid: &str,
        topic: Topic,
        state: State,
    ) -> Result<(), StorageError> {
        let query = sql(CONCLUDE)
            .bind(row::text(call_sid))
            .bind(row::word(topic)?)
            .bind(row::word(state)?);
        self.run(query).await?;
        Ok(())
    }

    async fn of_call(&self, call_sid: &str) -> Result<Vec<AskedText>, StorageError> {
        self.all(sql(OF_CALL).bind(row::text(call_sid)), asked_text)
            .await
    }
}
