//! Scalars of the contract.

use std::fmt::Display;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, NaiveDateTime, Utc};

/// A calendar day, e.g. "2025-09-30".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

/// A calendar day, e.g. "2025-09-30".
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(in_range);
        day.map(Date)
            .ok_or_else(|| InputValueError::custom(not_a("day like \"2025-09-30\"", text)))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A calendar month, e.g. "2025-09".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(pub domain::month::Month);

/// A calendar month, e.g. "2025-09".
#[Scalar(name = "Month")]
impl ScalarType for Month {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        text.parse()
            .map(Month)
            .map_err(|_| InputValueError::custom(not_a("month like \"2025-09\"", text)))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Days that both this program and the database can reckon with.
fn in_range(day: &NaiveDate) -> bool {
    use chrono::Datelike;
    (1..=9998).contains(&day.year())
}

fn not_a(what: &str, text: &impl Display) -> String {
    format!("\"{text}\" is not a {what}")
}

/// An instant, e.g. "2025-09-30T08:15:00Z".
pub type DateTime = chrono::DateTime<Utc>;

/// A stored timestamp without zone; the server's zone is UTC.
#[must_use]
pub fn instant(timestamp: NaiveDateTime) -> DateTime {
    timestamp.and_utc()
}
