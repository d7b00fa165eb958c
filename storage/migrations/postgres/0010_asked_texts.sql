-- Text messages that callers ask for, written down before they are sent: of each kind one in a call.

CREATE TABLE asked_texts (
    id         BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_sid   TEXT        NOT NULL CHECK (call_sid <> ''),
    topic      TEXT        NOT NULL CHECK (topic IN ('appointment', 'address_and_hours')),
    to_number  TEXT        NOT NULL CHECK (to_number ~ '^\+1[2-9][0-9]{9}$'),
    state      TEXT        NOT NULL DEFAULT 'intended' CHECK (state IN (
        'intended', 'sent', 'unknown', 'refused')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (call_sid, topic)
);
