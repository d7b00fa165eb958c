//! Call logs in SQLite. Transcript, turn latencies and tools are one JSON document each: they are
//! written once and read whole.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::Database;
use super::row;
use crate::call_log::{CallEvent, CallLog, CallLogs, CallSummary, NetworkStatus, NewCallLog};
use crate::error::StorageError;
use crate::limits;
use crate::read::{call_event, call_log};

const BY_SID: &str = "SELECT * FROM call_logs WHERE call_sid = $1";

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

const NETWORK: &str = "UPDATE call_logs
    SET network_status = $2, network_duration_s = $3, network_sequence = $4 WHERE call_sid = $1";

const NOTE: &str = "INSERT INTO call_events (call_sid, kind, at, detail) VALUES ($1, $2, $3, $4)
    ON CONFLICT (call_sid, kind, detail) DO NOTHING";

const EVENTS: &str = "SELECT * FROM call_events WHERE call_sid = $1 ORDER BY id LIMIT $2";

#[async_trait]
impl CallLogs for Database {
    async fn open(&self, call: &NewCallLog) -> Result<(), StorageError> {
        self.write(async |connection| {
            sqlx::query(OPEN)
                .bind(&call.call_sid)
                .bind(row::word(call.direction)?)
                .bind(&call.from_number)
                .bind(&call.to_number)
                .bind(call.started_at.as_second())
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn close(&self, call: &NewCallLog, summary: &CallSummary) -> Result<(), StorageError> {
        self.write(async |connection| write_closed(connection, call, summary).await)
            .await
    }

    async fn by_sid(&self, call_sid: &str) -> Result<Option<CallLog>, StorageError> {
        let row = sqlx::query(BY_SID)
            .bind(call_sid)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(call_log).transpose()
    }

    async fn recent(&self, limit: u32) -> Result<Vec<CallLog>, StorageError> {
        let rows = sqlx::query(RECENT)
            .bind(limit.min(limits::RECENT_CALL_LOGS))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(call_log).collect()
    }

    async fn network(
        &self,
        call: &NewCallLog,
        status: &NetworkStatus,
        unspoken: &CallSummary,
    ) -> Result<(), StorageError> {
        self.write(async |connection| {
            let row = sqlx::query(BY_SID)
                .bind(&call.call_sid)
                .fetch_optional(&mut *connection)
                .await?;
            match row.as_ref().map(call_log).transpose()? {
                Some(log) if log.network.is_some_and(|kept| !status.supersedes(&kept)) => {
                    return Ok(());
                }
                Some(_) => {}
                None if status.status.is_final() => {
                    write_closed(connection, call, unspoken).await?;
                }
                None => return Ok(()),
            }
            sqlx::query(NETWORK)
                .bind(&call.call_sid)
                .bind(row::word(status.status)?)
                .bind(status.duration_s)
                .bind(status.sequence)
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn note(&self, event: &CallEvent) -> Result<(), StorageError> {
        self.write(async |connection| {
            sqlx::query(NOTE)
                .bind(&event.call_sid)
                .bind(&event.kind)
                .bind(event.at.as_second())
                .bind(row::json(&event.detail)?)
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn events(&self, call_sid: &str) -> Result<Vec<CallEvent>, StorageError> {
        let rows = sqlx::query(EVENTS)
            .bind(call_sid)
            .bind(limits::EVENTS_PER_CALL)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(call_event).collect()
    }
}

async fn write_closed(
    connection: &mut SqliteConnection,
    call: &NewCallLog,
    summary: &CallSummary,
) -> Result<(), StorageError> {
    sqlx::query(CLOSE)
        .bind(&call.call_sid)
        .bind(row::word(call.direction)?)
        .bind(&call.from_number)
        .bind(&call.to_number)
        .bind(call.started_at.as_second())
        .bind(row::word(summary.outcome)?)
        .bind(summary.ended_at.as_second())
        .bind(i64::try_from(summary.duration_ms).unwrap_or(i64::MAX))
        .bind(&summary.end_reason)
        .bind(summary.customer.map(|id| id.0))
        .bind(summary.appointment.map(|id| id.0))
        .bind(summary.required_human_transfer)
        .bind(row::json(&summary.transcript)?)
        .bind(row::json(&summary.turns)?)
        .bind(row::json(&summary.tools_used)?)
        .execute(connection)
        .await?;
    Ok(())
}
