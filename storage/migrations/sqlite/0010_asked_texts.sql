-- Text messages that callers ask for, written down before they are sent: of each kind one in a call.

CREATE TABLE asked_texts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    call_sid   TEXT    NOT NULL CHECK (call_sid <> ''),
    topic      TEXT    NOT NULL CHECK (topic IN ('appointment', 'address_and_hours')),
    to_number  TEXT    NOT NULL CHECK (to_number GLOB '+1[2-9]*' AND length(to_number) = 12),
    state      TEXT    NOT NULL DEFAULT 'intended' CHECK (state IN (
        'intended', 'sent', 'unknown', 'refused')),
    created_at INTEGER NOT NULL DEFAULT (unixepoch()),
    UNIQUE (call_sid, topic)
) STRICT;
