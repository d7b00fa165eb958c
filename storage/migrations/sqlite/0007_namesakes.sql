-- Wrong answers that may be about any of several customers of one name: counted under the first of
-- them, beside what is counted about that customer alone.
CREATE TABLE verification_failures_by_name (
    customer_id  INTEGER NOT NULL REFERENCES customers (id),
    by_name      INTEGER NOT NULL DEFAULT FALSE,
    failures     INTEGER NOT NULL CHECK (failures >= 1),
    first_at     INTEGER NOT NULL,
    -- Until then nobody is verified as this customer, or by this name.
    locked_until INTEGER,
    PRIMARY KEY (customer_id, by_name)
) STRICT, WITHOUT ROWID;

INSERT INTO verification_failures_by_name (customer_id, failures, first_at, locked_until)
    SELECT customer_id, failures, first_at, locked_until FROM verification_failures;
DROP TABLE verification_failures;
ALTER TABLE verification_failures_by_name RENAME TO verification_failures;
