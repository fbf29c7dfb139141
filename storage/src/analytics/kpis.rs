//! Figures of clinics and of their group for a period, which the comparison and the monthly report share.

use chrono::NaiveDate;
use domain::{
    columns::{
        Selection,
        kpis::{KpiCount, Kpis},
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
    let filter = StayFilter {
        period,
        ..filter.clone()
    };
    source.scan(
        || stays::around(&filter.clinics, period, DAYS_AFTER),
        KpiCount::default(),
        |count, columns| count.add(columns, &Selection::new(&filter, columns), period),
        |mut count, columns| {
            let mut of = |key: i64| {
                let place = columns.clinic_keys().iter().position(|known| *known == key);
                let kpis = place.and_then(|place| count.clinics.get_mut(place));
                (key, kpis.map(std::mem::take).unwrap_or_default())
            };
            let clinics = filter.clinics.iter().map(|key| of(*key)).collect();
            ClinicKpis {
                group: count.group,
                clinics,
                last_day: NaiveDate::from_num_days_from_ce_opt(columns.last_day)
                    .filter(|_| columns.last_day > 0),
            }
        },
    )
}
