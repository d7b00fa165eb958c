-- What several nodes that open one book need of it.

-- Tells this book from others, for whoever keeps something of it elsewhere. One row.
CREATE TABLE book (
    id         TEXT   PRIMARY KEY,
    -- How often times were held. Newer holds have higher numbers.
    last_fence BIGINT NOT NULL DEFAULT 0
);

INSERT INTO book (id) VALUES (replace(gen_random_uuid()::text, '-', ''));

-- Times that callers are deciding about. Only advice: what is booked is judged by the appointments.
CREATE TABLE slot_holds (
    call_sid   TEXT        NOT NULL,
    -- By its name: bays are a location's own.
    location   TEXT        NOT NULL,
    starts_at  TIMESTAMPTZ NOT NULL,
    ends_at    TIMESTAMPTZ NOT NULL CHECK (ends_at > starts_at),
    fence      BIGINT      NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (call_sid, starts_at)
);

CREATE INDEX slot_holds_by_time ON slot_holds (location, starts_at);
