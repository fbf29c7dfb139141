//! FHIR dates: partial ones, local days, instants.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{json::Value, rule::Rule};

/// A date as exact as it was sent. Midnight is never invented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Year.
    pub year: i32,
    /// Month; `None` when only the year was sent.
    pub month: Option<u32>,
    /// Calendar day in the clinic's time zone; `None` when only a month or a year was sent.
    pub day: Option<NaiveDate>,
    /// Instant; `None` when only a day was sent.
    pub at: Option<DateTime<Utc>>,
}

impl Moment {
    /// The instant it begins, local midnight for a day: for columns that need an instant. `None` without a day.
    pub fn begin(self, zone: Tz) -> Option<DateTime<Utc>> {
        let midnight = self.day?.and_time(NaiveTime::MIN);
        self.at.or_else(|| local_instant(midnight, zone))
    }
}

/// Reads the date under a key; `None` when there is none.
pub fn moment(value: &Value<'_>, key: &str, zone: Tz) -> Result<Option<Moment>, Rule> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => parse(text.trim(), zone).map(Some).ok_or(Rule::InvalidDate),
        Some(_) => Err(Rule::InvalidDate),
    }
}

/// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a date with a time. A time without offset is local.
pub fn parse(text: &str, zone: Tz) -> Option<Moment> {
    match text.len() {
        4 => Some(Moment {
            year: number(text)?,
            month: None,
            day: None,
            at: None,
        }),
        7 => {
            let first = day(&format!("{text}-01"))?;
            Some(Moment {
                year: first.year(),
                month: Some(first.month()),
                day: None,
                at: None,
            })
        }
        10 => Some(on(day(text)?, None)),
        _ => {
            let at = instant(text, zone)?;
            Some(on(at.with_timezone(&zone).date_naive(), Some(at)))
        }
    }
}

/// Reads an instant; `None` for anything less exact.
pub fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    day(text.get(..10)?)?;
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z") {
        return Some(at.to_utc());
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    local_instant(local, zone)
}

/// The instant of a local time: the first one of an hour that occurs twice, an hour later in the hour that never occurs.
fn local_instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let later = || local.checked_add_signed(chrono::TimeDelta::hours(1));
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&later()?).earliest())
        .map(|at| at.to_utc())
}

fn on(day: NaiveDate, at: Option<DateTime<Utc>>) -> Moment {
    Moment {
        year: day.year(),
        month: Some(day.month()),
        day: Some(day),
        at,
    }
}

/// Four digits, two digits, two digits: chrono alone would also read signs and fewer digits.
fn day(text: &str) -> Option<NaiveDate> {
    let (year, month, day) = (text.get(..4)?, text.get(5..7)?, text.get(8..10)?);
    let dashes = text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let day = NaiveDate::from_ymd_opt(number(year)?, number(month)?, number(day)?)?;
    dashes.then_some(day)
}

fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Berlin;
    use proptest::prelude::*;

    fn day_of(text: &str) -> Option<String> {
        parse(text, Berlin)
            .and_then(|moment| moment.day)
            .map(|day| day.to_string())
    }

    #[test]
    fn days_are_local() {
        assert_eq!(
            day_of("2024-03-01T23:30:00Z").as_deref(),
            Some("2024-03-02")
        );
        assert_eq!(
            day_of("2024-07-01T22:00:00Z").as_deref(),
            Some("2024-07-02")
        );
        assert_eq!(day_of("2024-03-01T23:30:00").as_deref(), Some("2024-03-01"));
        assert_eq!(
            day_of("2024-03-01T00:30+01:00").as_deref(),
            Some("2024-03-01")
        );
        assert_eq!(day_of("2024-03-01").as_deref(), Some("2024-03-01"));
    }

    #[test]
    fn partial_dates_keep_their_precision() {
        let year = parse("1980", Berlin).map(|moment| (moment.year, moment.month, moment.day));
        assert_eq!(year, Some((1980, None, None)));
        let month = parse("1980-05", Berlin).map(|moment| (moment.year, moment.month, moment.day));
        assert_eq!(month, Some((1980, Some(5), None)));
        assert_eq!(
            parse("1980-05-06", Berlin).and_then(|moment| moment.at),
            None
        );
    }

    #[test]
    fn the_hour_that_never_occurs_and_the_one_that_occurs_twice_have_an_instant() {
        let at = |text| instant(text, Berlin).map(|at| at.to_rfc3339());
        assert_eq!(
            at("2024-03-31T02:30:00").as_deref(),
            Some("2024-03-31T01:30:00+00:00")
        );
        assert_eq!(
            at("2024-10-27T02:30:00").as_deref(),
            Some("2024-10-27T00:30:00+00:00")
        );
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "20",
            "2024-13",
            "2024-02-30",
            "01.02.2024",
            "+024",
            "2024-02-01T25:00:00Z",
            "ééééé",
            "2024-1-1",
        ] {
            assert_eq!(parse(text, Berlin), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_day_is_that_of_the_zone_whatever_the_offset(seconds in 0..2_000_000_000_i64, quarters in -48..56_i32) {
            let at = DateTime::from_timestamp(seconds, 0).expect("an instant");
            let offset = chrono::FixedOffset::east_opt(quarters * 900).expect("an offset");
            let found = parse(&at.with_timezone(&offset).to_rfc3339(), Berlin).expect("a moment");
            prop_assert_eq!(found.at, Some(at));
            // In Berlin it is one hour later than in Greenwich, two from the last Sunday of March to that of October.
            let last_sunday = |month| {
                let last = NaiveDate::from_ymd_opt(at.year(), month, 31).expect("a day");
                last - chrono::Days::new(u64::from(last.weekday().num_days_from_sunday()))
            };
            let one = |day: NaiveDate| day.and_hms_opt(1, 0, 0).expect("a time");
            let is_summer = at.naive_utc() >= one(last_sunday(3)) && at.naive_utc() < one(last_sunday(10));
            if at.year() >= 1996 {
                let local = at.naive_utc() + chrono::TimeDelta::hours(1 + i64::from(is_summer));
                prop_assert_eq!(found.day, Some(local.date()));
            }
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}T?[0-9:.Z+-]{0,16}") {
            let _ = parse(&text, Berlin);
        }
    }
}
