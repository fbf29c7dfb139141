//! Members that objects of many kinds have.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    kind,
    references::{Ref, References},
};
use crate::import::dhis2::object::Fault;

/// The built-in administrator, who owns what names no owner.
const ADMIN: &str = "M5zQapPyTZI";

/// Sharing settings as DHIS2 stores them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Sharing(Map<String, Value>);

/// The settings to store: as sent, owned by the importing administrator when they name no owner.
pub(super) fn sharing(sent: Option<Sharing>) -> Value {
    let mut settings = sent.unwrap_or_default().0;
    if settings.get("owner").is_none_or(Value::is_null) {
        settings.insert("owner".to_owned(), json!(ADMIN));
    }
    Value::Object(settings)
}

/// Value of a custom attribute.
#[derive(Debug, Deserialize)]
pub(super) struct AttributeValue {
    attribute: Ref,
    value: Option<String>,
}

/// `{attribute uid: {"value": …}}`; a value of null counts as none.
pub(super) fn attribute_values(
    references: &References,
    values: Vec<AttributeValue>,
) -> Result<Value, Fault> {
    let mut stored = Map::new();
    for AttributeValue { attribute, value } in values {
        references.one(kind::ATTRIBUTE, "attributeValues", &attribute)?;
        if let Some(value) = value {
            stored.insert(attribute.id, json!({ "value": value }));
        }
    }
    Ok(Value::Object(stored))
}

/// Rows that name a member only.
pub(super) fn plain(column: &str, ids: Vec<i64>) -> Vec<Value> {
    ids.into_iter().map(|id| json!({ column: id })).collect()
}

/// Rows that name a member and its place, from 1.
pub(super) fn ordered(column: &str, ids: Vec<i64>) -> Vec<Value> {
    (1..)
        .zip(ids)
        .map(|(place, id)| json!({ column: id, "sort_order": place }))
        .collect()
}
