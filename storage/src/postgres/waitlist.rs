//! The waiting list on Postgres.

use async_trait::async_trait;
use jiff::Timestamp;

use super::row;
use super::transaction::{Mode, within};
use super::{Database, sql};
use crate::customer::CustomerId;
use crate::error::StorageError;
use crate::read::wait;
use crate::waitlist::{
    BY_ID, CLOSE, EXPIRE, JOIN, NewWait, OFFER, OFFERED_TO, OFFERS, Offer, WAITING, Wait, WaitId,
    WaitState, Waitlist,
};

#[async_trait]
impl Waitlist for Database {
    async fn join(&self, new: &NewWait) -> Result<Wait, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let row = sql(JOIN)
                .bind(new.customer.0)
                .bind(new.vehicle.0)
                .bind(row::text(&new.location))
                .bind(row::text(&new.service))
                .bind(row::date(new.first_day))
                .bind(row::date(new.last_day))
                .fetch_one(&mut *transaction)
                .await;
            let row = transaction.end(row.map_err(StorageError::from)).await?;
            wait(&row)
        })
        .await
    }

    async fn waiting(
        &self,
        location: &str,
        after: Option<WaitId>,
        limit: u32,
    ) -> Result<Vec<Wait>, StorageError> {
        let query = sql(WAITING)
            .bind(row::text(location))
            .bind(i64::from(limit))
            .bind(after.map_or(0, |last| last.0));
        self.all(query, wait).await
    }

    async fn offers(&self, location: &str, now: Timestamp) -> Result<Vec<Offer>, StorageError> {
        let query = sql(OFFERS)
            .bind(row::text(location))
            .bind(row::instant(now));
        let waits = self.all(query, wait).await?;
        Ok(waits.into_iter().filter_map(|wait| wait.offer).collect())
    }

    async fn offer(
        &self,
        id: WaitId,
        offer: &Offer,
        at_most: u32,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        within(async {
            // Alone: two that count at once would both find room for one.
            let mut transaction = self.begin(Mode::Move).await?;
            let done = sql(OFFER)
                .bind(id.0)
                .bind(row::instant(offer.starts_at))
                .bind(row::instant(offer.ends_at))
                .bind(row::instant(offer.until))
                .bind(i64::from(at_most))
                .bind(row::instant(now))
                .execute(&mut *transaction)
                .await;
            let done = transaction.end(done.map_err(StorageError::from)).await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn offered_to(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Wait>, StorageError> {
        let query = sql(OFFERED_TO).bind(customer.0).bind(row::instant(now));
        self.one(query, wait).await
    }

    async fn expire(&self, now: Timestamp) -> Result<u64, StorageError> {
        self.run(sql(EXPIRE).bind(row::instant(now))).await
    }

    async fn close(
        &self,
        id: WaitId,
        from: WaitState,
        to: WaitState,
    ) -> Result<bool, StorageError> {
        let query = sql(CLOSE)
            .bind(id.0)
            .bind(row::word(from)?)
            .bind(row::word(to)?);
        Ok(self.run(query).await? == 1)
    }

    async fn wait(&self, id: WaitId) -> Result<Option<Wait>, StorageError> {
        self.one(sql(BY_ID).bind(id.0), wait).await
    }
}
