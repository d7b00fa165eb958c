//! The calendar's outbox on Postgres. Several nodes take entries side by side: each skips what
//! another is just taking.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;

use super::row;
use super::transaction::{Mode, within};
use super::{Database, sql};
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
    SET state = 'superseded', leased_until = NULL, finished_at = now()
    WHERE appointment_id = $1 AND state IN ('pending', 'dead')
      AND (leased_until IS NULL OR leased_until <= now())";

const ENQUEUE: &str = "INSERT INTO calendar_outbox (appointment_id, sequence)
    SELECT $1, 1 + COALESCE(max(sequence), 0) FROM calendar_outbox WHERE appointment_id = $1";

/// Only the newest entry of a booking, and only where no older one is under way. A newer entry is
/// never seen before the lease of the one under way: who writes it waits for who takes that.
const CLAIM: &str = "WITH due AS MATERIALIZED (SELECT entry.id FROM calendar_outbox AS entry
        WHERE entry.state = 'pending' AND entry.next_attempt_at <= now()
          AND (entry.leased_until IS NULL OR entry.leased_until <= now())
          AND NOT EXISTS (SELECT FROM calendar_outbox AS other
              WHERE other.appointment_id = entry.appointment_id AND other.state = 'pending'
                AND other.id <> entry.id
                AND (other.sequence > entry.sequence OR other.leased_until > now()))
        ORDER BY entry.next_attempt_at, entry.id LIMIT $2
        FOR UPDATE OF entry SKIP LOCKED)
    UPDATE calendar_outbox AS entry
    SET attempts = attempts + 1, leased_until = now() + $1 * interval '1 second'
    FROM due WHERE entry.id = due.id RETURNING entry.*";

const BOOKING: &str = "SELECT appointments.*, EXISTS (SELECT FROM calendar_outbox AS entry
        WHERE entry.appointment_id = appointments.id AND entry.state = 'pending') AS underway
    FROM appointments WHERE id = $1";

const BOOKINGS: &str = "SELECT appointments.*, EXISTS (SELECT FROM calendar_outbox AS entry
        WHERE entry.appointment_id = appointments.id AND entry.state = 'pending') AS underway
    FROM appointments WHERE ends_at > $1 ORDER BY starts_at, id LIMIT $2";

/// Whoever changes an appointment locks it before its entries; so does this.
const LOCK: &str = "SELECT FROM appointments WHERE id = $1 FOR UPDATE";

const DONE: &str = "UPDATE calendar_outbox
    SET state = 'done', leased_until = NULL, last_error = NULL, finished_at = now()
    WHERE id = $1 AND attempts = $2 AND state = 'pending'";

/// What was left by somebody who died with it.
const SUPERSEDE_OLDER: &str = "UPDATE calendar_outbox
    SET state = 'superseded', leased_until = NULL, finished_at = now()
    WHERE appointment_id = $1 AND sequence < $2 AND state IN ('pending', 'dead')";

const KEEP_EVENT: &str = "UPDATE appointments SET calendar_event_id = $2, calendar_etag = $3
    WHERE id = $1";

const FAILED: &str = "UPDATE calendar_outbox AS entry
    SET leased_until = NULL, last_error = $3,
        next_attempt_at = now() + $4 * interval '1 second',
        state = CASE
            WHEN EXISTS (SELECT FROM calendar_outbox AS newer
                 WHERE newer.appointment_id = entry.appointment_id
                   AND newer.sequence > entry.sequence) THEN 'superseded'
            WHEN $5 THEN 'dead' ELSE 'pending' END
    WHERE id = $1 AND attempts = $2 AND state = 'pending'";

const DEPTH: &str = "SELECT 0::bigint AS id, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'dead') AS dead
    FROM calendar_outbox WHERE state IN ('pending', 'dead')";

const DEAD: &str = "SELECT * FROM calendar_outbox WHERE state = 'dead' ORDER BY id DESC LIMIT $1";

const ENTRIES: &str = "SELECT * FROM calendar_outbox WHERE appointment_id = $1 ORDER BY sequence";

const FORGET: &str = "DELETE FROM calendar_outbox
    WHERE state IN ('done', 'superseded') AND finished_at < now() - $1 * interval '1 second'";

const STOP_TRYING: &str = "UPDATE calendar_outbox
    SET state = 'superseded', leased_until = NULL, finished_at = now()
    WHERE state IN ('pending', 'dead') AND (leased_until IS NULL OR leased_until <= now())
      AND appointment_id IN (SELECT id FROM appointments WHERE ends_at < $1)";

/// Writes an entry within the transaction that changes the appointment.
pub(super) async fn enqueue(
    connection: &mut PgConnection,
    appointment: AppointmentId,
) -> Result<(), StorageError> {
    for statement in [SUPERSEDE, ENQUEUE] {
        sql(statement)
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
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let claimed = claim(&mut transaction, lease, at_most).await;
            transaction.end(claimed).await
        })
        .await
    }

    async fn done(
        &self,
        task: &CalendarTask,
        event: Option<&EventRef>,
    ) -> Result<bool, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = done(&mut transaction, task, event).await;
            transaction.end(done).await
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
        let query = sql(FAILED)
            .bind(task.entry)
            .bind(task.attempts)
            .bind(row::text(error))
            .bind(wait)
            .bind(give_up);
        Ok(self.run(query).await? > 0)
    }

    async fn enqueue(&self, appointment: AppointmentId) -> Result<(), StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = enqueue_alone(&mut transaction, appointment).await;
            transaction.end(done).await
        })
        .await
    }

    async fn depth(&self) -> Result<OutboxDepth, StorageError> {
        let depth = self.one(sql(DEPTH), outbox_depth).await?;
        Ok(depth.unwrap_or_default())
    }

    async fn dead_letters(&self) -> Result<Vec<OutboxEntry>, StorageError> {
        let query = sql(DEAD).bind(i64::from(limits::DEAD_LETTERS));
        self.all(query, outbox_entry).await
    }

    async fn entries(&self, appointment: AppointmentId) -> Result<Vec<OutboxEntry>, StorageError> {
        self.all(sql(ENTRIES).bind(appointment.0), outbox_entry)
            .await
    }

    async fn bookings(&self, now: Timestamp) -> Result<Vec<CalendarBooking>, StorageError> {
        let query = sql(BOOKINGS)
            .bind(row::instant(now))
            .bind(i64::from(limits::CALENDAR_BOOKINGS));
        self.all(query, calendar_booking).await
    }

    async fn tidy(&self, keep: Duration, over: Timestamp) -> Result<(), StorageError> {
        self.run(sql(FORGET).bind(seconds_up(keep))).await?;
        self.run(sql(STOP_TRYING).bind(row::instant(over))).await?;
        Ok(())
    }
}

async fn claim(
    connection: &mut PgConnection,
    lease: Duration,
    at_most: u32,
) -> Result<Vec<CalendarTask>, StorageError> {
    let rows = sql(CLAIM)
        .bind(seconds_up(lease))
        .bind(i64::from(at_most))
        .fetch_all(&mut *connection)
        .await?;
    let mut tasks = Vec::with_capacity(rows.len());
    for row in &rows {
        let (entry, appointment, sequence, attempts) = taken(row)?;
        let row = sql(BOOKING)
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
}

async fn done(
    connection: &mut PgConnection,
    task: &CalendarTask,
    event: Option<&EventRef>,
) -> Result<bool, StorageError> {
    let appointment = task.booking.appointment.id.0;
    sql(LOCK)
        .bind(appointment)
        .execute(&mut *connection)
        .await?;
    let done = sql(DONE)
        .bind(task.entry)
        .bind(task.attempts)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sql(SUPERSEDE_OLDER)
        .bind(appointment)
        .bind(task.sequence)
        .execute(&mut *connection)
        .await?;
    sql(KEEP_EVENT)
        .bind(appointment)
        .bind(event.map(|event| row::text(&event.id)))
        .bind(event.and_then(|event| row::optional(event.etag.as_ref())))
        .execute(connection)
        .await?;
    Ok(true)
}

async fn enqueue_alone(
    connection: &mut PgConnection,
    appointment: AppointmentId,
) -> Result<(), StorageError> {
    sql(LOCK)
        .bind(appointment.0)
        .execute(&mut *connection)
        .await?;
    enqueue(connection, appointment).await
}
