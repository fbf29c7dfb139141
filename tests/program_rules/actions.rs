//! What each action does to an event.

use serde_json::{Value, json};

use super::ground::*;

#[actix_web::test]
async fn the_metadata_are_kept_and_what_cannot_be_run_is_told() {
    let (server, report) = server_with_rules().await;
    let text = report.to_string();
    assert!(text.contains("The condition of program rule PRsyntax001 cannot be run: an operand is missing at character 12 of the expression."), "{text}");
    let rows = server.rows(
        "SELECT r.uid, a.actiontype, a.data, d.uid AS element, r.rulecondition FROM programrule r JOIN programruleaction a USING (programruleid)
           LEFT JOIN dataelement d USING (dataelementid) WHERE r.uid = 'PRbmi000001'",
    );
    assert_eq!(
        rows,
        [
            json!({"uid": "PRbmi000001", "actiontype": "ASSIGN", "data": "d2:round(#{weight} / #{height} ^ 2, 1)",
                             "element": "DEbmi000001", "rulecondition": "d2:hasValue(#{weight}) && d2:hasValue(#{height})"})
        ]
    );
    let admin = server.user("admin");
    let version = "SELECT version::text AS id FROM metadataversion";
    let before = server.id(version);
    post(&admin, &server, "/api/metadata", &metadata()).await;
    assert_eq!(server.id(version), before, "a repeat changes nothing");
    // A rule loses the action that it no longer lists.
    let mut fewer = metadata();
    fewer["programRules"][0]["programRuleActions"] = json!([]);
    fewer["programRuleActions"]
        .as_array_mut()
        .expect("actions")
        .remove(0);
    post(&admin, &server, "/api/metadata", &fewer).await;
    let gone = "SELECT 1 FROM programruleaction WHERE uid = 'PAwarn00001'";
    assert_eq!(server.rows(gone), Vec::<Value>::new());
}

#[actix_web::test]
async fn warnings_are_shown_and_errors_refuse() {
    let (server, _) = server_with_rules().await;
    let (found, report) = import_event(
        &server,
        event("RULEevent01", json!({"DEweight001": "151.5"})),
    )
    .await;
    assert_eq!(
        found,
        ["warning E1300 program rule PRwarn00001: heavy: 151.5"]
    );
    assert_eq!(
        (&report["status"], &report["stats"]["created"]),
        (&json!("WARNING"), &json!(1))
    );
    let (found, report) =
        import_event(&server, event("RULEevent02", json!({"DEweight001": "301"}))).await;
    assert_eq!(
        found,
        [
            "E1300 program rule PRerror0001: impossible (DEweight001)",
            "warning E1300 program rule PRwarn00001: heavy: 301"
        ]
    );
    assert_eq!(report["status"], "ERROR");
    assert_eq!(stored(&server, "RULEevent02"), json!({}));
    let (found, _) =
        import_event(&server, event("RULEevent03", json!({"DEweight001": "42"}))).await;
    assert_eq!(found, ["warning E1300 program rule PRsecond001: twice: 84"]);
}

#[actix_web::test]
async fn rules_of_completion_wait_for_it() {
    let (server, _) = server_with_rules().await;
    let light = event("RULEevent04", json!({"DEweight001": "30"}));
    assert_eq!(import_event(&server, light.clone()).await.0, [""; 0]);
    let mut complete = light;
    complete["status"] = json!("COMPLETED");
    assert_eq!(
        import_event(&server, complete).await.0,
        ["warning E1300 program rule PRlight0001: light"]
    );
    let mut lightest = event("RULEevent05", json!({"DEweight001": "0.5"}));
    assert_eq!(import_event(&server, lightest.clone()).await.0, [""; 0]);
    lightest["status"] = json!("COMPLETED");
    let (found, _) = import_event(&server, lightest).await;
    assert_eq!(
        found,
        [
            "E1300 program rule PRwhole0001: too light",
            "warning E1300 program rule PRlight0001: light"
        ]
    );
    // The mutation that completes goes the same way, with the values that are stored.
    let admin = server.user("admin");
    let done = admin
        .data(
            "mutation { completeEvents(ids: [\"RULEevent05\"]) { ids errors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        done["completeEvents"],
        json!({"ids": [], "errors": [{"code": "E1300"}]})
    );
}

#[actix_web::test]
async fn values_are_assigned_where_none_or_the_same_was_sent() {
    let (server, _) = server_with_rules().await;
    let assigned =
        "warning E1308 program rule PRbmi000001 assigned the value of data element DEbmi000001";
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent06",
            json!({"DEweight001": "70", "DEheight001": "1.75"}),
        ),
    )
    .await;
    assert_eq!(found, [assigned]);
    assert_eq!(stored(&server, "RULEevent06")["DEbmi000001"], "22.9");
    // What is stored gives way, and the change is logged.
    let (found, report) =
        import_event(&server, event("RULEevent06", json!({"DEweight001": "80"}))).await;
    assert_eq!(
        (found, &report["stats"]["updated"]),
        (vec![assigned.to_owned()], &json!(1))
    );
    assert_eq!(stored(&server, "RULEevent06")["DEbmi000001"], "26.1");
    let log = "SELECT previousvalue || ' ' || currentvalue AS id FROM singleeventchangelog JOIN dataelement USING (dataelementid)
               WHERE uid = 'DEbmi000001' AND previousvalue IS NOT NULL";
    assert_eq!(server.ids(log), ["22.9 26.1"]);
    // A repeat changes nothing.
    let changed = "SELECT lastupdated::text AS id FROM singleevent WHERE uid = 'RULEevent06'";
    let before = server.id(changed);
    import_event(&server, event("RULEevent06", json!({"DEweight001": "80"}))).await;
    assert_eq!(server.id(changed), before);
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent07",
            json!({"DEweight001": "70", "DEheight001": "1.75", "DEbmi000001": "22.90"}),
        ),
    )
    .await;
    assert_eq!(found, [assigned]);
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent08",
            json!({"DEweight001": "70", "DEheight001": "1.75", "DEbmi000001": "30"}),
        ),
    )
    .await;
    let differs = "E1307 program rule PRbmi000001 cannot assign a value to data element DEbmi000001: the value that was sent differs from it";
    assert_eq!(found, [differs]);
    let (found, _) =
        import_event(&server, event("RULEevent09", json!({"DEweight001": "77"}))).await;
    assert_eq!(
        found,
        [
            "warning E1308 program rule PRcolour001 assigned nothing: the value of data element DEcolour001 is no code of its option set"
        ]
    );
}

#[actix_web::test]
async fn mandatory_values_must_be_there() {
    let (server, _) = server_with_rules().await;
    let heavy = "warning E1300 program rule PRwarn00001: heavy: 250";
    let (found, _) =
        import_event(&server, event("RULEevent10", json!({"DEweight001": "250"}))).await;
    assert_eq!(
        found,
        [
            "E1301 program rule PRneed00001: mandatory data element DEnote00001 is not present",
            heavy
        ]
    );
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent10",
            json!({"DEweight001": "250", "DEnote00001": "seen"}),
        ),
    )
    .await;
    assert_eq!(found, [heavy]);
    // It may stay away when it is stored, but not be emptied.
    assert_eq!(
        import_event(&server, event("RULEevent10", json!({"DEweight001": "250"})))
            .await
            .0,
        [heavy]
    );
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent10",
            json!({"DEweight001": "250", "DEnote00001": ""}),
        ),
    )
    .await;
    assert_eq!(
        found,
        [
            "E1314 program rule PRneed00001: data element DEnote00001 is mandatory and cannot be emptied",
            heavy
        ]
    );
}

#[actix_web::test]
async fn modes_decide_what_becomes_of_the_others_and_the_engine_can_be_skipped() {
    let (server, _) = server_with_rules().await;
    let payload = json!({"events": [event("RULEevent11", json!({"DEweight001": "301"})), event("RULEevent12", json!({"DEweight001": "60"}))]});
    let stats = |report: &Value| {
        (
            report["stats"]["created"].as_u64(),
            report["stats"]["ignored"].as_u64(),
        )
    };
    let impossible = "E1300 program rule PRerror0001: impossible (DEweight001)";
    let (found, report) = import(&server, "&importMode=VALIDATE", &payload).await;
    assert_eq!(
        (found[0].as_str(), stats(&report)),
        (impossible, (Some(0), Some(2)))
    );
    let (_, report) = import(&server, "", &payload).await;
    assert_eq!(stats(&report), (Some(0), Some(2)));
    let (_, report) = import(&server, "&atomicMode=OBJECT", &payload).await;
    assert_eq!(stats(&report), (Some(1), Some(1)));
    let (found, report) = import(&server, "&skipRuleEngine=true", &payload).await;
    assert_eq!((found, stats(&report)), (vec![], (Some(1), Some(0))));
    let (_, report) = import(
        &server,
        "&validationMode=FAIL_FAST&atomicMode=OBJECT",
        &payload,
    )
    .await;
    assert_eq!(report["stats"]["ignored"], 1, "{report}");
}

#[actix_web::test]
async fn a_stage_that_is_checked_on_completion_runs_its_rules_then_and_broken_rules_only_warn() {
    let (server, _) = server_with_rules().await;
    let mut lazy = event("RULEevent13", json!({"DEweight001": "5"}));
    lazy["program"] = json!("PGlazy00001");
    lazy["programStage"] = json!("PSlazy00001");
    assert_eq!(import_event(&server, lazy.clone()).await.0, [""; 0]);
    lazy["status"] = json!("COMPLETED");
    let (found, _) = import_event(&server, lazy).await;
    assert_eq!(
        found,
        [
            "E1300 program rule PRlazy00001: lazy",
            "warning E1300 program rule PRbroken001 cannot be run: there is no variable nowhere",
            "warning E1300 program rule PRsyntax001 cannot be run: an operand is missing at character 12 of the expression",
        ]
    );
}
