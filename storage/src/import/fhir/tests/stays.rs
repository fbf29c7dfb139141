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
        // What says that it is a stay is one, whatever it is a part of.
        stay(
            "nested",
            json!({"type": kind("einrichtungskontakt"), "partOf": {"reference": "Encounter/coded"}}),
        ),
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
        ["coded", "nested", "uncoded"]
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
    assert_eq!(
        site.number("SELECT count(*) FROM patients WHERE is_stub"),
        0
    );
    // The month of birth counts as if it were over: a day is not known.
    site.deliver(&[
        json!({"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-03-31"}),
    ]);
    assert_eq!(site.texts(row), ["p FEMALE 1980 44"]);
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

#[test]
fn a_ward_has_the_department_of_its_contacts() {
    let department = |id: &str, key: &str| {
        stay(
            id,
            json!({"partOf": {"reference": "Encounter/a"}, "type": kind("abteilungskontakt"),
            "serviceType": {"coding": [{"system": "http://fhir.de/CodeSystem/dkgev/Fachabteilungsschluessel", "code": key}]}}),
        )
    };
    let visit = |id: &str, parent: &str, place: &str, day: u32| {
        ward(
            id,
            parent,
            place,
            &format!("2024-03-0{day}T08:00:00Z"),
            &format!("2024-03-0{}T08:00:00Z", day + 1),
        )
    };
    let mut own = visit("w2", "d1", "W2", 2);
    own["serviceType"] = department("x", "1500")["serviceType"].clone();
    let mut intensive = visit("w3", "d1", "W3", 3);
    intensive["type"] = json!([
        {"coding": [{"system": "http://fhir.de/CodeSystem/Kontaktebene", "code": "versorgungsstellenkontakt"}]},
        {"coding": [{"system": "http://fhir.de/CodeSystem/kontaktart-de", "code": "intensivstationaer"}]}]);
    let keys =
        "SELECT identifier_value || coalesce(' ' || department_key, '') FROM stations ORDER BY 1";
    let mut site = Site::new();
    site.deliver(&[
        stay("a", json!({})),
        department("d1", "0100"),
        visit("w1", "d1", "W1", 1),
        own,
        intensive,
        visit("w4", "a", "W4", 4),
    ]);
    assert_eq!(site.texts(keys), ["W1 0100", "W2 1500", "W3 3600", "W4"]);
    // One that was not known comes later; one that is known stays.
    site.deliver(&[
        department("d2", "3600"),
        visit("w4", "d2", "W4", 4),
        visit("w1", "d2", "W1", 1),
    ]);
    assert_eq!(
        site.texts(keys),
        ["W1 0100", "W2 1500", "W3 3600", "W4 3600"]
    );
}

#[test]
fn days_do_not_depend_on_the_clock() {
    let mut site = Site::new();
    let stays: Vec<Value> = [
        (
            "spring",
            "2024-03-30T23:30:00+01:00",
            "2024-03-31T23:30:00+02:00",
        ),
        (
            "spring-hour",
            "2024-03-31T01:59:00+01:00",
            "2024-03-31T03:01:00+02:00",
        ),
        (
            "autumn",
            "2024-10-26T23:30:00+02:00",
            "2024-10-27T23:30:00+01:00",
        ),
        (
            "autumn-hour",
            "2024-10-27T02:30:00+02:00",
            "2024-10-27T02:10:00+01:00",
        ),
        (
            "year",
            "2023-12-31T23:30:00+01:00",
            "2024-01-01T00:10:00+01:00",
        ),
        ("leap", "2024-02-28", "2024-03-01"),
        (
            "day",
            "2024-05-05T00:00:00+02:00",
            "2024-05-05T23:59:59+02:00",
        ),
        ("utc", "2024-06-30T22:30:00Z", "2024-07-01T21:59:00Z"),
    ]
    .iter()
    .map(|(id, start, end)| stay(id, json!({"period": {"start": start, "end": end}})))
    .collect();
    let report = site.deliver(&stays);
    assert_eq!(report.quarantined, 0, "{report:#?}");
    assert_eq!(
        site.texts("SELECT concat_ws(' ', fhir_id, admission_date, discharge_date, length_of_stay) FROM encounters ORDER BY fhir_id"),
        [
            "autumn 2024-10-26 2024-10-27 1",
            "autumn-hour 2024-10-27 2024-10-27 1",
            "day 2024-05-05 2024-05-05 1",
            "leap 2024-02-28 2024-03-01 2",
            "spring 2024-03-30 2024-03-31 1",
            "spring-hour 2024-03-31 2024-03-31 1",
            "utc 2024-07-01 2024-07-01 1",
            "year 2023-12-31 2024-01-01 1",
        ]
    );
}

#[test]
fn a_ward_contact_without_a_period_has_that_of_its_locations() {
    let mut site = Site::new();
    let place = |id: &str, start: &str, end: &str| json!({"location": {"display": id}, "period": {"start": start, "end": end}});
    site.deliver(&[
        stay("a", json!({})),
        stay("w", json!({"partOf": {"reference": "Encounter/a"}, "type": kind("versorgungsstellenkontakt"), "period": null, "location": [
            place("A", "2024-03-01T08:00:00Z", "2024-03-02T08:00:00Z"), place("B", "2024-03-02T08:00:00Z", "2024-03-05T08:00:00Z")]})),
        stay("x", json!({"partOf": {"reference": "Encounter/a"}, "type": kind("versorgungsstellenkontakt"), "status": "planned",
            "location": [place("C", "2024-03-03T08:00:00Z", "2024-03-04T08:00:00Z")]})),
    ]);
    assert_eq!(site.texts(CHAIN), ["1 A 01 08 02 08", "2 B 02 08 05 08"]);
}

#[test]
fn a_department_joins_the_only_stay_of_its_number_and_patient() {
    let numbered = |id: &str, patient: &str, number: &str, level: &str| {
        stay(
            id,
            json!({"type": kind(level), "subject": {"reference": format!("Patient/{patient}")}, "location": [{"location": {"display": id}}],
                "identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": number}]}),
        )
    };
    let mut site = Site::new();
    let report = site.deliver(&[
        numbered("one", "p", "1", "einrichtungskontakt"),
        numbered("ward-of-one", "p", "1", "versorgungsstellenkontakt"),
        numbered(
            "ward-of-another-patient",
            "q",
            "1",
            "versorgungsstellenkontakt",
        ),
        numbered("two", "p", "2", "einrichtungskontakt"),
        numbered("also-two", "p", "2", "einrichtungskontakt"),
        numbered("ward-of-two", "p", "2", "versorgungsstellenkontakt"),
    ]);
    assert_eq!(
        site.texts("SELECT b.fhir_id || ' ' || identifier_value FROM station_transfers JOIN encounters b USING (encounter_id) JOIN stations USING (station_id)"),
        ["one ward-of-one"]
    );
    assert!(
        report.findings.contains(&("CONTACT_UNKNOWN", 2)),
        "{report:#?}"
    );
}
