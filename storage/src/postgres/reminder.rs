//! Reminders on Postgres. Rows are claimed with `SKIP LOCKED`, so that any number of nodes pass over
//! each other's; a change of one row locks its attempt first, then what it is about, then the row.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, Row as _};

use super::consent::one_by_one;
use super::transaction::{Mode, within};
use super::{Database, Query, customer, row, sql, vehicle};
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
       OR (state IN ('leased', 'dialling') AND lease_until < now())
    ORDER BY due_at, id LIMIT $2";

const CLAIM: &str = "UPDATE reminders
    SET state = CASE state WHEN 'planned' THEN 'leased' ELSE state END,
        lease_owner = $3, lease_until = now() + $4::bigint * interval '1 second',
        updated_at = now()
    WHERE id IN (SELECT id FROM reminders
        WHERE ((state = 'planned' AND due_at <= $1)
           OR (state IN ('leased', 'dialling') AND lease_until < now()))
          AND ($5::text IS NULL OR EXISTS (SELECT FROM appointments AS a
              JOIN customers AS c ON c.id = a.customer_id
              WHERE a.id = reminders.appointment_id AND c.phone = $5))
        ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING *";

/// Passes over rows that are being changed: they wait for nobody, and the next heartbeat has them.
const HEARTBEAT: &str = "UPDATE reminders
    SET lease_until = greatest(lease_until, now() + $2::bigint * interval '1 second')
    WHERE id IN (SELECT id FROM reminders
        WHERE lease_owner = $1 AND state IN ('leased', 'dialling') FOR UPDATE SKIP LOCKED)";

const RELEASE: &str = "UPDATE reminders
    SET state = 'planned', lease_owner = NULL, lease_until = NULL, updated_at = now()
    WHERE id IN (SELECT id FROM reminders
        WHERE lease_owner = $1 AND state = 'leased' FOR UPDATE SKIP LOCKED)";

const WAIT: &str = "UPDATE reminders
    SET state = 'planned', due_at = $4, reason = $3, lease_owner = NULL, lease_until = NULL,
        updated_at = now()
    WHERE id = $1 AND lease_owner = $2 AND state = 'leased'";

const SKIP: &str = "UPDATE reminders
    SET state = 'skipped', reason = $3, lease_owner = NULL, lease_until = NULL,
        updated_at = now()
    WHERE id = $1 AND lease_owner = $2 AND state = 'leased'";

const OPTED_OUT: &str = "SELECT EXISTS (SELECT FROM opt_outs
    WHERE phone = $1 AND channel = $2 AND lifted_at IS NULL)";

const DIAL: &str = "UPDATE reminders
    SET state = 'dialling', attempts = attempts + 1, attempt_id = $3, reason = NULL,
        lease_until = now() + $4::bigint * interval '1 second', updated_at = now()
    WHERE id = $1 AND lease_owner = $2 AND state = 'leased'";

const INTEND: &str = "INSERT INTO reminder_attempts
    (attempt_id, reminder_id, channel, to_number, intent_at) VALUES ($1, $2, $3, $4, $5)";

const NAME: &str = "UPDATE reminder_attempts SET call_sid = $2
    WHERE attempt_id = $1 AND (call_sid IS NULL OR call_sid = $2)
      AND NOT EXISTS (SELECT FROM reminder_attempts WHERE call_sid = $2 AND attempt_id <> $1)";

const WATCH: &str = "UPDATE reminders
    SET state = 'dialling', reason = NULL, lease_owner = NULL,
        lease_until = now() + $2::bigint * interval '1 second', updated_at = now()
    WHERE attempt_id = $1 AND state IN ('dialling', 'unknown')";

const DOUBT: &str = "UPDATE reminders
    SET reason = $3, lease_owner = NULL, lease_until = now() + $2::bigint * interval '1 second',
        updated_at = now()
    WHERE attempt_id = $1 AND state = 'dialling'";

const GIVE_UP: &str = "UPDATE reminders
    SET state = 'unknown', reason = $2, lease_owner = NULL, lease_until = NULL,
        updated_at = now()
    WHERE attempt_id = $1 AND state = 'dialling'";

const RESULT: &str = "UPDATE reminder_attempts SET result = $2, reason = $3, counts = $4
    WHERE attempt_id = $1";

const OUTCOME: &str = "UPDATE reminders
    SET outcome = $2, reason = $3, state = $4, due_at = $5, attempts = $6, lease_owner = NULL,
        lease_until = NULL, updated_at = now()
    WHERE id = $1";

/// Whoever moves or cancels the appointment does so before or after, rows and all: a row must not
/// come back to life beside the ones that replace it.
const HOLD_APPOINTMENT: &str = "SELECT FROM appointments
    WHERE id = (SELECT appointment_id FROM reminders WHERE id = $1) FOR SHARE";

/// Whether the row is about what the book still holds, and no newer row is.
const STANDS: &str = "SELECT EXISTS (SELECT FROM reminders AS r
    JOIN appointments AS a ON a.id = r.appointment_id
    WHERE r.id = $1 AND a.status <> 'cancelled' AND a.starts_at = r.starts_at
      AND NOT EXISTS (SELECT FROM reminders AS newer
          WHERE newer.appointment_id = r.appointment_id AND newer.kind = r.kind
            AND newer.id > r.id))";

const ATTEMPT: &str = "SELECT *, EXTRACT(epoch FROM now() - created_at)::bigint AS age_s
    FROM reminder_attempts WHERE attempt_id = $1";

const LOCK_ATTEMPT: &str = "SELECT *, EXTRACT(epoch FROM now() - created_at)::bigint AS age_s
    FROM reminder_attempts WHERE attempt_id = $1 FOR UPDATE";

const ATTEMPTS: &str = "SELECT *, EXTRACT(epoch FROM now() - created_at)::bigint AS age_s
    FROM reminder_attempts
    WHERE reminder_id = $1 ORDER BY id";

const BY_ID: &str = "SELECT * FROM reminders WHERE id = $1";

const LOCK_BY_ID: &str = "SELECT * FROM reminders WHERE id = $1 FOR UPDATE";

const BY_ATTEMPT: &str = "SELECT * FROM reminders
    WHERE id = (SELECT reminder_id FROM reminder_attempts WHERE attempt_id = $1)";

const BY_APPOINTMENT: &str = "SELECT * FROM reminders
    WHERE appointment_id = $1 AND kind = 'voice' ORDER BY id DESC LIMIT 1";

const OF_APPOINTMENT: &str = "SELECT * FROM reminders WHERE appointment_id = $1 ORDER BY id";

const SUPERSEDE: &str = "UPDATE reminders
    SET state = 'superseded', reason = $2, lease_owner = NULL, lease_until = NULL,
        updated_at = now()
    WHERE appointment_id = $1 AND state IN ('planned', 'leased')";

/// All of an appointment's, at once.
const PLAN: &str = "INSERT INTO reminders (appointment_id, starts_at, kind, due_at)
    VALUES ($1, $2, $3, $4), ($1, $2, $5, $6), ($1, $2, $7, $8), ($1, $2, $9, $10)";

/// Whoever books gives a number to be told about the appointment: to be written to, and called only
/// where it is the one $2 that they book from.
const CONSENT: &str = "INSERT INTO consents (phone, channel, source, at)
    SELECT c.phone, k.channel, a.booked_by, now()
      FROM appointments AS a
      JOIN customers AS c ON c.id = a.customer_id
      CROSS JOIN (VALUES ('voice'), ('sms')) AS k (channel)
     WHERE a.id = $1 AND a.booked_by <> '' AND (k.channel = 'sms' OR c.phone = $2)
    ON CONFLICT DO NOTHING";

#[async_trait]
impl Reminders for Database {
    async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Reminder>, StorageError> {
        let limit = claim.limit.min(limits::REMINDERS_PER_CLAIM);
        let query = sql(CLAIM)
            .bind(row::instant(claim.now))
            .bind(i64::from(limit))
            .bind(row::text(claim.owner))
            .bind(seconds(claim.lease))
            .bind(claim.only.map(Phone::as_str));
        let mut claimed = within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let rows = query.fetch_all(&mut *transaction).await;
            let rows = rows.map_err(StorageError::from);
            let claimed = rows.and_then(|rows| rows.iter().map(read::reminder).collect());
            transaction
                .end::<Vec<Reminder>, StorageError>(claimed)
                .await
        })
        .await?;
        claimed.sort_by_key(|reminder| (reminder.due_at, reminder.id.0));
        Ok(claimed)
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Reminder>, StorageError> {
        let query = sql(WANTED).bind(row::instant(now)).bind(i64::from(limit));
        self.all(query, read::reminder).await
    }

    async fn heartbeat(&self, owner: &str, lease: Duration) -> Result<u64, StorageError> {
        self.run(sql(HEARTBEAT).bind(row::text(owner)).bind(seconds(lease)))
            .await
    }

    async fn release(&self, owner: &str) -> Result<u64, StorageError> {
        self.run(sql(RELEASE).bind(row::text(owner))).await
    }

    async fn decide(
        &self,
        id: ReminderId,
        owner: &str,
        decision: Decision,
        reason: &str,
    ) -> Result<bool, StorageError> {
        let query = match decision {
            Decision::Wait(due_at) => sql(WAIT)
                .bind(id.0)
                .bind(row::text(owner))
                .bind(row::text(reason))
                .bind(row::instant(due_at)),
            Decision::Skip => sql(SKIP)
                .bind(id.0)
                .bind(row::text(owner))
                .bind(row::text(reason)),
        };
        Ok(self.run(query).await? > 0)
    }

    async fn intend(&self, intent: &Intent<'_>) -> Result<Intended, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = intend(&mut transaction, intent).await;
            transaction.end(done).await
        })
        .await
    }

    async fn accepted(
        &self,
        attempt: &AttemptId,
        sid: &str,
        watch: Duration,
    ) -> Result<bool, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = accepted(&mut transaction, attempt, sid, watch).await;
            transaction.end(done).await
        })
        .await
    }

    async fn doubt(
        &self,
        attempt: &AttemptId,
        wait: Duration,
        reason: &str,
    ) -> Result<(), StorageError> {
        let query = sql(DOUBT)
            .bind(attempt.as_str())
            .bind(seconds(wait))
            .bind(row::text(reason));
        self.run(query).await?;
        Ok(())
    }

    async fn give_up(&self, attempt: &AttemptId, reason: &str) -> Result<(), StorageError> {
        self.run(sql(GIVE_UP).bind(attempt.as_str()).bind(row::text(reason)))
            .await?;
        Ok(())
    }

    async fn conclude(
        &self,
        attempt: &AttemptId,
        conclusion: &Conclusion,
    ) -> Result<bool, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Write).await?;
            let done = conclude(&mut transaction, attempt, conclusion).await;
            transaction.end(done).await
        })
        .await
    }

    async fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>, StorageError> {
        self.one(sql(ATTEMPT).bind(id.as_str()), read::attempt)
            .await
    }

    async fn attempts(&self, reminder: ReminderId) -> Result<Vec<Attempt>, StorageError> {
        self.all(sql(ATTEMPTS).bind(reminder.0), read::attempt)
            .await
    }

    async fn briefing(&self, about: &About) -> Result<Option<Briefing>, StorageError> {
        within(async {
            let mut transaction = self.begin(Mode::Read).await?;
            let found = briefing(&mut transaction, about).await;
            transaction.end(found).await
        })
        .await
    }

    async fn of_appointment(
        &self,
        appointment: AppointmentId,
    ) -> Result<Vec<Reminder>, StorageError> {
        self.all(sql(OF_APPOINTMENT).bind(appointment.0), read::reminder)
            .await
    }
}

/// Lets the reminders of an appointment follow a change of it, in the same transaction.
pub(super) async fn follow(
    connection: &mut PgConnection,
    appointment: &Appointment,
    change: Change,
) -> Result<(), StorageError> {
    // What was just booked has none.
    if change != Change::Booked {
        sql(SUPERSEDE)
            .bind(appointment.id.0)
            .bind(change.reason())
            .execute(&mut *connection)
            .await?;
    }
    if change == Change::Cancelled {
        return Ok(());
    }
    let mut query = sql(PLAN)
        .bind(appointment.id.0)
        .bind(row::instant(appointment.starts_at));
    for (kind, due_at) in planned(appointment) {
        query = query.bind(row::word(kind)?).bind(row::instant(due_at));
    }
    query.execute(connection).await?;
    Ok(())
}

/// Keeps the consent that goes with a booking, in the same transaction.
pub(super) async fn consent(
    connection: &mut PgConnection,
    appointment: AppointmentId,
    booked_from: Option<&Phone>,
) -> Result<(), StorageError> {
    sql(CONSENT)
        .bind(appointment.0)
        .bind(booked_from.map(Phone::as_str))
        .execute(connection)
        .await?;
    Ok(())
}

async fn intend(
    connection: &mut PgConnection,
    intent: &Intent<'_>,
) -> Result<Intended, StorageError> {
    one_by_one(intent.to).execute(&mut *connection).await?;
    let opted_out = flag(
        connection,
        sql(OPTED_OUT)
            .bind(intent.to.as_str())
            .bind(row::word(intent.channel)?),
    );
    if opted_out.await? {
        return Ok(Intended::OptedOut);
    }
    if intent.channel == Channel::Voice {
        let ringing = sql(RINGING).bind(intent.to.as_str());
        if flag(connection, ringing).await? {
            return Ok(Intended::Lost);
        }
    }
    let dialled = sql(DIAL)
        .bind(intent.reminder.0)
        .bind(row::text(intent.owner))
        .bind(intent.attempt.as_str())
        .bind(seconds(intent.lease))
        .execute(&mut *connection)
        .await?;
    if dialled.rows_affected() == 0 {
        return Ok(Intended::Lost);
    }
    sql(INTEND)
        .bind(intent.attempt.as_str())
        .bind(intent.reminder.0)
        .bind(row::word(intent.channel)?)
        .bind(intent.to.as_str())
        .bind(row::instant(intent.at))
        .execute(connection)
        .await?;
    Ok(Intended::Committed)
}

async fn accepted(
    connection: &mut PgConnection,
    attempt: &AttemptId,
    sid: &str,
    watch: Duration,
) -> Result<bool, StorageError> {
    let named = sql(NAME)
        .bind(attempt.as_str())
        .bind(row::text(sid))
        .execute(&mut *connection)
        .await?;
    if named.rows_affected() == 0 {
        return Ok(false);
    }
    sql(WATCH)
        .bind(attempt.as_str())
        .bind(seconds(watch))
        .execute(connection)
        .await?;
    Ok(true)
}

async fn conclude(
    connection: &mut PgConnection,
    id: &AttemptId,
    conclusion: &Conclusion,
) -> Result<bool, StorageError> {
    let row = sql(LOCK_ATTEMPT)
        .bind(id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(attempt) = row.as_ref().map(read::attempt).transpose()? else {
        return Ok(false);
    };
    if !conclusion.outcome.supersedes(attempt.result) {
        return Ok(false);
    }
    sql(RESULT)
        .bind(id.as_str())
        .bind(row::word(conclusion.outcome)?)
        .bind(row::text(&conclusion.reason))
        .bind(!matches!(conclusion.next, Next::Unsent(_)))
        .execute(&mut *connection)
        .await?;
    sql(HOLD_APPOINTMENT)
        .bind(attempt.reminder.0)
        .execute(&mut *connection)
        .await?;
    let row = sql(LOCK_BY_ID)
        .bind(attempt.reminder.0)
        .fetch_one(&mut *connection)
        .await?;
    let reminder = read::reminder(&row)?;
    // A later attempt has the word about the reminder.
    if reminder.attempt.as_ref() != Some(id) {
        return Ok(true);
    }
    let stands = flag(connection, sql(STANDS).bind(reminder.id.0)).await?;
    let then = concluded(&reminder, conclusion.next, stands);
    sql(OUTCOME)
        .bind(reminder.id.0)
        .bind(row::word(conclusion.outcome)?)
        .bind(row::text(&conclusion.reason))
        .bind(row::word(then.state)?)
        .bind(row::instant(then.due_at))
        .bind(i64::from(then.attempts))
        .execute(connection)
        .await?;
    Ok(true)
}

async fn briefing(
    connection: &mut PgConnection,
    about: &About,
) -> Result<Option<Briefing>, StorageError> {
    let query = match about {
        About::Reminder(id) => sql(BY_ID).bind(id.0),
        About::Attempt(id) => sql(BY_ATTEMPT).bind(id.as_str()),
        About::Appointment(id) => sql(BY_APPOINTMENT).bind(id.0),
    };
    let Some(row) = query.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let reminder = read::reminder(&row)?;
    let row = sql(super::appointment::BY_ID)
        .bind(reminder.appointment.0)
        .fetch_one(&mut *connection)
        .await?;
    let appointment = read::appointment(&row)?;
    let row = sql(customer::BY_ID)
        .bind(appointment.customer.0)
        .fetch_one(&mut *connection)
        .await?;
    let customer = read::customer(&row)?;
    let row = sql(vehicle::BY_ID)
        .bind(appointment.vehicle.0)
        .fetch_one(&mut *connection)
        .await?;
    Ok(Some(Briefing {
        vehicle: read::vehicle(&row)?,
        reminder,
        appointment,
        customer,
    }))
}

/// The answer of a query that asks whether.
async fn flag(connection: &mut PgConnection, query: Query<'_>) -> Result<bool, StorageError> {
    let row = query.fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
