-- Several locations share a book, and its waiting list. What was booked before belongs to the one there was, whose file
-- names no other key.

ALTER TABLE appointments ADD COLUMN location TEXT NOT NULL DEFAULT 'main' CHECK (location <> '');

DROP INDEX appointments_in_bay;
CREATE INDEX appointments_in_bay ON appointments (location, bay, ends_at)
    WHERE status <> 'cancelled';

-- A bay is one of a location's; a vehicle is in one place at a time, wherever that is.

DROP TRIGGER appointments_never_overlap_on_insert;
CREATE TRIGGER appointments_never_overlap_on_insert
AFTER INSERT ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'vehicle_overlap') FROM appointments AS other
     WHERE other.vehicle_id = NEW.vehicle_id AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
    SELECT RAISE(ABORT, 'bay_overlap') FROM appointments AS other
     WHERE other.location = NEW.location AND other.bay = NEW.bay
       AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
END;

DROP TRIGGER appointments_never_overlap_on_update;
CREATE TRIGGER appointments_never_overlap_on_update
AFTER UPDATE ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'vehicle_overlap') FROM appointments AS other
     WHERE other.vehicle_id = NEW.vehicle_id AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
    SELECT RAISE(ABORT, 'bay_overlap') FROM appointments AS other
     WHERE other.location = NEW.location AND other.bay = NEW.bay
       AND other.id <> NEW.id AND other.status <> 'cancelled'
       AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at;
END;

-- Customers for whom nothing was free. An offer is a time that is theirs to take for a while; it books
-- nothing.
CREATE TABLE waitlist (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id     INTEGER NOT NULL REFERENCES customers (id),
    vehicle_id      INTEGER NOT NULL,
    location        TEXT    NOT NULL CHECK (location <> ''),
    service         TEXT    NOT NULL CHECK (service <> ''),
    first_day       TEXT    NOT NULL CHECK (date(first_day) IS first_day),
    last_day        TEXT    NOT NULL CHECK (date(last_day) IS last_day AND last_day >= first_day),
    state           TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN (
        'waiting', 'offered', 'booked', 'declined', 'expired', 'left')),
    offer_starts_at INTEGER,
    offer_ends_at   INTEGER CHECK (offer_ends_at > offer_starts_at),
    offer_until     INTEGER,
    created_at      INTEGER NOT NULL DEFAULT (unixepoch()),
    -- Nobody waits with another customer's vehicle.
    FOREIGN KEY (vehicle_id, customer_id) REFERENCES vehicles (id, customer_id),
    CHECK (state IN ('waiting', 'left') OR offer_until IS NOT NULL)
) STRICT;

-- A vehicle waits once for the same.
CREATE UNIQUE INDEX waitlist_once ON waitlist (vehicle_id, location, service)
    WHERE state IN ('waiting', 'offered');
CREATE INDEX waitlist_open ON waitlist (location, state) WHERE state IN ('waiting', 'offered');
CREATE INDEX waitlist_of_customer ON waitlist (customer_id);
