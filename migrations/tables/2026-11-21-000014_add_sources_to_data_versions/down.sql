ALTER TABLE data_versions DROP COLUMN sources;
