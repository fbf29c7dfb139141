//! The six years up to today, as numbered days.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Europe::Berlin;

use super::random::{Apportion, Weighted};

/// The days for which data are generated: six years, the last one is yesterday.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    pub(super) first: NaiveDate,
    pub(super) today: NaiveDate,
}

/// How busy days are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// How many times busier the last day is than the first.
    pub(super) growth: f64,
    /// Activity on Saturdays and Sundays; a working day has 1.
    pub(super) weekend: [f64; 2],
}

impl Calendar {
    pub(super) fn new(today: NaiveDate) -> Self {
        let first = today - Months::new(72);
        Calendar { first, today }
    }

    /// Number of days.
    pub(super) fn days(&self) -> u16 {
        (self.today - self.first).num_days() as u16
    }

    pub(super) fn date(&self, day: u16) -> NaiveDate {
        self.first + Days::new(u64::from(day))
    }

    /// The last second before today: nothing is stored later.
    pub(super) fn end(&self) -> NaiveDateTime {
        self.today.and_time(NaiveTime::MIN) - chrono::TimeDelta::seconds(1)
    }

    /// A moment of a day.
    pub(super) fn at(&self, day: u16, minute: u16) -> NaiveDateTime {
        self.date(day).and_time(NaiveTime::MIN) + chrono::TimeDelta::minutes(i64::from(minute))
    }

    /// A weight for each day.
    pub(super) fn weights(&self, rhythm: Rhythm) -> Vec<f64> {
        let days = f64::from(self.days());
        (0..self.days())
            .map(|day| {
                let weekday = match self.date(day).weekday() {
                    Weekday::Sat => rhythm.weekend[0],
                    Weekday::Sun => rhythm.weekend[1],
                    _ => 1.0,
                };
                weekday * (1.0 + (rhythm.growth - 1.0) * f64::from(day) / days)
            })
            .collect()
    }

    /// A choice among the days.
    pub(super) fn choice(&self, rhythm: Rhythm) -> Weighted {
        Weighted::new(self.weights(rhythm))
    }

    /// How many of `total` fall on each day; together exactly `total`.
    pub(super) fn allocate(&self, total: u64, rhythm: Rhythm) -> Vec<u64> {
        let weights = self.weights(rhythm);
        let mut shares =
            Apportion::new(total, weights.iter().fold(0.0, |sum, weight| sum + weight));
        weights.iter().map(|&weight| shares.next(weight)).collect()
    }
}

/// The instant of a local time in a clinic. A time that the change to summer time leaves out is an hour later.
pub(super) fn instant(local: NaiveDateTime) -> DateTime<Utc> {
    match local.and_local_timezone(Berlin).earliest() {
        Some(time) => time.with_timezone(&Utc),
        None => local.and_utc() - chrono::TimeDelta::hours(1),
    }
}
