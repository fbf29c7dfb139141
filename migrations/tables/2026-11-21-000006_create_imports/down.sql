DROP TABLE analytics_definitions;
DROP TABLE data_versions;
DROP TABLE quarantine;
DROP TABLE import_runs;
