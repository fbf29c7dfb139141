//! Rules of enrolments, and of events that see each other.

use serde_json::{Value, json};

use super::ground::*;

fn person(id: &str, age: &str, events: Value) -> Value {
    let enrollment = json!({"enrollment": id.replacen("TP", "EN", 1), "program": "PGtrack0001", "orgUnit": UNIT, "enrolledAt": "2026-10-01",
                            "attributes": [{"attribute": "ATage000001", "value": age}], "events": events});
    json!({"trackedEntities": [{"trackedEntity": id, "trackedEntityType": "TEperson001", "orgUnit": UNIT, "enrollments": [enrollment]}]})
}

fn visit(id: &str, day: &str, weight: &str) -> Value {
    json!({"event": id, "program": "PGtrack0001", "programStage": "PStrack0001", "orgUnit": UNIT, "occurredAt": day,
           "dataValues": [{"dataElement": "DEweight001", "value": weight}]})
}

#[actix_web::test]
async fn enrolments_have_their_attributes_assigned_required_and_refused() {
    let (server, _) = server_with_rules().await;
    let (found, _) = import(&server, "", &person("TPchild0001", "9", json!([]))).await;
    assert_eq!(
        found,
        ["warning E1310 program rule PRchild0001 assigned the value of attribute ATgroup0001"]
    );
    let group = "SELECT value AS id FROM trackedentityattributevalue JOIN trackedentityattribute a USING (trackedentityattributeid)
                   JOIN trackedentity t USING (trackedentityid) WHERE t.uid = 'TPchild0001' AND a.uid = 'ATgroup0001'";
    assert_eq!(server.ids(group), ["child"]);
    let mut other = person("TPchild0002", "9", json!([]));
    other["trackedEntities"][0]["attributes"] =
        json!([{"attribute": "ATgroup0001", "value": "adult"}]);
    let (found, _) = import(&server, "", &other).await;
    assert_eq!(
        found,
        [
            "E1309 program rule PRchild0001 cannot assign a value to attribute ATgroup0001: the value that was sent differs from it"
        ]
    );
    let (found, _) = import(&server, "", &person("TPold000001", "110", json!([]))).await;
    assert_eq!(
        found,
        ["E1306 program rule PRgroup0001: mandatory attribute ATgroup0001 is not present"]
    );
    let old = person(
        "TPold000002",
        "130",
        json!([visit("RULEvisit01", "2026-10-02", "60")]),
    );
    let (found, report) = import(&server, "&atomicMode=OBJECT", &old).await;
    assert_eq!(
        found[..2],
        [
            "E1300 program rule PRold000001: too old",
            "E1306 program rule PRgroup0001: mandatory attribute ATgroup0001 is not present"
        ]
    );
    assert_eq!(
        (&report["stats"]["created"], &report["stats"]["ignored"]),
        (&json!(1), &json!(2)),
        "{report}"
    );
}

#[actix_web::test]
async fn events_of_an_enrolment_see_each_other_sent_or_stored() {
    let (server, _) = server_with_rules().await;
    let first = person(
        "TPadult0001",
        "40",
        json!([
            visit("RULEvisit02", "2026-10-02", "80"),
            visit("RULEvisit03", "2026-10-09", "78")
        ]),
    );
    let lost = "warning E1300 program rule PRlost00001: lost weight";
    assert_eq!(import(&server, "", &first).await.0, [lost]);
    let mut later = visit("RULEvisit04", "2026-10-16", "77");
    later["enrollment"] = json!("ENadult0001");
    assert_eq!(
        import(&server, "", &json!({"events": [later.clone()]}))
            .await
            .0,
        [lost]
    );
    // The enrolment sees the newest event too, one that is sent with it included, and so do older events.
    let heavy = person(
        "TPadult0001",
        "40",
        json!([visit("RULEvisit05", "2026-10-20", "95")]),
    );
    let newest = "warning E1300 program rule PRnewest001: of Program PGtrack0001";
    assert_eq!(import(&server, "", &heavy).await.0, [newest, newest]);
}

#[actix_web::test]
async fn statements_do_not_grow_with_events_and_without_rules_none_is_asked() {
    let (server, _) = server_with_rules().await;
    let weigh = |ids: std::ops::Range<u32>| {
        let visits = ids.map(|n| visit(&format!("RULEmany{n:03}"), "2026-10-02", "60"));
        visits.collect::<Vec<_>>()
    };
    import(
        &server,
        "",
        &person("TPadult0002", "40", json!(weigh(0..1))),
    )
    .await;
    let recorded = server.record();
    let mut counts = Vec::new();
    for (parameters, ids) in [("", 1..3), ("", 3..40), ("&skipRuleEngine=true", 40..60)] {
        let events = weigh(ids).into_iter().map(|mut event| {
            event["enrollment"] = json!("ENadult0002");
            event
        });
        let _ = recorded.take();
        let (found, _) = import(
            &server,
            parameters,
            &json!({"events": events.collect::<Vec<_>>()}),
        )
        .await;
        assert_eq!(found, [""; 0]);
        counts.push(recorded.take().len());
    }
    assert_eq!(counts[0], counts[1]);
    // Roles, events, attributes.
    assert_eq!(counts[0] - counts[2], 3);
}
