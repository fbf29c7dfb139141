//! Clinics side by side and the group, in two periods.

use std::{ops::Deref, sync::Arc};

use async_graphql::{Context, Enum, Result, SimpleObject};
use domain::{
    columns::{
        indicator::{self, KPIS},
        kpis::{Kpis, Measure},
    },
    stay::Period,
};
use storage::analytics::kpis::ClinicKpis;

use super::{
    clinics::{self, Clinic},
    context,
    data_version::DataVersion,
    error::fail,
    log_read,
    scalars::Date,
    stay_filter::{self, DateRange, StayFilter},
};
use crate::{guard::What, questions};

/// A KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "indicator::Kpi")]
pub enum Kpi {
    /// Stays admitted in the period.
    Admissions,
    /// Stays discharged in the period, deaths included.
    Discharges,
    /// Half the sum of admissions and discharges, as official statistics count cases.
    Cases,
    /// Stays whose day, as the filter's basis says, lies in the period.
    Stays,
    /// Distinct patients of these stays.
    Patients,
    /// Days in the period on which a bed was occupied: the day of admission and each further one but the last.
    BedDays,
    /// Bed days of the stays discharged in the period by their number.
    AverageLengthOfStay,
    /// Bed days that half of the stays discharged in the period do not exceed.
    MedianLengthOfStay,
    /// Bed days that 90 % of the stays discharged in the period do not exceed.
    LengthOfStayPercentile90,
    /// Bed days by beds and days; null where beds are not known.
    Occupancy,
    /// Stays open at midnight before the period.
    CarriedOver,
    /// Stays open at midnight of its last day.
    MidnightCensus,
    /// Emergencies by admissions.
    EmergencyShare,
    /// Stays that ended with death in the period.
    Deaths,
    /// Deaths by discharges.
    Mortality,
    /// Discharges home or to care after which the patient came back as an inpatient within 1 to 30 days: to the clinic, for
    /// the group to any of its clinics. Only discharges with 30 known days behind them; null where there are none.
    Readmissions,
    /// Readmissions by the discharges that could be followed for 30 days.
    ReadmissionRate,
    /// Admissions from other hospitals.
    TransfersIn,
    /// Discharges to other hospitals.
    TransfersOut,
    /// Changes of station by stays.
    InternalTransfersPerStay,
    /// Stays that touched an intensive care unit.
    IntensiveStays,
    /// Discharges on the day of admission.
    HourCases,
    /// Discharges on the day after admission.
    OneNightCases,
    /// Diagnoses that are no main diagnosis by stays.
    SecondaryDiagnosesPerStay,
    /// Stays without a main diagnosis by stays.
    WithoutMainDiagnosis,
    /// Discharges without a reason by discharges.
    UnknownDischargeReason,
}

/// Unit of a KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "indicator::Unit")]
pub enum KpiUnit {
    /// Stays, patients or cases.
    Number,
    /// Days.
    Days,
    /// 0 to 1.
    Share,
    /// A mean number for each stay.
    PerStay,
}

/// Which way a KPI should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "indicator::Direction")]
pub enum KpiDirection {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

/// A number that is hidden when too few patients stand behind it.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Measured {
    /// The number; null when it is hidden or nothing stands below the fraction.
    pub(crate) value: Option<f64>,
    /// Whether it is hidden because it would tell of too few patients.
    pub(crate) suppressed: bool,
}

impl Measured {
    /// The difference from another number, and that by the other number.
    pub(crate) fn change_from(self, previous: Measured) -> (Option<f64>, Option<f64>) {
        let both = self.value.zip(previous.value);
        let difference = both.map(|(now, then)| now - then);
        let base = previous.value.filter(|then| *then != 0.0);
        let change = difference
            .zip(base)
            .map(|(difference, base)| difference / base);
        (difference, change)
    }

    fn per_day(self, days: i64) -> Measured {
        Measured {
            value: self.value.map(|value| value / days as f64),
            ..self
        }
    }
}

/// A KPI in both periods.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct KpiComparison {
    /// Which.
    pub(crate) kpi: Kpi,
    /// Its unit.
    pub(crate) unit: KpiUnit,
    /// In the current period.
    pub(crate) current: Measured,
    /// In the previous period.
    pub(crate) previous: Measured,
    /// Current less previous; null when either is hidden or absent.
    pub(crate) difference: Option<f64>,
    /// The difference by the previous value; null when it is hidden, absent or 0.
    pub(crate) change: Option<f64>,
    /// Numbers that add up over days, by the days of their periods: what can be compared where the periods have different
    /// lengths. Null for patients, censuses, shares and means.
    pub(crate) per_day: Option<PerDay>,
    /// Which way it should go; null where neither is better.
    pub(crate) wanted: Option<KpiDirection>,
}

/// A KPI by the days of the periods.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct PerDay {
    /// In the current period; null when it is hidden or absent.
    pub(crate) current: Option<f64>,
    /// In the previous period; null when it is hidden or absent.
    pub(crate) previous: Option<f64>,
    /// Current less previous by the previous; null when either is hidden or absent, or the previous is 0.
    pub(crate) change: Option<f64>,
}

/// A clinic, or the group.
#[derive(SimpleObject)]
pub struct ComparisonRow {
    /// The clinic; null for the group.
    pub(crate) clinic: Option<Clinic>,
    /// Its KPIs, in the order of reports.
    pub(crate) kpis: Vec<KpiComparison>,
}

/// Clinics side by side in two periods. The group is counted, not summed: a patient of two clinics is one.
#[derive(SimpleObject)]
pub struct ClinicComparison {
    /// All clinics of the filter together.
    group: ComparisonRow,
    /// Each clinic, by name.
    clinics: Vec<ComparisonRow>,
    /// Days of the current period.
    current_days: i64,
    /// Days of the previous period.
    previous_days: i64,
    /// Whether the periods have different lengths, so that numbers of stays and days cannot be compared as they are.
    lengths_differ: bool,
    /// Whether the current period ends after the last day that the data know.
    is_incomplete: bool,
    /// The last day that the data know; null when there are none.
    known_through: Option<Date>,
    /// The data version that all figures come from.
    as_of: DataVersion,
}

/// One period with what of it is hidden.
pub(crate) struct Side<K> {
    /// Days of the period.
    pub days: i64,
    /// Its figures.
    pub kpis: K,
    /// What of them is hidden: of the group, then of each clinic.
    pub hidden: Vec<Vec<Measure>>,
}

impl Side<Arc<ClinicKpis>> {
    fn new(kpis: Arc<ClinicKpis>, period: Period, minimum: u32) -> Self {
        let all: Vec<&Kpis> = std::iter::once(&kpis.group)
            .chain(kpis.clinics.iter().map(|(_, kpis)| kpis))
            .collect();
        Side {
            days: period.days(),
            hidden: indicator::hidden(&all, minimum),
            kpis,
        }
    }
}

impl<K: Deref<Target = ClinicKpis>> Side<K> {
    /// A KPI of the group (place 0) or of a clinic.
    pub fn measured(&self, place: usize, kpi: indicator::Kpi, beds: Option<i64>) -> Measured {
        let kpis = match place {
            0 => &self.kpis.group,
            place => &self.kpis.clinics[place - 1].1,
        };
        let mut measures = kpi.measures().iter();
        let suppressed = measures.any(|measure| self.hidden[place].contains(measure));
        Measured {
            value: kpi.value(kpis, beds, self.days).filter(|_| !suppressed),
            suppressed,
        }
    }
}

/// Answers `clinicComparison`.
pub(super) async fn compare(
    ctx: &Context<'_>,
    filter: StayFilter,
    current: DateRange,
    previous: DateRange,
) -> Result<ClinicComparison> {
    let request = context(ctx);
    let filter = stay_filter::read(ctx, filter).await?;
    let (current, previous) = (current.period("current")?, previous.period("previous")?);
    let question = format!("{current} beside {previous}: {filter}");
    log_read(ctx, What::of_analytics(question)).await?;
    let analytics = &request.shared.analytics;
    let (version, now) = questions::kpis(analytics, filter.clone(), current)
        .await
        .map_err(fail)?;
    let (other, then) = questions::kpis(analytics, filter.clone(), previous)
        .await
        .map_err(fail)?;
    request.saw_data_version(version.data_version_id);
    request.saw_data_version(other.data_version_id);
    let minimum = request.shared.minimum_cell;
    let now = &Side::new(now, current, minimum);
    let then = &Side::new(then, previous, minimum);
    let known_through = now.kpis.last_day;
    let visible = clinics::visible(ctx).await?;
    let beds = |key: &i64| -> Option<i64> {
        let clinic = visible.iter().find(|clinic| clinic.clinic_id == *key)?;
        clinic.beds.map(i64::from)
    };
    let all_beds: Option<i64> = filter.clinics.iter().map(beds).sum();
    let place = |key: i64| filter.clinics.iter().position(|known| *known == key);
    let mut rows = Vec::new();
    for clinic in &visible {
        if let Some(place) = place(clinic.clinic_id) {
            rows.push(ComparisonRow {
                kpis: row(now, then, place + 1, clinic.beds.map(i64::from)),
                clinic: Some(Clinic(clinic.clone())),
            });
        }
    }
    Ok(ClinicComparison {
        group: ComparisonRow {
            clinic: None,
            kpis: row(now, then, 0, all_beds),
        },
        clinics: rows,
        current_days: now.days,
        previous_days: then.days,
        lengths_differ: now.days != then.days,
        is_incomplete: known_through.is_none_or(|day| current.to > day),
        known_through: known_through.map(Date),
        as_of: DataVersion(version),
    })
}

/// The KPIs of the group (place 0) or of a clinic in two periods.
pub(crate) fn row<K: Deref<Target = ClinicKpis>>(
    now: &Side<K>,
    then: &Side<K>,
    place: usize,
    beds: Option<i64>,
) -> Vec<KpiComparison> {
    let compare = |kpi: indicator::Kpi| {
        let (current, previous) = (
            now.measured(place, kpi, beds),
            then.measured(place, kpi, beds),
        );
        let (difference, change) = current.change_from(previous);
        let per_day = || {
            let (current, previous) = (current.per_day(now.days), previous.per_day(then.days));
            PerDay {
                current: current.value,
                previous: previous.value,
                change: current.change_from(previous).1,
            }
        };
        KpiComparison {
            kpi: kpi.into(),
            unit: kpi.unit().into(),
            difference,
            change,
            per_day: kpi.is_of_days().then(per_day),
            wanted: kpi.wanted().map(Into::into),
            current,
            previous,
        }
    };
    KPIS.into_iter().map(compare).collect()
}
