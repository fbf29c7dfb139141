//! Spans of time before now, as clients write them: `1d`, `6h`, `30m`, `10s`, or ISO 8601 such as `P6M` and `PT12H`.

use chrono::{Months, NaiveDateTime, TimeDelta};

/// A span: whole months, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    months: u32,
    rest: TimeDelta,
}

impl Duration {
    /// Reads a span; `None` when the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_prefix(['P', 'p']) {
            Some(rest) => parse_iso(rest),
            None => {
                let unit = text.chars().next_back()?;
                let rest = delta(text.strip_suffix(unit)?, unit.to_ascii_lowercase())?;
                Some(Duration { months: 0, rest })
            }
        }
    }

    /// The moment that lies this span before another; `None` when it lies before every calendar.
    #[must_use]
    pub fn before(self, moment: NaiveDateTime) -> Option<NaiveDateTime> {
        moment
            .checked_sub_months(Months::new(self.months))?
            .checked_sub_signed(self.rest)
    }
}

/// Reads what follows the P: `1Y2M3W4DT5H6M7S` and parts of it.
fn parse_iso(text: &str) -> Option<Duration> {
    let text = text.to_ascii_uppercase();
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text.as_str(), None),
    };
    let mut duration = Duration {
        months: 0,
        rest: TimeDelta::zero(),
    };
    let mut parts = 0;
    for (number, unit) in split(date)? {
        parts += 1;
        match unit {
            'Y' | 'M' => {
                let months: u32 = number.parse().ok()?;
                let months = months.checked_mul(if unit == 'Y' { 12 } else { 1 })?;
                duration.months = duration.months.checked_add(months)?;
            }
            'W' | 'D' => duration.rest = add(duration.rest, number, unit)?,
            _ => return None,
        }
    }
    for (number, unit) in split(time.unwrap_or_default())? {
        parts += 1;
        if !matches!(unit, 'H' | 'M' | 'S') {
            return None;
        }
        duration.rest = add(duration.rest, number, unit)?;
    }
    (parts > 0 && time != Some("")).then_some(duration)
}

/// Numbers with the letters behind them; `None` when there is anything else.
fn split(text: &str) -> Option<Vec<(&str, char)>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let unit = rest[at..].chars().next()?;
        parts.push((&rest[..at], unit));
        rest = &rest[at + unit.len_utf8()..];
    }
    Some(parts)
}

fn add(rest: TimeDelta, number: &str, unit: char) -> Option<TimeDelta> {
    rest.checked_add(&delta(number, unit.to_ascii_lowercase())?)
}

fn delta(number: &str, unit: char) -> Option<TimeDelta> {
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i64 = number.parse().ok()?;
    match unit {
        'w' => TimeDelta::try_weeks(number),
        'd' => TimeDelta::try_days(number),
        'h' => TimeDelta::try_hours(number),
        'm' => TimeDelta::try_minutes(number),
        's' => TimeDelta::try_seconds(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn noon() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 8, 31)
            .and_then(|day| day.and_hms_opt(12, 0, 0))
            .expect("a moment")
    }

    #[test]
    fn both_forms_reach_back() {
        for (text, expected) in [
            ("1d", "2026-08-30 12:00:00"),
            ("6m", "2026-08-31 11:54:00"),
            ("2H", "2026-08-31 10:00:00"),
            ("30s", "2026-08-31 11:59:30"),
            ("P6M", "2026-02-28 12:00:00"),
            ("P1Y", "2025-08-31 12:00:00"),
            ("P1W2D", "2026-08-22 12:00:00"),
            ("PT12H30M", "2026-08-30 23:30:00"),
            ("P1DT1S", "2026-08-30 11:59:59"),
        ] {
            let moment = Duration::parse(text).and_then(|span| span.before(noon()));
            assert_eq!(
                moment.map(|moment| moment.to_string()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for wrong in [
            "", "d", "1", "1x", "-1d", "P", "PT", "P1DT", "P1H", "1.5d", "P1M2", "+1d",
        ] {
            assert_eq!(Duration::parse(wrong), None, "{wrong}");
        }
        let ages = Duration::parse("P400000Y").and_then(|span| span.before(noon()));
        assert_eq!(ages, None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in r"[0-9PTYMWDHS\PC]{0,30}") {
            let _ = Duration::parse(&text).and_then(|span| span.before(noon()));
        }
    }
}
