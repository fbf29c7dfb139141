DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'observations'::regclass LOOP
        EXECUTE format('ALTER TABLE %s RESET (fillfactor)', partition);
    END LOOP;
END
$$;
ALTER TABLE fhir.contacts RESET (fillfactor);
ALTER TABLE encounters RESET (fillfactor);
ALTER TABLE conditions RESET (fillfactor);
ALTER TABLE icd10_titles ADD COLUMN occurrences bigint not null default 1;
COMMENT ON COLUMN icd10_titles.occurrences IS 'How often it was seen.';
