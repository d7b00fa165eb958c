-- What is still to be said to customers about their appointments, how they may be reached, and what
-- came of every attempt.

CREATE TABLE reminders (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    appointment_id INTEGER NOT NULL REFERENCES appointments (id),
    kind           TEXT    NOT NULL CHECK (kind IN ('voice', 'sms', 'confirmation', 'follow_up')),
    -- The start that it is about; an appointment that is moved gets new rows.
    starts_at      INTEGER NOT NULL,
    -- Nobody looks at it before this.
    due_at         INTEGER NOT NULL,
    state          TEXT    NOT NULL DEFAULT 'planned' CHECK (state IN (
        'planned', 'leased', 'dialling', 'done', 'skipped', 'superseded', 'unknown')),
    outcome        TEXT    CHECK (outcome IN (
        'confirmed', 'moved', 'cancelled', 'opted_out', 'voicemail', 'reached', 'delivered', 'sent',
        'no_answer', 'busy', 'failed')),
    reason         TEXT,
    attempts       INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- The newest of them.
    attempt_id     TEXT,
    -- By this database's clock. While it dials without an owner, somebody looks after it then.
    lease_owner    TEXT,
    lease_until    INTEGER,
    created_at     INTEGER NOT NULL DEFAULT (unixepoch()),
    updated_at     INTEGER NOT NULL DEFAULT (unixepoch()),
    CHECK ((lease_until IS NOT NULL) = (state IN ('leased', 'dialling'))),
    CHECK (state <> 'dialling' OR attempt_id IS NOT NULL)
) STRICT;

-- Of what is still to be decided there is one row.
CREATE UNIQUE INDEX reminders_once ON reminders (appointment_id, kind)
    WHERE state IN ('planned', 'leased');
CREATE INDEX reminders_due ON reminders (due_at) WHERE state = 'planned';
CREATE INDEX reminders_leased ON reminders (lease_until) WHERE state IN ('leased', 'dialling');
CREATE INDEX reminders_of_appointment ON reminders (appointment_id);
CREATE INDEX reminders_by_attempt ON reminders (attempt_id) WHERE attempt_id IS NOT NULL;

-- Written before anything is dialled.
CREATE TABLE reminder_attempts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt_id  TEXT    NOT NULL UNIQUE CHECK (length(attempt_id) = 32),
    reminder_id INTEGER NOT NULL REFERENCES reminders (id),
    channel     TEXT    NOT NULL CHECK (channel IN ('voice', 'sms')),
    to_number   TEXT    NOT NULL CHECK (to_number GLOB '+1[2-9]*' AND length(to_number) = 12),
    -- In business time; `created_at` is when it was.
    intent_at   INTEGER NOT NULL,
    call_sid    TEXT    UNIQUE,
    result      TEXT    CHECK (result IN (
        'confirmed', 'moved', 'cancelled', 'opted_out', 'voicemail', 'reached', 'delivered', 'sent',
        'no_answer', 'busy', 'failed')),
    reason      TEXT,
    -- Whether the customer was really tried: not where the network refused to.
    counts      INTEGER NOT NULL DEFAULT 1 CHECK (counts IN (0, 1)),
    created_at  INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;

CREATE INDEX reminder_attempts_of ON reminder_attempts (reminder_id);
CREATE INDEX reminder_attempts_to ON reminder_attempts (to_number, intent_at);

CREATE TABLE consents (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    phone   TEXT    NOT NULL CHECK (phone GLOB '+1[2-9]*' AND length(phone) = 12),
    channel TEXT    NOT NULL CHECK (channel IN ('voice', 'sms')),
    -- Where it came from.
    source  TEXT    NOT NULL CHECK (source <> ''),
    at      INTEGER NOT NULL,
    UNIQUE (phone, channel, source)
) STRICT;

-- Kept for ever, even when lifted.
CREATE TABLE opt_outs (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    phone     TEXT    NOT NULL CHECK (phone GLOB '+1[2-9]*' AND length(phone) = 12),
    channel   TEXT    NOT NULL CHECK (channel IN ('voice', 'sms')),
    source    TEXT    NOT NULL CHECK (source <> ''),
    at        INTEGER NOT NULL,
    lifted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX opt_outs_in_force ON opt_outs (phone, channel) WHERE lifted_at IS NULL;

-- Appointments that were booked before there were reminders. Their customers gave the number when
-- they booked; confirmations of long ago are not sent.
INSERT INTO reminders (appointment_id, kind, starts_at, due_at)
    SELECT a.id, k.kind, a.starts_at,
           CASE k.kind WHEN 'follow_up' THEN a.ends_at ELSE a.starts_at - 604800 END
      FROM appointments AS a
      JOIN (SELECT 'voice' AS kind UNION ALL SELECT 'sms' UNION ALL SELECT 'follow_up') AS k
     WHERE a.status IN ('scheduled', 'confirmed') AND a.starts_at > unixepoch();

INSERT INTO consents (phone, channel, source, at)
    SELECT c.phone, k.channel, a.booked_by, min(a.created_at)
      FROM appointments AS a
      JOIN customers AS c ON c.id = a.customer_id
      JOIN (SELECT 'voice' AS channel UNION ALL SELECT 'sms') AS k
     WHERE a.booked_by <> ''
     GROUP BY c.phone, k.channel, a.booked_by;
