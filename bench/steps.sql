-- What was done once to this database and how long it took, so that later runs can report it.
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.steps (
    position integer generated always as identity,
    name text primary key,
    milliseconds bigint not null
);

-- Time inside PostgreSQL: parsing and planning, network and client left out.
CREATE OR REPLACE FUNCTION bench.execution_milliseconds(statement text) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
    RETURN (plan -> 0 ->> 'Execution Time')::double precision;
END $$;
