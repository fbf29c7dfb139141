-- Changes of events are announced to whoever listens on the channel clinigraph_events. One statement of any size costs one
-- scan of the rows it changed: up to 1,000 are named in notices of 64, a larger one is told as "many" with its stages.
--
-- A notice is the store (S or T), microseconds since 1970, and items: C, U or D (created, updated, deleted) with uid, event,
-- stage, unit that lists select by, option combination and, where it differs, the unit before; or M with stages.
CREATE FUNCTION announce_events(store text, changes text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head text := store || ' ' || (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    FOR start IN 0 .. coalesce(cardinality(changes), 0) - 1 BY 64 LOOP
        PERFORM pg_notify('clinigraph_events', head || ' ' || array_to_string(changes[start + 1 : start + 64], ' '));
    END LOOP;
END $$;
COMMENT ON FUNCTION announce_events IS 'Sends changes to the channel clinigraph_events, 64 a notice.';

CREATE FUNCTION announce_single_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (SELECT count(*) FROM (SELECT FROM new_rows LIMIT 1001) counted) > 1000 THEN
            changes := ARRAY(SELECT 'M,' || string_agg(DISTINCT programstageid::text, ',') FROM new_rows);
        ELSE
            changes := ARRAY(
                SELECT concat_ws(',', 'C', uid, eventid, programstageid, organisationunitid, attributeoptioncomboid)
                  FROM new_rows WHERE NOT deleted);
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF (SELECT count(*) FROM (SELECT FROM new_rows LIMIT 1001) counted) > 1000 THEN
            changes := ARRAY(SELECT 'M,' || string_agg(DISTINCT programstageid::text, ',') FROM
                             (SELECT programstageid FROM new_rows UNION SELECT programstageid FROM old_rows) both_rows);
        ELSE
            changes := ARRAY(
                SELECT concat_ws(',', CASE WHEN n.deleted THEN 'D' WHEN o.deleted THEN 'C' ELSE 'U' END, n.uid, n.eventid,
                                 n.programstageid, n.organisationunitid, n.attributeoptioncomboid,
                                 nullif(o.organisationunitid, n.organisationunitid))
                  FROM new_rows n JOIN old_rows o USING (eventid) WHERE NOT (n.deleted AND o.deleted));
        END IF;
    ELSE
        IF (SELECT count(*) FROM (SELECT FROM old_rows LIMIT 1001) counted) > 1000 THEN
            changes := ARRAY(SELECT 'M,' || string_agg(DISTINCT programstageid::text, ',') FROM old_rows);
        ELSE
            changes := ARRAY(
                SELECT concat_ws(',', 'D', uid, eventid, programstageid, organisationunitid, attributeoptioncomboid)
                  FROM old_rows WHERE NOT deleted);
        END IF;
    END IF;
    PERFORM announce_events('S', changes);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION announce_single_events IS 'Announces what a statement changed in singleevent.';

CREATE FUNCTION announce_tracker_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (SELECT count(*) FROM (SELECT FROM new_rows LIMIT 1001) counted) > 1000 THEN
            changes := ARRAY(SELECT 'M,' || string_agg(DISTINCT programstageid::text, ',') FROM new_rows);
        ELSE
            changes := ARRAY(
                SELECT concat_ws(',', 'C', uid, eventid, programstageid, ownerorganisationunitid, attributeoptioncomboid)
                  FROM new_rows WHERE NOT deleted);
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF (SELECT count(*) FROM (SELECT FROM new_rows LIMIT 1001) counted) > 1000 THEN
            changes := ARRAY(SELECT 'M,' || string_agg(DISTINCT programstageid::text, ',') FROM
                             (SELECT programstageid FROM new_rows UNION SELECT programstageid FROM old_rows) both_rows);
        ELSE
            changes := ARRAY(
                SELECT concat_ws(',', CASE WHEN n.deleted THEN 'D' WHEN o.deleted THEN 'C' ELSE 'U' END, n.uid, n.eventid,
                                 n.programstageid, n.ownerorganisationunitid, n.attributeoptioncomboid,
                                 nullif(o.ownerorganisationunitid, n.ownerorganisationunitid))
                  FROM new_rows n JOIN old_rows o USING (eventid) WHERE NOT (n.deleted AND o.deleted));
        END IF;
    ELSE
        IF (SELECT count(*) FROM (SELECT FROM old_rows LIMIT 1001) counted) > 1000 THEN
            changes := ARRAY(SELECT 'M,' || string_agg(DISTINCT programstageid::text, ',') FROM old_rows);
        ELSE
            changes := ARRAY(
                SELECT concat_ws(',', 'D', uid, eventid, programstageid, ownerorganisationunitid, attributeoptioncomboid)
                  FROM old_rows WHERE NOT deleted);
        END IF;
    END IF;
    PERFORM announce_events('T', changes);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION announce_tracker_events IS 'Announces what a statement changed in trackerevent.';

CREATE TRIGGER announce_insert AFTER INSERT ON singleevent
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION announce_single_events();
CREATE TRIGGER announce_update AFTER UPDATE ON singleevent
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION announce_single_events();
CREATE TRIGGER announce_delete AFTER DELETE ON singleevent
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION announce_single_events();
CREATE TRIGGER announce_insert AFTER INSERT ON trackerevent
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION announce_tracker_events();
CREATE TRIGGER announce_update AFTER UPDATE ON trackerevent
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION announce_tracker_events();
CREATE TRIGGER announce_delete AFTER DELETE ON trackerevent
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION announce_tracker_events();

-- Whoever holds an open connection asks anew what its caller may do when tokens, people or metadata changed.
CREATE FUNCTION announce_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('clinigraph_access', '');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION announce_access IS 'Announces that somebody may have gained or lost rights.';

CREATE TRIGGER announce_access AFTER UPDATE OR DELETE ON apitoken FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_access AFTER UPDATE OR DELETE ON userinfo FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_access AFTER UPDATE ON metadataversion FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
