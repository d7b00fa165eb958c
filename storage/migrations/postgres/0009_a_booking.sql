-- A booking as one call, of which the server keeps the plan.
--
-- Into the first bay that is free by what is committed; no row where none is, where the vehicle $2 is not the customer's
-- $1, or where a constraint refuses. It waits for bookings under way that it meets. With the row come its line in the
-- audit log, its entry in the calendar's outbox, its reminders (kind and time, $13 to $20), and the consent of whoever
-- books: they give a number to be told about it, to be written to, and called only where it is the one $21 that they
-- book from.

CREATE FUNCTION book_appointment(
    BIGINT, BIGINT,                                         -- $1 customer, $2 vehicle
    TEXT, TIMESTAMPTZ, TIMESTAMPTZ,                         -- $3 service, $4 start, $5 end
    TEXT, TEXT, TEXT,                                       -- $6 notes, $7 idempotency key, $8 booked by
    BIGINT, TEXT,                                           -- $9 bays, $10 location
    TEXT, JSONB,                                            -- $11 call, $12 what it says in the audit log
    TEXT, TIMESTAMPTZ, TEXT, TIMESTAMPTZ, TEXT, TIMESTAMPTZ, TEXT, TIMESTAMPTZ,
    TEXT                                                    -- $21 the number that is booked from
) RETURNS SETOF appointments LANGUAGE plpgsql AS $function$ BEGIN
    RETURN QUERY WITH made AS (
        INSERT INTO appointments
        (customer_id, vehicle_id, service, starts_at, ends_at, bay, notes, idempotency_key, booked_by,
         location)
        SELECT $1, $2, $3, $4, $5, candidate.bay, $6, $7, $8, $10
          FROM generate_series(1, $9) AS candidate (bay)
         WHERE EXISTS (SELECT FROM vehicles WHERE id = $2 AND customer_id = $1)
           AND NOT EXISTS (SELECT FROM appointments AS other
               WHERE other.location = $10 AND other.bay = candidate.bay AND other.status <> 'cancelled'
                 AND tstzrange(other.starts_at, other.ends_at) && tstzrange($4, $5))
         ORDER BY candidate.bay LIMIT 1
        ON CONFLICT DO NOTHING RETURNING *
    ), noted AS (
        INSERT INTO audit_log (call_sid, change, customer_id, vehicle_id, appointment_id, detail)
        SELECT $11, 'appointment_booked', customer_id, vehicle_id, id,
               $12::jsonb || jsonb_build_object('bay', bay) FROM made
    ), told AS (
        INSERT INTO calendar_outbox (appointment_id, sequence) SELECT id, 1 FROM made
    ), reminded AS (
        INSERT INTO reminders (appointment_id, starts_at, kind, due_at)
        SELECT made.id, made.starts_at, plan.kind, plan.due_at FROM made CROSS JOIN (VALUES
            ($13, $14), ($15, $16), ($17, $18), ($19, $20)) AS plan (kind, due_at)
    ), agreed AS (
        INSERT INTO consents (phone, channel, source, at)
        SELECT customers.phone, reached.channel, made.booked_by, now() FROM made
          JOIN customers ON customers.id = made.customer_id
         CROSS JOIN (VALUES ('voice'), ('sms')) AS reached (channel)
         WHERE made.booked_by <> '' AND (reached.channel = 'sms' OR customers.phone = $21)
        ON CONFLICT DO NOTHING
    ) SELECT * FROM made;
END $function$;
