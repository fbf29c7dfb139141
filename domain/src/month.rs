//! Calendar months.

use std::{fmt, str::FromStr};

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::stay::Period;

/// A calendar month of the years 1 to 9998.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: NaiveDate,
}

/// A text that names no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a month like \"2025-09\"")]
pub struct NotAMonth(String);

impl Month {
    /// The month that a day lies in.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Month {
            first: day.with_day(1).unwrap_or(day),
        }
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        let next = self.first.checked_add_months(Months::new(1));
        next.and_then(|next| next.checked_sub_days(Days::new(1)))
            .unwrap_or(self.first)
    }

    /// Its days.
    #[must_use]
    pub fn period(self) -> Period {
        Period {
            from: self.first,
            to: self.last_day(),
        }
    }

    /// The month some months before; the first that can be reckoned with where there is none.
    #[must_use]
    pub fn before(self, months: u32) -> Self {
        let first = self.first.checked_sub_months(Months::new(months));
        Month {
            first: first.unwrap_or(NaiveDate::MIN),
        }
    }

    /// Year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.first.year()
    }

    /// Number within the year, 1 to 12.
    #[must_use]
    pub fn number(self) -> u32 {
        self.first.month()
    }

    /// The days from the beginning of its year to its end.
    #[must_use]
    pub fn year_to_date(self) -> Period {
        Period {
            from: self.before(self.first.month0()).first,
            to: self.last_day(),
        }
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let refuse = || NotAMonth(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(refuse)?;
        let number = |digits: &str, length: usize| -> Option<u32> {
            let is_number = digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| is_number)
        };
        let year = number(year, 4).filter(|year| (1..=9998).contains(year));
        let first = year
            .zip(number(month, 2))
            .and_then(|(year, month)| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1));
        Ok(Month {
            first: first.ok_or_else(refuse)?,
        })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_knows_its_days_and_its_year() {
        let month: Month = "2024-02".parse().expect("a month");
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        assert_eq!(month.period().to, day(2024, 2, 29));
        assert_eq!(month.before(12).to_string(), "2023-02");
        assert_eq!(month.year_to_date().from, day(2024, 1, 1));
        assert_eq!(Month::of(day(2024, 2, 17)), month);
        assert_eq!(
            "0001-01"
                .parse()
                .map(|month: Month| month.before(12).year()),
            Ok(0)
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2024",
            "2024-13",
            "2024-00",
            "24-02",
            "2024-2",
            "+024-02",
            "2024-02-01",
            "0000-01",
            "9999-01",
            "2024-0a",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
