//! Objects that cases describe in words.

use indicatif::ProgressBar;
use serde_json::{Value, json};
use storage::import::tracker::{self, Payload};

use super::{Names, setup::import_metadata};
use crate::support::Server;

/// Builds what is described.
pub fn apply(server: &Server, describe: &str, names: &mut Names) {
    assert!(describe.contains("MULTI_TEXT"), "cannot build: {describe}");
    multi_text(server, names);
}

/// A tracker program with one stage and one data element of several texts, and three events with different texts.
fn multi_text(server: &Server, names: &mut Names) {
    let sharing = json!({ "public": "rwrw----" });
    let unit = json!({ "id": "h4w96yEMlzO" });
    import_metadata(
        server,
        &json!({
            "dataElements": [{ "id": "ConfElem001", "name": "Colours", "shortName": "Colours", "valueType": "MULTI_TEXT",
                "domainType": "TRACKER", "aggregationType": "NONE", "sharing": sharing }],
            "trackedEntityTypes": [{ "id": "ConfType001", "name": "Bird", "shortName": "Bird", "sharing": sharing }],
            "programs": [{ "id": "ConfProg001", "name": "Birds", "shortName": "Birds", "programType": "WITH_REGISTRATION",
                "trackedEntityType": { "id": "ConfType001" }, "organisationUnits": [unit],
                "programStages": [{ "id": "ConfStag001" }], "sharing": sharing }],
            "programStages": [{ "id": "ConfStag001", "name": "Sightings", "program": { "id": "ConfProg001" }, "sharing": sharing,
                "programStageDataElements": [{ "id": "ConfLink001", "dataElement": { "id": "ConfElem001" } }] }],
            "users": [{ "id": "ConfTest001", "username": "tester-of-a-case", "firstName": "Tester", "surname": "Case",
                "organisationUnits": [unit], "teiSearchOrganisationUnits": [unit], "dataViewOrganisationUnits": [],
                "userRoles": [] }],
        }),
    );
    let values = [
        ("$RBG", 1, "red,blue,Green"),
        ("$RWY", 2, "red,white,yellow"),
        ("$NOVAL", 3, ""),
    ];
    for (name, number, value) in values {
        let event = format!("ConfEven00{number}");
        import_data(server, &entity(number, &event, value));
        names.insert(name.to_owned(), event);
    }
    for (name, uid) in [
        ("$P", "ConfProg001"),
        ("$S", "ConfStag001"),
        ("$DE", "ConfElem001"),
        ("$tester", "ConfTest001"),
    ] {
        names.insert(name.to_owned(), uid.to_owned());
    }
}

/// A tracked entity with one enrolment and one event.
fn entity(number: u32, event: &str, value: &str) -> Value {
    let unit = "h4w96yEMlzO";
    json!({ "trackedEntities": [{
        "trackedEntity": format!("ConfEnti00{number}"), "trackedEntityType": "ConfType001", "orgUnit": unit,
        "enrollments": [{
            "enrollment": format!("ConfEnro00{number}"), "program": "ConfProg001", "orgUnit": unit, "status": "ACTIVE",
            "enrolledAt": "2026-01-01", "occurredAt": "2026-01-01",
            "events": [{
                "event": event, "program": "ConfProg001", "programStage": "ConfStag001", "orgUnit": unit,
                "status": "ACTIVE", "occurredAt": "2026-01-02",
                "dataValues": [{ "dataElement": "ConfElem001", "value": value }],
            }],
        }],
    }] })
}

fn import_data(server: &Server, payload: &Value) {
    let text = payload.to_string();
    let report = server.storage(|conn| {
        let payload = Payload::read(text.as_bytes()).expect("a payload");
        tracker::load(
            conn,
            payload,
            "trackeradmin",
            "conformance",
            &ProgressBar::hidden(),
        )
        .expect("an import")
    });
    assert_eq!(report.quarantined, 0, "{payload}");
}
