//! Periods that are told from today.

use chrono::{Datelike, Days, Months, NaiveDate};

/// A period relative to a day, as DHIS2 names them. "Last" days end yesterday; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelativePeriod {
    /// The day itself.
    Today,
    /// The day before.
    Yesterday,
    /// The 3 days before.
    Last3Days,
    /// The 7 days before.
    Last7Days,
    /// The 14 days before.
    Last14Days,
    /// The 30 days before.
    Last30Days,
    /// The 60 days before.
    Last60Days,
    /// The 90 days before.
    Last90Days,
    /// The 180 days before.
    Last180Days,
    /// The week of the day.
    ThisWeek,
    /// The week before.
    LastWeek,
    /// The month of the day.
    ThisMonth,
    /// The month before.
    LastMonth,
    /// The quarter of the day.
    ThisQuarter,
    /// The quarter before.
    LastQuarter,
    /// The year of the day.
    ThisYear,
    /// The year before.
    LastYear,
}

impl RelativePeriod {
    /// First and last day; `None` at the end of the calendar.
    #[must_use]
    pub fn days(self, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let before = |days| {
            Some((
                today.checked_sub_days(Days::new(days))?,
                today.checked_sub_days(Days::new(1))?,
            ))
        };
        match self {
            Self::Today => Some((today, today)),
            Self::Yesterday => before(1),
            Self::Last3Days => before(3),
            Self::Last7Days => before(7),
            Self::Last14Days => before(14),
            Self::Last30Days => before(30),
            Self::Last60Days => before(60),
            Self::Last90Days => before(90),
            Self::Last180Days => before(180),
            Self::ThisWeek => week(today, 0),
            Self::LastWeek => week(today, 7),
            Self::ThisMonth => months(today, today.month0(), 1, 0),
            Self::LastMonth => months(today, today.month0(), 1, 1),
            Self::ThisQuarter => months(today, today.month0() / 3 * 3, 3, 0),
            Self::LastQuarter => months(today, today.month0() / 3 * 3, 3, 3),
            Self::ThisYear => months(today, 0, 12, 0),
            Self::LastYear => months(today, 0, 12, 12),
        }
    }
}

fn week(today: NaiveDate, days_back: u64) -> Option<(NaiveDate, NaiveDate)> {
    let back = u64::from(today.weekday().num_days_from_monday()) + days_back;
    let monday = today.checked_sub_days(Days::new(back))?;
    Some((monday, monday.checked_add_days(Days::new(6))?))
}

/// So many months from a month of the day's year, moved back.
fn months(today: NaiveDate, month0: u32, length: u32, back: u32) -> Option<(NaiveDate, NaiveDate)> {
    let first = NaiveDate::from_ymd_opt(today.year(), month0 + 1, 1)?;
    let first = first.checked_sub_months(Months::new(back))?;
    let behind = first.checked_add_months(Months::new(length))?;
    Some((first, behind.checked_sub_days(Days::new(1))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_end_where_the_calendar_says() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a Sunday");
        for (period, expected) in [
            (RelativePeriod::Today, "2026-03-01 2026-03-01"),
            (RelativePeriod::Last7Days, "2026-02-22 2026-02-28"),
            (RelativePeriod::ThisWeek, "2026-02-23 2026-03-01"),
            (RelativePeriod::LastWeek, "2026-02-16 2026-02-22"),
            (RelativePeriod::LastMonth, "2026-02-01 2026-02-28"),
            (RelativePeriod::ThisQuarter, "2026-01-01 2026-03-31"),
            (RelativePeriod::LastQuarter, "2025-10-01 2025-12-31"),
            (RelativePeriod::LastYear, "2025-01-01 2025-12-31"),
        ] {
            let (from, to) = period.days(today).expect("days");
            assert_eq!(format!("{from} {to}"), expected, "{period:?}");
        }
    }
}
