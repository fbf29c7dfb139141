DROP INDEX in_trackerevent_undated;
CREATE OR REPLACE FUNCTION value_as_number(value text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^[+-]?([0-9]{1,100}\.?[0-9]{0,100}|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})?$' THEN value::numeric END;
COMMENT ON FUNCTION value_as_number(text) IS 'The decimal number that a stored value is; null when it is none.';
