DELETE FROM import_runs WHERE kind = 'ICD10';
ALTER TABLE import_runs DROP CONSTRAINT import_runs_kind_check;
ALTER TABLE import_runs ADD CONSTRAINT import_runs_kind_check
    CHECK (kind IN ('METADATA', 'TRACKER', 'FHIR', 'GENERATE'));
DROP TABLE icd10_catalogue_titles;
DROP TABLE icd10_catalogues;
