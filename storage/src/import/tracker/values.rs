//! Values of data elements and attributes: which are allowed, and how sent ones are laid over stored ones.

use chrono::NaiveDateTime;
use domain::event::ValueType;
use serde_json::{Map, Value, json};

use super::{
    code::Code,
    files::{Files, Namer},
    importer::Fault,
    metadata::{Field, Metadata, Stage},
    payload::{AttributeValue, DataValue, Event, Scalar},
};

/// Attribute values to write, by key of the attribute; `None` takes a value away.
pub(super) type Changes = Vec<(i64, Option<String>)>;

/// Longest value of an attribute, characters.
const LONGEST: usize = 1_200;

/// Checks attribute values one by one.
pub(super) fn attributes(metadata: &Metadata, sent: &[AttributeValue]) -> (Changes, Vec<Fault>) {
    let mut changes = Changes::with_capacity(sent.len());
    let mut faults = Vec::new();
    for AttributeValue { attribute, value } in sent {
        let Some(field) = metadata.attributes.get(attribute) else {
            let message = format!("attribute {attribute} does not exist");
            faults.push(Fault::new(Code::E1006, message));
            continue;
        };
        let value = text(value.as_ref());
        if let Some(value) = value {
            let what = format!("attribute {attribute}");
            if value.chars().count() > LONGEST {
                let message = format!("the value of {what} is longer than {LONGEST} characters");
                faults.push(Fault::new(Code::E1077, message));
            }
            faults.extend(check(metadata, field, value, Code::E1007, &what));
        }
        changes.push((field.id, value.map(str::to_owned)));
    }
    (changes, faults)
}

/// Checks data values: each by itself, and that compulsory ones are there. `merged` is what will be stored.
pub(super) fn data(
    metadata: &Metadata,
    stage: &Stage,
    event: &Event,
    merged: &Map<String, Value>,
    (files, namer): (&mut Files, Namer),
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for sent in &event.data_values {
        faults.extend(data_value(metadata, stage, sent, files, namer));
    }
    if event.status.is_planned() && !event.data_values.is_empty() {
        let message = format!(
            "an event of status {} has no data values",
            event.status.text()
        );
        faults.push(Fault::new(Code::E1315, message));
    }
    if stage.validates(event.status) {
        faults.extend(missing(stage, &event.data_values, merged));
    }
    faults
}

fn data_value(
    metadata: &Metadata,
    stage: &Stage,
    sent: &DataValue,
    files: &mut Files,
    namer: Namer,
) -> Vec<Fault> {
    let uid = &sent.data_element;
    let Some(field) = metadata.data_elements.get(uid) else {
        let message = format!("data element {uid} does not exist");
        return Fault::new(Code::E1304, message).into();
    };
    if !stage.elements.contains_key(uid) {
        let message = format!("data element {uid} is not part of the program stage");
        return Fault::new(Code::E1305, message).into();
    }
    let Some(value) = text(sent.value.as_ref()) else {
        return Vec::new();
    };
    let what = format!("data element {uid}");
    if field.is_file() {
        return Vec::from_iter(files.check(value, namer, &what));
    }
    check(metadata, field, value, Code::E1302, &what)
}

/// Compulsory data elements without a value.
fn missing<'a>(
    stage: &'a Stage,
    sent: &'a [DataValue],
    merged: &'a Map<String, Value>,
) -> impl Iterator<Item = Fault> {
    let missing = stage
        .elements
        .iter()
        .filter(|(uid, compulsory)| **compulsory && !merged.contains_key(*uid));
    missing.map(|(uid, _)| {
        if sent.iter().any(|value| value.data_element == *uid) {
            let message = format!("data element {uid} is mandatory and cannot be emptied");
            return Fault::new(Code::E1076, message);
        }
        let message = format!("mandatory data element {uid} is not present");
        Fault::new(Code::E1303, message)
    })
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

pub(super) fn text(value: Option<&Scalar>) -> Option<&str> {
    value
        .map(|value| value.0.as_str())
        .filter(|value| !value.trim().is_empty())
}

/// Why a value is not allowed: it is no option of the field's option set, it is not of the field's type. Whether the file that
/// a value names is there is looked up by [`Files`].
pub(super) fn check(
    metadata: &Metadata,
    field: &Field,
    value: &str,
    code: Code,
    what: &str,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(options) = field.option_set.map(|set| metadata.options.get(&set)) {
        let known = |code: &str| options.is_some_and(|options| options.contains(code));
        let valid = match field.value_type {
            Some(ValueType::MultiText) => value.split(',').all(known),
            _ => known(value),
        };
        if !valid {
            let message = format!("the value of {what} is no code of its option set");
            faults.push(Fault::new(Code::E1125, message));
        }
    }
    let valid = match field.value_type {
        _ if field.is_file() => true,
        Some(ValueType::OrganisationUnit) => metadata.unit(value).is_some(),
        Some(ValueType::Username) => metadata.usernames.contains_key(value),
        Some(value_type) => value_type.accepts(value),
        None => true,
    };
    if !valid {
        let kind = field.value_type.map_or("", ValueType::name);
        let message = format!("the value of {what} is not of its value type {kind}");
        faults.push(Fault::new(code, message));
    }
    faults
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
