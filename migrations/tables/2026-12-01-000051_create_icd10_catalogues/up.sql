CREATE TABLE icd10_catalogues (
    year smallint primary key,
    source text not null
);
COMMENT ON TABLE icd10_catalogues IS 'ICD-10-GM catalogues whose titles the operator has loaded.';
COMMENT ON COLUMN icd10_catalogues.year IS 'Edition.';
COMMENT ON COLUMN icd10_catalogues.source IS 'Who publishes it, to be named beside the titles.';

CREATE TABLE icd10_catalogue_titles (
    code text collate "C" primary key,
    title text not null,
    year smallint not null references icd10_catalogues
);
CREATE INDEX in_icd10_catalogue_titles_year ON icd10_catalogue_titles (year);
COMMENT ON TABLE icd10_catalogue_titles IS 'Titles of chapters, blocks and codes, each of the newest edition that has it; they go before those of imported data.';
COMMENT ON COLUMN icd10_catalogue_titles.code IS 'Chapter in Roman numerals, block such as I10-I15, or code with its dot.';
COMMENT ON COLUMN icd10_catalogue_titles.title IS 'Title.';
COMMENT ON COLUMN icd10_catalogue_titles.year IS 'Edition that it is taken from.';

ALTER TABLE import_runs DROP CONSTRAINT import_runs_kind_check;
ALTER TABLE import_runs ADD CONSTRAINT import_runs_kind_check
    CHECK (kind IN ('METADATA', 'TRACKER', 'FHIR', 'GENERATE', 'ICD10'));
