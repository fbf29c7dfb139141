//! Transformers of the `fields` parameter: `a~rename(b)`, `a::size`, `a|pluck(id)` and the like.

use serde_json::{Map, Value};

/// What becomes of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transform {
    /// It gets another name.
    Rename(String),
    /// Its length stands for it.
    Size,
    /// Whether it is empty stands for it.
    IsEmpty,
    /// Whether it holds something stands for it.
    IsNotEmpty,
    /// One member of each object stands for the object.
    Pluck(String),
    /// The objects of a list, grouped by one of their members.
    KeyBy(String),
    /// One page of a list: number from 1 and size.
    Paging(usize, usize),
}

impl Transform {
    /// Splits `name~one(a)::two` into the name and the transformers; unknown ones are left out.
    #[must_use]
    pub fn split(text: &str) -> (&str, Vec<Transform>) {
        let place = |text: &str| {
            let double = text.find("::").map(|place| (place, 2));
            let single = text.find(['~', '|']).map(|place| (place, 1));
            double.into_iter().chain(single).min()
        };
        let Some((at, width)) = place(text) else {
            return (text.trim(), Vec::new());
        };
        let name = text[..at].trim();
        let mut rest = &text[at + width..];
        let mut transforms = Vec::new();
        while let Some((at, width)) = place(rest) {
            transforms.extend(Transform::parse(&rest[..at]));
            rest = &rest[at + width..];
        }
        transforms.extend(Transform::parse(rest));
        (name, transforms)
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, argument) = match text.split_once('(') {
            Some((name, rest)) => (
                name,
                rest.trim_end().strip_suffix(')').unwrap_or(rest).trim(),
            ),
            None => (text, ""),
        };
        let member = |usual: &str| match argument {
            "" => usual.to_owned(),
            name => name.to_owned(),
        };
        Some(match name.trim() {
            "rename" if !argument.is_empty() => Transform::Rename(argument.to_owned()),
            "size" => Transform::Size,
            "isEmpty" => Transform::IsEmpty,
            "isNotEmpty" => Transform::IsNotEmpty,
            "pluck" => Transform::Pluck(member("id")),
            "keyBy" => Transform::KeyBy(member("id")),
            "paging" => {
                let (page, size) = argument.split_once(';')?;
                Transform::Paging(page.trim().parse().ok()?, size.trim().parse().ok()?)
            }
            _ => return None,
        })
    }

    /// Applies it to a member.
    #[must_use]
    pub fn apply(&self, name: String, value: Value) -> (String, Value) {
        let value = match self {
            Transform::Rename(other) => return (other.clone(), value),
            Transform::Size => length(&value).into(),
            Transform::IsEmpty => (length(&value) == 0).into(),
            Transform::IsNotEmpty => (length(&value) > 0).into(),
            Transform::Pluck(member) => pluck(member, value),
            Transform::KeyBy(member) => key_by(member, value),
            Transform::Paging(page, size) => match value {
                Value::Array(items) => {
                    let skipped = page.saturating_sub(1).saturating_mul(*size);
                    items.into_iter().skip(skipped).take(*size).collect()
                }
                other => other,
            },
        };
        (name, value)
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::String(text) => text.chars().count(),
        Value::Null => 0,
        _ => 1,
    }
}

fn pluck(member: &str, value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| pluck(member, item)).collect(),
        Value::Object(mut members) => members.remove(member).unwrap_or(Value::Null),
        simple => simple,
    }
}

fn key_by(member: &str, value: Value) -> Value {
    let Value::Array(items) = value else {
        return value;
    };
    let mut groups: Map<String, Value> = Map::new();
    for item in items {
        let key = match item.get(member) {
            Some(Value::String(key)) => key.clone(),
            Some(other) => other.to_string(),
            None => continue,
        };
        let group = groups
            .entry(key)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(group) = group {
            group.push(item);
        }
    }
    Value::Object(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn applied(field: &str, value: Value) -> (String, Value) {
        let (name, transforms) = Transform::split(field);
        transforms
            .iter()
            .fold((name.to_owned(), value), |(name, value), transform| {
                transform.apply(name, value)
            })
    }

    #[test]
    fn every_separator_and_argument_is_read() {
        let list = || json!([{ "id": "a", "n": 1 }, { "id": "b", "n": 1 }]);
        for (field, expected) in [
            ("x~size", ("x", json!(2))),
            ("x|size", ("x", json!(2))),
            ("x::size~rename(y)", ("y", json!(2))),
            ("x~isNotEmpty", ("x", json!(true))),
            ("x~pluck", ("x", json!(["a", "b"]))),
            ("x~paging(2;1)", ("x", json!([{ "id": "b", "n": 1 }]))),
            ("x~keyBy(n)~size", ("x", json!(1))),
            ("x~nonsense", ("x", list())),
            ("x~paging(a;b)", ("x", list())),
            ("x~rename()", ("x", list())),
        ] {
            let (name, value) = applied(field, list());
            assert_eq!((name.as_str(), value), expected, "{field}");
        }
    }
}
