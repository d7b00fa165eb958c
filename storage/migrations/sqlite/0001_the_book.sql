-- The book of one dealership. Instants are whole seconds since 1970 (UTC), civil dates are
-- YYYY-MM-DD. Ids are never given twice, so that a call log keeps meaning what it meant.

CREATE TABLE customers (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    phone         TEXT    NOT NULL UNIQUE CHECK (phone GLOB '+1[2-9]*' AND length(phone) = 12),
    first_name    TEXT    NOT NULL CHECK (trim(first_name) <> ''),
    last_name     TEXT    NOT NULL,
    email         TEXT,
    date_of_birth TEXT    CHECK (date(date_of_birth) IS date_of_birth),
    street        TEXT,
    city          TEXT,
    state         TEXT,
    zip           TEXT,
    created_at    INTEGER NOT NULL DEFAULT (unixepoch()),
    -- An address is whole or absent.
    CHECK ((street IS NULL) = (city IS NULL)
       AND (street IS NULL) = (state IS NULL)
       AND (street IS NULL) = (zip IS NULL))
) STRICT;

CREATE TABLE vehicles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    year        INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2100),
    make        TEXT    NOT NULL CHECK (trim(make) <> ''),
    model       TEXT    NOT NULL CHECK (trim(model) <> ''),
    -- Not unique: a vehicle that is sold comes back with another customer.
    vin         TEXT    CHECK (length(vin) = 17),
    created_at  INTEGER NOT NULL DEFAULT (unixepoch()),
    -- What an appointment refers to: a vehicle together with its owner.
    UNIQUE (id, customer_id)
) STRICT;

CREATE INDEX vehicles_of_customer ON vehicles (customer_id);

CREATE TABLE appointments (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id         INTEGER NOT NULL REFERENCES customers (id),
    vehicle_id          INTEGER NOT NULL,
    service             TEXT    NOT NULL CHECK (service <> ''),
    starts_at           INTEGER NOT NULL,
    ends_at             INTEGER NOT NULL CHECK (ends_at > starts_at),
    bay                 INTEGER NOT NULL CHECK (bay >= 1),
    status              TEXT    NOT NULL DEFAULT 'scheduled' CHECK (status IN (
        'scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show')),
    cancellation_reason TEXT,
    notes               TEXT,
    idempotency_key     TEXT    NOT NULL UNIQUE,
    booked_by           TEXT    NOT NULL,
    created_at          INTEGER NOT NULL DEFAULT (unixepoch()),
    updated_at          INTEGER NOT NULL DEFAULT (unixepoch()),
    -- Nobody books another customer's vehicle.
    FOREIGN KEY (vehicle_id, customer_id) REFERENCES vehicles (id, customer_id)
) STRICT;

CREATE INDEX appointments_of_customer ON appointments (customer_id, starts_at);
-- By their end, so that the overlap triggers skip what is over.
CREATE INDEX appointments_in_bay ON appointments (bay, ends_at) WHERE status <> 'cancelled';
CREATE INDEX appointments_of_vehicle ON appointments (vehicle_id, ends_at) WHERE status <> 'cancelled';
CREATE INDEX appointments_by_end ON appointments (ends_at) WHERE status <> 'cancelled';

-- The database is the judge of a slot: whatever the program believes, no two rows that are not
-- cancelled hold the same bay, or the same vehicle, at the same time. Times are half-open: one may
-- start when another ends. The messages are what the program recognises; the vehicle comes first,
-- because another bay cannot help there.

CREATE TRIGGER appointments_never_overlap_on_insert
AFTER INSERT ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'vehicle_overlap') FROM appointments AS other
     WHERE other.vehicle_id = NEW.vehicle_id AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
    SELECT RAISE(ABORT, 'bay_overlap') FROM appointments AS other
     WHERE other.bay = NEW.bay AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
END;

CREATE TRIGGER appointments_never_overlap_on_update
AFTER UPDATE ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'vehicle_overlap') FROM appointments AS other
     WHERE other.vehicle_id = NEW.vehicle_id AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
    SELECT RAISE(ABORT, 'bay_overlap') FROM appointments AS other
     WHERE other.bay = NEW.bay AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
END;

CREATE TABLE service_history (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    vehicle_id     INTEGER NOT NULL REFERENCES vehicles (id),
    appointment_id INTEGER REFERENCES appointments (id),
    performed_on   TEXT    NOT NULL CHECK (date(performed_on) IS performed_on),
    service        TEXT    NOT NULL CHECK (service <> ''),
    mileage        INTEGER CHECK (mileage >= 0),
    notes          TEXT
) STRICT;

CREATE INDEX service_history_of_vehicle ON service_history (vehicle_id, performed_on);

CREATE TABLE call_logs (
    id                      INTEGER PRIMARY KEY AUTOINCREMENT,
    call_sid                TEXT    NOT NULL UNIQUE,
    direction               TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    from_number             TEXT,
    to_number               TEXT,
    started_at              INTEGER NOT NULL,
    outcome                 TEXT    NOT NULL DEFAULT 'in_progress' CHECK (outcome IN (
        'in_progress', 'booked', 'rescheduled', 'cancelled', 'answered', 'transferred',
        'abandoned', 'failed')),
    ended_at                INTEGER,
    duration_ms             INTEGER CHECK (duration_ms >= 0),
    end_reason              TEXT,
    customer_id             INTEGER REFERENCES customers (id),
    appointment_id          INTEGER REFERENCES appointments (id),
    required_human_transfer INTEGER NOT NULL DEFAULT 0 CHECK (required_human_transfer IN (0, 1)),
    transcript              TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(transcript)),
    turns                   TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(turns)),
    tools_used              TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(tools_used)),
    -- A call goes on, or it has ended and says how.
    CHECK ((outcome = 'in_progress') = (ended_at IS NULL)
       AND (ended_at IS NULL) = (duration_ms IS NULL)
       AND (ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

CREATE INDEX call_logs_by_start ON call_logs (started_at);
