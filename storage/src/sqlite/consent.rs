//! Consents and opt-outs in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::{Database, row};
use crate::consent::{Channel, Consents, Standing};
use crate::customer::Phone;
use crate::error::StorageError;
use crate::read::standing;

const CONSENT: &str = "INSERT INTO consents (phone, channel, source, at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

/// Said twice, it counts from the last time.
const OPT_OUT: &str = "INSERT INTO opt_outs (phone, channel, source, at)
    SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM opt_outs
        WHERE phone = $1 AND channel = $2 AND lifted_at > $4)
    ON CONFLICT (phone, channel) WHERE lifted_at IS NULL
    DO UPDATE SET at = max(opt_outs.at, excluded.at)";

/// Only what was said before.
const LIFT: &str = "UPDATE opt_outs SET lifted_at = $3
    WHERE phone = $1 AND channel = $2 AND lifted_at IS NULL AND at <= $3";

const STANDING: &str = "SELECT
    EXISTS (SELECT 1 FROM consents WHERE phone = $1 AND $2 IN (channel, 'all')) AS consented,
    EXISTS (SELECT 1 FROM opt_outs
        WHERE phone = $1 AND $2 IN (channel, 'all') AND lifted_at IS NULL) AS opted_out,
    (SELECT count(*) FROM reminder_attempts WHERE to_number = $1 AND $2 IN (channel, 'all')
        AND intent_at >= $3 AND counts) AS attempts,
    (SELECT max(intent_at) FROM reminder_attempts WHERE to_number = $1 AND $2 IN (channel, 'all')
        AND counts) AS last_attempt";

#[async_trait]
impl Consents for Database {
    async fn consent(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(async |connection| {
            for one in channel.each() {
                insert(CONSENT, phone, *one, source, at)?
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    async fn opt_out(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(async |connection| {
            for one in channel.each() {
                insert(OPT_OUT, phone, *one, source, at)?
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    async fn opt_in(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(async |connection| {
            for one in channel.each() {
                sqlx::query(LIFT)
                    .bind(phone.as_str())
                    .bind(row::word(*one)?)
                    .bind(at.as_second())
                    .execute(&mut *connection)
                    .await?;
                insert(CONSENT, phone, *one, source, at)?
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    async fn is_opted_out(&self, phone: &Phone, channel: Channel) -> Result<bool, StorageError> {
        let standing = self.standing(phone, channel, Timestamp::UNIX_EPOCH).await?;
        Ok(standing.opted_out)
    }

    async fn standing(
        &self,
        phone: &Phone,
        channel: Channel,
        since: Timestamp,
    ) -> Result<Standing, StorageError> {
        let row = sqlx::query(STANDING)
            .bind(phone.as_str())
            .bind(row::word(channel)?)
            .bind(since.as_second())
            .fetch_one(&self.readers)
            .await?;
        standing(&row)
    }
}

/// One consent or opt-out, on a single channel.
fn insert<'q>(
    insert: &'static str,
    phone: &'q Phone,
    channel: Channel,
    source: &'q str,
    at: Timestamp,
) -> Result<Query<'q, Sqlite, SqliteArguments>, StorageError> {
    Ok(sqlx::query(insert)
        .bind(phone.as_str())
        .bind(row::word(channel)?)
        .bind(source)
        .bind(at.as_second()))
}
