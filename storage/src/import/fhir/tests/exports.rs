//! Bulk exports: manifests, their counts and times, and what they say of errors.

use super::*;

#[test]
fn two_exports_in_one_delivery_keep_their_own_counts_and_times() {
    let mut site = Site::new();
    let manifest = |day: u32, count: u32| {
        json!({"transactionTime": format!("2024-06-{day:02}T00:00:00Z"), "requiresAccessToken": false,
            "output": [{"type": "Encounter", "url": "https://example.org/Encounter.ndjson", "count": count}],
            "deleted": [{"type": "Bundle", "url": "https://example.org/deleted.ndjson", "count": 1}], "error": []})
        .to_string()
    };
    let gone = |id: &str| bundle_of_deletions(&[id]);
    let first = lines(&[stay("a", json!({"meta": version(1, 1)}))]);
    // It was deleted on the first day and written again before the second export.
    let second = lines(&[
        stay("b", json!({"meta": version(4, 1)})),
        stay("c", json!({"meta": version(4, 1)})),
    ]);
    let folder = |counts: [u32; 2]| {
        Scratch::folder(&[
            ("monday/manifest.json", manifest(3, counts[0]).as_bytes()),
            ("monday/Encounter.ndjson", first.as_bytes()),
            ("monday/deleted.ndjson", gone("b").as_bytes()),
            ("tuesday/manifest.json", manifest(5, counts[1]).as_bytes()),
            ("tuesday/Encounter.ndjson", second.as_bytes()),
            ("tuesday/deleted.ndjson", gone("a").as_bytes()),
        ])
    };
    let refused = site
        .take(&folder([2, 2]).0, &forced())
        .map_err(|error| error.to_string());
    assert_eq!(
        refused.map(|_| ()),
        Err("the delivery is not what monday/manifest.json says: Encounter.ndjson has 1 resources instead of 2".to_owned())
    );
    site.take(&folder([1, 2]).0, &forced()).expect("taken");
    assert_eq!(
        site.texts("SELECT fhir_id FROM encounters ORDER BY 1"),
        ["b", "c"]
    );
}

fn bundle_of_deletions(stays: &[&str]) -> String {
    let entries: Vec<Value> = stays
        .iter()
        .map(|id| json!({"request": {"method": "DELETE", "url": format!("Encounter/{id}")}}))
        .collect();
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string()
}

#[test]
fn a_manifest_of_the_next_version_is_understood_and_errors_of_the_export_are_noted() {
    let mut site = Site::new();
    let manifest = json!({"transactionTime": "2024-06-02T00:00:00Z", "requiresAccessToken": false, "manifestType": "bulk-export",
        "outputFormat": "application/fhir+ndjson",
        "output": [{"type": "Encounter", "url": "Encounter.ndjson", "count": 1, "fileSize": 1}],
        "outcome": [{"type": "OperationOutcome", "url": "outcome.ndjson", "countSeverity": {"error": 1, "information": 1}}],
        "link": []})
    .to_string();
    let outcome = lines(&["error", "information", "fatal"].map(|severity| {
        json!({"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "exception"}]})
    }));
    let folder = Scratch::folder(&[
        ("manifest.json", manifest.as_bytes()),
        (
            "Encounter.ndjson",
            lines(&[stay("a", json!({}))]).as_bytes(),
        ),
        ("outcome.ndjson", outcome.as_bytes()),
    ]);
    let report = site.import(&folder.0);
    assert!(
        report.findings.contains(&("EXPORT_ERROR", 2)),
        "{report:#?}"
    );
    assert_eq!(report.quarantined, 0);
    assert_eq!(
        site.texts("SELECT data_through AT TIME ZONE 'UTC' FROM import_runs WHERE status = 'DONE'"),
        ["2024-06-02 00:00:00"]
    );
}
