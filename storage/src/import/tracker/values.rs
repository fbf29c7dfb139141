//! Values of data elements and attributes: which are allowed, and how sent ones are laid over stored ones.

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use super::{
    metadata::{Field, Metadata, Stage},
    payload::{AttributeValue, DataValue, Scalar},
};
use domain::event::ValueType;

use crate::import::dhis2::object::Fault;

/// Attribute values to write, by key of the attribute; `None` takes a value away.
pub(super) type Changes = Vec<(i64, Option<String>)>;

/// Checks attribute values.
pub(super) fn attributes(metadata: &Metadata, sent: &[AttributeValue]) -> Result<Changes, Fault> {
    let mut changes = Changes::with_capacity(sent.len());
    for AttributeValue { attribute, value } in sent {
        let field = metadata.attributes.get(attribute);
        let field = field
            .ok_or_else(|| Fault::new("E1006", format!("attribute {attribute} does not exist")))?;
        let value = text(value.as_ref());
        if let Some(value) = value {
            check(
                metadata,
                field,
                value,
                "E1007",
                &format!("attribute {attribute}"),
            )?;
        }
        changes.push((field.id, value.map(str::to_owned)));
    }
    Ok(changes)
}

/// Checks data values against their stage.
pub(super) fn data(metadata: &Metadata, stage: &Stage, sent: &[DataValue]) -> Result<(), Fault> {
    for DataValue {
        data_element,
        value,
        ..
    } in sent
    {
        let field = metadata.data_elements.get(data_element);
        let field = field.ok_or_else(|| {
            Fault::new(
                "E1304",
                format!("data element {data_element} does not exist"),
            )
        })?;
        if !stage.elements.contains_key(data_element) {
            return Err(Fault::new(
                "E1305",
                format!("data element {data_element} is not part of the program stage"),
            ));
        }
        if let Some(value) = text(value.as_ref()) {
            check(
                metadata,
                field,
                value,
                "E1302",
                &format!("data element {data_element}"),
            )?;
        }
    }
    Ok(())
}

/// Checks that compulsory data elements have a value.
pub(super) fn compulsory(
    stage: &Stage,
    sent: &[DataValue],
    merged: &Map<String, Value>,
) -> Result<(), Fault> {
    let mut missing = stage
        .elements
        .iter()
        .filter(|(uid, compulsory)| **compulsory && !merged.contains_key(*uid));
    let Some((uid, _)) = missing.next() else {
        return Ok(());
    };
    if sent.iter().any(|value| value.data_element == *uid) {
        return Err(Fault::new(
            "E1076",
            format!("data element {uid} is mandatory and cannot be emptied"),
        ));
    }
    Err(Fault::new(
        "E1303",
        format!("mandatory data element {uid} is not present"),
    ))
}

/// Lays data values over stored ones. What is not sent stays, what is sent without a value goes.
pub(super) fn merge(
    stored: &Value,
    sent: &[DataValue],
    now: NaiveDateTime,
    user: &Value,
) -> Map<String, Value> {
    let mut values = stored.as_object().cloned().unwrap_or_default();
    let now = now.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    for DataValue {
        data_element,
        value,
        provided_elsewhere,
    } in sent
    {
        let Some(value) = text(value.as_ref()) else {
            values.remove(data_element);
            continue;
        };
        let before = values.get(data_element);
        if before.is_some_and(|before| {
            before["value"] == value && before["providedElsewhere"] == *provided_elsewhere
        }) {
            continue;
        }
        let kept = |member: &str, new: Value| {
            before
                .and_then(|before| before.get(member))
                .cloned()
                .unwrap_or(new)
        };
        let entry = json!({
            "value": value,
            "created": kept("created", json!(now)),
            "lastUpdated": now,
            "providedElsewhere": provided_elsewhere,
            "createdByUserInfo": kept("createdByUserInfo", user.clone()),
            "lastUpdatedByUserInfo": user,
        });
        values.insert(data_element.clone(), entry);
    }
    values
}

fn text(value: Option<&Scalar>) -> Option<&str> {
    value
        .map(|value| value.0.as_str())
        .filter(|value| !value.is_empty())
}

fn check(
    metadata: &Metadata,
    field: &Field,
    value: &str,
    rule: &'static str,
    what: &str,
) -> Result<(), Fault> {
    if let Some(options) = field.option_set.map(|set| metadata.options.get(&set)) {
        let known = |code: &str| options.is_some_and(|options| options.contains(code));
        let valid = match field.value_type {
            Some(ValueType::MultiText) => value.split(',').all(known),
            _ => known(value),
        };
        return if valid {
            Ok(())
        } else {
            Err(Fault::new(
                "E1125",
                format!("the value of {what} is no code of its option set"),
            ))
        };
    }
    let valid = match field.value_type {
        Some(ValueType::OrganisationUnit) => metadata.units.contains_key(value),
        Some(ValueType::Username) => metadata.usernames.contains_key(value),
        Some(value_type) => value_type.accepts(value),
        None => true,
    };
    if valid {
        return Ok(());
    }
    let message = format!("the value of {what} is not of its value type");
    Err(Fault::new(rule, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(element: &str, value: Option<&str>) -> DataValue {
        DataValue {
            data_element: element.to_owned(),
            value: value.map(|value| Scalar(value.to_owned())),
            provided_elsewhere: false,
        }
    }

    #[test]
    fn merging_keeps_what_is_not_sent_and_touches_only_what_differs() {
        let day = |day| {
            chrono::NaiveDate::from_ymd_opt(2020, 1, day)
                .expect("a day")
                .into()
        };
        let first = merge(
            &json!({}),
            &[
                sent("a", Some("1")),
                sent("b", Some("2")),
                sent("c", Some("3")),
            ],
            day(1),
            &json!({}),
        );
        let second = merge(
            &json!(first),
            &[sent("a", Some("1")), sent("b", Some("9")), sent("c", None)],
            day(2),
            &json!({}),
        );
        assert_eq!(second["a"], first["a"]);
        assert_eq!(second["b"]["created"], "2020-01-01T00:00:00.000");
        assert_eq!(second["b"]["lastUpdated"], "2020-01-02T00:00:00.000");
        assert!(!second.contains_key("c"));
    }
}
