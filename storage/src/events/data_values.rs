//! The stored values of an event, kept as the text that PostgreSQL sent until somebody asks for one.

use std::{borrow::Cow, fmt, ops::Deref, sync::OnceLock};

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    sql_types::Jsonb,
};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

/// Values by data element identifier, `{uid: {value, …}}`. A page shows three of a dozen, so they are read from the text;
/// as a [`Value`] they are there for whoever needs all, parsed once.
#[derive(Debug, Clone, FromSqlRow)]
pub struct DataValues {
    text: Box<str>,
    tree: OnceLock<Value>,
}

impl DataValues {
    /// Texts of the values of some data elements, in their order; `None` where the event has none.
    #[must_use]
    pub fn texts(&self, data_elements: &[&str]) -> Vec<Option<String>> {
        let mut found = Found {
            wanted: data_elements,
            texts: vec![None; data_elements.len()],
        };
        let mut reader = serde_json::Deserializer::from_str(&self.text);
        // PostgreSQL made the text; one that is no object has no values.
        let _ = reader.deserialize_map(&mut found);
        found.texts
    }
}

impl Deref for DataValues {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.tree
            .get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }
}

impl FromSql<Jsonb, Pg> for DataValues {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let Some((1, text)) = value.as_bytes().split_first() else {
            return Err("jsonb in an unknown form".into());
        };
        Ok(DataValues {
            text: std::str::from_utf8(text)?.into(),
            tree: OnceLock::new(),
        })
    }
}

/// What a walk over the values looks for.
struct Found<'a> {
    wanted: &'a [&'a str],
    texts: Vec<Option<String>>,
}

impl<'de> Visitor<'de> for &mut Found<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("values by data element")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(data_element)) = map.next_key()? {
            let is_wanted = |wanted: &&str| *wanted == data_element;
            if !self.wanted.iter().any(is_wanted) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let text = text_of(map.next_value()?);
            for (wanted, place) in self.wanted.iter().zip(&mut self.texts) {
                if is_wanted(wanted) {
                    place.clone_from(&text);
                }
            }
        }
        Ok(())
    }
}

/// A text of the document, borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The text of one stored value; `None` when it is no text.
fn text_of(entry: &RawValue) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Entry<'a> {
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }
    let entry: Entry<'_> = serde_json::from_str(entry.get()).ok()?;
    serde_json::from_str(entry.value?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> DataValues {
        DataValues {
            text: text.into(),
            tree: OnceLock::new(),
        }
    }

    #[test]
    fn texts_are_those_of_the_tree_whatever_is_stored() {
        let stored = values(
            r#"{"a": {"value": "Mal\u00e1ria \"1\"", "created": {"value": "no"}}, "b": {"value": 7}, "c": {},
                "d": null, "e": {"value": null}, "f\n": {"value": ""}, "g": "text", "h": [{"value": "no"}]}"#,
        );
        let wanted = ["f\n", "a", "b", "c", "d", "e", "g", "h", "absent", "a"];
        let by_tree = |key: &&str| Some(stored.get(*key)?.get("value")?.as_str()?.to_owned());
        let expected: Vec<Option<String>> = wanted.iter().map(by_tree).collect();
        assert_eq!(expected[1].as_deref(), Some("Malária \"1\""));
        assert_eq!(stored.texts(&wanted), expected);
    }

    #[test]
    fn what_is_no_object_has_no_values() {
        for text in ["null", "[]", "\"a\"", "{}"] {
            assert_eq!(values(text).texts(&["a"]), [None], "{text}");
        }
    }
}
