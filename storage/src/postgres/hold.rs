//! Held times on Postgres.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::row;
use super::transaction::{Mode, within};
use super::{Database, sql};
use crate::calendar::seconds_up;
use crate::error::StorageError;
use crate::hold::{self, COUNT, Fence, Held, NEXT_FENCE, RELEASE, SlotHolds, Wanted};
use crate::slots::Interval;

/// What has run out, and what the call held.
const MAKE_ROOM: &str = "DELETE FROM slot_holds WHERE expires_at <= now() OR call_sid = $1";

const HOLD: &str = "INSERT INTO slot_holds
    (call_sid, location, starts_at, ends_at, fence, expires_at)
    VALUES ($1, $2, $3, $4, $5, now() + $6::bigint * interval '1 second')
    ON CONFLICT DO NOTHING";

const HELD: &str = "SELECT call_sid, starts_at, ends_at FROM slot_holds
    WHERE location = $1 AND starts_at < $3 AND ends_at > $2 AND call_sid <> $4
      AND expires_at > now()";

#[async_trait]
impl SlotHolds for Database {
    async fn hold(
        &self,
        location: &str,
        call_sid: &str,
        wanted: &[Wanted],
        life: Duration,
    ) -> Result<Held, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let held = take(&mut transaction, location, call_sid, wanted, life).await;
            transaction.end(held).await
        })
        .await
    }

    async fn held(
        &self,
        location: &str,
        span: Interval,
        but_by: &str,
    ) -> Result<Vec<Interval>, StorageError> {
        let query = sql(HELD)
            .bind(row::text(location))
            .bind(row::instant(span.starts_at))
            .bind(row::instant(span.ends_at))
            .bind(row::text(but_by));
        Ok(hold::by_call(self.all(query, held).await?))
    }

    async fn release(&self, call_sid: &str, up_to: Fence) -> Result<(), StorageError> {
        self.run(sql(RELEASE).bind(row::text(call_sid)).bind(up_to.0))
            .await?;
        Ok(())
    }
}

async fn take(
    connection: &mut PgConnection,
    location: &str,
    call_sid: &str,
    wanted: &[Wanted],
    life: Duration,
) -> Result<Held, StorageError> {
    // Whoever counts waits here for whoever counted before.
    let fence: i64 = sql(NEXT_FENCE)
        .fetch_one(&mut *connection)
        .await?
        .try_get(0)?;
    sql(MAKE_ROOM)
        .bind(row::text(call_sid))
        .execute(&mut *connection)
        .await?;
    let mut intervals = Vec::new();
    for Wanted { interval, room } in wanted {
        let (starts_at, ends_at) = (
            row::instant(interval.starts_at),
            row::instant(interval.ends_at),
        );
        let others: i64 = sql(COUNT)
            .bind(row::text(location))
            .bind(starts_at)
            .bind(ends_at)
            .bind(row::text(call_sid))
            .fetch_one(&mut *connection)
            .await?
            .try_get(0)?;
        if usize::try_from(others).is_ok_and(|others| others < *room) {
            sql(HOLD)
                .bind(row::text(call_sid))
                .bind(row::text(location))
                .bind(starts_at)
                .bind(ends_at)
                .bind(fence)
                .bind(seconds_up(life))
                .execute(&mut *connection)
                .await?;
            intervals.push(*interval);
        }
    }
    let fence = Fence(fence);
    Ok(Held { fence, intervals })
}

fn held(row: &PgRow) -> Result<(String, Interval), StorageError> {
    let instant = |column| -> Result<_, StorageError> {
        let found: jiff_sqlx::Timestamp = row.try_get(column)?;
        Ok(found.to_jiff())
    };
    let interval = Interval {
        starts_at: instant("starts_at")?,
        ends_at: instant("ends_at")?,
    };
    Ok((row.try_get("call_sid")?, interval))
}
