//! Cases as GraphQL can express them: the same rows must come through both doors.

use domain::event::{
    filter_text,
    request::{Operator, RawFilter},
};
use serde_json::{Map, Value, json};

use super::Prepared;
use crate::support::texts;

const LIST: &str = "query ($program: ID!, $stage: ID, $scope: OrgUnitScope, $filter: EventFilter, $order: [EventOrder!]) {
  events(program: $program, programStage: $stage, scope: $scope, filter: $filter, order: $order, first: 1000) {
    nodes { id }
  }
}";

/// Parameters that arguments can say, or that do not change which rows come.
const EXPRESSIBLE: [&str; 17] = [
    "program",
    "programStage",
    "orgUnit",
    "orgUnitMode",
    "filter",
    "filterAttributes",
    "order",
    "events",
    "status",
    "enrollments",
    "enrollmentStatus",
    "trackedEntity",
    "followUp",
    "assignedUserMode",
    "assignedUsers",
    "includeDeleted",
    "fields",
];

/// Asks with arguments that mean the same and compares the rows; `None` for a case that has no such arguments: errors, one
/// event, pages by number, times of day.
pub async fn same_rows(prepared: &Prepared<'_>, case: &Value) -> Option<Result<(), String>> {
    let parameters = case["params"].as_object()?;
    let is_list = case["path"]
        .as_str()
        .is_none_or(|path| path.matches('/').count() == 2);
    if !is_list
        || case["expect"].get("error").is_some()
        || parameters
            .keys()
            .any(|name| !EXPRESSIBLE.contains(&name.as_str()))
    {
        return None;
    }
    let variables = variables(prepared, parameters)?;
    let body = prepared.client(case).send(LIST, variables).await.json();
    let nodes = &body["data"]["events"]["nodes"];
    if !nodes.is_array() {
        return Some(Err(body.to_string()));
    }
    let mut found = texts(nodes, "id");
    let wanted = case["expect"]["events"].as_array().into_iter().flatten();
    let mut wanted: Vec<String> = wanted.map(|uid| prepared.text(uid)).collect();
    // Without an order each door has its own.
    if case["expect"]["ordered"] != true || !parameters.contains_key("order") {
        found.sort();
        wanted.sort();
    }
    Some(match found == wanted {
        true => Ok(()),
        false => Err(format!("{found:?} instead of {wanted:?}")),
    })
}

fn variables(prepared: &Prepared<'_>, parameters: &Map<String, Value>) -> Option<Value> {
    let text = |name: &str| parameters.get(name).map(|value| prepared.text(value));
    let list = |name: &str| {
        let text = text(name)?;
        Some(text.split(',').map(str::to_owned).collect::<Vec<_>>())
    };
    let scope = match (text("orgUnitMode"), text("orgUnit")) {
        (None, None) => Value::Null,
        (None, Some(unit)) => json!({ "mode": "SELECTED", "orgUnit": unit }),
        (Some(mode), unit) => json!({ "mode": mode, "orgUnit": unit }),
    };
    let enrollment = json!({
        "ids": list("enrollments"), "status": text("enrollmentStatus"), "trackedEntity": text("trackedEntity"),
        "followUp": text("followUp").map(|text| text == "true"),
    });
    let has_enrollment = enrollment
        .as_object()?
        .values()
        .any(|value| !value.is_null());
    let has_assignee = parameters.keys().any(|name| name.starts_with("assigned"));
    let filter = json!({
        "status": list("status"), "ids": list("events"),
        "values": filters(text("filter"))?, "attributes": filters(text("filterAttributes"))?,
        "enrollment": has_enrollment.then_some(enrollment),
        "assignee": has_assignee.then(|| json!({ "mode": text("assignedUserMode"), "users": list("assignedUsers") })),
        "includeDeleted": text("includeDeleted").is_some_and(|text| text == "true"),
    });
    Some(json!({
        "program": text("program")?, "stage": text("programStage"), "scope": scope, "filter": filter,
        "order": text("order").map(|text| order(&text)),
    }))
}

/// Conditions as input; `Null` for none, `None` when two of the same kind cannot stand in one.
fn filters(text: Option<String>) -> Option<Value> {
    let Some(text) = text else {
        return Some(Value::Null);
    };
    let filters = filter_text::parse(&text).expect("a filter");
    let inputs: Option<Vec<Value>> = filters.iter().map(input).collect();
    inputs.map(Value::Array)
}

fn input(filter: &RawFilter) -> Option<Value> {
    let mut input = Map::new();
    input.insert("column".to_owned(), filter.uid.as_str().into());
    if filter.operators.is_empty() {
        input.insert("empty".to_owned(), false.into());
    }
    for (operator, value) in &filter.operators {
        let value = value.clone().unwrap_or_default();
        let (name, value) = match operator {
            Operator::Eq | Operator::Ieq => ("eq", json!(value)),
            Operator::Ne | Operator::Neq | Operator::Nieq => ("ne", json!(value)),
            Operator::In => ("in", json!(value.split(';').collect::<Vec<_>>())),
            Operator::Like | Operator::Ilike => ("like", json!(value)),
            Operator::Sw => ("startsWith", json!(value)),
            Operator::Ew => ("endsWith", json!(value)),
            Operator::Gt => ("gt", json!(value)),
            Operator::Ge => ("ge", json!(value)),
            Operator::Lt => ("lt", json!(value)),
            Operator::Le => ("le", json!(value)),
            Operator::Null => ("empty", json!(true)),
            Operator::NotNull => ("empty", json!(false)),
            Operator::Nlike | Operator::Nilike => return None,
        };
        if input.insert(name.to_owned(), value).is_some() {
            return None;
        }
    }
    Some(Value::Object(input))
}

fn order(text: &str) -> Value {
    let item = |item: &str| {
        let (name, direction) = item.split_once(':').unwrap_or((item, "asc"));
        let direction = direction.to_uppercase();
        if domain::uid::is_valid(name) && !is_field(name) {
            return json!({ "column": name, "direction": direction });
        }
        json!({ "field": screaming(name), "direction": direction })
    };
    text.split(',').map(item).collect()
}

/// Names of fields that look like identifiers.
fn is_field(name: &str) -> bool {
    matches!(name, "completedAt" | "completedBy" | "scheduledAt")
}

/// `occurredAt` as `OCCURRED_AT`.
fn screaming(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            text.push('_');
        }
        text.extend(letter.to_uppercase());
    }
    text
}
