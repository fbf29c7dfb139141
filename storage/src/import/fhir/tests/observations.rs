//! Observations and their partitions.

use super::*;

fn pulse(id: &str, day: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/ward"}, "effectiveDateTime": day,
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, "valueQuantity": {"value": 60, "code": "/min"}})
}

const ROWS: &str = "SELECT concat_ws(' ', tableoid::regclass, fhir_id, observed_on, value_number) FROM observations ORDER BY fhir_id";

#[test]
fn an_observation_moves_when_its_day_changes() {
    let mut site = Site::new();
    let ward = stay("ward", json!({"partOf": {"reference": "Encounter/a"}}));
    site.deliver(&[
        stay("a", json!({})),
        ward.clone(),
        pulse("o", "2024-03-31T23:30:00Z"),
        pulse("never", "1066"),
    ]);
    assert_eq!(
        site.texts(ROWS),
        [
            "observations_default never -infinity 60",
            "observations_2024_04 o 2024-04-01 60"
        ]
    );
    assert_eq!(
        site.number("SELECT count(encounter_id) FROM observations"),
        2
    );
    let report = site.deliver(&[ward, pulse("o", "2024-05-02")]);
    assert_eq!(report.updated, 1, "{report:#?}");
    assert_eq!(site.texts(ROWS)[1], "observations_2024_05 o 2024-05-02 60");
}

#[test]
fn rows_sent_without_their_contact_keep_their_stay() {
    let mut site = Site::new();
    let ward = stay("ward", json!({"partOf": {"reference": "Encounter/a"}}));
    let rows = [diagnosis("c", "Encounter/ward"), pulse("o", "2024-03-02")];
    site.deliver(&[stay("a", json!({})), ward, rows[0].clone(), rows[1].clone()]);
    let report = site.deliver(&rows);
    assert_eq!((report.updated, report.unchanged), (0, 2), "{report:#?}");
    assert_eq!(site.number("SELECT count(encounter_id) FROM conditions"), 1);
    assert_eq!(
        site.number("SELECT count(encounter_id) FROM observations"),
        1
    );
}

#[test]
fn a_new_partition_takes_what_lies_in_the_default_one() {
    let mut site = Site::new();
    site.deliver(&[pulse("first", "1066-01-01")]);
    site.conn
        .batch_execute("UPDATE observations SET observed_on = '1991-07-15'")
        .expect("a row of a month without partition");
    assert_eq!(
        site.texts(ROWS),
        ["observations_default first 1991-07-15 60"]
    );
    site.deliver(&[pulse("second", "1991-07-20")]);
    assert_eq!(
        site.texts(ROWS),
        [
            "observations_1991_07 first 1991-07-15 60",
            "observations_1991_07 second 1991-07-20 60"
        ]
    );
}

#[test]
fn an_observation_entered_in_error_is_removed() {
    let mut site = Site::new();
    site.deliver(&[pulse("o", "2024-03-31")]);
    let mut wrong = pulse("o", "2024-03-31");
    wrong["status"] = json!("entered-in-error");
    site.deliver(&[wrong]);
    assert_eq!(site.number("SELECT count(*) FROM observations"), 0);
}
