//! Rules of values, dates, states, attributes, and their codes.

use super::*;
use crate::testing::execute;

#[test]
fn all_faults_of_a_step_are_told_at_once() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = with(
        single("rule0000001"),
        json!({"completedAt": "2024-01-01", "geometry": {"type": "Point", "coordinates": [1, 2]},
               "dataValues": [{"dataElement": "GieVkTxp4HG", "value": "tall"}, {"dataElement": "nowhere0000", "value": "1"}],
               "notes": [{"note": "r8Ge3bH7aF9", "value": "n"}], "assignedUser": {"username": "nobody"}}),
    );
    assert_eq!(
        refused(&mut conn, &event),
        ["E1051", "E1074", "E1119", "E1302", "E1304", "E1118"]
    );
    // What is refused keeps no identifier of a note from others.
    let note = json!({"notes": [{"note": "ruleNote001", "value": "n"}]});
    let bad = with(event, note.clone());
    let events = json!({"events": [bad, with(single("rule0000002"), note)]});
    let each = Parameters {
        atomic: AtomicMode::Object,
        ..Parameters::default()
    };
    let report = import_as(&mut conn, USER, &events, &each);
    assert!(!codes(&report).contains(&"E1119"), "{:?}", codes(&report));
    assert_eq!(report.stats.created, 1);
    let event = with(
        single("rule0000001"),
        json!({"program": "nowhere0000", "orgUnit": "nowhere0000"}),
    );
    assert_eq!(refused(&mut conn, &event), ["E1010", "E1011"]);
}

#[test]
fn a_geometry_is_of_the_kind_that_the_stage_names() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = json!({"event": "rule0000001", "program": "iS7eutanDry", "programStage": "qLZC0lvvxQH",
        "orgUnit": "DiszpKrYNg8", "occurredAt": "2024-01-01", "attributeOptionCombo": "cr89ebDZrac"});
    let area =
        json!({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}});
    assert_eq!(refused(&mut conn, &with(event, area)), ["E1012"]);
}

#[test]
fn states_change_one_way_and_closed_forms_stay() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = tracked("rule0000001");
    assert_eq!(refused(&mut conn, &event), [""; 0]);
    let plan = with(
        event.clone(),
        json!({"status": "SCHEDULE", "scheduledAt": "2030-01-01"}),
    );
    assert_eq!(refused(&mut conn, &plan), ["E1316"]);
    let valued = with(
        tracked("rule0000002"),
        json!({"status": "SKIPPED", "scheduledAt": "2030-01-01", "dataValues": [{"dataElement": "DATAEL00006", "value": "option1"}]}),
    );
    assert!(refused(&mut conn, &valued).contains(&"E1315"));
    let done = with(event.clone(), json!({"status": "COMPLETED"}));
    assert_eq!(refused(&mut conn, &done), [""; 0]);
    execute(
        &mut conn,
        "UPDATE programstage SET blockentryform = true WHERE uid = 'NpsdDv6kKSO'",
    );
    assert_eq!(refused(&mut conn, &done), ["E1326"]);
    assert_eq!(refused(&mut conn, &event), [""; 0]);
    let moved = with(event.clone(), json!({"programStage": "NpsdDv6kKS2"}));
    assert_eq!(refused(&mut conn, &moved), ["E1128"]);
    let moved = with(event, json!({"enrollment": "TvctPPhpD8z"}));
    assert_eq!(refused(&mut conn, &moved), ["E1128"]);
}

#[test]
fn events_expire_unless_one_may_edit_them() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    execute(
        &mut conn,
        "UPDATE program SET expirydays = 5, expiryperiodtype = 'Monthly', completeeventsexpirydays = 10 WHERE uid = 'BFcipDERJng'",
    );
    let old = json!({"events": [single("rule0000001")]});
    let parameters = Parameters::default();
    assert_eq!(
        codes(&import_as(&mut conn, "basicuser", &old, &parameters)),
        ["E1047"]
    );
    assert_eq!(
        codes(&import_as(&mut conn, USER, &old, &parameters)),
        [""; 0]
    );
    let today = now().format("%Y-%m-%d").to_string();
    let fresh = with(
        single("rule0000002"),
        json!({"occurredAt": today, "status": "COMPLETED", "completedAt": "2024-01-01"}),
    );
    assert_eq!(
        codes(&import_as(
            &mut conn,
            "basicuser",
            &json!({"events": [fresh]}),
            &parameters
        )),
        ["E1043"]
    );
    let delete = Parameters {
        strategy: Strategy::Delete,
        ..Parameters::default()
    };
    assert_eq!(
        codes(&import_as(&mut conn, "basicuser", &old, &delete)),
        ["E1047"]
    );
}

#[test]
fn each_option_that_is_not_used_on_the_day_is_told() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    execute(
        &mut conn,
        "UPDATE categoryoption SET startdate = '2024-02-01', enddate = '2024-02-29' WHERE uid IN ('xwZ2u3WyQR0', 'M58XdOfhiJ7')",
    );
    let mut event = json!({"event": "rule0000001", "program": "iS7eutanDry", "orgUnit": "DiszpKrYNg8",
                           "occurredAt": "2024-01-01", "attributeOptionCombo": "cr89ebDZrac"});
    assert_eq!(refused(&mut conn, &event), ["E1056", "E1056"]);
    event["occurredAt"] = json!("2024-03-01");
    assert_eq!(refused(&mut conn, &event), ["E1057", "E1057"]);
    event["occurredAt"] = json!("2024-02-29");
    assert_eq!(refused(&mut conn, &event), [""; 0]);
}

#[test]
fn attributes_are_required_unique_and_of_the_program() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    execute(
        &mut conn,
        "UPDATE trackedentityattribute SET uniquefield = true WHERE uid = 'integerAttr';
         UPDATE trackedentitytypeattribute SET mandatory = true FROM trackedentityattribute a
          WHERE a.trackedentityattributeid = trackedentitytypeattribute.trackedentityattributeid AND a.uid = 'toUpdate000';
         UPDATE program_attributes SET mandatory = true FROM trackedentityattribute a
          WHERE a.trackedentityattributeid = program_attributes.trackedentityattributeid AND a.uid = 'dIVt4l5vIOa'",
    );
    let entity = |uid: &str, attributes: Value| json!({"trackedEntity": uid, "trackedEntityType": "ja8NY4PW7Xm", "orgUnit": "h4w96yEMlzO", "attributes": attributes});
    let mut check = |payload: Value| {
        codes(&import_as(
            &mut conn,
            USER,
            &payload,
            &Parameters::default(),
        ))
    };
    assert_eq!(
        check(json!({"trackedEntities": [entity("ruleentity1", json!([]))]})),
        ["E1090"]
    );
    let named = json!({"attribute": "toUpdate000", "value": "x"});
    let taken = json!([named, {"attribute": "integerAttr", "value": "88"}]);
    assert_eq!(
        check(json!({"trackedEntities": [entity("ruleentity1", taken.clone())]})),
        ["E1064"]
    );
    assert_eq!(
        check(json!({"trackedEntities": [entity("QS6w44flWAf", taken)]})),
        [""; 0]
    );
    let new = json!([named, {"attribute": "integerAttr", "value": "1000"}]);
    let twice = json!({"trackedEntities": [entity("ruleentity1", new.clone()), entity("ruleentity2", new.clone())]});
    assert_eq!(check(twice), ["E1064"]);
    assert_eq!(
        check(json!({"trackedEntities": [entity("ruleentity1", new)]})),
        [""; 0]
    );
    let emptied = json!([{"attribute": "toUpdate000", "value": null}]);
    assert_eq!(
        check(json!({"trackedEntities": [entity("ruleentity1", emptied)]})),
        ["E1076"]
    );
    let enrollment = |attributes: Value| {
        json!({"enrollments": [{"enrollment": "ruleenroll1", "trackedEntity": "ruleentity1", "program": "BFcipDERJnf",
               "orgUnit": "h4w96yEMlzO", "enrolledAt": "2024-01-01", "occurredAt": "2024-01-01", "attributes": attributes}]})
    };
    assert_eq!(check(enrollment(json!([]))), ["E1018"]);
    let foreign = json!([{"attribute": "dIVt4l5vIOa", "value": "a"}, {"attribute": "toDelete000", "value": "b"}]);
    assert_eq!(check(enrollment(foreign)), ["E1019"]);
    assert_eq!(
        check(enrollment(
            json!([{"attribute": "dIVt4l5vIOa", "value": "a"}])
        )),
        [""; 0]
    );
}

#[test]
fn an_assignee_where_the_stage_allows_none_is_a_warning() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let event = with(
        single("rule0000001"),
        json!({"assignedUser": {"username": "basicuser"}}),
    );
    let report = import_as(
        &mut conn,
        USER,
        &json!({"events": [event]}),
        &Parameters::default(),
    );
    assert_eq!((report.status, report.stats.created), (Status::Warning, 1));
    assert_eq!(
        report.validation_report.warning_reports[0].warning_code,
        Code::E1120
    );
    assert_eq!(
        texts(&mut conn, "SELECT count(assigneduserid) FROM singleevent"),
        ["0"]
    );
}

#[test]
fn metadata_may_be_named_otherwise() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    use domain::id_scheme::{IdScheme, Kind};
    execute(
        &mut conn,
        "UPDATE organisationunit SET code = 'HERE' WHERE uid = 'uoNW0E3xXUy'; UPDATE dataelement SET name = 'Height' WHERE uid = 'GieVkTxp4HG'",
    );
    let schemes = [
        (Kind::OrganisationUnit, IdScheme::Code),
        (Kind::DataElement, IdScheme::Name),
    ];
    let parameters = Parameters {
        id_schemes: IdSchemes::load(&mut conn, &schemes).expect("the schemes"),
        ..Parameters::default()
    };
    let event = with(
        single("rule0000001"),
        json!({"orgUnit": "HERE", "dataValues": [{"dataElement": "Height", "value": "2"}]}),
    );
    let report = import_as(&mut conn, USER, &json!({"events": [event]}), &parameters);
    assert_eq!(codes(&report), [""; 0]);
    let stored = "SELECT eventdatavalues #>> '{GieVkTxp4HG,value}' FROM singleevent WHERE uid = 'rule0000001'";
    assert_eq!(texts(&mut conn, stored), ["2"]);
}

#[test]
fn events_come_as_csv_too() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let csv = "event,program,orgUnit,occurredAt,dataElement,value,ignored\n\
               rule0000001,BFcipDERJng,uoNW0E3xXUy,2024-01-01,GieVkTxp4HG,1.5,x\n\
               rule0000002,BFcipDERJng,uoNW0E3xXUy,2024-01-02,,,\n";
    let payload = Payload::read_csv(csv.as_bytes()).expect("a payload");
    let report = with_request(&mut conn, USER, &Parameters::default(), |conn, request| {
        super::super::import(conn, payload, request).expect("an import")
    });
    assert_eq!((codes(&report), report.stats.created), (vec![], 2));
    let stored = "SELECT uid || coalesce(' ' || (eventdatavalues #>> '{GieVkTxp4HG,value}'), '') FROM singleevent ORDER BY uid";
    assert_eq!(texts(&mut conn, stored), ["rule0000001 1.5", "rule0000002"]);
    assert!(matches!(
        Payload::read_csv("a,b\n1,2\n".as_bytes()),
        Err(Error::Input(_))
    ));
}
