ALTER TABLE icd10_titles ADD COLUMN occurrences bigint not null default 1;
COMMENT ON COLUMN icd10_titles.occurrences IS 'How often it was seen.';
