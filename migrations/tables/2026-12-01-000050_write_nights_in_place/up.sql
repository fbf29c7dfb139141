-- Which display is the most frequent of a code is counted anew only where it may have changed, so that the count itself
-- would not stay true.
ALTER TABLE icd10_titles DROP COLUMN occurrences;

-- A corrected row finds room on its own page then, and no index is written for it. Pages written before stay full.
ALTER TABLE conditions SET (fillfactor = 95);
ALTER TABLE encounters SET (fillfactor = 95);
ALTER TABLE fhir.contacts SET (fillfactor = 95);
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'observations'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 95)', partition);
    END LOOP;
END
$$;
