//! Consents and opt-outs on Postgres.

use async_trait::async_trait;
use jiff::Timestamp;

use super::transaction::{Mode, within};
use super::{Database, Query, row, sql};
use crate::consent::{Channel, Consents, Standing};
use crate::customer::Phone;
use crate::error::StorageError;
use crate::read::standing;

const CONSENT: &str = "INSERT INTO consents (phone, channel, source, at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

/// Said twice, it counts from the last time.
const OPT_OUT: &str = "INSERT INTO opt_outs (phone, channel, source, at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (phone, channel) WHERE lifted_at IS NULL
    DO UPDATE SET at = greatest(opt_outs.at, excluded.at)";

/// Only what was said before.
const LIFT: &str = "UPDATE opt_outs SET lifted_at = $3
    WHERE phone = $1 AND channel = $2 AND lifted_at IS NULL AND at <= $3";

const STANDING: &str = "SELECT
    EXISTS (SELECT FROM consents WHERE phone = $1 AND $2 IN (channel, 'all')) AS consented,
    EXISTS (SELECT FROM opt_outs
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
        let each = channel.each().iter();
        let inserts = each.map(|one| insert(CONSENT, phone, *one, source, at));
        self.run_all(inserts.collect::<Result<_, _>>()?).await
    }

    async fn opt_out(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut queries = vec![one_by_one(phone)];
        for one in channel.each() {
            queries.push(insert(OPT_OUT, phone, *one, source, at)?);
        }
        self.run_all(queries).await
    }

    async fn opt_in(
        &self,
        phone: &Phone,
        channel: Channel,
        source: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut queries = Vec::new();
        for one in channel.each() {
            let lift = sql(LIFT)
                .bind(phone.as_str())
                .bind(row::word(*one)?)
                .bind(row::instant(at));
            queries.push(lift);
            queries.push(insert(CONSENT, phone, *one, source, at)?);
        }
        self.run_all(queries).await
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
        let query = sql(STANDING)
            .bind(phone.as_str())
            .bind(row::word(channel)?)
            .bind(row::instant(since));
        let found = self.one(query, standing).await?;
        found.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }
}

/// Whatever reaches this number and whatever forbids it wait for each other, until the end of the
/// transaction.
pub(super) fn one_by_one(phone: &Phone) -> Query<'_> {
    sql("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(phone.as_str())
}

impl Database {
    /// Statements that write, all of them or none.
    async fn run_all(&self, queries: Vec<Query<'_>>) -> Result<(), StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let mut done = Ok(());
            for query in queries {
                if let Err(error) = query.execute(&mut *transaction).await {
                    done = Err(error.into());
                    break;
                }
            }
            transaction.end(done).await
        })
        .await
    }
}

/// One consent or opt-out, on a single channel.
fn insert<'q>(
    insert: &'static str,
    phone: &'q Phone,
    channel: Channel,
    source: &'q str,
    at: Timestamp,
) -> Result<Query<'q>, StorageError> {
    Ok(sql(insert)
        .bind(phone.as_str())
        .bind(row::word(channel)?)
        .bind(row::text(source))
        .bind(row::instant(at)))
}
