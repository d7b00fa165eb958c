-- What the telephone network says of calls, beside what we know of them ourselves.

-- The newest status by the network's own count, whatever order its messages came in.
ALTER TABLE call_logs ADD COLUMN network_status TEXT CHECK (network_status IN (
    'queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed',
    'canceled'));
ALTER TABLE call_logs ADD COLUMN network_duration_s INTEGER CHECK (network_duration_s >= 0);
ALTER TABLE call_logs ADD COLUMN network_sequence INTEGER CHECK (network_sequence >= 0);

-- Answering machines, recordings, streams, text messages. The network repeats itself: the same
-- thing is kept once. `call_sid` may name a call that we have no log of, or a message.
CREATE TABLE call_events (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    call_sid TEXT    NOT NULL CHECK (call_sid <> ''),
    kind     TEXT    NOT NULL CHECK (kind <> ''),
    at       INTEGER NOT NULL,
    detail   TEXT    NOT NULL CHECK (json_valid(detail)),
    UNIQUE (call_sid, kind, detail)
) STRICT;
