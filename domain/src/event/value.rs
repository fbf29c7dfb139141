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

    /// Whether a value of this type names a file.
    #[must_use]
    pub fn is_file(self) -> bool {
        matches!(self, Self::FileResource | Self::Image)
    }

    /// Whether `value`, which is not empty, is a value of this type, by DHIS2's rules. Two are stricter: what follows a day
    /// must be a time, and a date of birth and a time of day must be such, which DHIS2 leaves to its clients.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        if value.chars().count() > LONGEST {
            return false;
        }
        match self {
            Self::Boolean => is_one_of(value, &["true", "false"]),
            Self::TrueOnly => is_one_of(value, &["true"]),
            Self::Date | Self::Age => written_moment(value),
            Self::Datetime => value.contains('T') && written_moment(value),
            Self::Time => time_of_day(value),
            Self::Number => written_number(value).is_some(),
            Self::UnitInterval => written_number(value).is_some_and(|n| (0.0..=1.0).contains(&n)),
            Self::Percentage => written_number(value).is_some_and(|n| (0.0..=100.0).contains(&n)),
            Self::Integer => written_integer(value).is_some(),
            Self::IntegerPositive => written_integer(value).is_some_and(|n| n > 0),
            Self::IntegerNegative => written_integer(value).is_some_and(|n| n < 0),
            Self::IntegerZeroOrPositive => written_integer(value).is_some_and(|n| n >= 0),
            Self::Letter => value.chars().count() == 1 && value.chars().all(char::is_alphabetic),
            Self::Url => web_address(value),
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
            | Self::Email
            | Self::Username
            | Self::GeoJson => true,
        }
    }
}

/// Most characters of a value.
const LONGEST: usize = 50_000;

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// A day, or a day with a time, every number with all its digits: as lists read it.
fn written_moment(value: &str) -> bool {
    let (day, time) = value.split_once('T').unwrap_or((value, "00"));
    let clock = time.split(['Z', '+', '-', '.']).next().unwrap_or_default();
    let is_padded = day.len() == 10 && clock.split(':').all(|number| number.len() == 2);
    is_padded && moment::parse(value).is_some()
}

/// `8:05`, `08:05` or `08:05:30`, without a zone.
fn time_of_day(value: &str) -> bool {
    let hour = value.find(':').unwrap_or_default();
    let padding = if hour == 1 { "0" } else { "" };
    let is_clock = |byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.';
    value.bytes().all(is_clock) && written_moment(&format!("2000-01-01T{padding}{value}"))
}

/// A number without plus sign, leading zeros or a bare point.
fn written_number(value: &str) -> Option<f64> {
    let digit = |letter: char| letter.is_ascii_digit();
    let size = value.strip_prefix('-').unwrap_or(value);
    let whole = size.split(['.', 'e', 'E']).next().unwrap_or_default();
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    let fraction = size.split_once('.').map_or("0", |(_, fraction)| fraction);
    number(value).filter(|_| !is_padded && whole.starts_with(digit) && fraction.starts_with(digit))
}

/// A whole number of 32 bits without plus sign or leading zeros.
fn written_integer(value: &str) -> Option<i32> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_padded = digits.starts_with('0') && value != "0";
    value
        .parse()
        .ok()
        .filter(|_| !is_padded && !value.starts_with('+'))
}

/// An address of the web or of a file server, with a host.
fn web_address(value: &str) -> bool {
    let host = ["http://", "https://", "ftp://"].iter().find_map(|scheme| {
        let start = value.get(..scheme.len())?;
        let rest = &value[scheme.len()..];
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    host.is_some_and(|host| {
        host.starts_with(|letter: char| letter.is_alphanumeric() || letter == '[')
            && !value.contains(char::is_whitespace)
    })
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

/// `[longitude,latitude]`.
fn coordinate(value: &str) -> bool {
    let inner = value.trim().strip_prefix('[');
    let inner = inner.and_then(|inner| inner.strip_suffix(']'));
    inner
        .and_then(|inner| inner.split_once(','))
        .is_some_and(|(longitude, latitude)| {
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
            (ValueType::Number, "-0.5", "007"),
            (ValueType::Number, "0", "+5"),
            (ValueType::Number, "1.5E-3", ".5"),
            (ValueType::Number, "10", "5."),
            (ValueType::UnitInterval, "0.25", "1.01"),
            (ValueType::Integer, "88", "88.5"),
            (ValueType::Integer, "-88", "-0"),
            (ValueType::Integer, "0", "+1"),
            (ValueType::Integer, "2147483647", "2147483648"),
            (ValueType::IntegerZeroOrPositive, "0", "00"),
            (ValueType::IntegerNegative, "-1", "0"),
            (ValueType::IntegerPositive, "1", "0"),
            (ValueType::Percentage, "100", "101"),
            (ValueType::Boolean, "false", "no"),
            (ValueType::Boolean, "True", "1"),
            (ValueType::TrueOnly, "TRUE", "false"),
            (ValueType::Date, "2020-02-29", "2021-02-29"),
            (
                ValueType::Date,
                "2020-02-29T10:00:00.000+02:00",
                "2020-02-29 or so",
            ),
            (ValueType::Date, "2020-12-01", "2020-12-1"),
            (ValueType::Datetime, "2020-12-01T08:00", "2020-12-01T8:00"),
            (ValueType::Age, "1980-05-01", "40"),
            (ValueType::Datetime, "2020-02-29T10:00", "2020-02-29"),
            (
                ValueType::Datetime,
                "2020-02-29T10:00:00Z",
                "2020-02-29T10:00:00 CET",
            ),
            (
                ValueType::Datetime,
                "2020-02-29T10:00+05:30",
                "2020-02-30T10:00",
            ),
            (
                ValueType::Datetime,
                "2020-02-29T10:00:00.985541",
                "2020-02-29T24:00",
            ),
            (ValueType::Time, "23:59", "24:00"),
            (ValueType::Time, "8:05", "8:5"),
            (ValueType::Time, "08:05:30", "08:05Z"),
            (ValueType::Time, "00:00", "08:05+02:00"),
            (ValueType::Coordinate, "[-11.4,8.1]", "[8.1]"),
            (ValueType::Coordinate, " [-11.4, 8.1]", "-11.4,8.1"),
            (ValueType::Coordinate, "[180,-90]", "[181,0]"),
            (ValueType::Url, "https://dhis2.org/a?b=c", "dhis2.org"),
            (ValueType::Url, "ftp://files.example", "https://"),
            (ValueType::Url, "HTTP://localhost:8080", "http://two words"),
            (ValueType::Letter, "ä", "ab"),
            (ValueType::OrganisationUnit, "DiszpKrYNg8", "Freetown"),
        ] {
            assert!(kind.accepts(right), "{kind:?} {right}");
            assert!(!kind.accepts(wrong), "{kind:?} {wrong}");
        }
    }

    #[test]
    fn no_value_is_longer_than_what_is_kept() {
        assert!(ValueType::LongText.accepts(&"ä".repeat(LONGEST)));
        assert!(!ValueType::LongText.accepts(&"a".repeat(LONGEST + 1)));
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
