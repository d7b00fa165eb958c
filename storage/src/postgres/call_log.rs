//! Call logs on Postgres. Transcript, turn latencies and tools are one JSON document each: they are
//! written once and read whole.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::row;
use super::transaction::{Mode, within};
use super::{Database, Query, sql};
use crate::call_log::{CallEvent, CallLog, CallLogs, CallSummary, NetworkStatus, NewCallLog};
use crate::error::StorageError;
use crate::limits;
use crate::read::{call_event, call_log};

const BY_SID: &str = "SELECT * FROM call_logs WHERE call_sid = $1";

const LOCK_BY_SID: &str = "SELECT * FROM call_logs WHERE call_sid = $1 FOR UPDATE";

const RECENT: &str = "SELECT * FROM call_logs ORDER BY started_at DESC, id DESC LIMIT $1";

const OPEN: &str = "INSERT INTO call_logs (call_sid, direction, from_number, to_number, started_at)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (call_sid) DO NOTHING";

const CLOSE: &str = "INSERT INTO call_logs
    (call_sid, direction, from_number, to_number, started_at, outcome, ended_at, duration_ms,
     end_reason, customer_id, appointment_id, required_human_transfer, transcript, turns, tools_used)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (call_sid) DO UPDATE SET
        outcome = excluded.outcome, ended_at = excluded.ended_at,
        duration_ms = excluded.duration_ms, end_reason = excluded.end_reason,
        customer_id = excluded.customer_id, appointment_id = excluded.appointment_id,
        required_human_transfer = excluded.required_human_transfer,
        transcript = excluded.transcript, turns = excluded.turns,
        tools_used = excluded.tools_used";

/// Beside [`CLOSE`]: whoever led the call knows more, and may be closing the row right now.
const UNSPOKEN: &str = "INSERT INTO call_logs
    (call_sid, direction, from_number, to_number, started_at, outcome, ended_at, duration_ms,
     end_reason, customer_id, appointment_id, required_human_transfer, transcript, turns, tools_used)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (call_sid) DO NOTHING";

const NETWORK: &str = "UPDATE call_logs
    SET network_status = $2, network_duration_s = $3, network_sequence = $4 WHERE call_sid = $1";

const NOTE: &str = "INSERT INTO call_events (call_sid, kind, at, detail) VALUES ($1, $2, $3, $4)
    ON CONFLICT (call_sid, kind, md5(detail::text)) DO NOTHING";

const EVENTS: &str = "SELECT * FROM call_events WHERE call_sid = $1 ORDER BY id LIMIT $2";

#[async_trait]
impl CallLogs for Database {
    async fn open(&self, call: &NewCallLog) -> Result<(), StorageError> {
        self.run(begun(OPEN, call)?).await?;
        Ok(())
    }

    async fn close(&self, call: &NewCallLog, summary: &CallSummary) -> Result<(), StorageError> {
        self.run(ended(CLOSE, call, summary)?).await?;
        Ok(())
    }

    async fn by_sid(&self, call_sid: &str) -> Result<Option<CallLog>, StorageError> {
        let query = sql(BY_SID).bind(row::text(call_sid));
        self.one(query, call_log).await
    }

    async fn recent(&self, limit: u32) -> Result<Vec<CallLog>, StorageError> {
        let limit = i64::from(limit.min(limits::RECENT_CALL_LOGS));
        self.all(sql(RECENT).bind(limit), call_log).await
    }

    async fn network(
        &self,
        call: &NewCallLog,
        status: &NetworkStatus,
        unspoken: &CallSummary,
    ) -> Result<(), StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = network_says(&mut transaction, call, status, unspoken).await;
            transaction.end(done).await
        })
        .await
    }

    async fn note(&self, event: &CallEvent) -> Result<(), StorageError> {
        let insert = sql(NOTE)
            .bind(row::text(&event.call_sid))
            .bind(row::text(&event.kind))
            .bind(row::instant(event.at))
            .bind(row::json(&event.detail)?);
        self.run(insert).await?;
        Ok(())
    }

    async fn events(&self, call_sid: &str) -> Result<Vec<CallEvent>, StorageError> {
        let query = sql(EVENTS)
            .bind(row::text(call_sid))
            .bind(i64::from(limits::EVENTS_PER_CALL));
        self.all(query, call_event).await
    }
}

async fn network_says(
    connection: &mut PgConnection,
    call: &NewCallLog,
    status: &NetworkStatus,
    unspoken: &CallSummary,
) -> Result<(), StorageError> {
    let mut log = locked(connection, call).await?;
    if log.is_none() && status.status.is_final() {
        ended(UNSPOKEN, call, unspoken)?
            .execute(&mut *connection)
            .await?;
        // Ours, or that of somebody who was faster.
        log = locked(connection, call).await?;
    }
    let Some(log) = log else { return Ok(()) };
    if log.network.is_some_and(|kept| !status.supersedes(&kept)) {
        return Ok(());
    }
    sql(NETWORK)
        .bind(row::text(&call.call_sid))
        .bind(row::word(status.status)?)
        .bind(status.duration_s.map(i64::from))
        .bind(i64::from(status.sequence))
        .execute(connection)
        .await?;
    Ok(())
}

/// The row, which nobody else changes until the transaction ends.
async fn locked(
    connection: &mut PgConnection,
    call: &NewCallLog,
) -> Result<Option<CallLog>, StorageError> {
    let row = sql(LOCK_BY_SID)
        .bind(row::text(&call.call_sid))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(call_log).transpose()
}

/// The columns of a call that begins.
fn begun<'q>(insert: &'static str, call: &'q NewCallLog) -> Result<Query<'q>, StorageError> {
    Ok(sql(insert)
        .bind(row::text(&call.call_sid))
        .bind(row::word(call.direction)?)
        .bind(row::optional(call.from_number.as_ref()))
        .bind(row::optional(call.to_number.as_ref()))
        .bind(row::instant(call.started_at)))
}

/// The columns of a call that has ended.
fn ended<'q>(
    insert: &'static str,
    call: &'q NewCallLog,
    summary: &'q CallSummary,
) -> Result<Query<'q>, StorageError> {
    Ok(begun(insert, call)?
        .bind(row::word(summary.outcome)?)
        .bind(row::instant(summary.ended_at))
        .bind(i64::try_from(summary.duration_ms).unwrap_or(i64::MAX))
        .bind(row::text(&summary.end_reason))
        .bind(summary.customer.map(|id| id.0))
        .bind(summary.appointment.map(|id| id.0))
        .bind(summary.required_human_transfer)
        .bind(row::json(&summary.transcript)?)
        .bind(row::json(&summary.turns)?)
        .bind(row::json(&summary.tools_used)?))
}
