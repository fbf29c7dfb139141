-- A page of GET /api/tracker/events for a tracker program, as DHIS2 2.43 asks it: from the event over its enrolment and
-- entity to the owner, whose unit is the one asked for; the event's and the entity's units, userinfo and the aggregate over
-- all option combinations joined inside, notes joined outside, the order repeated there.
SELECT *
  FROM (SELECT ev.uid AS ev_uid, evou.uid AS orgunit_uid, evou.code AS orgunit_code, evou.name AS orgunit_name,
               evou.attributevalues AS orgunit_attributevalues, ev.eventid AS ev_id, ev.status AS ev_status,
               ev.occurreddate AS ev_occurreddate, ev.scheduleddate AS ev_scheduleddate,
               ev.eventdatavalues AS ev_eventdatavalues, ev.completedby AS ev_completedby, ev.storedby AS ev_storedby,
               ev.created AS ev_created, ev.createdatclient AS ev_createdatclient,
               ev.createdbyuserinfo AS ev_createdbyuserinfo, ev.lastupdated AS ev_lastupdated,
               ev.lastupdatedatclient AS ev_lastupdatedatclient, ev.lastupdatedbyuserinfo AS ev_lastupdatedbyuserinfo,
               ev.completeddate AS ev_completeddate, ev.deleted AS ev_deleted, ev.geometry AS ev_geometry,
               au.uid AS user_assigned, au.firstname || ' ' || au.surname AS user_assigned_name,
               au.firstname AS user_assigned_first_name, au.surname AS user_assigned_surname,
               au.username AS user_assigned_username, :columns
               coc_agg.uid AS coc_uid, coc_agg.code AS coc_code, coc_agg.name AS coc_name,
               coc_agg.attributevalues AS coc_attributevalues, coc_agg.co_values, coc_agg.co_count AS option_size,
               en.uid AS en_uid, en.status AS en_status, en.followup AS en_followup,
               en.enrollmentdate AS en_enrollmentdate, en.occurreddate AS en_occurreddate,
               te.trackedentityid AS te_id, te.uid AS te_uid, teou.uid AS te_orgunit_uid
          FROM trackerevent ev
          JOIN enrollment en ON en.enrollmentid = ev.enrollmentid
          JOIN trackedentity te ON te.trackedentityid = en.trackedentityid
          JOIN trackedentityprogramowner po ON po.trackedentityid = en.trackedentityid AND po.programid = en.programid
          JOIN organisationunit ou ON ou.organisationunitid = po.organisationunitid
          JOIN organisationunit evou ON evou.organisationunitid = ev.organisationunitid
          JOIN organisationunit teou ON teou.organisationunitid = te.organisationunitid
          LEFT JOIN userinfo au ON au.userinfoid = ev.assigneduserid
          :option_combos
         WHERE :conditions ev.deleted IS FALSE
         ORDER BY :order
         LIMIT :limit OFFSET :offset) event
  LEFT JOIN (SELECT evn.eventid AS evn_id, n.noteid AS note_id, n.notetext AS note_text, n.created AS note_created,
                    n.creator AS note_creator, n.uid AS note_uid, u.userinfoid AS note_user_id, u.code AS note_user_code,
                    u.uid AS note_user_uid, u.username AS note_user_username, u.firstname AS note_user_firstname,
                    u.surname AS note_user_surname
               FROM trackerevent_notes evn
               JOIN note n ON n.noteid = evn.noteid
               LEFT JOIN userinfo u ON u.userinfoid = n.lastupdatedby) cm ON cm.evn_id = event.ev_id
 ORDER BY :order
