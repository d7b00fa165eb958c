//! The calendar's outbox in SQLite. The write lock makes everything here one after the other.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::Database;
use crate::appointment::AppointmentId;
use crate::calendar::{
    CalendarBooking, CalendarOutbox, CalendarTask, EventRef, Next, OutboxDepth, OutboxEntry,
    seconds_up,
};
use crate::error::StorageError;
use crate::limits;
use crate::read::calendar::{calendar_booking, outbox_depth, outbox_entry, taken};

/// A dead letter has its chance when the booking changes; one that somebody has under way ends by
/// itself.
const SUPERSEDE: &str = "UPDATE calendar_outbox
    SET state = 'superseded', leased_until = NULL, finished_at = unixepoch()
    WHERE appointment_id = $1 AND state IN ('pending', 'dead')
      AND (leased_until IS NULL OR leased_until <= unixepoch())";

const ENQUEUE: &str = "INSERT INTO calendar_outbox (appointment_id, sequence)
    SELECT $1, 1 + COALESCE(max(sequence), 0) FROM calendar_outbox WHERE appointment_id = $1";

/// Only the newest entry of a booking, and only where no older one is under way.
const CLAIM: &str = "UPDATE calendar_outbox
    SET attempts = attempts + 1, leased_until = unixepoch() + $1
    WHERE id IN (SELECT entry.id FROM calendar_outbox AS entry
        WHERE entry.state = 'pending' AND entry.next_attempt_at <= unixepoch()
          AND (entry.leased_until IS NULL OR entry.leased_until <= unixepoch())
          AND NOT EXISTS (SELECT 1 FROM calendar_outbox AS other
              WHERE other.appointment_id = entry.appointment_id AND other.state = 'pending'
                AND other.id <> entry.id
                AND (other.sequence > entry.sequence OR other.leased_until > unixepoch()))
        ORDER BY entry.next_attempt_at, entry.id LIMIT $2)
    RETURNING *";

const BOOKING: &str = "SELECT appointments.*, EXISTS (SELECT 1 FROM calendar_outbox AS entry
        WHERE entry.appointment_id = appointments.id AND entry.state = 'pending') AS underway
    FROM appointments WHERE id = $1";

const BOOKINGS: &str = "SELECT appointments.*, EXISTS (SELECT 1 FROM calendar_outbox AS entry
        WHERE entry.appointment_id = appointments.id AND entry.state = 'pending') AS underway
    FROM appointments WHERE ends_at > $1 ORDER BY starts_at, id LIMIT $2";

const DONE: &str = "UPDATE calendar_outbox
    SET state = 'done', leased_until = NULL, last_error = NULL, finished_at = unixepoch()
    WHERE id = $1 AND attempts = $2 AND state = 'pending'";

/// What was left by somebody who died with it.
const SUPERSEDE_OLDER: &str = "UPDATE calendar_outbox
    SET state = 'superseded', leased_until = NULL, finished_at = unixepoch()
    WHERE appointment_id = $1 AND sequence < $2 AND state IN ('pending', 'dead')";

const KEEP_EVENT: &str = "UPDATE appointments SET calendar_event_id = $2, calendar_etag = $3
    WHERE id = $1";

const FAILED: &str = "UPDATE calendar_outbox
    SET leased_until = NULL, last_error = $3, next_attempt_at = unixepoch() + $4,
        state = CASE
            WHEN EXISTS (SELECT 1 FROM calendar_outbox AS newer
                 WHERE newer.appointment_id = calendar_outbox.appointment_id
                   AND newer.sequence > calendar_outbox.sequence) THEN 'superseded'
            WHEN $5 THEN 'dead' ELSE 'pending' END
    WHERE id = $1 AND attempts = $2 AND state = 'pending'";

const DEPTH: &str = "SELECT 0 AS id, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'dead') AS dead
    FROM calendar_outbox WHERE state IN ('pending', 'dead')";

const DEAD: &str = "SELECT * FROM calendar_outbox WHERE state = 'dead' ORDER BY id DESC LIMIT $1";

const ENTRIES: &str = "SELECT * FROM calendar_outbox WHERE appointment_id = $1 ORDER BY sequence";

const FORGET: &str = "DELETE FROM calendar_outbox
    WHERE state IN ('done', 'superseded') AND finished_at < unixepoch() - $1";

const STOP_TRYING: &str = "UPDATE calendar_outbox
    SET state = 'superseded', leased_until = NULL, finished_at = unixepoch()
    WHERE state IN ('pending', 'dead') AND (leased_until IS NULL OR leased_until <= unixepoch())
      AND appointment_id IN (SELECT id FROM appointments WHERE ends_at < $1)";

/// Writes an entry within the transaction that changes the appointment.
pub(super) async fn enqueue(
    connection: &mut SqliteConnection,
    appointment: AppointmentId,
) -> Result<(), StorageError> {
    for statement in [SUPERSEDE, ENQUEUE] {
        sqlx::query(statement)
            .bind(appointment.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[async_trait]
impl CalendarOutbox for Database {
    async fn claim(
        &self,
        lease: Duration,
        at_most: u32,
    ) -> Result<Vec<CalendarTask>, StorageError> {
        self.write(async |connection| {
            let rows = sqlx::query(CLAIM)
                .bind(seconds_up(lease))
                .bind(at_most)
                .fetch_all(&mut *connection)
                .await?;
            let mut tasks = Vec::with_capacity(rows.len());
            for row in &rows {
                let (entry, appointment, sequence, attempts) = taken(row)?;
                let row = sqlx::query(BOOKING)
                    .bind(appointment.0)
                    .fetch_one(&mut *connection)
                    .await?;
                tasks.push(CalendarTask {
                    entry,
                    sequence,
                    attempts,
                    booking: calendar_booking(&row)?,
                });
            }
            Ok(tasks)
        })
        .await
    }

    async fn done(
        &self,
        task: &CalendarTask,
        event: Option<&EventRef>,
    ) -> Result<bool, StorageError> {
        self.write(async |connection| {
            let done = sqlx::query(DONE)
                .bind(task.entry)
                .bind(task.attempts)
                .execute(&mut *connection)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            let appointment = task.booking.appointment.id.0;
            sqlx::query(SUPERSEDE_OLDER)
                .bind(appointment)
                .bind(task.sequence)
                .execute(&mut *connection)
                .await?;
            sqlx::query(KEEP_EVENT)
                .bind(appointment)
                .bind(event.map(|event| &event.id))
                .bind(event.and_then(|event| event.etag.as_ref()))
                .execute(&mut *connection)
                .await?;
            Ok(true)
        })
        .await
    }

    async fn failed(
        &self,
        task: &CalendarTask,
        error: &str,
        next: Next,
    ) -> Result<bool, StorageError> {
        let (wait, give_up) = match next {
            Next::RetryAfter(wait) => (seconds_up(wait), false),
            Next::GiveUp => (0, true),
        };
        self.write(async |connection| {
            let done = sqlx::query(FAILED)
                .bind(task.entry)
                .bind(task.attempts)
                .bind(error)
                .bind(wait)
                .bind(give_up)
                .execute(&mut *connection)
                .await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    async fn enqueue(&self, appointment: AppointmentId) -> Result<(), StorageError> {
        self.write(async |connection| {
            enqueue(connection, appointment).await?;
            Ok(())
        })
        .await
    }

    async fn depth(&self) -> Result<OutboxDepth, StorageError> {
        outbox_depth(&sqlx::query(DEPTH).fetch_one(&self.readers).await?)
    }

    async fn dead_letters(&self) -> Result<Vec<OutboxEntry>, StorageError> {
        let rows = sqlx::query(DEAD)
            .bind(limits::DEAD_LETTERS)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(outbox_entry).collect()
    }

    async fn entries(&self, appointment: AppointmentId) -> Result<Vec<OutboxEntry>, StorageError> {
        let rows = sqlx::query(ENTRIES)
            .bind(appointment.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(outbox_entry).collect()
    }

    async fn bookings(&self, now: Timestamp) -> Result<Vec<CalendarBooking>, StorageError> {
        let rows = sqlx::query(BOOKINGS)
            .bind(now.as_second())
            .bind(limits::CALENDAR_BOOKINGS)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(calendar_booking).collect()
    }

    async fn tidy(&self, keep: Duration, over: Timestamp) -> Result<(), StorageError> {
        self.write(async |connection| {
            sqlx::query(FORGET)
                .bind(seconds_up(keep))
                .execute(&mut *connection)
                .await?;
            sqlx::query(STOP_TRYING)
                .bind(over.as_second())
                .execute(&mut *connection)
                .await?;
            Ok(())
        })
        .await
    }
}
