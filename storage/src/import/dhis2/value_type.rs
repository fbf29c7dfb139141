//! DHIS2's value types, and which texts are values of them.

use serde::{Deserialize, Serialize};

use super::timestamp;

/// Type of the values of a data element or attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ValueType {
    Text,
    LongText,
    MultiText,
    Letter,
    PhoneNumber,
    Email,
    Boolean,
    TrueOnly,
    Date,
    Datetime,
    Time,
    Number,
    UnitInterval,
    Percentage,
    Integer,
    IntegerPositive,
    IntegerNegative,
    IntegerZeroOrPositive,
    TrackerAssociate,
    Username,
    Coordinate,
    OrganisationUnit,
    Reference,
    Age,
    Url,
    FileResource,
    Image,
    #[serde(rename = "GEOJSON")]
    GeoJson,
}

impl ValueType {
    /// Whether `value`, which is not empty, is a value of this type.
    pub(crate) fn accepts(self, value: &str) -> bool {
        match self {
            Self::Boolean => matches!(value, "true" | "false"),
            Self::TrueOnly => value == "true",
            Self::Date | Self::Datetime | Self::Age => timestamp::parse(value).is_some(),
            Self::Time => timestamp::parse(&format!("2000-01-01T{value}")).is_some(),
            Self::Number => number(value).is_some(),
            Self::UnitInterval => number(value).is_some_and(|n| (0.0..=1.0).contains(&n)),
            Self::Percentage => number(value).is_some_and(|n| (0.0..=100.0).contains(&n)),
            Self::Integer => integer(value).is_some(),
            Self::IntegerPositive => integer(value).is_some_and(|n| n > 0),
            Self::IntegerNegative => integer(value).is_some_and(|n| n < 0),
            Self::IntegerZeroOrPositive => integer(value).is_some_and(|n| n >= 0),
            Self::Letter => value.chars().count() == 1 && value.chars().all(char::is_alphabetic),
            Self::Email => value
                .split_once('@')
                .is_some_and(|(a, b)| !a.is_empty() && b.contains('.')),
            Self::Url => value.starts_with("http://") || value.starts_with("https://"),
            Self::Coordinate => coordinate(value),
            Self::OrganisationUnit
            | Self::Reference
            | Self::FileResource
            | Self::Image
            | Self::TrackerAssociate => domain::uid::is_valid(value),
            Self::Text
            | Self::LongText
            | Self::MultiText
            | Self::PhoneNumber
            | Self::Username
            | Self::GeoJson => true,
        }
    }
}

/// A decimal number as `PostgreSQL` can cast it: digits, one point, an exponent; no "NaN", "inf" or blanks.
fn number(value: &str) -> Option<f64> {
    let plain = value
        .bytes()
        .all(|b| b.is_ascii_digit() || b".+-eE".contains(&b));
    value.parse::<f64>().ok().filter(|n| plain && n.is_finite())
}

fn integer(value: &str) -> Option<i32> {
    value.parse().ok()
}

/// `[longitude,latitude]`, the brackets may be absent.
fn coordinate(value: &str) -> bool {
    let inner = value.trim_start_matches('[').trim_end_matches(']');
    inner.split_once(',').is_some_and(|(longitude, latitude)| {
        number(longitude.trim()).is_some_and(|n| n.abs() <= 180.0)
            && number(latitude.trim()).is_some_and(|n| n.abs() <= 90.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_values_of_the_type_only() {
        for (kind, right, wrong) in [
            (ValueType::Number, "170.0", "NaN"),
            (ValueType::Number, "-1e3", " 1"),
            (ValueType::Integer, "88", "88.5"),
            (ValueType::IntegerPositive, "1", "0"),
            (ValueType::Percentage, "100", "101"),
            (ValueType::Boolean, "false", "no"),
            (ValueType::Date, "2020-02-29", "2021-02-29"),
            (ValueType::Time, "23:59", "24:00"),
            (ValueType::Coordinate, "[-11.4,8.1]", "[8.1]"),
            (ValueType::OrganisationUnit, "DiszpKrYNg8", "Freetown"),
        ] {
            assert!(kind.accepts(right), "{kind:?} {right}");
            assert!(!kind.accepts(wrong), "{kind:?} {wrong}");
        }
    }

    #[test]
    fn is_written_as_dhis2_writes_it() {
        for (kind, text) in [
            (ValueType::GeoJson, "GEOJSON"),
            (ValueType::Datetime, "DATETIME"),
            (ValueType::IntegerZeroOrPositive, "INTEGER_ZERO_OR_POSITIVE"),
        ] {
            assert_eq!(serde_json::json!(kind), text);
        }
    }
}
