//! The questions that people ask first in the morning, answered before they ask.

use chrono::{Datelike, Days, Months, NaiveDate};
use domain::{
    icd10::Level,
    month::Month,
    stay::{DateBasis, Period, StayFilter},
};
use storage::{analytics::flow::Shape, clinics};

use crate::{analytics::Analytics, questions};

/// Answers the usual questions for the group and for each clinic: the last full month beside the one before with its
/// report, and the last twelve full months. What fails is left to whoever asks.
pub async fn warm(analytics: &Analytics, minimum: u32) {
    let Ok(version) = analytics.version().await else {
        return;
    };
    let Ok(clinics) = analytics.background().run("clinics", clinics::list).await else {
        return;
    };
    let mut keys: Vec<i64> = clinics.iter().map(|clinic| clinic.clinic_id).collect();
    keys.sort_unstable();
    let through = version.imported_through.unwrap_or(version.refreshed_at);
    let Some((month, previous, year)) = periods(through.date_naive()) else {
        return;
    };
    let _answer = questions::stay_faults(analytics, chrono::Utc::now().date_naive()).await;
    let _answer = questions::row_faults(analytics).await;
    let _answer = questions::titles(analytics).await;
    let single: Vec<Vec<i64>> = keys.iter().map(|key| vec![*key]).collect();
    for clinics in std::iter::once(keys).chain(single).take(20) {
        if clinics.is_empty() {
            continue;
        }
        let _answer =
            questions::report(analytics, clinics.clone(), Month::of(month.from), minimum).await;
        let of = |period| StayFilter::all(period, DateBasis::Admission, clinics.clone());
        for period in [month, previous, year] {
            let _answer = questions::diagnoses(analytics, of(period), Level::Chapter).await;
            let _answer = questions::kpis(analytics, of(month), period).await;
        }
        let _answer = questions::flow(
            analytics,
            of(month),
            Shape {
                minimum,
                ..Shape::default()
            },
        )
        .await;
    }
}

/// The last full month before a day, the month before it, and the twelve months that end with it.
fn periods(through: NaiveDate) -> Option<(Period, Period, Period)> {
    let first = through.with_day(1)?;
    let month = |back: u32| {
        let from = first.checked_sub_months(Months::new(back))?;
        let to = (from + Months::new(1)).checked_sub_days(Days::new(1))?;
        Some(Period { from, to })
    };
    let (last, previous) = (month(1)?, month(2)?);
    let year = Period {
        from: first.checked_sub_months(Months::new(12))?,
        to: last.to,
    };
    Some((last, previous, year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_months_end_before_the_month_of_the_data() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        let (month, previous, year) = periods(day(2026, 3, 31)).expect("periods");
        assert_eq!((month.from, month.to), (day(2026, 2, 1), day(2026, 2, 28)));
        assert_eq!(
            (previous.from, previous.to),
            (day(2026, 1, 1), day(2026, 1, 31))
        );
        assert_eq!((year.from, year.to), (day(2025, 3, 1), day(2026, 2, 28)));
    }
}
