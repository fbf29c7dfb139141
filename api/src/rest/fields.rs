//! DHIS2's `fields` parameter: which members of an answer a client wants, and under which names.
//!
//! `a,b[c,d],!e,*,:all,a::rename(x),a~size` and the like. Clients in the field send unknown names, trailing commas and
//! empty brackets; all of them are accepted, none is an error.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::transform::Transform;

/// Brackets deeper than this are not read: no answer is nested so deep.
const DEEPEST: usize = 8;

/// Which members of an object are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    every: bool,
    every_simple: bool,
    named: Vec<Field>,
    excluded: BTreeSet<String>,
}

/// A wanted member.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    inner: Option<Fields>,
    transforms: Vec<Transform>,
}

impl Fields {
    /// Reads the parameter. Never fails: what cannot be understood is left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Fields::read(text, 0)
    }

    fn read(text: &str, depth: usize) -> Self {
        let mut fields = Fields::default();
        for token in split(text) {
            fields.add(token.trim(), depth);
        }
        let only_exclusions = fields.named.is_empty() && !fields.every_simple;
        fields.every |= only_exclusions && !fields.excluded.is_empty();
        fields
    }

    fn add(&mut self, token: &str, depth: usize) {
        match token {
            "" => {}
            "*" | ":all" | ":owner" | ":persisted" => self.every = true,
            ":simple" => self.every_simple = true,
            ":identifiable" => self.add_names(&IDENTIFIABLE),
            ":nameable" => {
                self.add_names(&IDENTIFIABLE);
                self.add_names(&NAMEABLE);
            }
            preset if preset.starts_with(':') => {}
            _ => match token.strip_prefix('!') {
                Some(excluded) => {
                    let name = excluded.split('[').next().unwrap_or_default();
                    self.excluded.insert(name.trim().to_owned());
                }
                None => self.add_field(token, depth),
            },
        }
    }

    fn add_names(&mut self, names: &[&str]) {
        for name in names {
            self.merge(Field::plain(name));
        }
    }

    fn add_field(&mut self, token: &str, depth: usize) {
        let (head, inner) = match token.split_once('[') {
            Some((head, rest)) => (head, Some(rest.strip_suffix(']').unwrap_or(rest))),
            None => (token, None),
        };
        let (name, transforms) = Transform::split(head);
        if name.is_empty() {
            return;
        }
        let inner = inner
            .filter(|_| depth < DEEPEST)
            .map(|text| Fields::read(text, depth + 1))
            .filter(|fields| *fields != Fields::default());
        self.merge(Field {
            name: name.to_owned(),
            inner,
            transforms,
        });
    }

    /// Adds a field. A name that is given twice wants what either wants.
    fn merge(&mut self, field: Field) {
        let Some(known) = self.named.iter_mut().find(|known| known.name == field.name) else {
            self.named.push(field);
            return;
        };
        known.transforms.extend(field.transforms);
        known.inner = match (known.inner.take(), field.inner) {
            (Some(mut one), Some(other)) => {
                one.every |= other.every;
                one.every_simple |= other.every_simple;
                one.excluded.extend(other.excluded);
                for field in other.named {
                    one.merge(field);
                }
                Some(one)
            }
            _ => None,
        };
    }

    /// Whether a member may be in the answer, so that it has to be read at all.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        !self.excluded.contains(name)
            && (self.every
                || self.every_simple
                || self.named.iter().any(|field| field.name == name))
    }

    /// Cuts a value to the wanted members.
    #[must_use]
    pub fn shape(&self, value: Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(self.shape_members(members)),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.shape(item)).collect())
            }
            simple => simple,
        }
    }

    fn shape_members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let mut shaped = Map::new();
        for (name, value) in members {
            if self.excluded.contains(&name) {
                continue;
            }
            if let Some(field) = self.named.iter().find(|field| field.name == name) {
                let (name, value) = field.shape(name, value);
                shaped.insert(name, value);
            } else if self.every || self.every_simple && !value.is_object() && !value.is_array() {
                shaped.insert(name, value);
            }
        }
        shaped
    }
}

impl Field {
    fn plain(name: &str) -> Self {
        Field {
            name: name.to_owned(),
            inner: None,
            transforms: Vec::new(),
        }
    }

    fn shape(&self, name: String, value: Value) -> (String, Value) {
        let value = match &self.inner {
            Some(inner) => inner.shape(value),
            None => value,
        };
        self.transforms
            .iter()
            .fold((name, value), |(name, value), transform| {
                transform.apply(name, value)
            })
    }
}

const IDENTIFIABLE: [&str; 6] = [
    "id",
    "name",
    "code",
    "created",
    "lastUpdated",
    "lastUpdatedBy",
];
const NAMEABLE: [&str; 3] = ["shortName", "description", "displayName"];

/// The tokens between the commas outside brackets.
fn split(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (place, letter) in text.char_indices() {
        match letter {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                tokens.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    tokens.push(&text[start..]);
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn event() -> Value {
        json!({
            "event": "a", "status": "ACTIVE", "deleted": false,
            "assignedUser": { "uid": "u", "username": "n" },
            "dataValues": [{ "dataElement": "d", "value": "1" }, { "dataElement": "e", "value": "2" }],
            "relationships": [], "notes": [{ "note": "x" }],
        })
    }

    fn shaped(fields: &str) -> Value {
        Fields::parse(fields).shape(event())
    }

    #[test]
    fn members_are_named_nested_and_excluded() {
        assert_eq!(
            shaped("event,status"),
            json!({ "event": "a", "status": "ACTIVE" })
        );
        assert_eq!(
            shaped("dataValues[value],dataValues[dataElement],assignedUser[uid]"),
            json!({ "assignedUser": { "uid": "u" },
                "dataValues": [{ "dataElement": "d", "value": "1" }, { "dataElement": "e", "value": "2" }] })
        );
        let all_but = shaped("*,!relationships,!dataValues");
        assert!(all_but.get("relationships").is_none() && all_but.get("dataValues").is_none());
        assert_eq!(all_but["notes"], json!([{ "note": "x" }]));
        assert_eq!(shaped("!relationships,!dataValues"), all_but);
        assert_eq!(
            shaped(":simple"),
            json!({ "event": "a", "status": "ACTIVE", "deleted": false })
        );
        assert_eq!(
            shaped("dataValues,dataValues[value]")["dataValues"],
            event()["dataValues"]
        );
        assert_eq!(shaped(":owner"), event());
    }

    #[test]
    fn older_clients_strings_are_accepted() {
        let list = shaped("dataValues,event,status,programType,assignedUser,");
        assert_eq!(list["assignedUser"], event()["assignedUser"]);
        assert_eq!(list.as_object().map(Map::len), Some(4));
        assert_eq!(
            shaped("event,assignedUser[,]")["assignedUser"],
            event()["assignedUser"]
        );
        assert_eq!(shaped("*"), event());
        assert!(
            shaped(":all,!relationships,programOwners[orgUnit,program]")
                .get("relationships")
                .is_none()
        );
        assert_eq!(shaped("nothing,known"), json!({}));
    }

    #[test]
    fn transformers_rename_and_count() {
        assert_eq!(
            shaped(
                "event::rename(id),dataValues~size,notes~isEmpty~rename(none),status~rename(state)"
            ),
            json!({ "id": "a", "state": "ACTIVE", "dataValues": 2, "none": false })
        );
        assert_eq!(
            shaped("dataValues~pluck(value)"),
            json!({ "dataValues": ["1", "2"] })
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in r"[a-c,!*:~|\[\]()\PC]{0,60}") {
            let fields = Fields::parse(&text);
            let _ = fields.wants("a");
            let _ = fields.shape(event());
        }
    }

    #[test]
    fn thousands_of_brackets_are_harmless() {
        let text = "a[".repeat(16_000);
        assert!(Fields::parse(&text).wants("a"));
    }
}
