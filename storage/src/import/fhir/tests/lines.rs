//! Bad lines, versions, bundles, clinics.

use super::*;

#[test]
fn bad_lines_are_put_aside_and_the_rest_is_kept() {
    let mut site = Site::new();
    let good = stay("good", json!({}));
    let lines = [
        "not json".to_owned(),
        good.to_string(),
        "[1, 2]".to_owned(),
        "7".to_owned(),
        json!({"resourceType": "Patient"}).to_string(),
        stay("no-start", json!({"period": {}})).to_string(),
        stay(
            "reversed",
            json!({"period": {"start": "2024-03-02", "end": "2024-03-01"}}),
        )
        .to_string(),
        stay("nobody", json!({"subject": {}})).to_string(),
        json!({"resourceType": "Patient", "id": "q", "birthDate": "yesterday"}).to_string(),
        "{\"resourceType\": \"Patient\", \"id\": \"broken\"".to_owned(),
    ];
    let report = site.deliver_text(&lines.join("\n"));
    assert_eq!(report.quarantined, 9);
    assert_eq!(
        site.texts("SELECT concat_ws(' ', line, rule, resource_type, resource_id) FROM quarantine ORDER BY line"),
        [
            "1 JSON_SYNTAX",
            "3 NOT_A_RESOURCE",
            "4 NOT_A_RESOURCE",
            "5 MISSING_ID Patient",
            "6 ENCOUNTER_WITHOUT_START Encounter no-start",
            "7 PERIOD_REVERSED Encounter reversed",
            "8 PATIENT_REFERENCE_MISSING Encounter nobody",
            "9 INVALID_DATE Patient q",
            "10 JSON_SYNTAX",
        ]
    );
    assert_eq!(site.texts("SELECT fhir_id FROM encounters"), ["good"]);
}

#[test]
fn a_nul_character_does_not_stop_the_import() {
    let mut site = Site::new();
    let report = site.deliver(&[stay(
        "a",
        json!({"identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": "1\u{0}2"}]}),
    )]);
    assert_eq!(report.quarantined, 0);
    assert_eq!(
        site.texts("SELECT admission_number FROM encounters"),
        ["12"]
    );
}

#[test]
fn the_newest_version_wins_whatever_the_order() {
    let mut site = Site::new();
    let discharged = |day: &str, meta: Value| {
        stay(
            "a",
            json!({"meta": meta, "period": {"start": "2024-03-01", "end": day}}),
        )
    };
    let report = site.deliver(&[
        discharged("2024-03-03", version(2, 1)),
        discharged("2024-03-05", version(3, 1)),
        discharged("2024-03-04", version(3, 2)),
        discharged("2024-03-06", version(3, 2)),
    ]);
    let of = |site: &mut Site| site.texts("SELECT discharge_date FROM encounters");
    assert_eq!(of(&mut site), ["2024-03-06"]);
    assert!(
        report
            .notices
            .iter()
            .any(|notice| notice.contains("different content")),
        "{:?}",
        report.notices
    );
    let older = site.deliver(&[discharged("2024-03-02", version(2, 9))]);
    assert_eq!(of(&mut site), ["2024-03-06"]);
    assert!(
        older.notices.iter().any(|notice| notice.contains("older")),
        "{:?}",
        older.notices
    );
    let newer = site.deliver(&[discharged("2024-03-08", version(4, 1))]);
    assert_eq!(newer.updated, 1);
    assert_eq!(of(&mut site), ["2024-03-08"]);
}

#[test]
fn references_of_a_bundle_are_resolved_by_full_url() {
    let mut site = Site::new();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "own", "gender": "female"}},
        {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"},
            "subject": {"reference": "urn:uuid:1"}, "period": {"start": "2024-01-01", "end": "2024-01-01"}}},
        {"fullUrl": "urn:uuid:3", "resource": {"resourceType": "Condition", "id": "c", "encounter": {"reference": "urn:uuid:2"}}}]});
    let file = Scratch::new(
        "bundle.json",
        &serde_json::to_string_pretty(&bundle).expect("text"),
    );
    site.import(&file.0);
    assert_eq!(
        site.texts(
            "SELECT patient_pseudo_id || ' ' || fhir_id || ' ' || length_of_stay FROM encounters"
        ),
        ["own 2 1"]
    );
    assert_eq!(site.number("SELECT count(encounter_id) FROM conditions"), 1);
}

#[test]
fn a_deletion_removes_the_resource() {
    let mut site = Site::new();
    site.deliver(&[stay("a", json!({})), diagnosis("c", "Encounter/a")]);
    site.deliver(&[json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "DELETE", "url": "Condition/c"}}, {"request": {"method": "DELETE", "url": "Encounter/a"}}]})]);
    assert_eq!(site.number("SELECT count(*) FROM conditions"), 0);
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 0);
}

#[test]
fn a_deletion_without_a_time_counts_wherever_it_stands() {
    let gone = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE", "url": "Encounter/a"}}]});
    for meta in [json!({}), version(3, 2)] {
        let mut site = Site::new();
        let known = stay("a", json!({ "meta": meta }));
        site.deliver(&[gone.clone(), known, stay("b", json!({}))]);
        assert_eq!(site.texts("SELECT fhir_id FROM encounters"), ["b"]);
    }
}

#[test]
fn the_version_that_was_deleted_does_not_come_back() {
    let gone = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE", "url": "Encounter/a"}}]});
    let dated = json!({"lastUpdated": "2024-06-01T00:00:00Z"});
    for (meta, newer) in [(version(3, 2), version(3, 3)), (dated, version(2, 1))] {
        let mut site = Site::new();
        let known = stay("a", json!({ "meta": meta }));
        site.deliver(std::slice::from_ref(&known));
        site.deliver(std::slice::from_ref(&gone));
        let again = site.deliver(&[known]);
        assert_eq!(
            site.number("SELECT count(*) FROM encounters"),
            0,
            "{again:#?}"
        );
        site.deliver(&[stay("a", json!({ "meta": newer }))]);
        assert_eq!(site.number("SELECT count(*) FROM encounters"), 1);
    }
}

#[test]
fn of_two_deletions_the_later_one_counts() {
    let gone = |day: u32| {
        json!({"resourceType": "Bundle", "type": "transaction", "timestamp": format!("2024-06-{day:02}T12:00:00Z"),
            "entry": [{"request": {"method": "DELETE", "url": "Encounter/a"}}]})
    };
    let mut site = Site::new();
    site.deliver(&[stay("b", json!({}))]);
    for day in [2, 5, 3] {
        site.deliver(&[gone(day)]);
    }
    let between = site.deliver(&[stay("a", json!({"meta": version(4, 1)}))]);
    assert!(
        between.findings.contains(&("VERSION_OUTDATED", 1)),
        "{between:#?}"
    );
    site.deliver(&[stay("a", json!({"meta": version(6, 1)}))]);
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 2);
}

#[test]
fn a_new_clinic_is_named_after_the_organization_of_its_stays() {
    let mut site = Site::new();
    let version = site.number("SELECT version FROM metadataversion");
    let report = site.deliver(&[
        json!({"resourceType": "Organization", "id": "o", "name": "Klinikum Nord"}),
        stay(
            "a",
            json!({"serviceProvider": {"reference": "Organization/o"}}),
        ),
    ]);
    assert_eq!(
        site.texts("SELECT concat_ws(' ', name, path, hierarchylevel) FROM organisationunit JOIN clinics ON clinic_id = organisationunitid"),
        ["Klinikum Nord /ClinicTest1 1"]
    );
    assert!(
        report.notices[0].contains("created"),
        "{:?}",
        report.notices
    );
    assert_eq!(
        site.number("SELECT version FROM metadataversion"),
        version + 1
    );
}

#[test]
fn a_malformed_clinic_is_refused_and_a_missing_file_leaves_a_failed_run() {
    let mut conn = connection();
    let refused = run(
        &mut conn,
        Path::new("/nowhere"),
        "not-a-uid",
        &Settings::default(),
        &ProgressBar::hidden(),
    );
    assert!(matches!(refused, Err(Error::Input(_))));
    let missing = run(
        &mut conn,
        Path::new("/nowhere"),
        CLINIC,
        &Settings::default(),
        &ProgressBar::hidden(),
    );
    assert!(matches!(missing, Err(Error::File { .. })));
    let mut site = Site { conn };
    assert_eq!(site.texts("SELECT status FROM import_runs"), ["FAILED"]);
    assert_eq!(site.number("SELECT count(*) FROM clinics"), 0);
}
