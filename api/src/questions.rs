//! What is asked of analytics. Every caller asks through these, so that equal questions share one answer.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use domain::{
    columns::flow::Flow,
    icd10::Level,
    month::Month,
    stay::{Period, StayFilter},
};
use storage::{
    Result,
    analytics::{
        diagnoses::{self, DiagnosisTree},
        flow::{self, Shape},
        kpis::{self, ClinicKpis},
        quality::{self, Fault},
        report::{self, ReportFigures},
        version::DataVersion,
    },
};

use crate::analytics::Analytics;

/// An answer with the version it comes from.
pub type Answer<T> = Result<(DataVersion, Arc<T>)>;

/// Diagnoses of a filter's stays, down to a level.
pub async fn diagnoses(
    analytics: &Analytics,
    filter: StayFilter,
    level: Level,
) -> Answer<DiagnosisTree> {
    analytics
        .ask(format!("diagnoses {level:?} {filter:?}"), move |source| {
            diagnoses::tree(source, &filter, level)
        })
        .await
}

/// KPIs of a filter's clinics for a period, which stands in place of the filter's own.
pub async fn kpis(
    analytics: &Analytics,
    mut filter: StayFilter,
    period: Period,
) -> Answer<ClinicKpis> {
    filter.period = period;
    analytics
        .ask(format!("kpis {filter:?}"), move |source| {
            kpis::of_clinics(source, &filter, period)
        })
        .await
}

/// Flow of a filter's stays.
pub async fn flow(analytics: &Analytics, filter: StayFilter, shape: Shape) -> Answer<Flow> {
    analytics
        .ask(format!("flow {shape:?} {filter:?}"), move |source| {
            flow::of_stays(source, &filter, shape)
        })
        .await
}

/// Titles of diagnoses by chapter, block or code.
pub async fn titles(analytics: &Analytics) -> Answer<HashMap<String, String>> {
    analytics
        .ask_live("titles".to_owned(), diagnoses::titles)
        .await
}

/// Faults of the stays of every clinic. Whoever asks shows those of the clinics that the caller may see. Which open stays
/// are long depends on the day, so each day is a question of its own.
pub async fn stay_faults(analytics: &Analytics, today: NaiveDate) -> Answer<Vec<Fault>> {
    analytics
        .ask(format!("stay faults {today}"), move |source| {
            quality::of_stays(source, today)
        })
        .await
}

/// Faults of the diagnoses and observations of every clinic.
pub async fn row_faults(analytics: &Analytics) -> Answer<Vec<Fault>> {
    analytics
        .ask_live("row faults".to_owned(), quality::of_rows)
        .await
}

/// Figures of a month's report of some clinics, with the fewest patients behind a shown one.
pub async fn report(
    analytics: &Analytics,
    clinics: Vec<i64>,
    month: Month,
    minimum: u32,
) -> Answer<ReportFigures> {
    analytics
        .ask(
            format!("report {month} {minimum} {clinics:?}"),
            move |source| report::of_month(source, &clinics, month, minimum),
        )
        .await
}
