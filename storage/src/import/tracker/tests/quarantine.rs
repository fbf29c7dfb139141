//! What the command line puts aside.

use super::*;

fn rules(conn: &mut Connection, events: Value) -> Vec<String> {
    let report = import(conn, &json!({ "events": events }));
    let rules = format!(
        "SELECT rule FROM quarantine WHERE import_run_id = {} ORDER BY quarantine_id",
        report.run
    );
    texts(conn, &rules)
}

#[test]
fn broken_events_are_quarantined_with_dhis2s_codes() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let with = |member: &str, value: Value| {
        let mut event = single(&random_uid());
        event[member] = value;
        event
    };
    let tracker = |enrollment: Value| {
        let mut event = with("enrollment", enrollment);
        event["program"] = json!("BFcipDERJnf");
        event["programStage"] = json!("NpsdDv6kKSO");
        event["orgUnit"] = json!("h4w96yEMlzO");
        event
    };
    let mut scheduled = tracker(json!("nxP7UnKhomJ"));
    scheduled["status"] = json!("SCHEDULE");
    let events = [
        (with("program", json!("nowhere0000")), "E1010"),
        (with("orgUnit", json!("nowhere0000")), "E1011"),
        (with("programStage", json!("nowhere0000")), "E1013"),
        (with("orgUnit", json!("DiszpKrYNg8")), "E1029"),
        (with("occurredAt", json!(null)), "E1031"),
        (tracker(json!(null)), "E1123"),
        (with("event", json!("no uid")), "E1048"),
        (scheduled, "E1050"),
        (tracker(json!("nowhere0000")), "E1081"),
        (with("programStage", json!("qLZC0lvvxQH")), "E1089"),
        (with("attributeOptionCombo", json!("cr89ebDZrac")), "E1054"),
        (with("assignedUser", json!({"uid": "nowhere0000"})), "E1118"),
        (with("orgUnit", json!(null)), "E1123"),
        (
            with(
                "dataValues",
                json!([{"dataElement": "GieVkTxp4HG", "value": "tall"}]),
            ),
            "E1302",
        ),
        (
            with(
                "dataValues",
                json!([{"dataElement": "nowhere0000", "value": "1"}]),
            ),
            "E1304",
        ),
        (
            with(
                "dataValues",
                json!([{"dataElement": "GieVkTxp4HH", "value": "1"}]),
            ),
            "E1305",
        ),
        (with("status", json!("SKIPPED")), "E1318"),
        (with("status", json!("LOST")), "BAD_VALUE"),
        (with("event", json!("pTzf9KYMk72")), "E1030"),
        (
            with("notes", json!([{"note": "r8Ge3bH7aF9", "value": "n"}])),
            "E1119",
        ),
        (
            with("geometry", json!({"type": "Point", "coordinates": [1, 2]})),
            "E1074",
        ),
    ];
    for (event, rule) in events {
        assert_eq!(
            rules(&mut conn, json!([event, single("good0000001")])),
            [rule],
            "{event}"
        );
    }
    assert_eq!(
        texts(
            &mut conn,
            "SELECT count(*) FROM singleevent WHERE uid = 'good0000001'"
        ),
        ["1"]
    );
}

#[test]
fn mandatory_values_and_children_of_rejected_objects() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let mandatory = json!({"event": "event000001", "program": "cS7eutanDrT", "orgUnit": "DiszpKrYNg8", "occurredAt": "2024-01-01", "attributeOptionCombo": "cr89ebDZrac"});
    let report = import(
        &mut conn,
        &json!({
            "trackedEntities": [{"trackedEntity": "entity00001", "orgUnit": "h4w96yEMlzO",
                "enrollments": [{"enrollment": "enroll00001", "program": "BFcipDERJnf", "orgUnit": "h4w96yEMlzO", "enrolledAt": "2024-01-01",
                    "events": [{"event": "event000002", "programStage": "NpsdDv6kKSO", "orgUnit": "h4w96yEMlzO", "occurredAt": "2024-01-01"}]}]}],
            "events": [mandatory],
            "relationships": [{"relationship": "relation001", "relationshipType": "xLmPUYJX8Ks", "from": {"trackedEntity": {"trackedEntity": "entity00001"}}, "to": {"enrollment": {"enrollment": "enroll00001"}}}]
        }),
    );
    assert_eq!(
        testing::quarantine(&mut conn, &report),
        [
            "trackedEntity 1 entity00001 E1121",
            "enrollment 1 enroll00001 E5000",
            "event 1 event000002 E5000",
            "event 1 event000001 E1303",
            "relationship 1 relation001 E5000",
        ]
    );
    assert_eq!((report.created, report.quarantined), (0, 5));
}
