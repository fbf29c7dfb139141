//! Imports into a test transaction, on top of DHIS2's own metadata fixture.

mod changes;
mod files;
mod members;
mod modes;
mod quarantine;
mod repetition;
mod rights;
mod rules;
mod schedule;

use serde_json::{Value, json};

use super::*;
use crate::{
    Error,
    import::metadata,
    testing::{self, texts},
};

const USER: &str = "trackeradmin";

/// A connection with the metadata of the fixture; `None` when there are no fixtures.
fn with_metadata() -> Option<Connection> {
    let file = testing::fixture("dhis2/metadata.json")?;
    let mut conn = testing::connection();
    metadata::run(&mut conn, &file, &ProgressBar::hidden()).expect("the metadata");
    Some(conn)
}

/// A connection with metadata and data of the fixtures.
fn with_data() -> Option<(Connection, Report)> {
    let file = testing::fixture("dhis2/tracker.json")?;
    let mut conn = with_metadata()?;
    let report = run(
        &mut conn,
        &file,
        USER,
        AtomicMode::Object,
        &ProgressBar::hidden(),
    )
    .expect("the data");
    Some((conn, report))
}

fn import(conn: &mut Connection, payload: &Value) -> Report {
    let payload = Payload::read(payload.to_string().as_bytes()).expect("a payload");
    load(conn, payload, USER, "test", &ProgressBar::hidden()).expect("an import")
}

/// Imports as a person with the person's own rights.
fn import_as(
    conn: &mut Connection,
    user: &str,
    payload: &Value,
    parameters: &Parameters,
) -> ImportReport {
    let payload = Payload::read(payload.to_string().as_bytes()).expect("a payload");
    with_request(conn, user, parameters, |conn, request| {
        super::import(conn, payload, request).expect("an import")
    })
}

/// Does something with the rights of a person.
fn with_request<T>(
    conn: &mut Connection,
    user: &str,
    parameters: &Parameters,
    work: impl FnOnce(&mut Connection, Request) -> T,
) -> T {
    let caller = access::caller_named(conn, user)
        .expect("an answer")
        .expect("the person");
    let metadata = Metadata::load(conn).expect("the metadata");
    let request = Request {
        caller: &caller,
        metadata: &metadata,
        parameters,
    };
    work(conn, request)
}

/// The codes of a report, in its order.
fn codes(report: &ImportReport) -> Vec<&'static str> {
    let errors = report.validation_report.error_reports.iter();
    errors.map(|error| error.error_code.name()).collect()
}

/// Imports one event as a superuser, and returns its codes.
fn refused(conn: &mut Connection, event: &Value) -> Vec<&'static str> {
    let parameters = Parameters::default();
    codes(&import_as(
        conn,
        USER,
        &json!({"events": [event]}),
        &parameters,
    ))
}

/// An object with other members.
fn with(mut event: Value, members: Value) -> Value {
    for (name, value) in members.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}

/// An event of the enrolment that the fixture owns at h4w96yEMlzO.
fn tracked(id: &str) -> Value {
    json!({"event": id, "program": "BFcipDERJnf", "programStage": "NpsdDv6kKSO", "orgUnit": "h4w96yEMlzO",
           "enrollment": "nxP7UnKhomJ", "occurredAt": "2024-01-01"})
}

fn single(id: &str) -> Value {
    json!({"event": id, "program": "BFcipDERJng", "programStage": "NpsdDv6kKSg", "orgUnit": "uoNW0E3xXUy", "occurredAt": "2024-01-01"})
}

#[test]
fn the_fixture_loads_whole_and_twice_changes_nothing() {
    let Some((mut conn, first)) = with_data() else {
        return;
    };
    assert_eq!(testing::quarantine(&mut conn, &first), [""; 0]);
    let counted = texts(
        &mut conn,
        "SELECT 'entities ' || count(*) FROM trackedentity UNION ALL SELECT 'values ' || count(*) FROM trackedentityattributevalue
         UNION ALL SELECT 'enrollments ' || count(*) FROM enrollment UNION ALL SELECT 'owners ' || count(*) FROM trackedentityprogramowner
         UNION ALL SELECT 'tracker ' || count(*) FROM trackerevent UNION ALL SELECT 'single ' || count(*) FROM singleevent
         UNION ALL SELECT 'relationships ' || count(*) FROM relationship UNION ALL SELECT 'ends ' || count(*) FROM relationshipitem
         UNION ALL SELECT 'notes ' || count(*) FROM note",
    );
    assert_eq!(
        counted,
        [
            "entities 9",
            "values 22",
            "enrollments 13",
            "owners 12",
            "tracker 10",
            "single 7",
            "relationships 10",
            "ends 20",
            "notes 4"
        ]
    );
    let file = testing::fixture("dhis2/tracker.json").expect("the fixture");
    let second = run(
        &mut conn,
        &file,
        USER,
        AtomicMode::Object,
        &ProgressBar::hidden(),
    )
    .expect("an import");
    assert_eq!(
        (second.created, second.updated, second.quarantined),
        (0, 0, 0),
        "{:?}",
        second.kinds
    );
    assert_eq!(second.unchanged, first.created);
}

#[test]
fn keys_ascend_in_the_order_of_the_payload() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let singles = texts(&mut conn, "SELECT uid FROM singleevent ORDER BY eventid");
    assert_eq!(
        singles,
        [
            "QRYjLTiJTrA",
            "kWjSezkXHVp",
            "OTmjvJDn0Fu",
            "ck7DzdxqLqA",
            "lumVtWwwy0O",
            "cadc5eGj0j7",
            "G9PbzJY8bJG"
        ]
    );
    let entities = texts(
        &mut conn,
        "SELECT uid FROM trackedentity ORDER BY trackedentityid LIMIT 3",
    );
    assert_eq!(entities, ["QS6w44flWAf", "dUE514NMOlo", "mHWCacsGYYn"]);
}

#[test]
fn a_tracker_event_is_owned_by_the_unit_of_the_first_enrollment() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let units = "SELECT own.uid || ' ' || owner.uid FROM trackerevent e JOIN organisationunit own ON own.organisationunitid = e.organisationunitid
                 JOIN organisationunit owner ON owner.organisationunitid = e.ownerorganisationunitid WHERE e.uid = 'gvULMgNiAfN'";
    assert_eq!(texts(&mut conn, units), ["h4w96yEMlzO tSsGrtfRzjY"]);
    let untrue = "SELECT e.uid FROM trackerevent e JOIN enrollment n USING (enrollmentid)
                  LEFT JOIN trackedentityprogramowner o ON (o.trackedentityid, o.programid) = (n.trackedentityid, n.programid)
                  WHERE e.ownerorganisationunitid IS DISTINCT FROM o.organisationunitid";
    assert_eq!(texts(&mut conn, untrue), [""; 0]);
}

#[test]
fn the_traps_of_the_fixture_are_kept_in_mind() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let assignee = "SELECT u.username || ' ' || e.completedby || ' ' || (e.completeddate IS NOT NULL)
                    FROM trackerevent e JOIN userinfo u ON u.userinfoid = e.assigneduserid WHERE e.uid = 'D9PbzJY8bJM'";
    assert_eq!(texts(&mut conn, assignee), ["admin trackeradmin true"]);
    let value = "SELECT value FROM trackedentityattributevalue JOIN trackedentityattribute a USING (trackedentityattributeid) WHERE a.uid = 'notUpdated0'";
    assert_eq!(texts(&mut conn, value), [r"20% \winter's day"]);
    let values = "SELECT eventdatavalues #>> '{DATAEL00005,value}' || ' ' || completeddate FROM trackerevent WHERE uid = 'pTzf9KYMk72'";
    assert_eq!(texts(&mut conn, values), ["option1 2020-01-28 00:00:00"]);
    let notes = "SELECT n.uid || sort_order FROM trackerevent_notes JOIN note n USING (noteid) ORDER BY sort_order";
    assert_eq!(texts(&mut conn, notes), ["SGuCABkhpgn1", "DRKO4xUVrpr2"]);
}

#[test]
fn nested_objects_are_stored_with_what_they_leave_out() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let payload = json!({"trackedEntities": [{
        "trackedEntityType": "ja8NY4PW7Xm", "orgUnit": "h4w96yEMlzO", "attributes": [{"attribute": "integerAttr", "value": 7}],
        "enrollments": [{"program": "BFcipDERJnf", "orgUnit": "h4w96yEMlzO", "enrolledAt": "2024-01-01", "occurredAt": "2024-01-01",
            "events": [{"programStage": "NpsdDv6kKSO", "orgUnit": "h4w96yEMlzO", "status": "VISITED", "occurredAt": "2024-01-02T10:00:00.000+0200",
                        "notes": [{"value": "a note"}, {"value": ""}]}]}]
    }]});
    let report = import(&mut conn, &payload);
    assert_eq!(testing::quarantine(&mut conn, &report), [""; 0]);
    assert_eq!(report.created, 3);
    let event = "SELECT e.status || ' ' || e.occurreddate || ' ' || c.code FROM trackerevent e
                 JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid";
    assert_eq!(
        texts(&mut conn, event),
        ["ACTIVE 2024-01-02 08:00:00 default"]
    );
    assert_eq!(
        texts(&mut conn, "SELECT count(*) FROM trackerevent_notes"),
        ["1"]
    );
}

#[test]
fn updates_lay_values_over_stored_ones() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let mut event = single("event000001");
    event["dataValues"] = json!([{"dataElement": "GieVkTxp4HG", "value": "1.5"}]);
    event["status"] = json!("COMPLETED");
    event["completedAt"] = json!("2024-02-02");
    import(&mut conn, &json!({"events": [event]}));
    let mut update = single("event000001");
    update["status"] = json!("COMPLETED");
    update["occurredAt"] = json!("2024-01-05");
    let report = import(&mut conn, &json!({"events": [update]}));
    assert_eq!((report.created, report.updated), (0, 1));
    let row = "SELECT occurreddate::date || ' ' || completeddate::date || ' ' || (eventdatavalues #>> '{GieVkTxp4HG,value}') FROM singleevent";
    assert_eq!(texts(&mut conn, row), ["2024-01-05 2024-02-02 1.5"]);
    let mut emptied = single("event000001");
    emptied["dataValues"] = json!([{"dataElement": "GieVkTxp4HG", "value": null}]);
    import(&mut conn, &json!({"events": [emptied]}));
    let row = "SELECT status || ' ' || (completeddate IS NULL) || ' ' || eventdatavalues FROM singleevent";
    assert_eq!(texts(&mut conn, row), ["ACTIVE true {}"]);
}

#[test]
fn an_unknown_importer_and_broken_json_store_nothing() {
    let mut conn = testing::connection();
    let error = load(
        &mut conn,
        Payload::default(),
        "nobody",
        "test",
        &ProgressBar::hidden(),
    )
    .expect_err("an error");
    assert!(
        matches!(&error, Error::Input(text) if text.contains("nobody")),
        "{error}"
    );
    assert_eq!(
        texts(
            &mut conn,
            "SELECT status FROM import_runs ORDER BY import_run_id DESC LIMIT 1"
        ),
        ["FAILED"]
    );
    let error = Payload::read("{\"events\": [}".as_bytes()).expect_err("an error");
    assert!(
        matches!(&error, Error::Input(text) if text.contains("line 1, column 13")),
        "{error}"
    );
}

#[test]
fn many_events_are_loaded_in_sets() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let events: Vec<Value> = (0..5_000)
        .map(|n| single(&domain::uid::from_number(n)))
        .collect();
    let report = import(&mut conn, &json!({ "events": events }));
    assert_eq!((report.created, report.quarantined), (5_000, 0));
    let report = import(&mut conn, &json!({ "events": events }));
    assert_eq!(report.unchanged, 5_000);
}
