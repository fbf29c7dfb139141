-- The split store of DHIS2 2.43 with the same events: its tables as far as a page joins them, with exactly its indexes.
--
-- Source: the catalogue after DHIS2's migrations up to 2.43 (V2_43_21, V2_43_48, V2_43_50 and V2_43_56 among them). Not taken
-- over: PostGIS (geometry is kept as jsonb, and no condition here reads it), foreign keys (readers do not notice them), and
-- unique indexes on codes that are null throughout.
--
-- The copies of people in each event are left out to save disk, so rows are narrower than DHIS2's and scans faster. The event
-- tables are not logged: that saves time here and changes nothing for readers.
DROP SCHEMA IF EXISTS dhis2 CASCADE;
CREATE SCHEMA dhis2;

CREATE UNLOGGED TABLE dhis2.singleevent AS
SELECT eventid, uid::varchar(11), created, lastupdated, createdatclient, lastupdatedatclient,
       timestamp 'epoch' AS lastsynchronized, programstageid, attributeoptioncomboid, deleted, storedby::varchar(255),
       occurreddate, organisationunitid, status::varchar(25), completedby::varchar(255), completeddate, geometry,
       eventdatavalues, assigneduserid, NULL::jsonb AS createdbyuserinfo, NULL::jsonb AS lastupdatedbyuserinfo
  FROM public.singleevent;
ALTER TABLE dhis2.singleevent ADD PRIMARY KEY (eventid), ADD CONSTRAINT unique_singleevent_uid UNIQUE (uid);
CREATE INDEX in_singleevent_programstageid_occurreddate ON dhis2.singleevent (programstageid, occurreddate, eventid);
CREATE INDEX in_singleevent_programstageid_organisationunitid ON dhis2.singleevent (programstageid, organisationunitid);
CREATE INDEX in_singleevent_programstageid_assigneduserid ON dhis2.singleevent (programstageid, assigneduserid);

CREATE UNLOGGED TABLE dhis2.trackerevent AS
SELECT eventid, uid::varchar(11), created, lastupdated, createdatclient, lastupdatedatclient,
       timestamp 'epoch' AS lastsynchronized, enrollmentid, programstageid, attributeoptioncomboid, deleted,
       storedby::varchar(255), scheduleddate, occurreddate, organisationunitid, status::varchar(25),
       completedby::varchar(255), completeddate, geometry, eventdatavalues, assigneduserid, NULL::jsonb AS createdbyuserinfo,
       NULL::jsonb AS lastupdatedbyuserinfo
  FROM public.trackerevent;
ALTER TABLE dhis2.trackerevent ADD PRIMARY KEY (eventid), ADD CONSTRAINT unique_trackerevent_uid UNIQUE (uid);
CREATE INDEX in_trackerevent_status_occurreddate ON dhis2.trackerevent (status, occurreddate);
CREATE INDEX in_trackerevent_deleted_assigneduserid ON dhis2.trackerevent (deleted, assigneduserid);
CREATE INDEX in_trackerevent_occurreddate ON dhis2.trackerevent (occurreddate);
CREATE INDEX in_trackerevent_attributeoptioncomboid ON dhis2.trackerevent (attributeoptioncomboid);
CREATE INDEX in_trackerevent_organisationunitid ON dhis2.trackerevent (organisationunitid);
CREATE INDEX in_trackerevent_enrollmentid ON dhis2.trackerevent (enrollmentid);

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
