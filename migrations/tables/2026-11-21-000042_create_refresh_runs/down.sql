DROP TABLE refresh_runs;
