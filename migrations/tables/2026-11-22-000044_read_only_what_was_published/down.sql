ALTER TABLE data_versions DROP COLUMN is_readable;
ALTER TABLE data_versions ADD COLUMN sources text;
COMMENT ON COLUMN data_versions.sources IS 'Fingerprint of the rows that the views were built from; equal ones mean equal views. Null for versions of older programs.';
