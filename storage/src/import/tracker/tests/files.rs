//! Files that values name: which may be named, and whose they are afterwards.

use super::*;
use crate::testing::execute;

/// Two data elements and an attribute that name files, and three files.
const SETUP: &str = "
    UPDATE dataelement SET valuetype = 'FILE_RESOURCE', optionsetid = NULL WHERE uid = 'DATAEL00001';
    UPDATE dataelement SET valuetype = 'IMAGE', optionsetid = NULL WHERE uid = 'DATAEL00002';
    UPDATE trackedentityattribute SET valuetype = 'IMAGE', optionsetid = NULL WHERE uid = 'toUpdate000';
    INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey)
    SELECT 'file000000' || n, 'a', 'text/plain', 1, '', n FROM unnest(ARRAY['A', 'B', 'C']) AS n;";

fn with_files() -> Option<Connection> {
    let (mut conn, _) = with_data()?;
    execute(&mut conn, SETUP);
    Some(conn)
}

/// An event whose data elements have some values.
fn event(id: &str, values: &[(&str, Option<&str>)]) -> Value {
    let values = values.iter().map(
        |(element, value)| json!({"dataElement": format!("DATAEL0000{element}"), "value": value}),
    );
    with(
        tracked(id),
        json!({"dataValues": values.collect::<Vec<_>>()}),
    )
}

/// Who has which file, and who had it.
fn owners(conn: &mut Connection) -> Vec<String> {
    texts(
        conn,
        "SELECT right(uid, 1) || ' ' || CASE WHEN isassigned THEN 'of ' ELSE 'was ' END || coalesce(fileresourceowner, 'nobody')
           FROM fileresource WHERE uid LIKE 'file%' ORDER BY uid",
    )
}

#[test]
fn a_file_must_be_there_and_belong_to_nobody_else() {
    let Some(mut conn) = with_files() else {
        return;
    };
    for missing in ["file000000Z", "no file", "1"] {
        let event = event("fileevent01", &[("1", Some(missing))]);
        assert_eq!(refused(&mut conn, &event), ["E1084"], "{missing}");
    }
    assert_eq!(
        owners(&mut conn),
        ["A was nobody", "B was nobody", "C was nobody"]
    );
    let first = event("fileevent01", &[("1", Some("file000000A"))]);
    assert_eq!(refused(&mut conn, &first), [""; 0]);
    assert_eq!(refused(&mut conn, &first), [""; 0]);
    let second = event("fileevent02", &[("2", Some("file000000A"))]);
    assert_eq!(refused(&mut conn, &second), ["E1009"]);
    let second = event("fileevent02", &[("2", Some("file000000B"))]);
    assert_eq!(refused(&mut conn, &second), [""; 0]);
    let second = event("fileevent02", &[("1", Some("file000000A"))]);
    assert_eq!(refused(&mut conn, &second), ["E1009"]);
    assert_eq!(
        owners(&mut conn),
        ["A of fileevent01", "B of fileevent02", "C was nobody"]
    );
}

#[test]
fn two_events_of_a_payload_cannot_name_one_file() {
    let Some(mut conn) = with_files() else {
        return;
    };
    let events = [
        event("fileevent01", &[("1", Some("file000000A"))]),
        event("fileevent02", &[("1", Some("file000000A"))]),
    ];
    let parameters = Parameters {
        atomic: AtomicMode::Object,
        ..Parameters::default()
    };
    let report = import_as(&mut conn, USER, &json!({ "events": events }), &parameters);
    assert_eq!(codes(&report), ["E1009"]);
    let message = &report.validation_report.error_reports[0].message;
    assert!(
        message.starts_with(
            "File resource `file000000A` has already been assigned to a different object"
        ),
        "{message}"
    );
    assert_eq!(owners(&mut conn)[0], "A of fileevent01");
}

#[test]
fn a_file_is_free_when_its_value_is_replaced_or_taken_away() {
    let Some(mut conn) = with_files() else {
        return;
    };
    let mut change = |values: &[(&str, Option<&str>)]| {
        assert_eq!(
            refused(&mut conn, &event("fileevent01", values)),
            [""; 0],
            "{values:?}"
        );
        owners(&mut conn)
    };
    change(&[("1", Some("file000000A"))]);
    assert_eq!(
        change(&[("1", Some("file000000B"))]),
        ["A was fileevent01", "B of fileevent01", "C was nobody"]
    );
    // It moves to another data element of the same event.
    assert_eq!(
        change(&[("1", None), ("2", Some("file000000B"))]),
        ["A was fileevent01", "B of fileevent01", "C was nobody"]
    );
    assert_eq!(
        change(&[("2", None), ("3", Some("1"))]),
        ["A was fileevent01", "B was fileevent01", "C was nobody"]
    );
    // What one event let go another one may take when it is made, as in DHIS2.
    assert_eq!(
        refused(
            &mut conn,
            &event("fileevent02", &[("1", Some("file000000B"))])
        ),
        [""; 0]
    );
    assert_eq!(owners(&mut conn)[1], "B of fileevent02");
}

#[test]
fn what_is_not_stored_takes_no_file() {
    let Some(mut conn) = with_files() else {
        return;
    };
    let good = event("fileevent01", &[("1", Some("file000000A"))]);
    let bad = event("fileevent02", &[("1", Some("file000000Z"))]);
    let payload = json!({ "events": [good, bad] });
    let refused = import_as(&mut conn, USER, &payload, &Parameters::default());
    assert_eq!(codes(&refused), ["E1084"]);
    let checked = Parameters {
        mode: ImportMode::Validate,
        ..Parameters::default()
    };
    let payload = json!({ "events": [good] });
    let report = import_as(&mut conn, USER, &payload, &checked);
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(owners(&mut conn)[0], "A was nobody");
}

#[test]
fn a_file_of_an_attribute_is_its_tracked_entitys() {
    let Some(mut conn) = with_files() else {
        return;
    };
    let entity = |id: &str, file: Option<&str>| {
        json!({"trackedEntities": [{
            "trackedEntity": id, "trackedEntityType": "ja8NY4PW7Xm", "orgUnit": "h4w96yEMlzO",
            "attributes": [{"attribute": "toUpdate000", "value": file}],
        }]})
    };
    let mut told = |payload: &Value| {
        let report = import_as(&mut conn, USER, payload, &Parameters::default());
        (codes(&report), owners(&mut conn))
    };
    let (codes, _) = told(&entity("fileperson1", Some("file000000Z")));
    assert_eq!(codes, ["E1084"]);
    let (codes, owners) = told(&entity("fileperson1", Some("file000000A")));
    assert_eq!(codes, [""; 0]);
    assert_eq!(owners[0], "A of fileperson1");
    let (codes, _) = told(&entity("fileperson2", Some("file000000A")));
    assert_eq!(codes, ["E1009"]);
    let (codes, owners) = told(&entity("fileperson1", Some("file000000B")));
    assert_eq!(codes, [""; 0]);
    assert_eq!(owners[..2], ["A was fileperson1", "B of fileperson1"]);
    let (codes, owners) = told(&entity("fileperson1", None));
    assert_eq!(codes, [""; 0]);
    assert_eq!(owners[..2], ["A was fileperson1", "B was fileperson1"]);
}
