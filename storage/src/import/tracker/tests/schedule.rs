//! Events that program rules plan: rights, option combinations, single events written by their members.

use super::*;
use crate::testing::execute;

/// Fixture with a rule that plans an event of `stage` on the day of each event of its program.
fn with_plans(program: &str, stage: &str) -> Option<Connection> {
    let (mut conn, _) = with_data()?;
    execute(
        &mut conn,
        &format!(
            "INSERT INTO programrule (uid, name, programid, rulecondition)
             SELECT 'RulePlans01', 'Plans', programid, 'true' FROM program WHERE uid = '{program}';
             INSERT INTO programruleaction (uid, programruleid, actiontype, programstageid, data)
             SELECT 'ActionPlan1', r.programruleid, 'SCHEDULEEVENT', s.programstageid, 'V{{event_date}}'
               FROM programrule r, programstage s WHERE r.uid = 'RulePlans01' AND s.uid = '{stage}';
             UPDATE programstage SET validationstrategy = 'ON_UPDATE_AND_INSERT'"
        ),
    );
    Some(conn)
}

/// Codes of the warnings of an import.
fn warned(report: &ImportReport) -> Vec<&'static str> {
    let warnings = report.validation_report.warning_reports.iter();
    warnings
        .map(|warning| warning.warning_code.name())
        .collect()
}

fn import_event(conn: &mut Connection, user: &str, event: &Value) -> ImportReport {
    let payload = json!({ "events": [event] });
    import_as(conn, user, &payload, &Parameters::default())
}

const PLANNED: &str = "SELECT e.scheduleddate::date || ' ' || e.status || ' ' || c.uid FROM trackerevent e
    JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid WHERE e.scheduleddate >= '2024-01-01' ORDER BY e.eventid";

#[test]
fn planning_needs_the_right_to_write_data_of_the_stage() {
    let Some(mut conn) = with_plans("BFcipDERJnf", "NpsdDv6kKS2") else {
        return;
    };
    let share = |conn: &mut Connection, public: &str| {
        execute(
            conn,
            &format!(
                "UPDATE programstage SET sharing = jsonb_build_object('public', '{public}') WHERE uid = 'NpsdDv6kKS2'"
            ),
        );
    };
    share(&mut conn, "rwr-----");
    let report = import_event(&mut conn, "basicuser", &tracked("plan0000001"));
    assert_eq!((codes(&report), warned(&report)), (vec![], vec!["E1321"]));
    assert_eq!(report.stats.created, 1);
    assert_eq!(texts(&mut conn, PLANNED), [""; 0]);
    share(&mut conn, "r-rw----");
    let report = import_event(&mut conn, "basicuser", &tracked("plan0000001"));
    assert_eq!((codes(&report), warned(&report)), (vec![], vec!["E1320"]));
    assert_eq!(
        texts(&mut conn, PLANNED),
        ["2024-01-01 SCHEDULE HllvX50cXC0"]
    );
    let owner = "SELECT bool_and(e.ownerorganisationunitid = o.organisationunitid) FROM trackerevent e JOIN enrollment n USING (enrollmentid)
                   JOIN trackedentityprogramowner o ON (o.trackedentityid, o.programid) = (n.trackedentityid, n.programid)";
    assert_eq!(texts(&mut conn, owner), ["true"]);
}

#[test]
fn the_option_combination_is_that_of_the_event() {
    let Some(mut conn) = with_plans("shPjYNifvMK", "SKNvpoLioON") else {
        return;
    };
    let stored = "SELECT u.uid FROM trackerevent e JOIN organisationunit u USING (organisationunitid) WHERE e.uid = 'jxgFyJEMUPf'";
    let unit = texts(&mut conn, stored).remove(0);
    execute(&mut conn, "UPDATE programstage SET repeatable = true");
    let event = json!({"event": "plan0000001", "program": "shPjYNifvMK", "programStage": "SKNvpoLioON", "orgUnit": unit,
        "enrollment": "JuioKiICQqI", "occurredAt": "2024-01-01", "attributeOptionCombo": "tzsPhPtE94U"});
    let report = import_event(&mut conn, USER, &event);
    assert_eq!((codes(&report), warned(&report)), (vec![], vec!["E1320"]));
    assert_eq!(
        texts(&mut conn, PLANNED),
        ["2024-01-01 SCHEDULE tzsPhPtE94U"]
    );
    // An enrolment does not say which one its events have.
    execute(
        &mut conn,
        "UPDATE programruleaction SET data = 'V{enrollment_date}'",
    );
    let named = "SELECT u.uid || ' ' || n.enrollmentdate::date || ' ' || t.uid FROM enrollment n JOIN organisationunit u USING (organisationunitid)
                   JOIN trackedentity t USING (trackedentityid) WHERE n.uid = 'JuioKiICQqI'";
    let named = texts(&mut conn, named).remove(0);
    let [unit, day, entity] = named.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{named}");
    };
    let enrollment = json!({"enrollments": [{"enrollment": "JuioKiICQqI", "program": "shPjYNifvMK", "orgUnit": unit,
        "trackedEntity": entity, "enrolledAt": day, "occurredAt": day}]});
    let report = import_as(&mut conn, USER, &enrollment, &Parameters::default());
    assert_eq!((codes(&report), warned(&report)), (vec![], vec!["E1055"]));
}

#[test]
fn what_is_planned_beside_an_event_does_not_change_what_became_of_it() {
    let Some(mut conn) = with_plans("BFcipDERJnf", "NpsdDv6kKS2") else {
        return;
    };
    let members = |event: Value| match event {
        Value::Object(members) => members,
        other => panic!("{other}"),
    };
    let event = tracked("plan0000001");
    let parameters = Parameters::default();
    let mut outcome = |update: bool, event: Value| {
        with_request(&mut conn, USER, &parameters, |conn, request| {
            let written = if update {
                write::update(conn, "plan0000001", members(event), request)
            } else {
                write::create(conn, members(event), request)
            };
            let written = written.expect("an answer");
            (written.outcome, written.report.stats.created)
        })
    };
    let created = Some(Outcome::Created);
    assert_eq!(outcome(false, event.clone()), (created, 2));
    // A retry is safe.
    assert_eq!(outcome(false, event), (Some(Outcome::Unchanged), 0));
    let later = json!({"occurredAt": "2024-05-05"});
    assert_eq!(outcome(true, later), (Some(Outcome::Updated), 1));
    assert_eq!(
        texts(&mut conn, PLANNED),
        [
            "2024-01-01 SCHEDULE HllvX50cXC0",
            "2024-05-05 SCHEDULE HllvX50cXC0"
        ]
    );
}

#[test]
fn planned_events_are_in_the_change_log() {
    let Some(mut conn) = with_plans("BFcipDERJnf", "NpsdDv6kKS2") else {
        return;
    };
    execute(&mut conn, "UPDATE program SET enablechangelog = true");
    let report = import(&mut conn, &json!({"events": [tracked("plan0000001")]}));
    assert_eq!((report.created, report.quarantined), (2, 0));
    let log = "SELECT l.eventfield || ' ' || l.currentvalue FROM trackereventchangelog l JOIN trackerevent e USING (eventid)
                WHERE e.status = 'SCHEDULE'";
    assert_eq!(
        texts(&mut conn, log),
        ["scheduledAt 2024-01-01T00:00:00.000"]
    );
}
