-- A page of GET /api/tracker/events as DHIS2 2.41 and 2.42 asked it of the shared table before pull requests #23492 and
-- #23479: enrolment and program joined first, COALESCE of owner and event unit, the unit asked for only by path inside
-- the access clause, all option combinations aggregated, notes joined outside. Written after the statements that those
-- pull requests and DHIS2's own performance tests show.
--
-- Kinder than DHIS2: no sharing check for each category option, no check of the program's access level for each row.
-- The last order key is DHIS2 2.43's; without it equal dates come in any order and pages cannot be compared.
SELECT *
  FROM (SELECT ev.uid AS ev_uid, ev.eventid AS ev_id, ev.status AS ev_status, ev.occurreddate AS ev_occurreddate,
               ev.scheduleddate AS ev_scheduleddate, ev.eventdatavalues AS ev_eventdatavalues, ev.storedby AS ev_storedby,
               ev.completedby AS ev_completedby, ev.completeddate AS ev_completeddate, ev.deleted AS ev_deleted,
               ev.created AS ev_created, ev.createdatclient AS ev_createdatclient,
               ev.createdbyuserinfo AS ev_createdbyuserinfo, ev.lastupdated AS ev_lastupdated,
               ev.lastupdatedatclient AS ev_lastupdatedatclient, ev.lastupdatedbyuserinfo AS ev_lastupdatedbyuserinfo,
               ev.geometry AS ev_geometry, evou.uid AS orgunit_uid, evou.code AS orgunit_code, evou.name AS orgunit_name,
               p.uid AS p_uid, p.code AS p_code, p.name AS p_name, p.type AS p_type,
               ps.uid AS ps_uid, ps.code AS ps_code, ps.name AS ps_name,
               en.uid AS en_uid, en.status AS en_status, en.followup AS en_followup,
               en.enrollmentdate AS en_enrollmentdate, en.occurreddate AS en_occurreddate,
               te.uid AS te_uid, te.created AS te_created, te.inactive AS te_inactive, teou.uid AS te_orgunit_uid,
               au.uid AS user_assigned, au.username AS user_assigned_username,
               au.firstname AS user_assigned_firstname, au.surname AS user_assigned_surname,
               coc_agg.uid AS coc_uid, coc_agg.code AS coc_code, coc_agg.name AS coc_name,
               coc_agg.co_values, coc_agg.co_count AS option_size
          FROM event ev
          JOIN enrollment en ON en.enrollmentid = ev.enrollmentid
          JOIN program p ON p.programid = en.programid
          JOIN programstage ps ON ps.programstageid = ev.programstageid
          LEFT JOIN trackedentityprogramowner po
            ON po.trackedentityid = en.trackedentityid AND po.programid = en.programid
          JOIN organisationunit ou ON ou.organisationunitid = COALESCE(po.organisationunitid, ev.organisationunitid)
          JOIN organisationunit evou ON evou.organisationunitid = ev.organisationunitid
          LEFT JOIN trackedentity te ON te.trackedentityid = en.trackedentityid
          LEFT JOIN organisationunit teou ON teou.organisationunitid = te.organisationunitid
          LEFT JOIN userinfo au ON au.userinfoid = ev.assigneduserid
          JOIN (SELECT coc.categoryoptioncomboid AS id, coc.uid, coc.code, coc.name, coc.attributevalues,
                       jsonb_object_agg(co.uid, jsonb_build_object(
                           'name', co.name, 'code', co.code, 'attributeValues', co.attributevalues)) AS co_values,
                       count(co.categoryoptionid) AS co_count
                  FROM categoryoptioncombo coc
                  JOIN categoryoptioncombos_categoryoptions link USING (categoryoptioncomboid)
                  JOIN categoryoption co USING (categoryoptionid)
                 GROUP BY coc.categoryoptioncomboid) coc_agg ON coc_agg.id = ev.attributeoptioncomboid
         WHERE p.programid = :program
           AND :stage
           AND :unit
           AND p.type = ':type'
           AND ev.deleted IS FALSE
         ORDER BY ev_occurreddate DESC, ev_id DESC
         LIMIT :limit OFFSET :offset) event
  LEFT JOIN (SELECT evn.eventid AS evn_id, evn.sort_order, n.uid AS note_uid, n.notetext AS note_text,
                    n.created AS note_created, n.creator AS note_creator, u.uid AS note_user_uid,
                    u.username AS note_user_username, u.firstname AS note_user_firstname, u.surname AS note_user_surname
               FROM event_notes evn
               JOIN note n ON n.noteid = evn.noteid
               LEFT JOIN userinfo u ON u.userinfoid = n.lastupdatedby) cm ON cm.evn_id = event.ev_id
 ORDER BY ev_occurreddate DESC, ev_id DESC
