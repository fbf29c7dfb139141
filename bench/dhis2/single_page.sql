-- A page of GET /api/tracker/events for an event program, as DHIS2 2.43 asks it: organisationunit, userinfo and the
-- aggregate over all option combinations joined inside, notes joined outside, the order repeated there.
SELECT *
  FROM (SELECT ev.uid AS ev_uid, ou.uid AS orgunit_uid, ou.code AS orgunit_code, ou.name AS orgunit_name,
               ou.attributevalues AS orgunit_attributevalues, ev.eventid AS ev_id, ev.status AS ev_status,
               ev.occurreddate AS ev_occurreddate, ev.eventdatavalues AS ev_eventdatavalues,
               ev.completedby AS ev_completedby, ev.storedby AS ev_storedby, ev.created AS ev_created,
               ev.createdatclient AS ev_createdatclient, ev.createdbyuserinfo AS ev_createdbyuserinfo,
               ev.lastupdated AS ev_lastupdated, ev.lastupdatedatclient AS ev_lastupdatedatclient,
               ev.lastupdatedbyuserinfo AS ev_lastupdatedbyuserinfo, ev.completeddate AS ev_completeddate,
               ev.deleted AS ev_deleted, ev.geometry AS ev_geometry,
               au.uid AS user_assigned, au.firstname || ' ' || au.surname AS user_assigned_name,
               au.firstname AS user_assigned_first_name, au.surname AS user_assigned_surname,
               au.username AS user_assigned_username, :columns
               coc_agg.uid AS coc_uid, coc_agg.code AS coc_code, coc_agg.name AS coc_name,
               coc_agg.attributevalues AS coc_attributevalues, coc_agg.co_values, coc_agg.co_count AS option_size
          FROM singleevent ev
          JOIN organisationunit ou ON ou.organisationunitid = ev.organisationunitid
          LEFT JOIN userinfo au ON au.userinfoid = ev.assigneduserid
          :option_combos
         WHERE :conditions ev.deleted IS FALSE
         ORDER BY :order
         LIMIT :limit OFFSET :offset) event
  LEFT JOIN (SELECT evn.eventid AS evn_id, n.noteid AS note_id, n.notetext AS note_text, n.created AS note_created,
                    n.creator AS note_creator, n.uid AS note_uid, u.userinfoid AS note_user_id, u.code AS note_user_code,
                    u.uid AS note_user_uid, u.username AS note_user_username, u.firstname AS note_user_firstname,
                    u.surname AS note_user_surname
               FROM singleevent_notes evn
               JOIN note n ON n.noteid = evn.noteid
               LEFT JOIN userinfo u ON u.userinfoid = n.lastupdatedby) cm ON cm.evn_id = event.ev_id
 ORDER BY :order
