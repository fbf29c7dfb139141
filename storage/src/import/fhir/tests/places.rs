//! Where stays take place: what is a station, until when, and of which department.

use super::*;

const CHAIN: &str = "SELECT concat_ws(' ', b.fhir_id, identifier_value, department_key, to_char(ended_at, 'DD HH24'))
     FROM station_transfers JOIN encounters b USING (encounter_id) JOIN stations USING (station_id) ORDER BY b.fhir_id, sequence";

fn level(codes: &[&str]) -> Value {
    codes
        .iter()
        .map(|code| json!({"coding": [{"code": code}]}))
        .collect()
}

fn at(place: &str) -> Value {
    json!([{"location": {"reference": format!("Location/{place}")}, "period": {"start": "2024-03-01T08:00:00Z"}}])
}

#[test]
fn the_department_and_the_kind_of_a_whole_stay_are_not_those_of_its_wards() {
    let service = json!({"coding": [{"system": "http://fhir.de/CodeSystem/dkgev/Fachabteilungsschluessel", "code": "0100"}]});
    let mut site = Site::new();
    site.deliver(&[
        stay("a", json!({"location": at("w"), "serviceType": service, "type": level(&["einrichtungskontakt", "intensivstationaer"])})),
        stay("b", json!({"location": at("x"), "type": level(&["intensivstationaer"])})),
    ]);
    assert_eq!(site.texts(CHAIN), ["a w 05 08", "b x 05 08"]);
}

#[test]
fn a_place_that_is_a_bed_is_no_station_even_if_only_the_place_says_so() {
    let mut site = Site::new();
    site.deliver(&[
        json!({"resourceType": "Location", "id": "bed", "physicalType": {"coding": [{"code": "bd"}]}}),
        json!({"resourceType": "Location", "id": "ward", "physicalType": {"coding": [{"code": "wa"}]}}),
        stay("a", json!({"location": [at("ward")[0], at("bed")[0]]})),
    ]);
    assert_eq!(site.texts(CHAIN), ["a ward 05 08"]);
}

#[test]
fn a_day_of_discharge_without_a_time_lasts_until_its_end() {
    let mut site = Site::new();
    let period = json!({"start": "2024-03-01", "end": "2024-03-05"});
    site.deliver(&[
        stay("a", json!({ "period": period })),
        stay("w", json!({"partOf": {"reference": "Encounter/a"}, "type": level(&["versorgungsstellenkontakt"]),
            "location": [{"location": {"display": "W"}}], "period": {"start": "2024-03-01T08:00:00Z", "end": "2024-03-05T12:00:00Z"}})),
    ]);
    assert_eq!(site.texts(CHAIN), ["a W 05 12"]);
}

#[test]
fn a_part_that_shares_the_number_of_its_stay_is_not_its_own_parent() {
    let number = json!([{"type": {"coding": [{"code": "VN"}]}, "system": "s", "value": "77"}]);
    let mut site = Site::new();
    let report = site.deliver(&[
        stay("z", json!({ "identifier": number })),
        stay(
            "a",
            json!({"identifier": number, "partOf": {"reference": "Encounter?identifier=s|77"}}),
        ),
    ]);
    assert_eq!(site.texts("SELECT fhir_id FROM encounters"), ["z"]);
    let is_circle = |finding: &(&str, u64)| finding.0 == "CONTACT_CIRCLE";
    assert!(!report.findings.iter().any(is_circle), "{report:#?}");
}

#[test]
fn a_chain_that_became_shorter_loses_its_end_and_a_deleted_place_its_name() {
    let at = |place: &str, day: u32| json!({"location": {"reference": format!("Location/{place}")}, "period": {"start": format!("2024-03-{day:02}T08:00:00Z")}});
    let mut planned = at("later", 4);
    planned["status"] = json!("planned");
    let mut site = Site::new();
    site.deliver(&[
        json!({"resourceType": "Location", "id": "x", "name": "Station X"}),
        stay("a", json!({"location": [at("x", 1), at("y", 2), planned]})),
    ]);
    assert_eq!(site.texts(CHAIN), ["a x 05 08", "a y 05 08"]);
    site.deliver(&[
        stay("a", json!({"location": [at("x", 1)]})),
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE", "url": "Location/x"}}]}),
    ]);
    assert_eq!(site.texts(CHAIN), ["a x 05 08"]);
    assert_eq!(site.number("SELECT count(*) FROM fhir.places"), 0);
}
