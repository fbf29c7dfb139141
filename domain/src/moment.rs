//! Dates and instants as DHIS2 writes them: ISO 8601, with or without time, with or without zone.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// The moment that `text` names: a date is its midnight, a zone is converted to UTC, without a zone it is taken as it is.
/// `None` when it is not one of the years 1 to 9999.
#[must_use]
pub fn parse(text: &str) -> Option<NaiveDateTime> {
    let (date, clock) = text.split_once('T').unwrap_or((text, "00:00"));
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    if !("0001-01-01".."9999-12-32").contains(&date.to_string().as_str()) {
        return None;
    }
    let (time, ahead_of_utc) = split_zone(clock)?;
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M"))
        .ok()?;
    date.and_time(time).checked_sub_signed(ahead_of_utc)
}

/// Splits `10:00:00+0200` into its time and its offset.
fn split_zone(clock: &str) -> Option<(&str, TimeDelta)> {
    if let Some(time) = clock.strip_suffix('Z') {
        return Some((time, TimeDelta::zero()));
    }
    let Some(at) = clock.find(['+', '-']) else {
        return Some((clock, TimeDelta::zero()));
    };
    let (time, offset) = clock.split_at(at);
    let digits = offset[1..].replace(':', "");
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
    let size = TimeDelta::minutes(hours * 60 + minutes);
    Some((time, if offset.starts_with('-') { -size } else { size }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_dhis2_writes() {
        for (text, expected) in [
            ("2020-05-31", "2020-05-31 00:00:00"),
            ("2020-05-31T08:58", "2020-05-31 08:58:00"),
            ("2020-05-31T08:58:48.406", "2020-05-31 08:58:48.406"),
            ("2020-05-31T08:58:48Z", "2020-05-31 08:58:48"),
            ("2020-05-31T01:00:00.000+0200", "2020-05-30 23:00:00"),
            ("2020-05-31T01:00:00-05:30", "2020-05-31 06:30:00"),
        ] {
            assert_eq!(
                parse(text).map(|moment| moment.to_string()),
                Some(expected.to_owned()),
                "{text}"
            );
        }
        for wrong in [
            "",
            "2020-13-01",
            "31.05.2020",
            "2020-05-31T",
            "2020-05-31T10:00+1",
            "-001-01-01",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
