-- The book of one dealership. Instants are whole seconds. Ids are never given twice, so that a call
-- log keeps meaning what it meant.

-- Lets one exclusion constraint speak of a number and a range of time. Trusted: whoever may create
-- objects in this database may install it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE customers (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone         TEXT   NOT NULL UNIQUE CHECK (phone ~ '^\+1[2-9][0-9]{9}$'),
    first_name    TEXT   NOT NULL CHECK (btrim(first_name) <> ''),
    last_name     TEXT   NOT NULL,
    email         TEXT,
    date_of_birth DATE,
    street        TEXT,
    city          TEXT,
    state         TEXT,
    zip           TEXT,
    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- An address is whole or absent.
    CHECK (num_nulls(street, city, state, zip) IN (0, 4))
);

CREATE TABLE vehicles (
    id          BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT   NOT NULL REFERENCES customers (id),
    year        SMALLINT NOT NULL CHECK (year BETWEEN 1900 AND 2100),
    make        TEXT     NOT NULL CHECK (btrim(make) <> ''),
    model       TEXT     NOT NULL CHECK (btrim(model) <> ''),
    -- Not unique: a vehicle that is sold comes back with another customer.
    vin         TEXT     CHECK (length(vin) = 17),
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- What an appointment refers to: a vehicle together with its owner.
    UNIQUE (id, customer_id)
);

CREATE INDEX vehicles_of_customer ON vehicles (customer_id);

CREATE TABLE appointments (
    id                  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id         BIGINT NOT NULL REFERENCES customers (id),
    vehicle_id          BIGINT NOT NULL,
    service             TEXT   NOT NULL CHECK (service <> ''),
    starts_at           TIMESTAMPTZ NOT NULL,
    ends_at             TIMESTAMPTZ NOT NULL CHECK (ends_at > starts_at),
    bay                 BIGINT NOT NULL CHECK (bay >= 1),
    status              TEXT   NOT NULL DEFAULT 'scheduled' CHECK (status IN (
        'scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show')),
    cancellation_reason TEXT,
    notes               TEXT,
    idempotency_key     TEXT   NOT NULL UNIQUE,
    booked_by           TEXT   NOT NULL,
    created_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- Nobody books another customer's vehicle.
    FOREIGN KEY (vehicle_id, customer_id) REFERENCES vehicles (id, customer_id),
    -- The database is the judge of a slot: whatever the program believes, no two rows that are not
    -- cancelled hold the same vehicle, or the same bay, at the same time. Ranges are half-open: one
    -- may start when another ends. The names are what the program recognises; the vehicle comes
    -- first, and so is reported first, because another bay cannot help there.
    CONSTRAINT vehicle_overlap EXCLUDE USING gist
        (vehicle_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status <> 'cancelled'),
    CONSTRAINT bay_overlap EXCLUDE USING gist
        (bay WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status <> 'cancelled')
);

CREATE INDEX appointments_of_customer ON appointments (customer_id, starts_at);
CREATE INDEX appointments_by_end ON appointments (ends_at) WHERE status <> 'cancelled';

CREATE TABLE service_history (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_id     BIGINT NOT NULL REFERENCES vehicles (id),
    appointment_id BIGINT REFERENCES appointments (id),
    performed_on   DATE   NOT NULL,
    service        TEXT   NOT NULL CHECK (service <> ''),
    mileage        BIGINT CHECK (mileage >= 0),
    notes          TEXT
);

CREATE INDEX service_history_of_vehicle ON service_history (vehicle_id, performed_on);

CREATE TABLE call_logs (
    id                      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_sid                TEXT    NOT NULL UNIQUE,
    direction               TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    from_number             TEXT,
    to_number               TEXT,
    started_at              TIMESTAMPTZ NOT NULL,
    outcome                 TEXT    NOT NULL DEFAULT 'in_progress' CHECK (outcome IN (
        'in_progress', 'booked', 'rescheduled', 'cancelled', 'answered', 'transferred',
        'abandoned', 'failed')),
    ended_at                TIMESTAMPTZ,
    duration_ms             BIGINT  CHECK (duration_ms >= 0),
    end_reason              TEXT,
    customer_id             BIGINT  REFERENCES customers (id),
    appointment_id          BIGINT  REFERENCES appointments (id),
    required_human_transfer BOOLEAN NOT NULL DEFAULT FALSE,
    transcript              JSONB   NOT NULL DEFAULT '[]',
    turns                   JSONB   NOT NULL DEFAULT '[]',
    tools_used              JSONB   NOT NULL DEFAULT '[]',
    -- A call goes on, or it has ended and says how.
    CHECK ((outcome = 'in_progress') = (ended_at IS NULL)
       AND (ended_at IS NULL) = (duration_ms IS NULL)
       AND (ended_at IS NULL) = (end_reason IS NULL))
);

CREATE INDEX call_logs_by_start ON call_logs (started_at);
