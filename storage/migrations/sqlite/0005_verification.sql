-- Who proves to be whom, and who changed what.

-- Wrong answers about one customer, in whatever calls. A right one removes the row.
CREATE TABLE verification_failures (
    customer_id  INTEGER PRIMARY KEY REFERENCES customers (id),
    failures     INTEGER NOT NULL CHECK (failures >= 1),
    first_at     INTEGER NOT NULL,
    -- Until then nobody is verified as this customer.
    locked_until INTEGER
) STRICT;

-- Every change of the book, written in the change's own transaction. Only ids and times: whom they
-- stand for is in the book.
CREATE TABLE audit_log (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL DEFAULT (unixepoch()),
    -- The call that did it; absent for what no call did.
    call_sid       TEXT,
    change         TEXT    NOT NULL CHECK (change IN (
        'customer_created', 'vehicle_added', 'appointment_booked', 'appointment_confirmed',
        'appointment_moved', 'appointment_cancelled')),
    customer_id    INTEGER NOT NULL REFERENCES customers (id),
    vehicle_id     INTEGER REFERENCES vehicles (id),
    appointment_id INTEGER REFERENCES appointments (id),
    detail         TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(detail))
) STRICT;

CREATE INDEX audit_log_of_customer ON audit_log (customer_id, id);
CREATE INDEX audit_log_of_call ON audit_log (call_sid, id);

-- What was written down stays as it was.
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_is_not_shortened BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
