-- The shared event table of DHIS2 2.41 and 2.42, filled with the same events: its columns, its indexes, and single
-- events hanging on one enrolment for each event program, which has no tracked entity.
--
-- Source: the catalogue after DHIS2's migrations up to 2.42, and the production system of pull request #23492, where one
-- such enrolment owned 97 % of 12.4 million events. Not taken over: the unique index on `code`, which is null throughout,
-- and PostGIS; geometry is kept as jsonb, like in the split tables, and no statement here reads it.
--
-- The table is not logged: that saves time here and changes nothing for readers.
DROP SCHEMA IF EXISTS legacy CASCADE;
CREATE SCHEMA legacy;

CREATE TABLE legacy.enrollment (LIKE public.enrollment);
ALTER TABLE legacy.enrollment ALTER trackedentityid DROP NOT NULL;
INSERT INTO legacy.enrollment SELECT * FROM public.enrollment;
INSERT INTO legacy.enrollment
       (enrollmentid, uid, created, lastupdated, enrollmentdate, followup, deleted, status, programid,
        organisationunitid, attributeoptioncomboid)
SELECT (SELECT coalesce(max(enrollmentid), 0) FROM public.enrollment) + row_number() OVER (ORDER BY p.programid),
       'Dummy' || lpad(p.programid::text, 6, '0'), p.created, p.created, p.created, false, false, 'ACTIVE', p.programid,
       (SELECT min(organisationunitid) FROM organisationunit),
       (SELECT min(categoryoptioncomboid) FROM categoryoptioncombo)
  FROM program p
 WHERE p.type = 'WITHOUT_REGISTRATION';
ALTER TABLE legacy.enrollment ADD PRIMARY KEY (enrollmentid), ADD UNIQUE (uid);
CREATE INDEX ON legacy.enrollment (lastupdated);
CREATE INDEX ON legacy.enrollment (deleted);
CREATE INDEX ON legacy.enrollment (programid);
CREATE INDEX ON legacy.enrollment (trackedentityid);

CREATE UNLOGGED TABLE legacy.event AS
SELECT e.eventid, e.uid::varchar(11), NULL::varchar(50) AS code, e.created, e.lastupdated, e.createdatclient,
       e.lastupdatedatclient, timestamp 'epoch' AS lastsynchronized, d.enrollmentid, e.programstageid,
       e.attributeoptioncomboid, e.deleted, e.storedby::varchar(255), NULL::timestamp AS scheduleddate, e.occurreddate,
       e.organisationunitid, e.status::varchar(25), e.completedby::varchar(255), e.completeddate, e.geometry,
       e.eventdatavalues, e.assigneduserid, e.createdbyuserinfo, e.lastupdatedbyuserinfo
  FROM singleevent e
  JOIN programstage s USING (programstageid)
  JOIN legacy.enrollment d ON d.programid = s.programid AND d.trackedentityid IS NULL
UNION ALL
SELECT e.eventid + (SELECT coalesce(max(eventid), 0) FROM singleevent), e.uid, NULL, e.created, e.lastupdated,
       e.createdatclient, e.lastupdatedatclient, timestamp 'epoch', e.enrollmentid, e.programstageid,
       e.attributeoptioncomboid, e.deleted, e.storedby, e.scheduleddate, e.occurreddate, e.organisationunitid,
       e.status, e.completedby, e.completeddate, e.geometry, e.eventdatavalues, e.assigneduserid,
       e.createdbyuserinfo, e.lastupdatedbyuserinfo
  FROM trackerevent e;
ALTER TABLE legacy.event ADD PRIMARY KEY (eventid), ADD UNIQUE (uid);
CREATE INDEX ON legacy.event (status, occurreddate);
CREATE INDEX ON legacy.event (deleted, assigneduserid);
CREATE INDEX ON legacy.event (occurreddate);
CREATE INDEX ON legacy.event (organisationunitid);
CREATE INDEX ON legacy.event (enrollmentid);
CREATE INDEX ON legacy.event (attributeoptioncomboid);

CREATE TABLE legacy.event_notes AS
SELECT eventid, sort_order, noteid FROM singleevent_notes
UNION ALL
SELECT eventid + (SELECT coalesce(max(eventid), 0) FROM singleevent), sort_order, noteid FROM trackerevent_notes;
ALTER TABLE legacy.event_notes ADD PRIMARY KEY (eventid, sort_order), ADD UNIQUE (noteid);
