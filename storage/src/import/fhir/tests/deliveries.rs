//! Forms of delivery, counts that they must keep, and what they remove.

use super::*;

/// A stay with a ward contact, two diagnoses and an observation of the ward contact.
fn resources() -> Vec<Value> {
    vec![
        json!({"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980"}),
        stay(
            "a",
            json!({"diagnosis": [{"condition": {"reference": "Condition/c"}, "use": {"coding": [{"code": "CC"}]}}]}),
        ),
        stay("w", json!({"partOf": {"reference": "Encounter/a"}})),
        diagnosis("c", "Encounter/w"),
        diagnosis("d", "Encounter/a"),
        json!({"resourceType": "Observation", "id": "o", "status": "final", "encounter": {"reference": "Encounter/w"},
            "effectiveDateTime": "2024-03-02", "code": {"coding": [{"code": "x"}]}, "valueInteger": 7}),
    ]
}

const COUNTS: [&str; 5] = [
    "SELECT count(*) FROM patients WHERE NOT is_stub",
    "SELECT count(*) FROM encounters WHERE age_at_admission = 44",
    "SELECT count(encounter_id) FROM conditions",
    "SELECT count(*) FROM conditions WHERE is_main",
    "SELECT count(encounter_id) FROM observations",
];

fn counts(site: &mut Site) -> [i64; 5] {
    COUNTS.map(|sql| site.number(sql))
}

#[test]
fn every_form_of_delivery_gives_the_same_rows() {
    let all = resources();
    let (text, whole) = (lines(&all), bundle(&all));
    let pretty = serde_json::to_string_pretty(&whole).expect("text");
    let list = Value::from(all.clone()).to_string();
    let zip = zipped(&[("deep/a.ndjson", text.as_bytes()), ("readme.txt", b"x")]);
    let parts = zipped(&[
        ("1.ndjson.gz", &gzipped(&lines(&all[..3]))),
        ("2.json", bundle(&all[3..]).to_string().as_bytes()),
    ]);
    let lone: Vec<(String, String)> = all
        .iter()
        .map(|one| {
            (
                format!("{}.json", one["id"].as_str().expect("an id")),
                one.to_string(),
            )
        })
        .collect();
    let lone: Vec<(&str, &[u8])> = lone
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    let bundles: String = all
        .iter()
        .map(|one| format!("{}\n", bundle(std::slice::from_ref(one))))
        .collect();
    let forms: [&[(&str, &[u8])]; 10] = [
        &[("a.ndjson", text.as_bytes())],
        &[("a.json", text.as_bytes())],
        &[("a.ndjson.gz", &gzipped(&text))],
        &[("a.zip", &zip)],
        &[("a.zip", &parts)],
        &[("a.json", pretty.as_bytes())],
        &[("a.json.gz", &gzipped(&whole.to_string()))],
        &[("a.json", list.as_bytes())],
        &[("a.ndjson", bundles.as_bytes())],
        &lone,
    ];
    for (number, files) in forms.into_iter().enumerate() {
        let mut site = Site::new();
        let folder = Scratch::folder(files);
        let report = site.import(&folder.0);
        assert_eq!(report.quarantined, 0, "{number}: {report:#?}");
        assert_eq!(counts(&mut site), [1, 1, 2, 1, 1], "{number}: {report:#?}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_an_error_and_changes_nothing() {
    let mut site = Site::new();
    let packed = gzipped(&lines(&resources()));
    let folder = Scratch::folder(&[("a.ndjson.gz", &packed[..packed.len() - 9])]);
    let outcome = site.take(&folder.0, &Settings::default());
    assert!(matches!(outcome, Err(Error::File { .. })), "{outcome:?}");
    assert_eq!(site.number("SELECT count(*) FROM clinics"), 0);
}

fn manifest(count: u64) -> String {
    json!({"transactionTime": "2024-06-02T00:00:00Z", "request": "x", "requiresAccessToken": false,
        "output": [{"type": "Encounter", "url": "https://example.org/files/Encounter.000.ndjson?t=1", "count": count}],
        "deleted": [{"type": "Bundle", "url": "https://example.org/files/del.ndjson", "count": 1}], "error": []})
    .to_string()
}

#[test]
fn a_manifest_brings_counts_and_deletions() {
    let mut site = Site::new();
    site.deliver(&[
        stay("old", json!({"meta": version(1, 1)})),
        stay("new", json!({"meta": version(3, 1)})),
    ]);
    let stays = lines(&[
        stay("a", json!({"meta": version(1, 1)})),
        stay("b", json!({"meta": version(1, 1)})),
    ]);
    let gone: Vec<Value> = ["old", "new"]
        .iter()
        .map(|id| json!({"request": {"method": "DELETE", "url": format!("Encounter/{id}")}}))
        .collect();
    let gone = json!({"resourceType": "Bundle", "type": "transaction", "entry": gone}).to_string();
    let files = |manifest: &str| {
        Scratch::folder(&[
            ("manifest.json", manifest.as_bytes()),
            ("Encounter.000.ndjson", stays.as_bytes()),
            ("del.ndjson", gone.as_bytes()),
        ])
    };
    let wrong = site.take(&files(&manifest(3)).0, &Settings::default());
    let reason = wrong.expect_err("refused").to_string();
    assert_eq!(
        reason,
        "the delivery is not what manifest.json says: Encounter.000.ndjson has 2 resources instead of 3"
    );
    assert_eq!(
        site.texts("SELECT refused_because FROM import_runs WHERE status = 'FAILED'"),
        [reason]
    );
    assert_eq!(
        site.texts("SELECT fhir_id FROM encounters ORDER BY 1"),
        ["new", "old"]
    );

    site.import(&files(&manifest(2)).0);
    // What was changed after the export was made is not deleted by it.
    let stays = "SELECT fhir_id FROM encounters ORDER BY 1";
    assert_eq!(site.texts(stays), ["a", "b", "new"]);
    let late = site.deliver(&[stay("old", json!({"meta": version(1, 9)}))]);
    assert_eq!(site.texts(stays), ["a", "b", "new"], "{late:#?}");
    assert!(
        late.findings.contains(&("VERSION_OUTDATED", 1)),
        "{late:#?}"
    );
    site.deliver(&[stay("old", json!({"meta": version(4, 1)}))]);
    assert_eq!(site.texts(stays), ["a", "b", "new", "old"]);
}

#[test]
fn a_missing_file_is_refused() {
    let mut site = Site::new();
    let folder = Scratch::folder(&[("manifest.json", manifest(0).as_bytes())]);
    let reason = site
        .take(&folder.0, &Settings::default())
        .expect_err("refused")
        .to_string();
    assert!(reason.ends_with("del.ndjson is missing"), "{reason}");
}

#[test]
fn too_many_bad_lines_are_refused_and_listed() {
    let mut site = Site::new();
    let good: Vec<Value> = (0..100)
        .map(|n| stay(&format!("s{n}"), json!({})))
        .collect();
    let text = format!("{}{}", lines(&good), "{broken\n".repeat(20));
    let file = Scratch::new("a.ndjson", &text);
    let outcome = site.take(&file.0, &Settings::default());
    assert!(
        matches!(outcome, Err(Error::DeliveryRefused(_))),
        "{outcome:?}"
    );
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 0);
    assert_eq!(
        site.number("SELECT count(*) FROM quarantine WHERE rule = 'JSON_SYNTAX'"),
        20
    );
    let settings = Settings {
        max_bad: 17.0,
        ..Settings::default()
    };
    let report = site.take(&file.0, &settings).expect("taken");
    assert_eq!(report.quarantined, 20);
    assert_eq!(
        site.texts("SELECT rule || ' ' || count FROM import_findings WHERE rule = 'JSON_SYNTAX'"),
        ["JSON_SYNTAX 20"]
    );
}

#[test]
fn a_full_delivery_removes_what_it_lacks_unless_it_is_too_much() {
    let full = Settings {
        is_full: true,
        ..Settings::default()
    };
    let mut site = Site::new();
    let stays: Vec<Value> = (0..100)
        .map(|n| stay(&format!("s{n:02}"), json!({})))
        .collect();
    site.deliver(&stays);
    site.deliver(&[
        diagnosis("c", "Encounter/s99"),
        diagnosis("d", "Encounter/s01"),
    ]);
    let some = Scratch::new("some.ndjson", &lines(&stays[..70]));
    let outcome = site.take(&some.0, &full);
    assert_eq!(
        outcome.map_err(|error| error.to_string()),
        Err("1 months lose more than 10 % of their stays: 2024-03: 70 instead of 100".to_owned())
    );
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 100);
    // A line that is put aside does not remove what is stored.
    let broken = stay("s95", json!({"period": {}}));
    let most = Scratch::new("most.ndjson", &format!("{}{broken}\n", lines(&stays[..95])));
    site.take(&most.0, &full).expect("taken");
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 96);
    // Diagnoses were not in the delivery and stay; that of the removed stay waits.
    assert_eq!(
        site.texts(
            "SELECT fhir_id || coalesce(' ' || encounter_reference, '') FROM conditions ORDER BY 1"
        ),
        ["c Encounter/s99", "d"]
    );
    // What comes back is no older than nothing.
    site.deliver(&stays[99..]);
    assert_eq!(site.number("SELECT count(encounter_id) FROM conditions"), 2);
}

#[test]
fn a_delivery_that_comes_again_is_not_read() {
    let mut site = Site::new();
    let (one, two) = (
        Scratch::new("1.ndjson", &lines(&resources())),
        Scratch::new("2.ndjson", &lines(&[stay("b", json!({}))])),
    );
    let usual = Settings::default();
    site.take(&one.0, &usual).expect("taken");
    site.take(&two.0, &usual).expect("taken");
    let again = site.take(&one.0, &usual).expect("taken");
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 0));
    assert!(again.notices[0].contains("nothing was read"), "{again:#?}");
    // In another zone the same bytes mean other days.
    let elsewhere = usual.in_zone("America/New_York").expect("a zone");
    assert!(site.take(&one.0, &elsewhere).expect("taken").updated > 0);
    assert_eq!(
        site.texts("SELECT time_zone FROM clinics"),
        ["America/New_York"]
    );
}

#[test]
fn another_spelling_of_the_same_content_changes_nothing() {
    let mut site = Site::new();
    site.deliver(&resources());
    let spelled: String = resources()
        .iter()
        .map(|one| {
            let fields = one.as_object().expect("an object");
            let fields: Vec<String> = fields
                .iter()
                .rev()
                .map(|(key, value)| format!("{} : {value}", json!(key)))
                .collect();
            format!("{{ {} }}\r\n", fields.join(" , "))
        })
        .collect();
    let report = site.deliver_text(&spelled);
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 0, 6),
        "{report:#?}"
    );
}

#[test]
fn observations_before_their_stay_are_linked_when_it_comes() {
    let mut site = Site::new();
    let all = resources();
    site.deliver(&all[5..]);
    assert_eq!(
        site.texts("SELECT encounter_reference FROM observations"),
        ["Encounter/w"]
    );
    site.deliver(&all[2..3]);
    assert_eq!(
        site.number("SELECT count(encounter_id) FROM observations"),
        0
    );
    site.deliver(&all[1..2]);
    assert_eq!(
        site.number("SELECT count(encounter_id) FROM observations"),
        1
    );
    let mut elsewhere = all[2].clone();
    elsewhere["partOf"] = json!({"reference": "Encounter/nowhere"});
    site.deliver(&[elsewhere]);
    assert_eq!(
        site.number("SELECT count(encounter_id) FROM observations"),
        0
    );
}

#[test]
fn partitions_are_made_ahead() {
    let mut site = Site::new();
    site.deliver(&[]);
    let ahead = "SELECT to_regclass('observations_' || to_char(current_date + interval '3 months', 'YYYY_MM')) IS NOT NULL";
    assert_eq!(site.texts(ahead), ["true"]);
}

#[test]
fn marks_blank_lines_and_folders_do_not_matter() {
    let mut site = Site::new();
    let all = resources();
    let text = format!(
        "\u{feff}{}",
        lines(&all[..3]).replace('\n', "\r\n\r\n \r\n")
    );
    let list = format!(
        "\u{feff}\r\n{}",
        serde_json::to_string_pretty(&all[3..]).expect("text")
    );
    let folder = Scratch::folder(&[
        ("2024/06/01/a.ndjson", text.as_bytes()),
        ("2024/06/01/parts/list.json", list.as_bytes()),
        ("2024/06/01/empty.ndjson", b""),
        ("2024/06/01/blank.json", b" \n"),
        ("readme.txt", b"x"),
    ]);
    let report = site.import(&folder.0);
    assert_eq!(counts(&mut site), [1, 1, 2, 1, 1], "{report:#?}");
    // A file that should hold a value and holds none is put aside.
    assert_eq!(
        site.texts("SELECT file || ' ' || rule FROM quarantine"),
        ["2024/06/01/blank.json JSON_SYNTAX"]
    );
}

#[test]
fn deletions_that_take_too_many_stays_are_refused() {
    let mut site = Site::new();
    let stays: Vec<Value> = (0..100)
        .map(|n| stay(&format!("s{n:02}"), json!({})))
        .collect();
    site.deliver(&stays);
    let gone = |count: u32| {
        let entries: Vec<Value> = (0..count)
            .map(|n| json!({"request": {"method": "DELETE", "url": format!("Encounter/s{n:02}")}}))
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        Scratch::new("gone.ndjson", &lines(&[bundle]))
    };
    let refused = site.take(&gone(20).0, &forced());
    assert_eq!(
        refused.map(|_| ()).map_err(|error| error.to_string()),
        Err("1 months lose more than 10 % of their stays: 2024-03: 80 instead of 100".to_owned())
    );
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 100);
    site.take(&gone(10).0, &forced()).expect("taken");
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 90);
}
