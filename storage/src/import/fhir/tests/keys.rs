//! What German keys and marks make of contacts and diagnoses, from the resource to the row.

use super::*;

const GM: &str = "http://fhir.de/CodeSystem/bfarm/icd-10-gm";

fn typed(id: &str, codes: &[&str], change: Value) -> Value {
    let kinds: Vec<Value> = codes
        .iter()
        .map(|code| json!({"coding": [{"system": "http://fhir.de/CodeSystem/kontaktart-de", "code": code}]}))
        .collect();
    let mut contact = stay(id, change);
    contact["type"] = kinds.into();
    contact
}

fn reason(first: &str) -> Value {
    json!([{"url": "http://fhir.de/StructureDefinition/Aufnahmegrund", "extension": [
        {"url": "ErsteUndZweiteStelle", "valueCoding": {"system": "http://fhir.de/CodeSystem/dkgev/AufnahmegrundErsteUndZweiteStelle", "code": first}},
        {"url": "DritteStelle", "valueCoding": {"code": "0"}}, {"url": "VierteStelle", "valueCoding": {"code": "1"}}]}])
}

#[test]
fn kinds_of_contact_decide_what_is_a_stay_and_which_kind_of_case() {
    let mut site = Site::new();
    let report = site.deliver(&[
        typed("full", &["einrichtungskontakt", "normalstationaer"], json!({"extension": reason("01")})),
        typed("day", &["teilstationaer"], json!({})),
        typed("day-by-reason", &[], json!({"extension": reason("03")})),
        typed("home", &["stationsaequivalent"], json!({"class": {"code": "HH"}})),
        typed("home-by-reason", &[], json!({"class": {"code": "HH"}, "extension": reason("10")})),
        typed("companion", &["begleitperson"], json!({})),
        typed("companion-by-source", &[], json!({"hospitalization": {"admitSource": {"coding": [{"system": "http://fhir.de/CodeSystem/dgkev/Aufnahmeanlass", "code": "B"}]}}})),
        typed("consultation", &["konsil"], json!({"partOf": {"reference": "Encounter/full"}})),
        typed("before", &["vorstationaer"], json!({"class": {"code": "AMB"}})),
        typed("virtual", &[], json!({"class": {"code": "VR"}})),
        typed("before-by-reason", &[], json!({"extension": reason("04")})),
    ]);
    assert_eq!(
        site.texts("SELECT concat_ws(' ', fhir_id, case_kind, admission_reason_code) FROM encounters ORDER BY 1"),
        [
            "day DAY",
            "day-by-reason DAY 03",
            "full FULL 01",
            "home HOME",
            "home-by-reason HOME 10"
        ]
    );
    for finding in [("COMPANION", 2), ("OUTPATIENT", 3)] {
        assert!(report.findings.contains(&finding), "{:?}", report.findings);
    }
}

#[test]
fn levels_are_known_in_both_systems_and_by_depth() {
    let level = |system: &str, code: &str| json!([{"coding": [{"system": system, "code": code}]}]);
    let older =
        "https://www.medizininformatik-initiative.de/fhir/core/modul-fall/CodeSystem/Kontaktebene";
    let mut site = Site::new();
    let below = |id: &str, parent: &str, place: &str| {
        let place = json!([{"location": {"identifier": {"value": place}}}]);
        stay(
            id,
            json!({"partOf": {"reference": format!("Encounter/{parent}")}, "location": place}),
        )
    };
    let mut department = below("department", "older", "D");
    department["type"] = level(older, "abteilungskontakt");
    let mut care = below("care", "department", "W");
    care["type"] = level(older, "versorgungsstellenkontakt");
    site.deliver(&[
        stay(
            "older",
            json!({"type": level(older, "einrichtungskontakt")}),
        ),
        department,
        care,
        stay("bare", json!({})),
        below("bare-department", "bare", "E"),
        below("bare-care", "bare-department", "V"),
    ]);
    // Contacts of wards make the chain, known by their code or by being the third level.
    assert_eq!(
        site.texts(
            "SELECT concat_ws(' ', b.fhir_id, identifier_value) FROM station_transfers
             JOIN encounters b USING (encounter_id) JOIN stations USING (station_id) ORDER BY 1"
        ),
        ["bare V", "older W"]
    );
}

#[test]
fn an_open_stay_stays_open() {
    let mut site = Site::new();
    let period = json!({"start": "2024-03-01T08:00:00+01:00"});
    let report = site.deliver(&[
        stay("open", json!({"status": "in-progress", "period": period})),
        stay("away", json!({"status": "onleave", "period": period})),
        stay("forgotten", json!({"status": "finished", "period": period})),
    ]);
    assert_eq!(
        site.texts("SELECT concat_ws(' ', fhir_id, discharge_type, coalesce(discharge_date::text, '?'), coalesce(length_of_stay::text, '?')) FROM encounters ORDER BY 1"),
        ["away OPEN ? ?", "forgotten OPEN ? ?", "open OPEN ? ?"]
    );
    assert!(
        report.findings.contains(&("FINISHED_WITHOUT_END", 1)),
        "{:?}",
        report.findings
    );
}

fn coded(id: &str, code: &str, extension: Value) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p"}, "encounter": {"reference": "Encounter/a"},
        "code": {"coding": [
            {"system": "http://snomed.info/sct", "code": "1"},
            {"system": "http://fhir.de/CodeSystem/bfarm/alpha-id", "code": "I2"},
            {"system": GM, "version": "2024", "code": code, "extension": extension}]}})
}

fn named(condition: &str, role: &str) -> Value {
    json!({"condition": {"reference": format!("Condition/{condition}")},
        "use": {"coding": [{"system": "http://fhir.de/CodeSystem/KontaktDiagnoseProzedur", "code": role}]}})
}

#[test]
fn a_pair_of_codes_has_one_main_diagnosis_and_what_is_ruled_out_is_not_counted() {
    let mark = |mark: &str| {
        json!([{"url": "http://fhir.de/StructureDefinition/icd-10-gm-mehrfachcodierungs-kennzeichen",
        "valueCoding": {"system": "http://fhir.de/CodeSystem/icd-10-gm-mehrfachcodierungs-kennzeichen", "code": mark}}])
    };
    let sure = |letter: &str| json!([{"url": "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit", "valueCoding": {"code": letter}}]);
    let mut site = Site::new();
    site.deliver(&[
        stay("a", json!({"diagnosis": [
            named("dagger", "principle-DRG"), named("asterisk", "principle-DRG"), named("cause", "principle-DRG")]})),
        coded("dagger", "E11.30", mark("†")),
        coded("asterisk", "H36.0", mark("*")),
        coded("cause", "U69.01", mark("!")),
        coded("confirmed", "I10.90", sure("G")),
        coded("suspected", "I10.91", sure("V")),
        coded("past", "I21.9", sure("Z")),
        coded("excluded", "C34.9", sure("A")),
    ]);
    assert_eq!(
        site.texts("SELECT concat_ws(' ', fhir_id, coalesce(icd10_code, '-'), marker, certainty, excluded_icd10_code, code_version, is_main) FROM conditions ORDER BY 1"),
        [
            "asterisk H36.0 ASTERISK 2024 f",
            "cause U69.01 EXCLAMATION 2024 f",
            "confirmed I10.90 CONFIRMED 2024 f",
            "dagger E11.30 DAGGER 2024 t",
            "excluded - EXCLUDED C34.9 2024 f",
            "past I21.9 STATUS_POST 2024 f",
            "suspected I10.91 SUSPECTED 2024 f",
        ]
    );
}

#[test]
fn the_best_of_three_encodings_makes_the_chain() {
    let department = |id: &str, parent: &str| {
        let service = json!({"coding": [{"system": "http://fhir.de/CodeSystem/dkgev/Fachabteilungsschluessel", "code": "0100", "display": "Innere Medizin"}]});
        typed(
            id,
            &["abteilungskontakt"],
            json!({"partOf": {"reference": format!("Encounter/{parent}")}, "serviceType": service}),
        )
    };
    let places = json!([{"location": {"reference": "Location/ward", "display": "Station 7"}, "period": {"start": "2024-03-01T08:00:00Z"}}]);
    let mut site = Site::new();
    site.deliver(&[
        stay("all", json!({"location": places})),
        department("all-d", "all"),
        typed("all-w", &["versorgungsstellenkontakt"], json!({"partOf": {"reference": "Encounter/all-d"}, "location": [{"location": {"display": "Station 3"}}]})),
        stay("places", json!({"location": places})),
        department("places-d", "places"),
        stay("departments", json!({})),
        department("departments-d", "departments"),
        stay("none", json!({})),
    ]);
    assert_eq!(
        site.texts(
            "SELECT concat_ws(' ', b.fhir_id, u.name) FROM station_transfers JOIN encounters b USING (encounter_id)
             JOIN organisationunit u ON organisationunitid = station_id ORDER BY 1"
        ),
        ["all Station 3", "departments Fachabteilung Innere Medizin", "places Station 7"]
    );
}

#[test]
fn a_station_is_called_as_its_place_is_unless_somebody_renamed_the_unit() {
    let place = |name: &str, number: u32| json!({"resourceType": "Location", "id": "w", "meta": version(1, number), "name": name, "identifier": [{"system": "s", "value": "W"}]});
    let mut site = Site::new();
    site.deliver(&[stay("a", json!({"location": [{"location": {"reference": "Location?identifier=s|W"}, "period": {"start": "2024-03-01T08:00:00Z"}}]}))]);
    let name = "SELECT name || ' ' || shortname FROM organisationunit JOIN stations ON station_id = organisationunitid";
    assert_eq!(site.texts(name), ["W W"]);
    site.deliver(&[place("Station 1", 1)]);
    assert_eq!(site.texts(name), ["Station 1 Station 1"]);
    site.deliver(&[place("Station 2", 2)]);
    assert_eq!(site.texts(name), ["Station 2 Station 2"]);
    site.conn
        .batch_execute("UPDATE organisationunit SET name = 'Own' WHERE name = 'Station 2'")
        .expect("a name");
    site.deliver(&[place("Station 3", 3)]);
    assert_eq!(site.texts(name), ["Own Station 2"]);
}
