-- Which rows changed is kept with each stay now.
ALTER TABLE data_versions DROP COLUMN sources;
ALTER TABLE data_versions ADD COLUMN is_readable boolean not null default true;
COMMENT ON COLUMN data_versions.is_readable IS 'False once the tables that hold the version were built anew, empty.';
