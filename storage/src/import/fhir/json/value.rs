//! JSON that borrows from the bytes it was read from: a delivery holds millions of values, and few texts are kept.

use std::{
    borrow::Cow,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value. NUL characters, which the database cannot hold, are left out of its texts, and so are narratives.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'j> {
    /// Nothing.
    Null,
    /// A truth.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'j, str>),
    /// A list.
    Array(Vec<Value<'j>>),
    /// Fields in the order they were sent.
    Object(Vec<(Cow<'j, str>, Value<'j>)>),
}

impl<'j> Value<'j> {
    /// Reads a value, with or without a byte order mark. `None` when the bytes are no JSON.
    pub fn parse(bytes: &'j [u8]) -> Option<Self> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        serde_json::from_slice(bytes).ok()
    }

    /// The field of an object; of two with one name, the last.
    pub fn get(&self, key: &str) -> Option<&Value<'j>> {
        match self {
            Value::Object(fields) => fields
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, when it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth, when it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// A hash of the content: the same for another order of fields, other blanks or another spelling of a number.
    pub fn content_hash(&self, seed: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        match self {
            Value::Null => 0_u8.hash(&mut hasher),
            Value::Bool(truth) => (1_u8, truth).hash(&mut hasher),
            Value::Number(number) => (2_u8, number.to_bits()).hash(&mut hasher),
            Value::Text(text) => (3_u8, text).hash(&mut hasher),
            Value::Array(elements) => {
                4_u8.hash(&mut hasher);
                for element in elements {
                    element.content_hash(seed).hash(&mut hasher);
                }
            }
            Value::Object(fields) => {
                let of_field = |(name, value): &(Cow<'j, str>, Value<'j>)| {
                    let mut hasher = DefaultHasher::new();
                    (name, value.content_hash(seed)).hash(&mut hasher);
                    hasher.finish()
                };
                let sum = fields.iter().map(of_field).fold(5_u64, u64::wrapping_add);
                sum.hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

impl<'de: 'j, 'j> Deserialize<'de> for Value<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.replace('\0', ""))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Name(name)) = map.next_key()? {
            if name == "div" {
                map.next_value::<IgnoredAny>()?;
            } else {
                fields.push((name, map.next_value()?));
            }
        }
        Ok(Value::Object(fields))
    }
}

/// The name of a field. `Cow` alone would always be copied.
struct Name<'j>(Cow<'j, str>);

impl<'de: 'j, 'j> Deserialize<'de> for Name<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(name) => Ok(Name(name)),
            _ => Ok(Name(Cow::Borrowed(""))),
        }
    }
}

#[cfg(test)]
impl From<&serde_json::Value> for Value<'static> {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => Value::Number(number.as_f64().expect("a number")),
            Json::String(text) => Value::Text(text.clone().into()),
            Json::Array(elements) => Value::Array(elements.iter().map(Value::from).collect()),
            Json::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone().into(), Value::from(value)))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Value<'_>> {
        Value::parse(text.as_bytes())
    }

    #[test]
    fn the_order_of_fields_blanks_and_narratives_are_no_content() {
        let hash = |text: &str| parse(text).map(|value| value.content_hash(7));
        let one = hash(r#"{"a": [1, "x", null], "b": {"c": true}, "text": {"div": "<p>1</p>"}}"#);
        let other = hash(r#"{"text":{"div":"2"},"b":{"c":true},"a":[1.0,"x",null]}"#);
        assert!(one.is_some());
        assert_eq!(one, other);
        assert_ne!(
            one,
            hash(r#"{"a": ["x", 1, null], "b": {"c": true}, "text": {}}"#)
        );
    }

    #[test]
    fn texts_hold_no_nul_and_the_last_of_two_fields_counts() {
        let value = parse("\u{feff}{\"a\": 1, \"a\": \"x\\u0000y\"}").expect("JSON");
        assert_eq!(value.get("a").and_then(Value::as_str), Some("xy"));
        assert_eq!(parse("{\"a\": 1"), None);
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }
}
