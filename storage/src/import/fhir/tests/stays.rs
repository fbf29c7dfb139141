//! Stays, their contacts and stations, patients.

use super::*;

fn kind(code: &str) -> Value {
    json!([{"coding": [{"system": "http://fhir.de/CodeSystem/Kontaktebene", "code": code}]}])
}

fn ward(id: &str, parent: &str, place: &str, start: &str, end: &str) -> Value {
    stay(
        id,
        json!({"partOf": {"reference": format!("Encounter/{parent}")}, "type": kind("versorgungsstellenkontakt"),
        "period": {"start": start, "end": end}, "location": [{"location": {"reference": format!("Location/{place}")}}]}),
    )
}

const CHAIN: &str = "SELECT concat_ws(' ', sequence, identifier_value, to_char(started_at, 'DD HH24'), to_char(ended_at, 'DD HH24'))
     FROM station_transfers JOIN stations USING (station_id) ORDER BY encounter_id, sequence";

#[test]
fn days_are_counted_in_the_time_zone_of_the_clinic() {
    let mut site = Site::new();
    site.deliver(&[stay(
        "a",
        json!({"period": {"start": "2024-03-01T23:30:00Z", "end": "2024-03-03T22:30:00Z"}}),
    )]);
    assert_eq!(
        site.texts(
            "SELECT concat_ws(' ', admission_date, discharge_date, length_of_stay) FROM encounters"
        ),
        ["2024-03-02 2024-03-03 1"]
    );
    site.conn
        .batch_execute("UPDATE clinics SET time_zone = 'America/New_York'")
        .expect("a zone");
    site.deliver(&[stay(
        "b",
        json!({"period": {"start": "2024-03-02T03:30:00Z"}, "status": "in-progress"}),
    )]);
    assert_eq!(
        site.texts("SELECT admission_date FROM encounters WHERE fhir_id = 'b'"),
        ["2024-03-01"]
    );
}

#[test]
fn only_top_level_inpatient_contacts_are_stays_with_and_without_codes() {
    let mut site = Site::new();
    let report = site.deliver(&[
        stay("coded", json!({"type": kind("einrichtungskontakt")})),
        stay(
            "department",
            json!({"type": kind("Abteilungskontakt"), "partOf": {"reference": "Encounter/coded"}}),
        ),
        stay("lost", json!({"type": kind("abteilungskontakt")})),
        stay("uncoded", json!({})),
        stay(
            "child",
            json!({"partOf": {"reference": "Encounter/uncoded"}}),
        ),
        stay(
            "grandchild",
            json!({"partOf": {"reference": "Encounter/child"}}),
        ),
        stay("visit", json!({"class": {"code": "AMB"}})),
        stay("planned", json!({"status": "planned"})),
        stay(
            "circle-1",
            json!({"partOf": {"reference": "Encounter/circle-2"}}),
        ),
        stay(
            "circle-2",
            json!({"partOf": {"reference": "Encounter/circle-1"}}),
        ),
    ]);
    assert_eq!(
        site.texts("SELECT fhir_id FROM encounters ORDER BY 1"),
        ["coded", "uncoded"]
    );
    for notice in [
        "1 ambulatory contacts are no stays",
        "1 inpatient contacts were left out by their status planned",
        "1 department and ward contacts belong to no known stay",
        "2 contacts are part of each other in a circle and were left out",
    ] {
        assert!(
            report.notices.contains(&notice.to_owned()),
            "{notice}: {:?}",
            report.notices
        );
    }
}

#[test]
fn a_patient_that_is_not_delivered_is_a_stub_until_it_is() {
    let mut site = Site::new();
    site.deliver(&[stay("a", json!({}))]);
    let row = "SELECT concat_ws(' ', patient_pseudo_id, sex, birth_year, age_at_admission)
               FROM encounters JOIN patients USING (clinic_id, patient_pseudo_id)";
    assert_eq!(site.texts(row), ["p UNKNOWN"]);
    site.deliver(&[
        json!({"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-04"}),
    ]);
    assert_eq!(site.texts(row), ["p FEMALE 1980 43"]);
    assert_eq!(site.deliver(&[stay("a", json!({}))]).unchanged, 1);
}

#[test]
fn a_cancelled_stay_is_removed_and_its_diagnosis_waits() {
    let mut site = Site::new();
    site.deliver(&[
        stay("a", json!({"meta": version(1, 1)})),
        diagnosis("c", "Encounter/a"),
    ]);
    let report = site.deliver(&[stay(
        "a",
        json!({"meta": version(2, 2), "status": "entered-in-error", "period": {}}),
    )]);
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 0);
    assert_eq!(
        site.texts("SELECT encounter_reference FROM conditions"),
        ["Encounter/a"]
    );
    assert!(
        report
            .notices
            .contains(&"1 stays were withdrawn and removed".to_owned()),
        "{:?}",
        report.notices
    );
    site.deliver(&[stay("a", json!({"meta": version(3, 3)}))]);
    assert_eq!(site.number("SELECT count(encounter_id) FROM conditions"), 1);
}

#[test]
fn ward_contacts_are_a_chain() {
    let mut site = Site::new();
    let delivery = [
        stay("a", json!({})),
        json!({"resourceType": "Location", "id": "w1", "name": "Station 1", "identifier": [{"system": "s", "value": "W1"}]}),
        ward(
            "c2",
            "a",
            "w2",
            "2024-03-03T08:00:00Z",
            "2024-03-04T08:00:00Z",
        ),
        ward(
            "c1",
            "a",
            "w1",
            "2024-03-01T06:00:00Z",
            "2024-03-02T08:00:00Z",
        ),
        ward(
            "c1b",
            "a",
            "w1",
            "2024-03-02T08:00:00Z",
            "2024-03-03T08:00:00Z",
        ),
        ward(
            "c3",
            "a",
            "w1",
            "2024-03-04T08:00:00Z",
            "2024-03-06T08:00:00Z",
        ),
    ];
    site.deliver(&delivery);
    let expected = ["1 W1 01 08 03 08", "2 w2 03 08 04 08", "3 W1 04 08 05 08"];
    assert_eq!(site.texts(CHAIN), expected);
    assert_eq!(
        site.texts("SELECT name || ' ' || hierarchylevel FROM stations JOIN organisationunit ON station_id = organisationunitid ORDER BY 1"),
        ["Station 1 2", "w2 2"]
    );
    let again = site.deliver(&delivery);
    assert_eq!((again.created, again.updated), (0, 0), "{again:#?}");
    site.deliver(&[
        ward(
            "c2",
            "a",
            "w2",
            "2024-03-03T08:00:00Z",
            "2024-03-04T09:00:00Z",
        ),
        delivery[1].clone(),
    ]);
    assert_eq!(
        site.texts(CHAIN),
        ["1 W1 01 08 03 08", "2 w2 03 08 04 09", "3 W1 04 08 05 08"]
    );
}

#[test]
fn locations_with_a_period_are_stations_when_there_are_no_ward_contacts() {
    let mut site = Site::new();
    let entry = |kind: &str, id: &str, start: &str| {
        json!({"location": {"identifier": {"value": id}}, "period": {"start": start},
        "physicalType": {"coding": [{"code": kind}]}})
    };
    site.deliver(&[
        stay("a", json!({"location": [entry("wa", "W", "2024-03-01T08:00:00Z"), entry("ro", "R", "2024-03-01T08:00:00Z")]})),
        stay("b", json!({"identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": "7"}]})),
        stay("d", json!({"type": kind("abteilungskontakt"), "identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": "7"}],
            "serviceType": {"coding": [{"system": "http://fhir.de/CodeSystem/dkgev/Fachabteilungsschluessel", "code": "0100"}]}})),
    ]);
    assert_eq!(site.texts(CHAIN), ["1 W 01 08 05 08", "1 0100 01 08 05 08"]);
    assert_eq!(
        site.texts("SELECT department_key FROM stations ORDER BY 1"),
        ["0100", "-"]
    );
}
