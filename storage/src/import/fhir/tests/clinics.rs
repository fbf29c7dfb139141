//! Deliveries of several clinics: whose they are, and whose pseudonyms.

use super::*;

const OTHER: &str = "ClinicTest2";

fn hospital(id: &str, number: &str) -> Value {
    json!({"resourceType": "Organization", "id": id, "identifier": [{"system": "http://fhir.de/sid/arge-ik/iknr", "value": number}]})
}

/// Stays of a provider, known by a reference.
fn stays(prefix: &str, count: u32, provider: &Value) -> Vec<Value> {
    (0..count)
        .map(|number| {
            stay(
                &format!("{prefix}{number}"),
                json!({ "serviceProvider": provider }),
            )
        })
        .collect()
}

/// A site that knows the stays of both clinics: those of one name their provider by id, those of the other by identifier.
fn two_clinics() -> Site {
    let mut site = Site::new();
    let own = [
        vec![hospital("o", "111")],
        stays("own", 30, &json!({"reference": "Organization/o"})),
    ]
    .concat();
    site.deliver(&own);
    let by_number =
        json!({"identifier": {"system": "http://fhir.de/sid/arge-ik/iknr", "value": "222"}});
    let file = Scratch::new("other.ndjson", &lines(&stays("other", 30, &by_number)));
    site.take_for(OTHER, &file.0, &forced()).expect("taken");
    site
}

#[test]
fn a_delivery_of_another_clinic_is_refused() {
    let mut site = two_clinics();
    let others = [
        vec![hospital("x", "222")],
        stays("night", 25, &json!({"reference": "Organization/x"})),
    ]
    .concat();
    let file = Scratch::new("wrong.ndjson", &lines(&others));
    let refused = site
        .take(&file.0, &forced())
        .map_err(|error| error.to_string());
    assert_eq!(
        refused.map(|_| ()),
        Err("25 of 25 stays (100.0 %, more than 5 %) name providers of other clinics, such as http://fhir.de/sid/arge-ik/iknr|222 of clinic ClinicTest2: is this its delivery?".to_owned())
    );
    // The other way round: the provider is known by id in one clinic, by identifier in the other.
    let number =
        json!({"identifier": {"system": "http://fhir.de/sid/arge-ik/iknr", "value": "111"}});
    let file = Scratch::new("wrong.ndjson", &lines(&stays("night", 25, &number)));
    let refused = site.take_for(OTHER, &file.0, &forced());
    assert!(
        matches!(refused, Err(Error::DeliveryRefused(_))),
        "{refused:?}"
    );
    assert_eq!(site.number("SELECT count(*) FROM encounters"), 60);
    // Who means it may say so.
    let all = Settings {
        max_bad: 100.0,
        ..forced()
    };
    let taken = site.take_for(OTHER, &file.0, &all).expect("taken");
    assert!(
        taken.findings.contains(&("STAY_OF_ANOTHER_CLINIC", 25)),
        "{taken:#?}"
    );
}

#[test]
fn a_few_stays_of_another_clinic_and_new_providers_are_taken() {
    let mut site = two_clinics();
    let number = |value: &str| json!({"identifier": {"system": "http://fhir.de/sid/arge-ik/iknr", "value": value}});
    let few = site.deliver(&stays("few", 19, &number("222")));
    assert!(
        few.findings.contains(&("STAY_OF_ANOTHER_CLINIC", 19)),
        "{few:#?}"
    );
    let known = site.deliver(&stays("again", 40, &number("222")));
    assert!(
        known.findings.is_empty(),
        "it is known here now: {known:#?}"
    );
    let new = site.deliver(&stays("new", 40, &number("333")));
    assert!(new.findings.is_empty(), "{new:#?}");
    // Bare values may be the same by chance.
    let there = Scratch::new(
        "bare.ndjson",
        &lines(&stays("there", 5, &json!({"identifier": {"value": "444"}}))),
    );
    site.take_for(OTHER, &there.0, &forced()).expect("taken");
    let bare = site.deliver(&stays("bare", 40, &json!({"identifier": {"value": "444"}})));
    assert!(bare.findings.is_empty(), "{bare:#?}");
}

#[test]
fn a_pseudonym_of_two_people_is_noted() {
    let person = |id: &str, gender: &str, birth: &str| json!({"resourceType": "Patient", "id": id, "gender": gender, "birthDate": birth});
    let mut site = Site::new();
    site.deliver(&[
        person("same", "female", "1980-02"),
        person("vague", "unknown", "1990"),
        person("other-sex", "female", "1970"),
        person("other-year", "male", "1970"),
    ]);
    let there = [
        person("same", "female", "1980"),
        person("vague", "male", "1990-07"),
        person("other-sex", "male", "1970"),
        person("other-year", "male", "1971"),
        person("alone", "male", "1971"),
    ];
    let file = Scratch::new("there.ndjson", &lines(&there));
    let report = site.take_for(OTHER, &file.0, &forced()).expect("taken");
    assert!(
        report.findings.contains(&("PSEUDONYM_CONFLICT", 2)),
        "{report:#?}"
    );
}
