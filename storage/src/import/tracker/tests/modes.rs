//! Strategies, atomic modes, validation modes, deletion.

use super::*;

fn stored(conn: &mut Connection) -> Vec<String> {
    texts(
        conn,
        "SELECT uid FROM singleevent WHERE uid LIKE 'mode%' AND NOT deleted ORDER BY uid",
    )
}

fn three() -> Value {
    let mut bad = single("mode0000002");
    bad["occurredAt"] = json!(null);
    json!({"events": [single("mode0000001"), bad, single("mode0000003")]})
}

#[test]
fn a_bad_object_stops_all_or_only_itself() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let parameters = Parameters::default();
    let report = import_as(&mut conn, USER, &three(), &parameters);
    assert_eq!(codes(&report), ["E1031"]);
    assert_eq!(
        (report.status, report.stats.ignored, report.stats.total),
        (Status::Error, 3, 3)
    );
    assert_eq!(stored(&mut conn), [""; 0]);
    let parameters = Parameters {
        atomic: AtomicMode::Object,
        ..Parameters::default()
    };
    let report = import_as(&mut conn, USER, &three(), &parameters);
    let stats = report.stats;
    assert_eq!((stats.created, stats.ignored, stats.total), (2, 1, 3));
    assert_eq!(report.status, Status::Error);
    assert_eq!(stored(&mut conn), ["mode0000001", "mode0000003"]);
    let objects = &report.bundle_report.type_report_map[&TrackerType::Event].object_reports;
    assert_eq!(objects.len(), 2);
}

#[test]
fn a_check_stores_nothing_and_the_first_fault_may_end_it() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let parameters = Parameters {
        mode: ImportMode::Validate,
        ..Parameters::default()
    };
    let good = json!({"events": [single("mode0000001")]});
    let report = import_as(&mut conn, USER, &good, &parameters);
    assert_eq!((report.status, stored(&mut conn)), (Status::Ok, vec![]));
    let events: Vec<Value> = (0..3_000)
        .map(|n| {
            let mut event = single(&domain::uid::from_number(n));
            event["orgUnit"] = json!("nowhere0000");
            event
        })
        .collect();
    let parameters = Parameters {
        validation: ValidationMode::FailFast,
        ..Parameters::default()
    };
    let report = import_as(&mut conn, USER, &json!({"events": events}), &parameters);
    assert_eq!(codes(&report), ["E1011"]);
}

#[test]
fn superusers_may_skip_the_rules() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let mut event = single("mode0000001");
    event["dataValues"] = json!([{"dataElement": "GieVkTxp4HG", "value": "tall"}]);
    let payload = json!({"events": [event]});
    let parameters = Parameters {
        validation: ValidationMode::Skip,
        ..Parameters::default()
    };
    let report = import_as(&mut conn, "basicuser", &payload, &parameters);
    assert_eq!(codes(&report), ["E1302"]);
    let report = import_as(&mut conn, USER, &payload, &parameters);
    assert_eq!((codes(&report), report.stats.created), (vec![], 1));
}

#[test]
fn strategies_know_what_is_stored() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let one = json!({"events": [single("mode0000001")]});
    let with = |strategy| Parameters {
        strategy,
        ..Parameters::default()
    };
    let mut code = |strategy| {
        let report = import_as(&mut conn, USER, &one, &with(strategy));
        codes(&report).first().copied().unwrap_or("")
    };
    assert_eq!(code(Strategy::Update), "E1032");
    assert_eq!(code(Strategy::Delete), "E1032");
    assert_eq!(code(Strategy::Create), "");
    assert_eq!(code(Strategy::Create), "E1030");
    assert_eq!(code(Strategy::Update), "");
    assert_eq!(code(Strategy::CreateAndUpdate), "");
    assert_eq!(code(Strategy::Delete), "");
    assert_eq!(code(Strategy::Delete), "E1082");
    assert_eq!(code(Strategy::CreateAndUpdate), "E1082");
    assert_eq!(stored(&mut conn), [""; 0]);
}

#[test]
fn deleting_takes_along_what_hangs_on_it() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let delete = Parameters {
        strategy: Strategy::Delete,
        ..Parameters::default()
    };
    let enrollment = json!({"enrollments": [{"enrollment": "nxP7UnKhomJ"}]});
    let report = import_as(&mut conn, "basicuser", &enrollment, &delete);
    assert_eq!(codes(&report), ["E1103"]);
    let entity = json!({"trackedEntities": [{"trackedEntity": "QS6w44flWAf"}]});
    let report = import_as(&mut conn, "basicuser", &entity, &delete);
    assert_eq!(codes(&report), ["E1100"]);
    let report = import_as(&mut conn, USER, &entity, &delete);
    assert_eq!((codes(&report), report.stats.deleted), (vec![], 1));
    let left = "SELECT count(*) FROM enrollment n JOIN trackedentity t USING (trackedentityid)
                LEFT JOIN trackerevent e USING (enrollmentid)
                WHERE t.uid = 'QS6w44flWAf' AND NOT (t.deleted AND n.deleted AND coalesce(e.deleted, true))";
    assert_eq!(texts(&mut conn, left), ["0"]);
    let links = "SELECT count(*) FROM relationship r JOIN relationshipitem USING (relationshipid)
                 JOIN trackedentity t USING (trackedentityid) WHERE t.uid = 'QS6w44flWAf' AND NOT r.deleted";
    assert_eq!(texts(&mut conn, links), ["0"]);
    let report = import_as(&mut conn, USER, &enrollment, &delete);
    assert_eq!(codes(&report), ["E1113"]);
}

#[test]
fn a_report_has_dhis2s_shape() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let parameters = Parameters {
        atomic: AtomicMode::Object,
        ..Parameters::default()
    };
    let report = import_as(&mut conn, USER, &three(), &parameters);
    let shape = serde_json::to_value(report.shown(ReportMode::Errors)).expect("JSON");
    assert_eq!(shape["status"], "ERROR");
    assert_eq!(
        shape["stats"],
        json!({"created": 2, "updated": 0, "deleted": 0, "ignored": 1, "total": 3})
    );
    let error = &shape["validationReport"]["errorReports"][0];
    assert_eq!(
        (&error["errorCode"], &error["trackerType"], &error["uid"]),
        (&json!("E1031"), &json!("EVENT"), &json!("mode0000002"))
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("occurredAt"))
    );
    let of_type = &shape["bundleReport"]["typeReportMap"]["EVENT"];
    assert_eq!(of_type["objectReports"][0]["uid"], "mode0000001");
    assert_eq!(of_type["stats"]["created"], 2);
}
