//! Figures of clinics and of their group for a period, which the comparison and the monthly report share.

use chrono::NaiveDate;
use domain::{
    columns::{
        Columns,
        kpis::{KpiCount, Kpis, PeriodKpis},
    },
    stay::{Period, StayFilter},
};

use super::{Source, stays};
use crate::Result;

/// Days after a discharge that readmissions look at.
const DAYS_AFTER: u64 = 30;

/// Figures of the filter's clinics.
#[derive(Debug, Clone, Default)]
pub struct ClinicKpis {
    /// All of them together: patients of two clinics count once, and coming back to another clinic is a readmission.
    pub group: Kpis,
    /// Each by its key, in the order of the filter; one without stays has zeros.
    pub clinics: Vec<(i64, Kpis)>,
    /// Latest day of admission in all data; `None` without any.
    pub last_day: Option<NaiveDate>,
}

/// Figures for a period, which stands in place of the filter's own.
///
/// # Errors
/// When the database fails.
pub fn of_clinics(
    source: &mut Source<'_>,
    filter: &StayFilter,
    period: Period,
) -> Result<ClinicKpis> {
    let found = of_periods(source, filter, &[period])?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// Figures for each of some periods, read once.
///
/// # Errors
/// When the database fails.
pub fn of_periods(
    source: &mut Source<'_>,
    filter: &StayFilter,
    periods: &[Period],
) -> Result<Vec<ClinicKpis>> {
    let (Some(from), Some(to)) = (
        periods.iter().map(|period| period.from).min(),
        periods.iter().map(|period| period.to).max(),
    ) else {
        return Ok(Vec::new());
    };
    source.scan(
        filter,
        || stays::around(&filter.clinics, Period { from, to }, DAYS_AFTER),
        KpiCount::new(periods),
        |count, columns| {
            let periods = count.into_periods().into_iter();
            periods
                .map(|period| of_period(period, columns, &filter.clinics))
                .collect()
        },
    )
}

fn of_period(mut period: PeriodKpis, columns: &Columns, clinics: &[i64]) -> ClinicKpis {
    let mut of = |key: &i64| {
        let place = columns.clinic_keys().iter().position(|known| known == key);
        let kpis = place.and_then(|place| period.clinics.get_mut(place));
        (*key, kpis.map(std::mem::take).unwrap_or_default())
    };
    let clinics = clinics.iter().map(&mut of).collect();
    ClinicKpis {
        group: period.group,
        clinics,
        last_day: NaiveDate::from_num_days_from_ce_opt(columns.last_day)
            .filter(|_| columns.last_day > 0),
    }
}
