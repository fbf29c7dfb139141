//! The monthly report. PDF, CSV and XLSX are made of the same answer.

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use domain::columns::{indicator, report};

use super::{
    clinics::Clinic,
    comparison::{ComparisonRow, Kpi, KpiDirection, KpiUnit, Measured},
    context,
    data_version::DataVersion,
    diagnosis_rows::{Count, DiagnosisRow},
    error::fail,
    flow::PatientFlow,
    log_read,
    quality::DataQuality,
    scalars::{Date, Month},
};
use crate::report::{assemble, words::Text};

/// Which days of the stays a KPI looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "indicator::Basis")]
pub enum KpiBasis {
    /// The day of admission lies in the period.
    Admission,
    /// The day of discharge lies in the period.
    Discharge,
    /// Either lies in the period.
    AdmissionAndDischarge,
    /// The stay's days that lie in the period.
    Calendar,
    /// The stay is open at midnight.
    Midnight,
}

/// How stays are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "report::Division")]
pub enum Division {
    /// Admissions by the way of admission.
    AdmissionType,
    /// Discharges by the way of discharge.
    DischargeType,
    /// Discharged stays by kind.
    CaseKind,
    /// Discharged stays by sex.
    Sex,
    /// Discharged stays by age at admission.
    AgeGroup,
}

/// What a KPI means.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct KpiDefinition {
    /// Which.
    pub(crate) kpi: Kpi,
    /// Its unit.
    pub(crate) unit: KpiUnit,
    /// Which days of the stays it looks at.
    pub(crate) basis: KpiBasis,
    /// Which way it should go; null where neither is better.
    pub(crate) wanted: Option<KpiDirection>,
    /// Its name.
    pub(crate) name: Text,
    /// How it is counted.
    pub(crate) definition: Text,
}

/// How a number changed.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Change {
    /// The month's number less the other; null when either is hidden or absent.
    pub(crate) difference: Option<f64>,
    /// The difference by the other number; null when it is hidden, absent or 0.
    pub(crate) change: Option<f64>,
}

/// A KPI of all clinics of the report together.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct ReportKpi {
    /// Which.
    pub(crate) kpi: Kpi,
    /// Its unit.
    pub(crate) unit: KpiUnit,
    /// In the month.
    pub(crate) month: Measured,
    /// In the month before.
    pub(crate) previous_month: Measured,
    /// In the same month of the year before.
    pub(crate) last_year: Measured,
    /// From the beginning of the year to the end of the month.
    pub(crate) year_to_date: Measured,
    /// From the month before to the month.
    pub(crate) from_previous_month: Change,
    /// From the same month of the year before to the month.
    pub(crate) from_last_year: Change,
}

/// A KPI in one month of the trend.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct TrendValue {
    /// Which.
    pub(crate) kpi: Kpi,
    /// Its value.
    pub(crate) value: Measured,
}

/// A month of the trend.
#[derive(Debug, Clone, SimpleObject)]
pub struct TrendMonth {
    /// The month.
    pub(crate) month: Month,
    /// Its KPIs, in the order of reports.
    pub(crate) kpis: Vec<TrendValue>,
}

/// A category of a division.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct DivisionPart {
    /// The category as filters name it, e.g. `EMERGENCY`, `AGE_45_TO_54`.
    pub(crate) category: &'static str,
    /// Its name.
    pub(crate) name: Text,
    /// Stays.
    pub(crate) stays: Count,
    /// Distinct patients.
    pub(crate) patients: Count,
    /// Stays by all stays of the division, 0 to 1; null when they are hidden or there are none.
    pub(crate) share: Option<f64>,
}

/// The month's stays by category.
#[derive(Debug, Clone, SimpleObject)]
pub struct ReportDivision {
    /// Which.
    pub(crate) division: Division,
    /// All categories, in their order.
    pub(crate) parts: Vec<DivisionPart>,
}

/// The figures of a month for some clinics: what `/reports/monthly/{month}.pdf`, `.csv` and `.xlsx` show. Stays belong to the
/// month of their discharge; every KPI names its own day. What is hidden is decided over the whole report.
#[derive(SimpleObject)]
pub struct MonthlyReport {
    /// The month.
    pub(crate) month: Month,
    /// The clinics, by name.
    pub(crate) clinics: Vec<Clinic>,
    /// The last day that the data know.
    pub(crate) known_through: Date,
    /// Whether the month ends after it.
    pub(crate) is_incomplete: bool,
    /// Fewest patients behind a shown figure; 0 or 1 where all are shown.
    pub(crate) minimum_patients: i32,
    /// Days of the month, of the month before, of the same month of the year before and of the year to date.
    pub(crate) days: Vec<i64>,
    /// KPIs of all clinics together, in the order of reports.
    pub(crate) kpis: Vec<ReportKpi>,
    /// What the KPIs mean.
    pub(crate) definitions: Vec<KpiDefinition>,
    /// KPIs of all clinics together in 13 months, the oldest first; the last is the month.
    pub(crate) trend: Vec<TrendMonth>,
    /// All clinics together, then each by name: the month and the month before.
    pub(crate) comparison: Vec<ComparisonRow>,
    /// The month's stays by way of admission and discharge, kind, sex and age.
    pub(crate) divisions: Vec<ReportDivision>,
    /// The ten main diagnoses of three characters that most discharged stays have, with the change from the month before.
    /// Where fewer than ten can be shown: blocks or chapters, the level of which more can.
    pub(crate) top_diagnoses: Vec<DiagnosisRow>,
    /// All stays discharged in the month.
    pub(crate) all_diagnoses: DiagnosisRow,
    /// How the stays discharged in the month went.
    pub(crate) patient_flow: PatientFlow,
    /// Quality of the clinics' data.
    pub(crate) data_quality: DataQuality,
    /// The data version that all figures come from.
    pub(crate) as_of: DataVersion,
}

/// Answers `monthlyReport`.
pub(super) async fn monthly(
    ctx: &Context<'_>,
    month: Month,
    clinics: Option<Vec<ID>>,
) -> Result<MonthlyReport> {
    let asked = clinics.unwrap_or_default();
    let asked: Vec<String> = asked.into_iter().map(|id| id.0).collect();
    let report = assemble::monthly(context(ctx), month.0, &asked).await;
    let report = report.map_err(fail)?;
    log_read(ctx, assemble::question(month.0, &asked)).await?;
    Ok(report)
}
