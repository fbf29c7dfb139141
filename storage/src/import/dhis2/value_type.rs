//! DHIS2's value types in a payload.

use domain::event::ValueType;
use serde::{Deserialize, Deserializer, de};

/// Reads a value type by its name.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ValueType, D::Error> {
    let text = String::deserialize(deserializer)?;
    ValueType::parse(&text).ok_or_else(|| {
        de::Error::invalid_value(de::Unexpected::Str(&text), &"a value type of DHIS2")
    })
}
