-- Values are kept as texts. These read them by type and answer null for a text that is no value of it: one malformed
-- value must never fail a list. CASE makes sure that a cast runs behind its pattern.
CREATE FUNCTION value_as_number(value text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^[+-]?([0-9]{1,100}\.?[0-9]{0,100}|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})?$' THEN value::numeric END;
COMMENT ON FUNCTION value_as_number(text) IS 'The decimal number that a stored value is; null when it is none.';

-- Days are counted from the first of the month, so that 30 February is found out and not an error. Zones are not read.
CREATE FUNCTION value_as_time(value text) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?$'
    AND extract(month FROM make_date(substr(value, 1, 4)::int, substr(value, 6, 2)::int, 1) + (substr(value, 9, 2)::int - 1))
        = substr(value, 6, 2)::int
  THEN make_date(substr(value, 1, 4)::int, substr(value, 6, 2)::int, 1) + (substr(value, 9, 2)::int - 1)
       + coalesce(substring(value FROM '^.{11}([0-9:.]+)'), '00:00')::time END;
COMMENT ON FUNCTION value_as_time(text) IS 'The day or instant that a stored value is; null when it is none.';

CREATE FUNCTION value_as_boolean(value text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE lower(value) WHEN 'true' THEN true WHEN 'false' THEN false END;
COMMENT ON FUNCTION value_as_boolean(text) IS 'The boolean that a stored value is; null when it is none.';

-- One walk for each order that lists of tracker events are usually read in, of one unit and of every unit.
CREATE INDEX in_trackerevent_page_id ON trackerevent (ownerorganisationunitid, programstageid, eventid desc) where not deleted;
CREATE INDEX in_trackerevent_page_id_wide ON trackerevent (programstageid, eventid desc) include (ownerorganisationunitid) where not deleted;
CREATE INDEX in_trackerevent_page_created ON trackerevent (ownerorganisationunitid, programstageid, created desc, eventid desc) where not deleted;
CREATE INDEX in_trackerevent_page_created_wide ON trackerevent (programstageid, created desc, eventid desc) include (ownerorganisationunitid) where not deleted;
CREATE INDEX in_trackerevent_page_scheduled ON trackerevent (ownerorganisationunitid, programstageid, (coalesce(scheduleddate, 'infinity'::timestamp)) desc, eventid desc) where not deleted;

-- Newest changes first, for lists and for clients that ask what changed since.
DROP INDEX in_singleevent_programstageid;
CREATE INDEX in_singleevent_page_updated_wide ON singleevent (programstageid, lastupdated desc, eventid desc) include (organisationunitid);
DROP INDEX in_trackerevent_programstageid;
CREATE INDEX in_trackerevent_page_updated_wide ON trackerevent (programstageid, lastupdated desc, eventid desc) include (ownerorganisationunitid);

-- A person's events in list order, as those of single events are kept.
DROP INDEX in_trackerevent_assigneduserid;
CREATE INDEX in_trackerevent_assigneduserid ON trackerevent (assigneduserid, programstageid, (coalesce(occurreddate, 'infinity'::timestamp)) desc, eventid desc) where assigneduserid is not null;
