-- Several locations share a book, and its waiting list. What was booked before belongs to the one there was, whose file
-- names no other key.

ALTER TABLE appointments ADD COLUMN location TEXT NOT NULL DEFAULT 'main' CHECK (location <> '');

-- A bay is one of a location's; a vehicle is in one place at a time, wherever that is.
ALTER TABLE appointments DROP CONSTRAINT bay_overlap;
ALTER TABLE appointments ADD CONSTRAINT bay_overlap EXCLUDE USING gist
    (location WITH =, bay WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (status <> 'cancelled');

-- Customers for whom nothing was free. An offer is a time that is theirs to take for a while; it books
-- nothing.
CREATE TABLE waitlist (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     BIGINT NOT NULL REFERENCES customers (id),
    vehicle_id      BIGINT NOT NULL,
    location        TEXT   NOT NULL CHECK (location <> ''),
    service         TEXT   NOT NULL CHECK (service <> ''),
    first_day       DATE   NOT NULL,
    last_day        DATE   NOT NULL CHECK (last_day >= first_day),
    state           TEXT   NOT NULL DEFAULT 'waiting' CHECK (state IN (
        'waiting', 'offered', 'booked', 'declined', 'expired', 'left')),
    offer_starts_at TIMESTAMPTZ,
    offer_ends_at   TIMESTAMPTZ CHECK (offer_ends_at > offer_starts_at),
    offer_until     TIMESTAMPTZ,
    created_at      TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- Nobody waits with another customer's vehicle.
    FOREIGN KEY (vehicle_id, customer_id) REFERENCES vehicles (id, customer_id),
    CHECK (state IN ('waiting', 'left') OR offer_until IS NOT NULL)
);

-- A vehicle waits once for the same.
CREATE UNIQUE INDEX waitlist_once ON waitlist (vehicle_id, location, service)
    WHERE state IN ('waiting', 'offered');
CREATE INDEX waitlist_open ON waitlist (location, state) WHERE state IN ('waiting', 'offered');
CREATE INDEX waitlist_of_customer ON waitlist (customer_id);
