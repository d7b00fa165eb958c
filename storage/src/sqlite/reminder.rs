//! Reminders in SQLite. Every write holds the one write lock, so that what was read in it stands.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{Database, customer, row, vehicle};
use crate::appointment::{Appointment, AppointmentId};
use crate::consent::Channel;
use crate::customer::Phone;
use crate::error::StorageError;
use crate::limits;
use crate::read;
use crate::reminder::{
    About, Attempt, AttemptId, Briefing, Change, Claim, Conclusion, Decision, Intended, Intent,
    Next, RINGING, Reminder, ReminderId, Reminders, concluded, planned,
};

/// Due, or left behind by whoever leased it.
const WANTED: &str = "SELECT * FROM reminders
    WHERE (state = 'planned' AND due_at <= $1)
       OR (state IN ('leased', 'dialling') AND lease_until < unixepoch())
    ORDER BY due_at, id LIMIT $2";

const CLAIM: &str = "UPDATE reminders
    SET state = CASE state WHEN 'planned' THEN 'leased' ELSE state END,
        lease_owner = $3, lease_until = unixepoch() + $4, updated_at = unixepoch()
    WHERE id IN (SELECT id FROM reminders
        WHERE ((state = 'planned' AND due_at <= $1)
           OR (state IN ('leased', 'dialling') AND lease_until < unixepoch()))
          AND ($5 IS NULL OR EXISTS (SELECT 1 FROM appointments AS a
              JOIN customers AS c ON c.id = a.customer_id
              WHERE a.id = reminders.appointment_id AND c.phone = $5))
        ORDER BY due_at, id LIMIT $2)
    RETURNING *";

const HEARTBEAT: &str = "UPDATE reminders SET lease_until = max(lease_until, unixepoch() + $2)
    WHERE lease_owner = $1 AND state IN ('leased', 'dialling')";

const RELEASE: &str = "UPDATE reminders
    SET state = 'planned', lease_owner = NULL, lease_until = NULL, updated_at = unixepoch()
    WHERE lease_owner = $1 AND state = 'leased'";

const WAIT: &str = "UPDATE reminders
    SET state = 'planned', due_at = $4, reason = $3, lease_owner = NULL, lease_until = NULL,
        updated_at = unixepoch()
    WHERE id = $1 AND lease_owner = $2 AND state = 'leased'";

const SKIP: &str = "UPDATE reminders
    SET state = 'skipped', reason = $3, lease_owner = NULL, lease_until = NULL,
        updated_at = unixepoch()
    WHERE id = $1 AND lease_owner = $2 AND state = 'leased'";

const OPTED_OUT: &str = "SELECT EXISTS (SELECT 1 FROM opt_outs
    WHERE phone = $1 AND channel = $2 AND lifted_at IS NULL)";

const DIAL: &str = "UPDATE reminders
    SET state = 'dialling', attempts = attempts + 1, attempt_id = $3, reason = NULL,
        lease_until = unixepoch() + $4, updated_at = unixepoch()
    WHERE id = $1 AND lease_owner = $2 AND state = 'leased'";

const INTEND: &str = "INSERT INTO reminder_attempts
    (attempt_id, reminder_id, channel, to_number, intent_at) VALUES ($1, $2, $3, $4, $5)";

const NAME: &str = "UPDATE reminder_attempts SET call_sid = $2
    WHERE attempt_id = $1 AND (call_sid IS NULL OR call_sid = $2)
      AND NOT EXISTS (SELECT 1 FROM reminder_attempts WHERE call_sid = $2 AND attempt_id <> $1)";

const WATCH: &str = "UPDATE reminders
    SET state = 'dialling', reason = NULL, lease_owner = NULL, lease_until = unixepoch() + $2,
        updated_at = unixepoch()
    WHERE attempt_id = $1 AND state IN ('dialling', 'unknown')";

const DOUBT: &str = "UPDATE reminders
    SET reason = $3, lease_owner = NULL, lease_until = unixepoch() + $2, updated_at = unixepoch()
    WHERE attempt_id = $1 AND state = 'dialling'";

const GIVE_UP: &str = "UPDATE reminders
    SET state = 'unknown', reason = $2, lease_owner = NULL, lease_until = NULL,
        updated_at = unixepoch()
    WHERE attempt_id = $1 AND state = 'dialling'";

const RESULT: &str = "UPDATE reminder_attempts SET result = $2, reason = $3, counts = $4
    WHERE attempt_id = $1";

const OUTCOME: &str = "UPDATE reminders
    SET outcome = $2, reason = $3, state = $4, due_at = $5, attempts = $6, lease_owner = NULL,
        lease_until = NULL, updated_at = unixepoch()
    WHERE id = $1";

/// Whether the row is about what the book still holds, and no newer row is.
const STANDS: &str = "SELECT EXISTS (SELECT 1 FROM reminders AS r
    JOIN appointments AS a ON a.id = r.appointment_id
    WHERE r.id = $1 AND a.status <> 'cancelled' AND a.starts_at = r.starts_at
      AND NOT EXISTS (SELECT 1 FROM reminders AS newer
          WHERE newer.appointment_id = r.appointment_id AND newer.kind = r.kind
            AND newer.id > r.id))";

const ATTEMPT: &str = "SELECT *, unixepoch() - created_at AS age_s FROM reminder_attempts
    WHERE attempt_id = $1";

const ATTEMPTS: &str = "SELECT *, unixepoch() - created_at AS age_s FROM reminder_attempts
    WHERE reminder_id = $1 ORDER BY id";

const BY_ID: &str = "SELECT * FROM reminders WHERE id = $1";

const BY_ATTEMPT: &str = "SELECT * FROM reminders
    WHERE id = (SELECT reminder_id FROM reminder_attempts WHERE attempt_id = $1)";

const BY_APPOINTMENT: &str = "SELECT * FROM reminders
    WHERE appointment_id = $1 AND kind = 'voice' ORDER BY id DESC LIMIT 1";

const OF_APPOINTMENT: &str = "SELECT * FROM reminders WHERE appointment_id = $1 ORDER BY id";

const SUPERSEDE: &str = "UPDATE reminders
    SET state = 'superseded', reason = $2, lease_owner = NULL, lease_until = NULL,
        updated_at = unixepoch()
    WHERE appointment_id = $1 AND state IN ('planned', 'leased')";

/// All of an appointment's, at once.
const PLAN: &str = "INSERT INTO reminders (appointment_id, starts_at, kind, due_at)
    VALUES ($1, $2, $3, $4), ($1, $2, $5, $6), ($1, $2, $7, $8), ($1, $2, $9, $10)";

/// Whoever books gives a number to be told about the appointment: to be written to, and called only
/// where it is the one $2 that they book from.
const CONSENT: &str = "INSERT INTO consents (phone, channel, source, at)
    SELECT c.phone, k.channel, a.booked_by, unixepoch()
      FROM appointments AS a
      JOIN customers AS c ON c.id = a.customer_id
      JOIN (SELECT 'voice' AS channel UNION ALL SELECT 'sms') AS k
     WHERE a.id = $1 AND a.booked_by <> '' AND (k.channel = 'sms' OR c.phone = $2)
    ON CONFLICT DO NOTHING";

#[async_trait]
impl Reminders for Database {
    async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Reminder>, StorageError> {
        let mut transaction = self.write().await?;
        let rows = sqlx::query(CLAIM)
            .bind(claim.now.as_second())
            .bind(claim.limit.min(limits::REMINDERS_PER_CLAIM))
            .bind(claim.owner)
            .bind(seconds(claim.lease))
            .bind(claim.only.map(Phone::as_str))
            .fetch_all(&mut *transaction)
            .await?;
        let mut claimed = reminders(&rows)?;
        transaction.commit().await?;
        claimed.sort_by_key(|reminder| (reminder.due_at, reminder.id.0));
        Ok(claimed)
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Reminder>, StorageError> {
        let rows = sqlx::query(WANTED)
            .bind(now.as_second())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        reminders(&rows)
    }

    async fn heartbeat(&self, owner: &str, lease: Duration) -> Result<u64, StorageError> {
        self.change(sqlx::query(HEARTBEAT).bind(owner).bind(seconds(lease)))
            .await
    }

    async fn release(&self, owner: &str) -> Result<u64, StorageError> {
        self.change(sqlx::query(RELEASE).bind(owner)).await
    }

    async fn decide(
        &self,
        id: ReminderId,
        owner: &str,
        decision: Decision,
        reason: &str,
    ) -> Result<bool, StorageError> {
        let query = match decision {
            Decision::Wait(due_at) => sqlx::query(WAIT)
                .bind(id.0)
                .bind(owner)
                .bind(reason)
                .bind(due_at.as_second()),
            Decision::Skip => sqlx::query(SKIP).bind(id.0).bind(owner).bind(reason),
        };
        Ok(self.change(query).await? > 0)
    }

    async fn intend(&self, intent: &Intent<'_>) -> Result<Intended, StorageError> {
        let mut transaction = self.write().await?;
        let opted_out: bool = sqlx::query_scalar(OPTED_OUT)
            .bind(intent.to.as_str())
            .bind(row::word(intent.channel)?)
            .fetch_one(&mut *transaction)
            .await?;
        if opted_out {
            return Ok(Intended::OptedOut);
        }
        if intent.channel == Channel::Voice {
            let ringing: bool = sqlx::query_scalar(RINGING)
                .bind(intent.to.as_str())
                .fetch_one(&mut *transaction)
                .await?;
            if ringing {
                return Ok(Intended::Lost);
            }
        }
        let dialled = sqlx::query(DIAL)
            .bind(intent.reminder.0)
            .bind(intent.owner)
            .bind(intent.attempt.as_str())
            .bind(seconds(intent.lease))
            .execute(&mut *transaction)
            .await?;
        if dialled.rows_affected() == 0 {
            return Ok(Intended::Lost);
        }
        sqlx::query(INTEND)
            .bind(intent.attempt.as_str())
            .bind(intent.reminder.0)
            .bind(row::word(intent.channel)?)
            .bind(intent.to.as_str())
            .bind(intent.at.as_second())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Intended::Committed)
    }

    async fn accepted(
        &self,
        attempt: &AttemptId,
        sid: &str,
        watch: Duration,
    ) -> Result<bool, StorageError> {
        let mut transaction = self.write().await?;
        let named = sqlx::query(NAME)
            .bind(attempt.as_str())
            .bind(sid)
            .execute(&mut *transaction)
            .await?;
        if named.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(WATCH)
            .bind(attempt.as_str())
            .bind(seconds(watch))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn doubt(
        &self,
        attempt: &AttemptId,
        wait: Duration,
        reason: &str,
    ) -> Result<(), StorageError> {
        let query = sqlx::query(DOUBT)
            .bind(attempt.as_str())
            .bind(seconds(wait))
            .bind(reason);
        self.change(query).await?;
        Ok(())
    }

    async fn give_up(&self, attempt: &AttemptId, reason: &str) -> Result<(), StorageError> {
        self.change(sqlx::query(GIVE_UP).bind(attempt.as_str()).bind(reason))
            .await?;
        Ok(())
    }

    async fn conclude(
        &self,
        attempt: &AttemptId,
        conclusion: &Conclusion,
    ) -> Result<bool, StorageError> {
        let mut transaction = self.write().await?;
        let changed = conclude(&mut transaction, attempt, conclusion).await?;
        if changed {
            transaction.commit().await?;
        }
        Ok(changed)
    }

    async fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>, StorageError> {
        let row = sqlx::query(ATTEMPT)
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read::attempt).transpose()
    }

    async fn attempts(&self, reminder: ReminderId) -> Result<Vec<Attempt>, StorageError> {
        let rows = sqlx::query(ATTEMPTS)
            .bind(reminder.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read::attempt).collect()
    }

    async fn briefing(&self, about: &About) -> Result<Option<Briefing>, StorageError> {
        // One transaction, so that all of it is of one moment.
        let mut transaction = self.readers.begin().await?;
        let query = match about {
            About::Reminder(id) => sqlx::query(BY_ID).bind(id.0),
            About::Attempt(id) => sqlx::query(BY_ATTEMPT).bind(id.as_str()),
            About::Appointment(id) => sqlx::query(BY_APPOINTMENT).bind(id.0),
        };
        let Some(row) = query.fetch_optional(&mut *transaction).await? else {
            return Ok(None);
        };
        let reminder = read::reminder(&row)?;
        let row = sqlx::query(super::appointment::BY_ID)
            .bind(reminder.appointment.0)
            .fetch_one(&mut *transaction)
            .await?;
        let appointment = read::appointment(&row)?;
        let row = sqlx::query(customer::BY_ID)
            .bind(appointment.customer.0)
            .fetch_one(&mut *transaction)
            .await?;
        let customer = read::customer(&row)?;
        let row = sqlx::query(vehicle::BY_ID)
            .bind(appointment.vehicle.0)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(Some(Briefing {
            vehicle: read::vehicle(&row)?,
            reminder,
            appointment,
            customer,
        }))
    }

    async fn of_appointment(
        &self,
        appointment: AppointmentId,
    ) -> Result<Vec<Reminder>, StorageError> {
        let rows = sqlx::query(OF_APPOINTMENT)
            .bind(appointment.0)
            .fetch_all(&self.readers)
            .await?;
        reminders(&rows)
    }
}

impl Database {
    /// One statement that writes. Returns how many rows it touched.
    async fn change(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, StorageError> {
        let mut transaction = self.write().await?;
        let done = query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}

/// Lets the reminders of an appointment follow a change of it, in the same transaction.
pub(super) async fn follow(
    connection: &mut SqliteConnection,
    appointment: &Appointment,
    change: Change,
) -> Result<(), StorageError> {
    // What was just booked has none.
    if change != Change::Booked {
        sqlx::query(SUPERSEDE)
            .bind(appointment.id.0)
            .bind(change.reason())
            .execute(&mut *connection)
            .await?;
    }
    if change == Change::Cancelled {
        return Ok(());
    }
    let mut query = sqlx::query(PLAN)
        .bind(appointment.id.0)
        .bind(appointment.starts_at.as_second());
    for (kind, due_at) in planned(appointment) {
        query = query.bind(row::word(kind)?).bind(due_at.as_second());
    }
    query.execute(connection).await?;
    Ok(())
}

/// Keeps the consent that goes with a booking, in the same transaction.
pub(super) async fn consent(
    connection: &mut SqliteConnection,
    appointment: AppointmentId,
    booked_from: Option<&Phone>,
) -> Result<(), StorageError> {
    sqlx::query(CONSENT)
        .bind(appointment.0)
        .bind(booked_from.map(Phone::as_str))
        .execute(connection)
        .await?;
    Ok(())
}

async fn conclude(
    connection: &mut SqliteConnection,
    id: &AttemptId,
    conclusion: &Conclusion,
) -> Result<bool, StorageError> {
    let row = sqlx::query(ATTEMPT)
        .bind(id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(attempt) = row.as_ref().map(read::attempt).transpose()? else {
        return Ok(false);
    };
    if !conclusion.outcome.supersedes(attempt.result) {
        return Ok(false);
    }
    sqlx::query(RESULT)
        .bind(id.as_str())
        .bind(row::word(conclusion.outcome)?)
        .bind(&conclusion.reason)
        .bind(!matches!(conclusion.next, Next::Unsent(_)))
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query(BY_ID)
        .bind(attempt.reminder.0)
        .fetch_one(&mut *connection)
        .await?;
    let reminder = read::reminder(&row)?;
    // A later attempt has the word about the reminder.
    if reminder.attempt.as_ref() != Some(id) {
        return Ok(true);
    }
    let stands: bool = sqlx::query_scalar(STANDS)
        .bind(reminder.id.0)
        .fetch_one(&mut *connection)
        .await?;
    let then = concluded(&reminder, conclusion.next, stands);
    sqlx::query(OUTCOME)
        .bind(reminder.id.0)
        .bind(row::word(conclusion.outcome)?)
        .bind(&conclusion.reason)
        .bind(row::word(then.state)?)
        .bind(then.due_at.as_second())
        .bind(i64::from(then.attempts))
        .execute(connection)
        .await?;
    Ok(true)
}

fn reminders(rows: &[sqlx::sqlite::SqliteRow]) -> Result<Vec<Reminder>, StorageError> {
    rows.iter().map(read::reminder).collect()
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
