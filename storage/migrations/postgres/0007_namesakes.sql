-- Wrong answers that may be about any of several customers of one name: counted under the first of
-- them, beside what is counted about that customer alone.
ALTER TABLE verification_failures ADD COLUMN by_name BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE verification_failures DROP CONSTRAINT verification_failures_pkey;
ALTER TABLE verification_failures ADD PRIMARY KEY (customer_id, by_name);
