-- Who proves to be whom, and who changed what.

-- Wrong answers about one customer, in whatever calls. A right one removes the row.
CREATE TABLE verification_failures (
    customer_id  BIGINT      PRIMARY KEY REFERENCES customers (id),
    failures     BIGINT      NOT NULL CHECK (failures >= 1),
    first_at     TIMESTAMPTZ NOT NULL,
    -- Until then nobody is verified as this customer.
    locked_until TIMESTAMPTZ
);

-- Every change of the book, written in the change's own transaction. Only ids and times: whom they
-- stand for is in the book.
CREATE TABLE audit_log (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- The call that did it; absent for what no call did.
    call_sid       TEXT,
    change         TEXT   NOT NULL CHECK (change IN (
        'customer_created', 'vehicle_added', 'appointment_booked', 'appointment_confirmed',
        'appointment_moved', 'appointment_cancelled')),
    customer_id    BIGINT NOT NULL REFERENCES customers (id),
    vehicle_id     BIGINT REFERENCES vehicles (id),
    appointment_id BIGINT REFERENCES appointments (id),
    detail         JSONB  NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_log_of_customer ON audit_log (customer_id, id);
CREATE INDEX audit_log_of_call ON audit_log (call_sid, id);

-- What was written down stays as it was.
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only';
END
$$;
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
