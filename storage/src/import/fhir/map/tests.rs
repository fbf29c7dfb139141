//! Mapping, without a database.

use chrono_tz::Europe::Berlin;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::import::fhir::stage::rows::{Condition, Encounter, Observation, Patient};

fn source<'a>(resource: &'a Value, links: &'a Links) -> Source<'a> {
    Source {
        seq: 1,
        id: "x",
        resource,
        links,
        zone: Berlin,
        version: Version::of(resource, Berlin, 0),
    }
}

fn patient(resource: Json) -> Result<Patient, Rule> {
    patient::map(&source(&Value::from(&resource), &Links::new()))
}

fn encounter(change: Json) -> Result<Encounter, Rule> {
    let mut resource = json!({
        "status": "finished", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p"},
        "period": {"start": "2024-03-01T23:30:00Z", "end": "2024-03-04"}
    });
    for (key, value) in change.as_object().into_iter().flatten() {
        resource[key] = value.clone();
    }
    encounter::map(&source(&Value::from(&resource), &Links::new()))
}

fn condition(resource: Json) -> Vec<Condition> {
    condition::map(&source(&Value::from(&resource), &Links::new())).expect("a condition")
}

fn observation(resource: Json) -> Result<Vec<Observation>, Rule> {
    observation::map(&source(&Value::from(&resource), &Links::new()))
}

#[test]
fn birth_dates_keep_their_precision() {
    let birth = |date: &str| {
        patient(json!({ "birthDate": date })).map(|row| (row.birth_year, row.birth_month))
    };
    assert_eq!(birth("1980"), Ok((Some(1980), None)));
    assert_eq!(birth("1980-05"), Ok((Some(1980), Some(5))));
    assert_eq!(birth("1980-05-06"), Ok((Some(1980), Some(5))));
    assert_eq!(birth("May 1980"), Err(Rule::InvalidDate));
    assert_eq!(patient(json!({})).map(|row| row.sex), Ok("UNKNOWN"));
}

#[test]
fn days_of_a_stay_are_local_and_a_day_gets_no_instant() {
    let stay = encounter(json!({})).expect("a stay");
    assert_eq!(
        stay.admission_date.map(|day| day.to_string()).as_deref(),
        Some("2024-03-02")
    );
    assert!(stay.admitted_at.is_some());
    assert_eq!(
        stay.discharge_date.map(|day| day.to_string()).as_deref(),
        Some("2024-03-04")
    );
    assert_eq!(stay.discharged_at, None);
}

#[test]
fn class_and_kind_of_contact_decide_the_setting() {
    let of = |class: &str, kind: &str| {
        let stay =
            encounter(json!({"class": {"code": class}, "type": [{"coding": [{"code": kind}]}]}))
                .expect("a contact");
        (stay.setting, stay.case_kind)
    };
    for (class, kind, setting, case_kind) in [
        ("IMP", "normalstationaer", "INPATIENT", "FULL"),
        ("ACUTE", "", "INPATIENT", "FULL"),
        ("IMP", "teilstationaer", "INPATIENT", "DAY"),
        ("SS", "teilstationaer", "INPATIENT", "DAY"),
        ("SS", "", "OUTPATIENT", "FULL"),
        ("HH", "stationsaequivalent", "INPATIENT", "HOME"),
        ("HH", "", "OUTPATIENT", "FULL"),
        ("AMB", "operation", "OUTPATIENT", "FULL"),
        ("IMP", "operation", "SECONDARY", "FULL"),
        ("IMP", "ub", "SECONDARY", "FULL"),
        ("IMP", "vorstationaer", "OUTPATIENT", "FULL"),
        ("IMP", "intensivstationaer", "INPATIENT", "FULL"),
        ("AMB", "nachstationaer", "OUTPATIENT", "FULL"),
        ("PRENC", "", "OUTPATIENT", "FULL"),
        ("IMP", "begleitperson", "COMPANION", "FULL"),
        ("IMP", "konsil", "SECONDARY", "FULL"),
        ("EMER", "", "OUTPATIENT", "FULL"),
    ] {
        assert_eq!(of(class, kind), (setting, case_kind), "{class} {kind}");
    }
}

#[test]
fn broken_contacts_name_their_rule() {
    let rule = |change: Json| encounter(change).map(|_| ()).expect_err("a rule");
    assert_eq!(rule(json!({"period": {}})), Rule::EncounterWithoutStart);
    assert_eq!(rule(json!({"period": null})), Rule::EncounterWithoutStart);
    assert_eq!(
        rule(json!({"period": {"start": "2024-03"}})),
        Rule::InvalidDate
    );
    assert_eq!(rule(json!({"period": {"start": 7}})), Rule::InvalidDate);
    assert_eq!(
        rule(json!({"period": {"start": "2024-03-02", "end": "2024-03-01"}})),
        Rule::PeriodReversed
    );
    assert_eq!(
        rule(json!({"subject": {"reference": "Group/g"}})),
        Rule::PatientReferenceMissing
    );
    assert!(encounter(json!({"period": {}, "partOf": {"reference": "Encounter/y"}})).is_ok());
    assert!(encounter(json!({"period": {}, "status": "cancelled"})).is_ok());
    assert!(encounter(json!({"period": {}, "class": {"code": "AMB"}})).is_ok());
}

#[test]
fn admission_and_discharge_keys_are_read_in_all_spellings() {
    let german = |system: &str, code: &str| {
        encounter(json!({"hospitalization": {"admitSource": {"coding": [{"system": system, "code": code}]}}}))
            .map(|stay| stay.admission_type)
    };
    assert_eq!(
        german("http://fhir.de/CodeSystem/dgkev/Aufnahmeanlass", "E"),
        Ok("REFERRAL")
    );
    assert_eq!(
        german("http://fhir.de/CodeSystem/dkgev/Aufnahmeanlass", "N"),
        Ok("EMERGENCY")
    );
    assert_eq!(
        german("http://terminology.hl7.org/CodeSystem/admit-source", "E"),
        Ok("UNKNOWN")
    );
    let parts = json!({"extension": [{"url": "http://fhir.de/StructureDefinition/Entlassungsgrund", "extension": [
        {"url": "ErsteUndZweiteStelle", "valueCoding": {"code": "07"}}, {"url": "DritteStelle", "valueCoding": {"code": "9"}}]}]});
    let one =
        json!({"coding": [{"system": "https://x/CodeSystem/Entlassungsgrund", "code": "079"}]});
    for disposition in [parts, one] {
        let stay = encounter(json!({"hospitalization": {"dischargeDisposition": disposition}}))
            .expect("a stay");
        assert_eq!(stay.discharge_type, "DEATH");
        assert_eq!(stay.discharge_reason_code.as_deref(), Some("079"));
    }
    let american =
        json!({"coding": [{"system": "http://www.nubc.org/patient-discharge", "code": "01"}]});
    let stay =
        encounter(json!({"hospitalization": {"dischargeDisposition": american}})).expect("a stay");
    assert_eq!(
        (stay.discharge_type, stay.discharge_reason_code.as_deref()),
        ("UNKNOWN", Some("01"))
    );
    let open = encounter(json!({"status": "in-progress", "period": {"start": "2024-03-01"}}))
        .expect("a stay");
    assert_eq!(open.discharge_type, "OPEN");
}

#[test]
fn the_german_code_comes_first_and_an_american_one_counts_as_its_category() {
    let code = |codings: Json| {
        condition(json!({"code": {"coding": codings}}))
            .remove(0)
            .icd10_code
    };
    let gm = json!({"system": "http://fhir.de/CodeSystem/dimdi/icd-10-gm", "code": "e119"});
    let who = json!({"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"});
    let american =
        |code: &str| json!([{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]);
    assert_eq!(code(json!([who, gm])).as_deref(), Some("E11.9"));
    assert_eq!(code(json!([who])).as_deref(), Some("I10"));
    assert_eq!(code(american("S52.501A")).as_deref(), Some("S52"));
    assert_eq!(code(american("C7A.0")), None);
    assert_eq!(
        code(json!([{"system": "http://snomed.info/sct", "code": "E11"}])),
        None
    );
    assert_eq!(
        code(json!([{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "k.A."}])),
        None
    );
}

#[test]
fn two_codes_in_one_text_are_two_rows() {
    let rows = condition(json!({"code": {"coding": [
        {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "A54.4+ M73.09*"}]}}));
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.fhir_id.as_str(), row.icd10_code.as_deref(), row.marker))
        .collect();
    assert_eq!(
        rows,
        [
            ("x", Some("A54.4"), Some("DAGGER")),
            ("x#2", Some("M73.09"), Some("ASTERISK"))
        ]
    );
}

#[test]
fn certainty_and_marker_are_read_from_extensions() {
    let row = condition(json!({"code": {"coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "H36.0", "extension": [
        {"url": "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit", "valueCoding": {"code": "A"}},
        {"url": "http://fhir.de/StructureDefinition/icd-10-gm-mehrfachcodierungs-kennzeichen", "valueCoding": {"code": "*"}}]}]}}))
    .remove(0);
    assert_eq!(
        (row.certainty, row.marker, row.icd10_chapter),
        (Some("EXCLUDED"), Some("ASTERISK"), None),
        "what is ruled out is counted nowhere"
    );
    let of_resource = condition(
        json!({"extension": [{"url": "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit", "valueCoding": {"code": "V"}}],
        "code": {"coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "I10"}]}}),
    );
    assert_eq!(of_resource[0].certainty, Some("SUSPECTED"));
    let refused = |status: &str| {
        let resource = json!({"verificationStatus": {"coding": [{"code": status}]}});
        condition::refused(&Value::from(&resource)).is_some()
    };
    assert!(refused("refuted") && !refused("unconfirmed"));
}

#[test]
fn panels_are_split_into_components() {
    let code = |code: &str| json!({"coding": [{"system": "http://loinc.org", "code": code}]});
    let rows = observation(json!({"status": "final", "code": code("85354-9"), "effectiveDateTime": "2024", "component": [
        {"code": code("8480-6"), "valueQuantity": {"value": 120, "code": "mm[Hg]"}},
        {"code": code("8462-4"), "valueQuantity": {"value": 80, "comparator": "<"}}]}))
    .expect("a panel");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.fhir_id.as_str(),
                row.value_number,
                row.value_text.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [("x#1", Some(120.0), None), ("x#2", None, Some("<80"))]
    );
    assert_eq!(
        observation(json!({"status": "final"})).map(|_| ()),
        Err(Rule::MissingCode)
    );
    let preliminary = json!({"status": "preliminary"});
    assert_eq!(
        observation::refused(&Value::from(&preliminary)),
        Some("preliminary")
    );
}

/// JSON of any shape that uses the words of FHIR, so that the mapping goes deep.
fn any_json() -> impl Strategy<Value = Json> {
    const KEYS: [&str; 40] = [
        "status",
        "class",
        "type",
        "coding",
        "code",
        "system",
        "display",
        "subject",
        "reference",
        "identifier",
        "value",
        "period",
        "start",
        "end",
        "partOf",
        "hospitalization",
        "admitSource",
        "dischargeDisposition",
        "extension",
        "url",
        "valueCoding",
        "diagnosis",
        "condition",
        "use",
        "rank",
        "location",
        "physicalType",
        "serviceProvider",
        "serviceType",
        "birthDate",
        "verificationStatus",
        "encounter",
        "recordedDate",
        "valueQuantity",
        "component",
        "effectiveDateTime",
        "meta",
        "lastUpdated",
        "versionId",
        "contained",
    ];
    const WORDS: [&str; 16] = [
        "finished",
        "IMP",
        "Patient/p",
        "2024-03-01",
        "2024-02-30",
        "E11.9†",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "#c",
        "?identifier=",
        "http://fhir.de/StructureDefinition/Entlassungsgrund",
        "ErsteUndZweiteStelle",
        "final",
        "ä",
        "",
        "1e400",
        "urn:uuid:",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        prop::sample::select(WORDS.to_vec()).prop_map(Json::from),
        "\\PC{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 96, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(prop::sample::select(KEYS.to_vec()), inner, 0..12).prop_map(
                |fields| {
                    Json::Object(
                        fields
                            .into_iter()
                            .map(|(key, value)| (key.to_owned(), value))
                            .collect(),
                    )
                }
            ),
        ]
    })
}

proptest! {
    #[test]
    fn no_shape_of_json_panics(resource in any_json()) {
        let mut resource = resource;
        let links = Links::new();
        for status in [None, Some("finished"), Some("final")] {
            if let (Some(status), Some(fields)) = (status, resource.as_object_mut()) {
                fields.insert("status".to_owned(), status.into());
                fields.insert("class".to_owned(), json!({"code": "IMP"}));
            }
            let value = Value::from(&resource);
            for kind in KINDS {
                let _ = super::resource(&source(&value, &links), kind, &mut Batch::default());
            }
        }
    }
}
