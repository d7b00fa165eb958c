-- What the telephone network says of calls, beside what we know of them ourselves.

-- The newest status by the network's own count, whatever order its messages came in.
ALTER TABLE call_logs ADD COLUMN network_status TEXT CHECK (network_status IN (
    'queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed',
    'canceled'));
ALTER TABLE call_logs ADD COLUMN network_duration_s BIGINT CHECK (network_duration_s >= 0);
ALTER TABLE call_logs ADD COLUMN network_sequence BIGINT CHECK (network_sequence >= 0);

-- Answering machines, recordings, streams, text messages. The network repeats itself: the same
-- thing is kept once. `call_sid` may name a call that we have no log of, or a message.
CREATE TABLE call_events (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_sid TEXT   NOT NULL CHECK (call_sid <> ''),
    kind     TEXT   NOT NULL CHECK (kind <> ''),
    at       TIMESTAMPTZ NOT NULL,
    detail   JSONB  NOT NULL
);

-- By its hash: what is noted may be longer than an entry of an index.
CREATE UNIQUE INDEX call_events_once ON call_events (call_sid, kind, md5(detail::text));
