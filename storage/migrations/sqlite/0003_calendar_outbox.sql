-- What a calendar elsewhere has yet to hear of. An entry is written in the transaction that changes an
-- appointment: neither is there without the other.

ALTER TABLE appointments ADD COLUMN calendar_event_id TEXT;
-- The version of the event that we wrote last.
ALTER TABLE appointments ADD COLUMN calendar_etag TEXT;

-- An entry says which appointment changed, not how: whoever carries it over reads the appointment
-- then. So the newest entry of a booking is the only one that counts.
CREATE TABLE calendar_outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    appointment_id  INTEGER NOT NULL REFERENCES appointments (id),
    sequence        INTEGER NOT NULL CHECK (sequence >= 1),
    state           TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN (
        'pending', 'done', 'superseded', 'dead')),
    -- Rises with every lease: whoever holds an older one finishes nothing any more.
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at INTEGER NOT NULL DEFAULT (unixepoch()),
    leased_until    INTEGER,
    last_error      TEXT,
    created_at      INTEGER NOT NULL DEFAULT (unixepoch()),
    finished_at     INTEGER,
    UNIQUE (appointment_id, sequence)
) STRICT;

CREATE INDEX calendar_outbox_due ON calendar_outbox (next_attempt_at) WHERE state = 'pending';

-- What was booked before there was an outbox, and is still to come.
INSERT INTO calendar_outbox (appointment_id, sequence)
    SELECT id, 1 FROM appointments WHERE status <> 'cancelled' AND ends_at > unixepoch();
