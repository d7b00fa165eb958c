//! The waiting list in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Database, row};
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
        self.write(async |connection| {
            let row = sqlx::query(JOIN)
                .bind(new.customer.0)
                .bind(new.vehicle.0)
                .bind(&new.location)
                .bind(&new.service)
                .bind(new.first_day.to_string())
                .bind(new.last_day.to_string())
                .fetch_one(&mut *connection)
                .await?;
            let joined = wait(&row)?;
            Ok(joined)
        })
        .await
    }

    async fn waiting(
        &self,
        location: &str,
        after: Option<WaitId>,
        limit: u32,
    ) -> Result<Vec<Wait>, StorageError> {
        let rows = sqlx::query(WAITING)
            .bind(location)
            .bind(i64::from(limit))
            .bind(after.map_or(0, |last| last.0))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(wait).collect()
    }

    async fn offers(&self, location: &str, now: Timestamp) -> Result<Vec<Offer>, StorageError> {
        let rows = sqlx::query(OFFERS)
            .bind(location)
            .bind(now.as_second())
            .fetch_all(&self.readers)
            .await?;
        let waits: Vec<Wait> = rows.iter().map(wait).collect::<Result<_, _>>()?;
        Ok(waits.into_iter().filter_map(|wait| wait.offer).collect())
    }

    async fn offer(
        &self,
        id: WaitId,
        offer: &Offer,
        at_most: u32,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        self.write(async |connection| {
            let done = sqlx::query(OFFER)
                .bind(id.0)
                .bind(offer.starts_at.as_second())
                .bind(offer.ends_at.as_second())
                .bind(offer.until.as_second())
                .bind(i64::from(at_most))
                .bind(now.as_second())
                .execute(&mut *connection)
                .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn offered_to(
        &self,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Wait>, StorageError> {
        let row = sqlx::query(OFFERED_TO)
            .bind(customer.0)
            .bind(now.as_second())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(wait).transpose()
    }

    async fn expire(&self, now: Timestamp) -> Result<u64, StorageError> {
        self.write(async |connection| {
            let done = sqlx::query(EXPIRE)
                .bind(now.as_second())
                .execute(&mut *connection)
                .await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn close(
        &self,
        id: WaitId,
        from: WaitState,
        to: WaitState,
    ) -> Result<bool, StorageError> {
        self.write(async |connection| {
            let done = sqlx::query(CLOSE)
                .bind(id.0)
                .bind(row::word(from)?)
                .bind(row::word(to)?)
                .execute(&mut *connection)
                .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn wait(&self, id: WaitId) -> Result<Option<Wait>, StorageError> {
        let row = sqlx::query(BY_ID)
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(wait).transpose()
    }
}
