//! Dates as DHIS2 writes them: ISO 8601, with or without time, with or without zone.

use chrono::NaiveDateTime;
use domain::moment;
use serde::{Deserialize, Deserializer, de};

/// A moment without zone. A date is its midnight; a zone is converted to UTC; without a zone it is taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(pub(crate) NaiveDateTime);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        moment::parse(&text).map(Timestamp).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"an ISO 8601 date or date with time",
            )
        })
    }
}
