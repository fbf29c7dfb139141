//! The contract: its text is the one in the repository, its names stay, and everything in it is described.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Server, texts};

#[test]
fn the_schema_is_the_one_in_the_repository() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let now = format!("{}\n", clinigraph::graphql::sdl().trim_end());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, &now).expect("schema.graphql is written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == now,
        "schema.graphql is not the schema of the code. If the change is wanted: ./dev schema, or UPDATE_SCHEMA=1 ./dev test"
    );
}

/// Root fields with their arguments. Others query them: they may gain, never lose or rename.
const ROOT: [(&str, &[&str]); 15] = [
    ("me", &[]),
    ("node", &["id"]),
    ("dataVersion", &[]),
    ("orgUnit", &["id"]),
    ("orgUnits", &["search", "level", "parent", "first", "after"]),
    ("programs", &["search"]),
    ("program", &["id"]),
    (
        "events",
        &[
            "program",
            "programStage",
            "scope",
            "filter",
            "order",
            "first",
            "after",
            "last",
            "before",
        ],
    ),
    ("event", &["id"]),
    ("clinics", &[]),
    (
        "diagnoses",
        &["filter", "under", "level", "compareWith", "first", "after"],
    ),
    ("clinicComparison", &["filter", "current", "previous"]),
    ("patientFlow", &["filter", "stages", "topStations"]),
    ("observationTrend", &["code", "filter", "bucket"]),
    ("dataQuality", &["clinic"]),
];

/// Enum values that requests name.
const ENUMS: [(&str, &[&str]); 9] = [
    (
        "OrgUnitMode",
        &[
            "SELECTED",
            "CHILDREN",
            "DESCENDANTS",
            "ACCESSIBLE",
            "CAPTURE",
            "ALL",
        ],
    ),
    (
        "EventStatus",
        &[
            "ACTIVE",
            "COMPLETED",
            "VISITED",
            "SCHEDULE",
            "OVERDUE",
            "SKIPPED",
        ],
    ),
    ("Direction", &["ASC", "DESC"]),
    ("CountRelation", &["EXACT", "AT_LEAST"]),
    (
        "DiagnosisLevel",
        &["CHAPTER", "BLOCK", "THREE", "FOUR", "FIVE"],
    ),
    ("DiagnosisRole", &["ANY", "MAIN"]),
    ("DateBasis", &["ADMISSION", "DISCHARGE"]),
    ("Sex", &["FEMALE", "MALE", "OTHER", "UNKNOWN"]),
    ("CaseKind", &["FULL", "DAY", "HOME"]),
];

/// Input fields that requests name.
const INPUTS: [(&str, &[&str]); 4] = [
    ("OrgUnitScope", &["mode", "orgUnit"]),
    ("DateRange", &["from", "to"]),
    ("EventFilter", &["status", "occurredAt"]),
    (
        "StayFilter",
        &[
            "period",
            "basis",
            "clinics",
            "sexes",
            "ageGroups",
            "admissionTypes",
            "dischargeTypes",
            "stations",
            "diagnosis",
            "role",
            "caseKind",
        ],
    ),
];

async fn types() -> Vec<Value> {
    let server = Server::start();
    let document = "{ __schema { types { name kind description
      fields { name description args { name description } }
      inputFields { name description }
      enumValues { name description } } } }";
    let mut data = server.user("admin").data(document, json!({})).await;
    let types: Vec<Value> =
        serde_json::from_value(data["__schema"]["types"].take()).expect("types");
    types
}

fn members<'a>(types: &'a [Value], name: &str, kind: &str) -> &'a Value {
    let found = types.iter().find(|known| known["name"] == name);
    &found.unwrap_or_else(|| panic!("type {name} is gone"))[kind]
}

#[actix_web::test]
async fn names_that_others_query_are_kept() {
    let types = types().await;
    let fields = members(&types, "Query", "fields");
    for (field, arguments) in ROOT {
        let found = fields
            .as_array()
            .expect("fields")
            .iter()
            .find(|known| known["name"] == field);
        let found = found.unwrap_or_else(|| panic!("Query.{field} is gone"));
        let known = texts(&found["args"], "name");
        for argument in arguments {
            assert!(
                known.iter().any(|name| name == argument),
                "Query.{field}({argument}:) is gone"
            );
        }
    }
    for (lists, kind) in [(&ENUMS[..], "enumValues"), (&INPUTS[..], "inputFields")] {
        for (name, values) in lists {
            let known = texts(members(&types, name, kind), "name");
            for value in *values {
                assert!(
                    known.iter().any(|name| name == value),
                    "{name}.{value} is gone"
                );
            }
        }
    }
}

#[actix_web::test]
async fn everything_is_described() {
    let mut missing = Vec::new();
    for kind in types().await {
        let name = kind["name"].as_str().expect("a name").to_owned();
        let is_built_in = name.starts_with("__")
            || ["Boolean", "Float", "ID", "Int", "String"].contains(&name.as_str());
        if is_built_in {
            continue;
        }
        if kind["description"].as_str().unwrap_or_default().is_empty() {
            missing.push(name.clone());
        }
        let members = ["fields", "inputFields", "enumValues"]
            .map(|list| kind[list].as_array().cloned().unwrap_or_default());
        for member in members.concat() {
            let path = format!("{name}.{}", member["name"].as_str().unwrap_or_default());
            let arguments = member["args"].as_array().cloned().unwrap_or_default();
            let parts = std::iter::once((path.clone(), member)).chain(
                arguments
                    .into_iter()
                    .map(|argument| (format!("{path}({})", argument["name"]), argument)),
            );
            missing.extend(
                parts
                    .filter(|(_, part)| part["description"].as_str().unwrap_or_default().is_empty())
                    .map(|(path, _)| path),
            );
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "these have no description");
}
