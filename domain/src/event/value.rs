//! DHIS2's value types, and which texts are values of them.

use crate::{moment, uid};

/// Type of the values of a data element or attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// Any text.
    Text,
    /// A text of several lines.
    LongText,
    /// Several option codes with commas between them.
    MultiText,
    /// One letter.
    Letter,
    /// A telephone number.
    PhoneNumber,
    /// An address for mail.
    Email,
    /// `true` or `false`.
    Boolean,
    /// `true` or nothing.
    TrueOnly,
    /// A calendar day.
    Date,
    /// A day with a time.
    Datetime,
    /// A time of day.
    Time,
    /// A decimal number.
    Number,
    /// A number from 0 to 1.
    UnitInterval,
    /// A number from 0 to 100.
    Percentage,
    /// A whole number.
    Integer,
    /// A whole number above 0.
    IntegerPositive,
    /// A whole number below 0.
    IntegerNegative,
    /// A whole number, not below 0.
    IntegerZeroOrPositive,
    /// A tracked entity, by identifier.
    TrackerAssociate,
    /// A person, by username.
    Username,
    /// Longitude and latitude, `[12.5,41.9]`.
    Coordinate,
    /// An org unit, by identifier.
    OrganisationUnit,
    /// Another object, by identifier.
    Reference,
    /// A date of birth.
    Age,
    /// An address on the web.
    Url,
    /// A file, by identifier.
    FileResource,
    /// A picture, by identifier.
    Image,
    /// A shape in `GeoJSON`.
    GeoJson,
}

impl ValueType {
    const NAMES: [(ValueType, &'static str); 28] = [
        (ValueType::Text, "TEXT"),
        (ValueType::LongText, "LONG_TEXT"),
        (ValueType::MultiText, "MULTI_TEXT"),
        (ValueType::Letter, "LETTER"),
        (ValueType::PhoneNumber, "PHONE_NUMBER"),
        (ValueType::Email, "EMAIL"),
        (ValueType::Boolean, "BOOLEAN"),
        (ValueType::TrueOnly, "TRUE_ONLY"),
        (ValueType::Date, "DATE"),
        (ValueType::Datetime, "DATETIME"),
        (ValueType::Time, "TIME"),
        (ValueType::Number, "NUMBER"),
        (ValueType::UnitInterval, "UNIT_INTERVAL"),
        (ValueType::Percentage, "PERCENTAGE"),
        (ValueType::Integer, "INTEGER"),
        (ValueType::IntegerPositive, "INTEGER_POSITIVE"),
        (ValueType::IntegerNegative, "INTEGER_NEGATIVE"),
        (ValueType::IntegerZeroOrPositive, "INTEGER_ZERO_OR_POSITIVE"),
        (ValueType::TrackerAssociate, "TRACKER_ASSOCIATE"),
        (ValueType::Username, "USERNAME"),
        (ValueType::Coordinate, "COORDINATE"),
        (ValueType::OrganisationUnit, "ORGANISATION_UNIT"),
        (ValueType::Reference, "REFERENCE"),
        (ValueType::Age, "AGE"),
        (ValueType::Url, "URL"),
        (ValueType::FileResource, "FILE_RESOURCE"),
        (ValueType::Image, "IMAGE"),
        (ValueType::GeoJson, "GEOJSON"),
    ];

    /// DHIS2's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads DHIS2's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(kind, _)| *kind)
    }

    /// Whether values are compared as numbers.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Number
                | Self::UnitInterval
                | Self::Percentage
                | Self::Integer
                | Self::IntegerPositive
                | Self::IntegerNegative
                | Self::IntegerZeroOrPositive
        )
    }

    /// Whether values are compared as days or instants.
    #[must_use]
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::Datetime | Self::Age)
    }

    /// Whether values are compared as booleans.
    #[must_use]
    pub fn is_boolean(self) -> bool {
        matches!(self, Self::Boolean | Self::TrueOnly)
    }

    /// Whether values can be compared with `value`. Bounds need not be values themselves: "above 0" may be asked of
    /// numbers that are never 0.
    #[must_use]
    pub fn compares_with(self, value: &str) -> bool {
        match self {
            Self::Integer
            | Self::IntegerPositive
            | Self::IntegerNegative
            | Self::IntegerZeroOrPositive => number(value).is_some_and(|n| n.fract() == 0.0),
            kind if kind.is_number() => number(value).is_some(),
            kind if kind.is_boolean() => matches!(value, "true" | "false"),
            kind if kind.is_date() => moment::parse(value).is_some(),
            _ => true,
        }
    }

    /// Whether `value`, which is not empty, is a value of this type.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Boolean => matches!(value, "true" | "false"),
            Self::TrueOnly => value == "true",
            Self::Date | Self::Datetime | Self::Age => moment::parse(value).is_some(),
            Self::Time => moment::parse(&format!("2000-01-01T{value}")).is_some(),
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
            | Self::TrackerAssociate => uid::is_valid(value),
            Self::Text
            | Self::LongText
            | Self::MultiText
            | Self::PhoneNumber
            | Self::Username
            | Self::GeoJson => true,
        }
    }
}

/// Whether `text` is a decimal number that `PostgreSQL` can cast.
pub(crate) fn is_number(text: &str) -> bool {
    number(text).is_some()
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
            assert_eq!(kind.name(), text);
            assert_eq!(ValueType::parse(text), Some(kind));
        }
    }
}
