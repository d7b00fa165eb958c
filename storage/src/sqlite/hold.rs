//! Held times in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;

use super::Database;
use crate::calendar::seconds_up;
use crate::error::StorageError;
use crate::hold::{self, COUNT, Fence, Held, NEXT_FENCE, RELEASE, SlotHolds, Wanted};
use crate::slots::Interval;

/// What has run out, and what the call held.
const MAKE_ROOM: &str = "DELETE FROM slot_holds WHERE expires_at <= unixepoch() OR call_sid = $1";

const HOLD: &str = "INSERT INTO slot_holds
    (call_sid, location, starts_at, ends_at, fence, expires_at)
    VALUES ($1, $2, $3, $4, $5, unixepoch() + $6) ON CONFLICT DO NOTHING";

const HELD: &str = "SELECT call_sid, starts_at, ends_at FROM slot_holds
    WHERE location = $1 AND starts_at < $3 AND ends_at > $2 AND call_sid <> $4
      AND expires_at > unixepoch()";

#[async_trait]
impl SlotHolds for Database {
    async fn hold(
        &self,
        location: &str,
        call_sid: &str,
        wanted: &[Wanted],
        life: Duration,
    ) -> Result<Held, StorageError> {
        self.write(async |connection| {
            let fence: i64 = sqlx::query_scalar(NEXT_FENCE)
                .fetch_one(&mut *connection)
                .await?;
            sqlx::query(MAKE_ROOM)
                .bind(call_sid)
                .execute(&mut *connection)
                .await?;
            let mut intervals = Vec::new();
            for Wanted { interval, room } in wanted {
                let (starts_at, ends_at) = seconds(*interval);
                let others: i64 = sqlx::query_scalar(COUNT)
                    .bind(location)
                    .bind(starts_at)
                    .bind(ends_at)
                    .bind(call_sid)
                    .fetch_one(&mut *connection)
                    .await?;
                if usize::try_from(others).is_ok_and(|others| others < *room) {
                    sqlx::query(HOLD)
                        .bind(call_sid)
                        .bind(location)
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
        })
        .await
    }

    async fn held(
        &self,
        location: &str,
        span: Interval,
        but_by: &str,
    ) -> Result<Vec<Interval>, StorageError> {
        let (starts_at, ends_at) = seconds(span);
        let rows = sqlx::query(HELD)
            .bind(location)
            .bind(starts_at)
            .bind(ends_at)
            .bind(but_by)
            .fetch_all(&self.readers)
            .await?;
        let instant = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        let mut holds = Vec::with_capacity(rows.len());
        for row in rows {
            let interval = Interval {
                starts_at: instant(row.try_get(1)?),
                ends_at: instant(row.try_get(2)?),
            };
            holds.push((row.try_get(0)?, interval));
        }
        Ok(hold::by_call(holds))
    }

    async fn release(&self, call_sid: &str, up_to: Fence) -> Result<(), StorageError> {
        self.write(async |connection| {
            sqlx::query(RELEASE)
                .bind(call_sid)
                .bind(up_to.0)
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }
}

fn seconds(interval: Interval) -> (i64, i64) {
    (interval.starts_at.as_second(), interval.ends_at.as_second())
}
