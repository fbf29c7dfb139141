//! Imports into a test transaction.

use std::{io::Write, path::PathBuf};

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::*;
use crate::{
    Error,
    testing::{self, quarantine, texts},
};

fn import(conn: &mut Connection, payload: &Value) -> Report {
    let payload = Payload::read(payload.to_string().as_bytes()).expect("a payload");
    load(conn, &payload, "test", &ProgressBar::hidden()).expect("an import")
}

fn unit(id: &str, parent: Option<&str>) -> Value {
    json!({"id": id, "name": id, "shortName": id, "openingDate": "2020-01-01", "parent": parent.map(|id| json!({"id": id}))})
}

fn program(id: &str, units: &[&str], stages: &[&str]) -> Value {
    let refs = |ids: &[&str]| -> Vec<Value> { ids.iter().map(|id| json!({"id": id})).collect() };
    json!({"id": id, "name": id, "shortName": id, "programType": "WITHOUT_REGISTRATION", "sharing": {"public": "rwrw----"},
           "organisationUnits": refs(units), "programStages": refs(stages)})
}

#[test]
fn the_fixture_loads_whole_and_twice_changes_nothing() {
    let Some(file) = testing::fixture("dhis2/metadata.json") else {
        return;
    };
    let mut conn = testing::connection();
    let before = texts(&mut conn, "SELECT version FROM metadataversion");
    let first = run(&mut conn, &file, &ProgressBar::hidden()).expect("an import");
    assert_eq!(quarantine(&mut conn, &first), [""; 0]);
    let counts = [
        "programs 13",
        "programstages 14",
        "units 7",
        "users 10",
        "dataelements 10",
        "options 9",
    ];
    let counted = texts(
        &mut conn,
        "SELECT 'programs ' || count(*) FROM program UNION ALL SELECT 'programstages ' || count(*) FROM programstage WHERE programid IS NOT NULL
         UNION ALL SELECT 'units ' || count(*) FROM organisationunit UNION ALL SELECT 'users ' || count(*) FROM userinfo
         UNION ALL SELECT 'dataelements ' || count(*) FROM dataelement UNION ALL SELECT 'options ' || count(*) FROM categoryoptioncombo",
    );
    assert_eq!(counted, counts);
    let after = texts(&mut conn, "SELECT version FROM metadataversion");
    assert_ne!(before, after);

    let second = run(&mut conn, &file, &ProgressBar::hidden()).expect("an import");
    assert_eq!(
        (second.created, second.updated),
        (0, 0),
        "{:?}",
        second.kinds
    );
    assert_eq!(
        second.unchanged,
        first.created + first.updated + first.unchanged
    );
    assert_eq!(
        texts(&mut conn, "SELECT version FROM metadataversion"),
        after
    );
}

#[test]
fn the_traps_of_the_fixture_are_kept_in_mind() {
    let Some(file) = testing::fixture("dhis2/metadata.json") else {
        return;
    };
    let mut conn = testing::connection();
    let report = run(&mut conn, &file, &ProgressBar::hidden()).expect("an import");
    assert_eq!(
        report.notices,
        [
            "The list programNotificationTemplates is not imported; the file holds 1 of it.",
            "The built-in user admin had no organisation units and was given the 3 roots of the tree."
        ]
    );
    let stages = "SELECT s.uid || ' ' || p.uid FROM programstage s JOIN program p USING (programid)
                  WHERE s.uid IN ('ebGXHEqqEMF', 'zydGjigJcJb') ORDER BY 1";
    assert_eq!(
        texts(&mut conn, stages),
        ["ebGXHEqqEMF pcxIanBWlSY", "zydGjigJcJb sLngICFQjvH"]
    );
    let owners = "SELECT sharing ->> 'owner' FROM categoryoption WHERE uid IN ('i4Nbp8S2G6A', 'yMj2MnmNI8L') ORDER BY uid";
    assert_eq!(texts(&mut conn, owners), ["M5zQapPyTZI", "o1HMTIzBGo7"]);
    let differing = "SELECT s.uid FROM programstage s JOIN program p USING (programid) WHERE p.type = 'WITHOUT_REGISTRATION' AND s.sharing <> p.sharing";
    assert_eq!(texts(&mut conn, differing), [""; 0]);
    let values = "SELECT attributevalues -> 'j45AR9cBQKc' ->> 'value' FROM organisationunit WHERE uid = 'DiszpKrYNg8'";
    assert_eq!(texts(&mut conn, values), ["orgUnit DiszpKrYNg8"]);
    let path =
        "SELECT path || ' ' || hierarchylevel FROM organisationunit WHERE uid = 'tSsGrtfRzjY'";
    assert_eq!(
        texts(&mut conn, path),
        ["/h4w96yEMlzO/uoNW0E3xXUy/RojfDTBhoGC/tSsGrtfRzjY 4"]
    );
}

#[test]
fn a_move_updates_everything_below() {
    let mut conn = testing::connection();
    let below = unit("unitB000000", Some("unitA000000"));
    import(
        &mut conn,
        &json!({"organisationUnits": [unit("unitC000000", Some("unitB000000")), below, unit("unitA000000", None), unit("unitR000000", None)]}),
    );
    let report = import(
        &mut conn,
        &json!({"organisationUnits": [unit("unitB000000", Some("unitR000000"))]}),
    );
    assert_eq!((report.created, report.updated), (0, 1));
    let paths = "SELECT path || ' ' || hierarchylevel FROM organisationunit WHERE uid LIKE 'unit%' ORDER BY path";
    assert_eq!(
        texts(&mut conn, paths),
        [
            "/unitA000000 1",
            "/unitR000000 1",
            "/unitR000000/unitB000000 2",
            "/unitR000000/unitB000000/unitC000000 3"
        ]
    );
    let cycle = import(
        &mut conn,
        &json!({"organisationUnits": [unit("unitR000000", Some("unitC000000"))]}),
    );
    assert_eq!(
        quarantine(&mut conn, &cycle),
        ["organisationUnit 1 unitR000000 PARENT_CYCLE"]
    );
}

#[test]
fn broken_objects_are_quarantined_with_what_depends_on_them() {
    let mut conn = testing::connection();
    let mut nameless = unit("unitA000000", None);
    nameless["name"] = Value::Null;
    let report = import(
        &mut conn,
        &json!({
            "organisationUnits": [nameless, unit("unitB000000", Some("unitA000000")), unit("unitC000000", Some("nowhere0000")), unit("unitD000000", None), unit("short", None)],
            "programs": [
                program("program0001", &["unitB000000"], &[]), program("program0002", &["unitD000000"], &["stage000002"]),
                {"id": "program0003", "name": "n", "shortName": "n", "programType": "OFTEN"}, program("program0002", &[], &[]),
                program("program0005", &[], &["stage000009"])
            ],
            "programStages": [{"id": "stage000001", "name": "s", "program": {"id": "program0003"}}, {"id": "stage000002", "name": "s"}],
        }),
    );
    assert_eq!(
        quarantine(&mut conn, &report),
        [
            "organisationUnit 1 unitA000000 BAD_TYPE",
            "organisationUnit 5 short BAD_ID",
            "organisationUnit 2 unitB000000 DEPENDS_ON_REJECTED",
            "organisationUnit 3 unitC000000 UNKNOWN_REFERENCE",
            "program 1 program0001 DEPENDS_ON_REJECTED",
            "program 3 program0003 BAD_VALUE",
            "program 4 program0002 DUPLICATE_ID",
            "program 5 program0005 UNKNOWN_REFERENCE",
            "programStage 1 stage000001 DEPENDS_ON_REJECTED",
        ]
    );
    assert_eq!((report.created, report.quarantined), (3, 9));
    let sharing = "SELECT s.sharing ->> 'public' FROM programstage s JOIN program p USING (programid) WHERE p.uid = 'program0002'";
    assert_eq!(texts(&mut conn, sharing), ["rwrw----"]);
}

#[test]
fn memberships_are_replaced() {
    let mut conn = testing::connection();
    let units = json!([unit("unitA000000", None), unit("unitB000000", None)]);
    let payload = |units: &[&str], stages: &[&str]| json!({"programs": [program("program0001", units, stages)]});
    import(
        &mut conn,
        &json!({"organisationUnits": units, "programs": [program("program0001", &["unitA000000", "unitB000000"], &["stage000001"])],
                "programStages": [{"id": "stage000001", "name": "s"}]}),
    );
    let report = import(&mut conn, &payload(&["unitB000000"], &["stage000001"]));
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 1, 0)
    );
    let left = "SELECT u.uid FROM program_organisationunits JOIN organisationunit u USING (organisationunitid)";
    assert_eq!(texts(&mut conn, left), ["unitB000000"]);
    let report = import(&mut conn, &payload(&["unitB000000"], &["stage000001"]));
    assert_eq!(report.unchanged, 1);
    import(&mut conn, &payload(&["unitB000000"], &[]));
    assert_eq!(
        texts(
            &mut conn,
            "SELECT uid FROM programstage WHERE programid IS NULL"
        ),
        ["stage000001"]
    );
}

#[test]
fn users_are_never_merged() {
    let mut conn = testing::connection();
    let user = |id: &str, username: &str| json!({"id": id, "firstName": "f", "surname": "s", "userCredentials": {"username": username}});
    let report = import(
        &mut conn,
        &json!({
            "users": [user("other000001", "admin"), user("other000002", "someone"), user("M5zQapPyTZI", "admin"), {"id": "other000003", "firstName": "f", "surname": "s"}],
            "userGroups": [{"id": "group000001", "name": "g", "users": [{"id": "other000002"}]}],
        }),
    );
    assert_eq!(
        quarantine(&mut conn, &report),
        [
            "user 1 other000001 DUPLICATE_USERNAME",
            "user 4 other000003 MISSING_MEMBER"
        ]
    );
    assert_eq!(
        texts(
            &mut conn,
            "SELECT count(*) FROM userinfo WHERE uid = 'M5zQapPyTZI' AND firstname = 'f'"
        ),
        ["1"]
    );
}

#[test]
fn the_name_that_a_provider_knows_belongs_to_one_user() {
    let mut conn = testing::connection();
    let user = |id: &str, open_id: &str| json!({"id": id, "username": id, "openId": open_id, "firstName": "f", "surname": "s"});
    let report = import(
        &mut conn,
        &json!({"users": [
            user("other000001", "a@example.org"),
            user("other000002", "a@example.org"),
            user("other000003", ""),
            {"id": "other000004", "firstName": "f", "surname": "s", "userCredentials": {"username": "old", "openId": "b@example.org"}},
        ]}),
    );
    assert_eq!(
        quarantine(&mut conn, &report),
        ["user 2 other000002 DUPLICATE_OPEN_ID"]
    );
    let stored = "SELECT uid || ' ' || coalesce(openid, '-') FROM userinfo WHERE uid LIKE 'other%' ORDER BY uid";
    assert_eq!(
        texts(&mut conn, stored),
        [
            "other000001 a@example.org",
            "other000003 -",
            "other000004 b@example.org"
        ]
    );
    let moved = json!({"users": [user("other000002", "a@example.org")]});
    let report = import(&mut conn, &moved);
    assert_eq!(
        quarantine(&mut conn, &report),
        ["user 1 other000002 DUPLICATE_OPEN_ID"]
    );
}

#[test]
fn what_is_no_json_is_told_by_place_and_stores_nothing() {
    let mut conn = testing::connection();
    let file: PathBuf =
        std::env::temp_dir().join(format!("clinigraph-metadata-{}.json", std::process::id()));
    let mut content = std::fs::File::create(&file).expect("a file");
    write!(content, "{{\"organisationUnits\": [\n{{\"id\": 1,}}]}}").expect("a file");
    let error = run(&mut conn, &file, &ProgressBar::hidden()).expect_err("an error");
    std::fs::remove_file(&file).expect("the file");
    assert!(
        matches!(&error, Error::Input(text) if text.contains("line 2, column 10")),
        "{error}"
    );
    assert_eq!(
        texts(
            &mut conn,
            "SELECT status FROM import_runs ORDER BY import_run_id DESC LIMIT 1"
        ),
        ["FAILED"]
    );
    assert_eq!(
        texts(&mut conn, "SELECT count(*) FROM organisationunit"),
        ["0"]
    );
}

#[test]
fn a_large_file_is_loaded_in_sets() {
    let mut conn = testing::connection();
    let uid = |n: u64| domain::uid::from_number(n);
    let units: Vec<Value> = (0..5_000)
        .map(|n| unit(&uid(n), (n > 0).then(|| uid((n - 1) / 10)).as_deref()))
        .collect();
    let report = import(&mut conn, &json!({"organisationUnits": units}));
    assert_eq!((report.created, report.quarantined), (5_000, 0));
    assert_eq!(
        texts(
            &mut conn,
            "SELECT max(hierarchylevel) FROM organisationunit"
        ),
        ["5"]
    );
}
