//! Numbers, days and moments as people of a language write them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::{columns::indicator::Unit, month::Month};

use super::words::Language;
use crate::graphql::comparison::Measured;

/// What stands in place of a number that nothing is known of.
pub const ABSENT: &str = "–";

const MONTHS: [(&str, &str); 12] = [
    ("Januar", "January"),
    ("Februar", "February"),
    ("März", "March"),
    ("April", "April"),
    ("Mai", "May"),
    ("Juni", "June"),
    ("Juli", "July"),
    ("August", "August"),
    ("September", "September"),
    ("Oktober", "October"),
    ("November", "November"),
    ("Dezember", "December"),
];

/// A number with thousands and decimals: 1.234,5 or 1,234.5.
#[must_use]
pub fn number(value: f64, decimals: usize, language: Language) -> String {
    let (thousands, decimal) = match language {
        Language::De => ('.', ','),
        Language::En => (',', '.'),
    };
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let mut written = String::new();
    if value < 0.0 && !is_zero {
        written.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            written.push(thousands);
        }
        written.push(digit);
    }
    if !rest.is_empty() {
        written.push(decimal);
        written.push_str(rest);
    }
    written
}

/// A share of 0 to 1 in percent.
#[must_use]
pub fn percent(share: f64, language: Language) -> String {
    format!("{}\u{202f}%", number(share * 100.0, 1, language))
}

/// A change in percent with its sign.
#[must_use]
pub fn change(change: Option<f64>, language: Language) -> String {
    change.map_or_else(
        || ABSENT.to_owned(),
        |change| signed(percent(change, language), change),
    )
}

/// A number of a unit.
#[must_use]
pub fn value(value: f64, unit: Unit, language: Language) -> String {
    match unit {
        Unit::Number if value.fract() != 0.0 => number(value, 1, language),
        Unit::Number => number(value, 0, language),
        Unit::Days => number(value, 1, language),
        Unit::Share => percent(value, language),
        Unit::PerStay => number(value, 2, language),
    }
}

/// A number that may be hidden or absent.
#[must_use]
pub fn measured(measured: Measured, unit: Unit, minimum: i32, language: Language) -> String {
    match measured.value {
        Some(number) => value(number, unit, language),
        None if measured.suppressed => hidden(minimum),
        None => match (unit, language) {
            (Unit::Share, Language::De) => "n. v.".to_owned(),
            (Unit::Share, Language::En) => "n/a".to_owned(),
            _ => ABSENT.to_owned(),
        },
    }
}

/// A difference of numbers of a unit with its sign; shares in percentage points.
#[must_use]
pub fn difference(difference: Option<f64>, unit: Unit, language: Language) -> String {
    let Some(difference) = difference else {
        return ABSENT.to_owned();
    };
    let text = match (unit, language) {
        (Unit::Share, Language::De) => format!("{} PP", number(difference * 100.0, 1, language)),
        (Unit::Share, Language::En) => format!("{} pp", number(difference * 100.0, 1, language)),
        _ => value(difference, unit, language),
    };
    signed(text, difference)
}

fn signed(text: String, value: f64) -> String {
    let is_zero = !text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    match value > 0.0 && !is_zero {
        true => format!("+{text}"),
        false => text,
    }
}

/// What stands in place of a hidden number.
#[must_use]
pub fn hidden(minimum: i32) -> String {
    format!("<\u{202f}{minimum}")
}

/// A day: 21.11.2026 or 21 November 2026.
#[must_use]
pub fn day(day: NaiveDate, language: Language) -> String {
    match language {
        Language::De => day.format("%d.%m.%Y").to_string(),
        Language::En => format!(
            "{} {} {}",
            day.day(),
            month_name(Month::of(day), language),
            day.year()
        ),
    }
}

/// A moment to the minute, in a clinic's zone.
#[must_use]
pub fn moment(moment: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let local = moment.with_timezone(&zone);
    let suffix = match language {
        Language::De => " Uhr",
        Language::En => "",
    };
    let date = day(local.date_naive(), language);
    format!("{date}, {}{suffix}", local.format("%H:%M"))
}

/// Name of a month without its year.
#[must_use]
pub fn month_name(month: Month, language: Language) -> &'static str {
    let (de, en) = MONTHS[month.number() as usize - 1];
    match language {
        Language::De => de,
        Language::En => en,
    }
}

/// A month: September 2025.
#[must_use]
pub fn month(month: Month, language: Language) -> String {
    format!("{} {}", month_name(month, language), month.year())
}

/// A month in a few characters: 09/25.
#[must_use]
pub fn short_month(month: Month) -> String {
    format!("{:02}/{:02}", month.number(), month.year() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_language_does() {
        for (value, decimals, de, en) in [
            (0.0, 0, "0", "0"),
            (999.0, 0, "999", "999"),
            (1234.5, 1, "1.234,5", "1,234.5"),
            (-1_234_567.0, 0, "−1.234.567", "−1,234,567"),
            (-0.04, 1, "0,0", "0.0"),
        ] {
            assert_eq!(number(value, decimals, Language::De), de);
            assert_eq!(number(value, decimals, Language::En), en);
        }
        assert_eq!(percent(0.1234, Language::De), "12,3\u{202f}%");
        assert_eq!(change(Some(0.05), Language::En), "+5.0\u{202f}%");
        assert_eq!(change(None, Language::De), "–");
        assert_eq!(
            difference(Some(0.012), Unit::Share, Language::De),
            "+1,2 PP"
        );
        assert_eq!(
            difference(Some(0.0001), Unit::Share, Language::De),
            "0,0 PP"
        );
        assert_eq!(difference(Some(-3.0), Unit::Number, Language::En), "−3");
    }

    #[test]
    fn days_are_written_as_a_language_does() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
        assert_eq!(day(date, Language::De), "21.11.2026");
        assert_eq!(day(date, Language::En), "21 November 2026");
        let noon = date.and_hms_opt(12, 0, 0).expect("a time").and_utc();
        assert_eq!(
            moment(noon, chrono_tz::Europe::Berlin, Language::De),
            "21.11.2026, 13:00 Uhr"
        );
    }
}
