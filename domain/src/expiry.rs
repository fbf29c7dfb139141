//! Until when events may be changed: periods of DHIS2's calendar that close some days after their end, and completions
//! that become final.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Weekday};

/// A kind of period. Periods of a kind follow each other without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodType {
    /// One day.
    Day,
    /// Seven days from a weekday.
    Week(Weekday),
    /// Two ISO weeks, the first of them an odd one.
    TwoWeeks,
    /// Some months; the first period of a year begins with month `from`, 1 to 12.
    Months {
        /// Length, months.
        length: u32,
        /// Month in which the first period of a year begins.
        from: u32,
    },
}

impl PeriodType {
    /// Reads DHIS2's name of a period type, such as `Monthly`; `None` for one it does not have.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let months = |length, from| PeriodType::Months { length, from };
        Some(match name {
            "Daily" => PeriodType::Day,
            "Weekly" => PeriodType::Week(Weekday::Mon),
            "WeeklyWednesday" => PeriodType::Week(Weekday::Wed),
            "WeeklyThursday" => PeriodType::Week(Weekday::Thu),
            "WeeklyFriday" => PeriodType::Week(Weekday::Fri),
            "WeeklySaturday" => PeriodType::Week(Weekday::Sat),
            "WeeklySunday" => PeriodType::Week(Weekday::Sun),
            "BiWeekly" => PeriodType::TwoWeeks,
            "Monthly" => months(1, 1),
            "BiMonthly" => months(2, 1),
            "Quarterly" => months(3, 1),
            "QuarterlyNov" => months(3, 11),
            "SixMonthly" => months(6, 1),
            "SixMonthlyApril" => months(6, 4),
            "SixMonthlyNov" => months(6, 11),
            "Yearly" => months(12, 1),
            "FinancialFeb" => months(12, 2),
            "FinancialApril" => months(12, 4),
            "FinancialJuly" => months(12, 7),
            "FinancialAug" => months(12, 8),
            "FinancialSep" => months(12, 9),
            "FinancialOct" => months(12, 10),
            "FinancialNov" => months(12, 11),
            _ => return None,
        })
    }

    /// Last day of the period that a day lies in; `None` beyond the calendar.
    #[must_use]
    pub fn end(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            PeriodType::Day => Some(day),
            PeriodType::Week(first) => {
                let into = day.weekday().days_since(first);
                day.checked_add_days(Days::new(u64::from(6 - into)))
            }
            PeriodType::TwoWeeks => {
                let into = day.weekday().days_since(Weekday::Mon);
                let weeks = u32::from(day.iso_week().week() % 2 == 1);
                day.checked_add_days(Days::new(u64::from(6 - into + 7 * weeks)))
            }
            PeriodType::Months { length, from } => {
                let into = (day.month() + 12 - from) % length;
                day.with_day(1)?
                    .checked_add_months(Months::new(length - into))?
                    .pred_opt()
            }
        }
    }

    /// Whether the period of a moment is closed: `days` whole days passed since its last one.
    #[must_use]
    pub fn is_closed(self, moment: NaiveDateTime, days: u32, now: NaiveDateTime) -> bool {
        let end = self.end(moment.date());
        let limit = end.and_then(|end| end.checked_add_days(Days::new(u64::from(days) + 1)));
        limit.is_some_and(|limit| NaiveDateTime::from(limit) < now)
    }
}

/// Whether a completion is final: more than `days` days ago.
#[must_use]
pub fn is_final(completed: NaiveDateTime, days: u32, now: NaiveDateTime) -> bool {
    let limit = completed.checked_add_days(Days::new(u64::from(days)));
    limit.is_some_and(|limit| limit < now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn every_day_lies_in_one_period_and_ends_agree() {
        for (name, in_it, end) in [
            ("Daily", "2025-03-05", "2025-03-05"),
            ("Weekly", "2025-03-05", "2025-03-09"),
            ("WeeklySunday", "2025-03-05", "2025-03-08"),
            ("WeeklyWednesday", "2025-03-05", "2025-03-11"),
            ("BiWeekly", "2025-01-01", "2025-01-12"),
            ("BiWeekly", "2025-01-12", "2025-01-12"),
            ("Monthly", "2024-02-01", "2024-02-29"),
            ("BiMonthly", "2025-01-15", "2025-02-28"),
            ("Quarterly", "2025-05-31", "2025-06-30"),
            ("SixMonthlyApril", "2025-03-31", "2025-03-31"),
            ("SixMonthlyNov", "2025-11-01", "2026-04-30"),
            ("Yearly", "2025-01-01", "2025-12-31"),
            ("FinancialJuly", "2025-06-30", "2025-06-30"),
            ("FinancialOct", "2025-10-01", "2026-09-30"),
        ] {
            let kind = PeriodType::parse(name).expect("a period type");
            assert_eq!(kind.end(day(in_it)), Some(day(end)), "{name} {in_it}");
            assert_eq!(kind.end(day(end)), Some(day(end)), "{name} {end}");
        }
        assert_eq!(PeriodType::parse("Fortnightly"), None);
    }

    #[test]
    fn a_period_closes_after_its_grace() {
        let month = PeriodType::parse("Monthly").expect("a period type");
        let event = day("2025-03-05").into();
        let closed = |now| month.is_closed(event, 3, NaiveDateTime::from(day(now)));
        assert!(!closed("2025-04-04"));
        assert!(closed("2025-04-05"));
        let completed = day("2025-03-05").into();
        assert!(!is_final(completed, 2, day("2025-03-07").into()));
        assert!(is_final(completed, 2, day("2025-03-08").into()));
    }
}
