-- The split store of DHIS2 2.43 with the same events: its tables as far as a page joins them, with exactly its indexes.
--
-- Source: the catalogue after DHIS2's migrations up to 2.43 (V2_43_21, V2_43_48, V2_43_50 and V2_43_56 among them). Not taken
-- over: PostGIS (geometry is kept as jsonb, and no condition here reads it), foreign keys (readers do not notice them), and
-- unique indexes on codes that are null throughout.
--
-- The events themselves are not copied: they are the same rows on the same pages. DHIS2's indexes are built on them beside
-- ours and marked invalid, which hides them from every planner; the connection that plays DHIS2 turns the marks round for
-- itself (`bench/dhis2/hide_ours.sql`). So both sides read one table in one cache, and the disk holds it once.
DROP SCHEMA IF EXISTS dhis2 CASCADE;
CREATE SCHEMA dhis2;

CREATE VIEW dhis2.singleevent AS SELECT * FROM public.singleevent;
CREATE INDEX dhis2_in_singleevent_programstageid_occurreddate ON public.singleevent (programstageid, occurreddate, eventid);
CREATE INDEX dhis2_in_singleevent_programstageid_organisationunitid ON public.singleevent (programstageid, organisationunitid);
CREATE INDEX dhis2_in_singleevent_programstageid_assigneduserid ON public.singleevent (programstageid, assigneduserid);

CREATE VIEW dhis2.trackerevent AS SELECT * FROM public.trackerevent;
CREATE INDEX dhis2_in_trackerevent_status_occurreddate ON public.trackerevent (status, occurreddate);
CREATE INDEX dhis2_in_trackerevent_deleted_assigneduserid ON public.trackerevent (deleted, assigneduserid);
CREATE INDEX dhis2_in_trackerevent_occurreddate ON public.trackerevent (occurreddate);
CREATE INDEX dhis2_in_trackerevent_attributeoptioncomboid ON public.trackerevent (attributeoptioncomboid);
CREATE INDEX dhis2_in_trackerevent_organisationunitid ON public.trackerevent (organisationunitid);
CREATE INDEX dhis2_in_trackerevent_enrollmentid ON public.trackerevent (enrollmentid);

UPDATE pg_index SET indisvalid = false WHERE indexrelid::regclass::text LIKE 'dhis2\_in\_%';

CREATE TABLE dhis2.enrollment AS
SELECT enrollmentid, uid::varchar(11), created, lastupdated, createdatclient, lastupdatedatclient, occurreddate,
       enrollmentdate, completeddate, followup, completedby::varchar(255), deleted, storedby::varchar(255),
       status::varchar(50), trackedentityid, programid, organisationunitid, geometry, createdbyuserinfo,
       lastupdatedbyuserinfo, attributeoptioncomboid
  FROM public.enrollment;
ALTER TABLE dhis2.enrollment ADD PRIMARY KEY (enrollmentid), ADD UNIQUE (uid);
CREATE INDEX ON dhis2.enrollment (lastupdated);
CREATE INDEX ON dhis2.enrollment (deleted);
CREATE INDEX ON dhis2.enrollment (programid);
CREATE INDEX ON dhis2.enrollment (trackedentityid);

CREATE TABLE dhis2.trackedentity AS
SELECT trackedentityid, uid::varchar(11), created, lastupdated, createdatclient, lastupdatedatclient, inactive, deleted,
       timestamp 'epoch' AS lastsynchronized, organisationunitid, trackedentitytypeid, geometry, createdbyuserinfo,
       lastupdatedbyuserinfo, potentialduplicate
  FROM public.trackedentity;
ALTER TABLE dhis2.trackedentity ADD PRIMARY KEY (trackedentityid), ADD UNIQUE (uid);
CREATE INDEX ON dhis2.trackedentity (created);
CREATE INDEX ON dhis2.trackedentity (deleted);
CREATE INDEX ON dhis2.trackedentity (organisationunitid);

CREATE TABLE dhis2.trackedentityprogramowner AS
SELECT trackedentityprogramownerid::integer, trackedentityid, programid, created, lastupdated, organisationunitid,
       createdby::varchar(255)
  FROM public.trackedentityprogramowner;
ALTER TABLE dhis2.trackedentityprogramowner ADD PRIMARY KEY (trackedentityprogramownerid),
    ADD UNIQUE (trackedentityid, programid) INCLUDE (organisationunitid);
CREATE INDEX ON dhis2.trackedentityprogramowner (programid, organisationunitid);

CREATE TABLE dhis2.programtempowner AS
SELECT programtempownerid, programid, trackedentityid, validtill, userid, reason FROM public.programtempowner;
ALTER TABLE dhis2.programtempowner ADD PRIMARY KEY (programtempownerid);
CREATE INDEX ON dhis2.programtempowner (extract(epoch FROM validtill));

CREATE TABLE dhis2.organisationunit AS
SELECT organisationunitid, uid::varchar(11), code::varchar(50), created, lastupdated, name::varchar(230),
       shortname::varchar(50), parentid, path::varchar(255), hierarchylevel, openingdate, closeddate, attributevalues
  FROM public.organisationunit;
ALTER TABLE dhis2.organisationunit ADD PRIMARY KEY (organisationunitid), ADD UNIQUE (uid), ADD UNIQUE (code),
    ADD UNIQUE (path);
CREATE INDEX ON dhis2.organisationunit (parentid);
CREATE INDEX ON dhis2.organisationunit (path varchar_pattern_ops);
CREATE INDEX ON dhis2.organisationunit (hierarchylevel);

CREATE TABLE dhis2.userinfo AS
SELECT userinfoid, uid::varchar(11), code::varchar(50), username::varchar(255), firstname::varchar(160),
       surname::varchar(160)
  FROM public.userinfo;
ALTER TABLE dhis2.userinfo ADD PRIMARY KEY (userinfoid), ADD UNIQUE (uid), ADD UNIQUE (username);

CREATE TABLE dhis2.categoryoption AS
SELECT categoryoptionid, uid::varchar(11), code::varchar(50), name::varchar(230), sharing, attributevalues
  FROM public.categoryoption;
ALTER TABLE dhis2.categoryoption ADD PRIMARY KEY (categoryoptionid), ADD UNIQUE (uid);
CREATE TABLE dhis2.categoryoptioncombo AS
SELECT categoryoptioncomboid, uid::varchar(11), code::varchar(50), name::text, attributevalues
  FROM public.categoryoptioncombo;
ALTER TABLE dhis2.categoryoptioncombo ADD PRIMARY KEY (categoryoptioncomboid), ADD UNIQUE (uid);
CREATE TABLE dhis2.categoryoptioncombos_categoryoptions AS
SELECT categoryoptioncomboid, categoryoptionid FROM public.categoryoptioncombos_categoryoptions;
ALTER TABLE dhis2.categoryoptioncombos_categoryoptions ADD PRIMARY KEY (categoryoptioncomboid, categoryoptionid);

CREATE TABLE dhis2.note AS
SELECT noteid, uid::varchar(11), created, lastupdatedby, notetext, creator::varchar(255) FROM public.note;
ALTER TABLE dhis2.note ADD PRIMARY KEY (noteid), ADD UNIQUE (uid);
CREATE TABLE dhis2.singleevent_notes AS SELECT eventid, sort_order, noteid FROM public.singleevent_notes;
ALTER TABLE dhis2.singleevent_notes ADD PRIMARY KEY (eventid, sort_order), ADD UNIQUE (noteid);
CREATE TABLE dhis2.trackerevent_notes AS SELECT eventid, sort_order, noteid FROM public.trackerevent_notes;
ALTER TABLE dhis2.trackerevent_notes ADD PRIMARY KEY (eventid, sort_order), ADD UNIQUE (noteid);
