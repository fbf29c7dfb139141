//! Puts a report together from one data version, for clinics that the caller may see.

use domain::{
    authority::VIEW_EVENT_ANALYTICS,
    columns::{
        indicator::{KPIS, Kpi},
        report::{DIVISIONS, Division},
    },
    month::Month,
    stay::DateBasis,
};
use storage::{
    Error, Result,
    analytics::{
        kpis::ClinicKpis,
        report::{self, ReportFigures},
    },
    clinics::Clinic,
};

use super::{definitions, words};
use crate::{
    caller::RequestContext,
    graphql::{
        clinics,
        comparison::{self, ComparisonRow, Measured, Side},
        data_version::DataVersion,
        diagnosis_rows::{Count, DiagnosisRow, Table},
        flow, quality,
        report::{
            Change, DivisionPart, KpiDefinition, MonthlyReport, ReportDivision, ReportKpi,
            TrendMonth, TrendValue,
        },
        scalars,
    },
    guard::What,
    questions,
};

/// Diagnoses that a report lists.
const TOP_DIAGNOSES: usize = 10;

/// What the audit log says of a report.
#[must_use]
pub fn question(month: Month, clinics: &[String]) -> What {
    What::of_analytics(format!("{month} {}", clinics.join(" ")).trim().to_owned())
}

/// The report of a month for the clinics asked for by identifier; for all that the caller may see when none is.
///
/// # Errors
/// [`Error::Input`] for an unknown clinic and a month that the data do not know, [`Error::Forbidden`] for a clinic outside
/// the caller's data-view scope, else when the database fails.
pub async fn monthly(
    request: &RequestContext,
    month: Month,
    asked: &[String],
) -> Result<MonthlyReport> {
    request.require(VIEW_EVENT_ANALYTICS, "the monthly report")?;
    let clinics = chosen(request, asked).await?;
    let mut keys: Vec<i64> = clinics.iter().map(|clinic| clinic.clinic_id).collect();
    keys.sort_unstable();
    let (analytics, minimum) = (&request.shared.analytics, request.shared.minimum_cell);
    let (version, figures) = questions::report(analytics, keys.clone(), month, minimum).await?;
    request.saw_data_version(version.data_version_id);
    let (titled, titles) = questions::titles(analytics).await?;
    request.saw_data_version(titled.data_version_id);
    let known_through = known(&figures, month)?;
    let beds = clinics
        .iter()
        .map(|clinic| clinic.beds.map(i64::from))
        .sum();
    let sides = Sides::new(&figures, month, beds);
    let (top_diagnoses, all_diagnoses) = sides.diagnoses(&titles, minimum);
    let mut flow = figures.flow.clone();
    if sides.are_stays_hidden(0) {
        flow.links.clear();
    }
    Ok(MonthlyReport {
        month: scalars::Month(month),
        known_through: scalars::Date(known_through),
        is_incomplete: month.last_day() > known_through,
        minimum_patients: i32::try_from(minimum).unwrap_or(i32::MAX),
        days: vec![
            sides.back(0).days,
            sides.back(1).days,
            sides.back(12).days,
            sides.year.days,
        ],
        kpis: KPIS.map(|kpi| sides.kpi(kpi)).to_vec(),
        definitions: KPIS.map(definition).to_vec(),
        trend: sides.trend(month),
        comparison: sides.comparison(&clinics, &keys),
        divisions: DIVISIONS
            .map(|division| divided(&figures, division, minimum))
            .to_vec(),
        top_diagnoses,
        all_diagnoses,
        patient_flow: flow::shown(request, &flow, version.clone()),
        data_quality: quality::of(request, &clinics).await?,
        clinics: clinics.into_iter().map(clinics::Clinic).collect(),
        as_of: DataVersion(version),
    })
}

/// The clinics asked for, by name.
async fn chosen(request: &RequestContext, asked: &[String]) -> Result<Vec<Clinic>> {
    let mut visible = clinics::of_caller(request).await?;
    // A clinic of others is refused as one that does not exist.
    let is_visible = |uid: &&String| visible.iter().any(|clinic| clinic.uid == **uid);
    if let Some(uid) = asked.iter().find(|uid| !is_visible(uid)) {
        return Err(Error::Forbidden(format!(
            "clinics: {uid} is not a clinic in your data-view scope; ask `clinics`"
        )));
    }
    if visible.is_empty() {
        return Err(Error::Forbidden(
            "no clinic lies in your data-view scope".to_owned(),
        ));
    }
    visible.retain(|clinic| asked.is_empty() || asked.contains(&clinic.uid));
    Ok(visible)
}

/// The last day that the data know, when the month begins before it.
fn known(figures: &ReportFigures, month: Month) -> Result<chrono::NaiveDate> {
    let last_day = figures.year.last_day;
    let last_day =
        last_day.ok_or_else(|| Error::Input(format!("month {month}: there are no data yet")))?;
    if month.first_day() > last_day {
        return Err(Error::Input(format!(
            "month {month} lies after {last_day}, the last day that the data know"
        )));
    }
    Ok(last_day)
}

fn definition(kpi: Kpi) -> KpiDefinition {
    let (name, definition) = definitions::of(kpi);
    KpiDefinition {
        kpi: kpi.into(),
        unit: kpi.unit().into(),
        basis: kpi.basis(DateBasis::Discharge).into(),
        wanted: kpi.wanted().map(Into::into),
        name,
        definition,
    }
}

/// The month's stays by category.
fn divided(figures: &ReportFigures, division: Division, minimum: u32) -> ReportDivision {
    let hidden = figures.hidden_parts(division, minimum);
    let amounts = figures.month().map(|kpis| division.parts(kpis));
    let amounts = amounts.unwrap_or_default();
    let whole: u64 = amounts.iter().map(|part| part.amount).sum();
    let part = |(category, is_hidden): (usize, bool)| {
        let amount = amounts[category];
        let (name, text) = words::category(division, category);
        DivisionPart {
            category: name,
            name: text,
            stays: Count::new(amount.amount as i64, is_hidden),
            patients: Count::new(amount.patients, is_hidden),
            share: (whole > 0 && !is_hidden).then(|| amount.amount as f64 / whole as f64),
        }
    };
    ReportDivision {
        division: division.into(),
        parts: hidden.into_iter().enumerate().map(part).collect(),
    }
}

/// The periods of a report with what of them is hidden.
struct Sides<'a> {
    figures: &'a ReportFigures,
    /// The oldest first.
    months: Vec<Side<&'a ClinicKpis>>,
    year: Side<&'a ClinicKpis>,
    beds: Option<i64>,
}

impl<'a> Sides<'a> {
    fn new(figures: &'a ReportFigures, month: Month, beds: Option<i64>) -> Self {
        let months = report::trend(month).into_iter();
        let months = months.zip(&figures.months).zip(&figures.hidden.months);
        Sides {
            figures,
            months: months
                .map(|((month, kpis), hidden)| Side {
                    days: month.period().days(),
                    kpis,
                    hidden: hidden.clone(),
                })
                .collect(),
            year: Side {
                days: month.year_to_date().days(),
                kpis: &figures.year,
                hidden: vec![figures.hidden.year.clone()],
            },
            beds,
        }
    }

    /// The month some months before the report's.
    fn back(&self, months: usize) -> &Side<&'a ClinicKpis> {
        &self.months[self.months.len() - 1 - months]
    }

    fn are_stays_hidden(&self, back: usize) -> bool {
        self.back(back)
            .measured(0, Kpi::Stays, self.beds)
            .suppressed
    }

    fn kpi(&self, kpi: Kpi) -> ReportKpi {
        let of = |side: &Side<&ClinicKpis>| side.measured(0, kpi, self.beds);
        let (month, previous_month) = (of(self.back(0)), of(self.back(1)));
        let last_year = of(self.back(12));
        let change = |then: Measured| {
            let (difference, change) = month.change_from(then);
            Change { difference, change }
        };
        ReportKpi {
            kpi: kpi.into(),
            unit: kpi.unit().into(),
            month,
            previous_month,
            last_year,
            year_to_date: of(&self.year),
            from_previous_month: change(previous_month),
            from_last_year: change(last_year),
        }
    }

    fn trend(&self, month: Month) -> Vec<TrendMonth> {
        let values = |side: &Side<&ClinicKpis>| {
            let value = |kpi: Kpi| TrendValue {
                kpi: kpi.into(),
                value: side.measured(0, kpi, self.beds),
            };
            KPIS.map(value).to_vec()
        };
        let months = report::trend(month).into_iter().zip(&self.months);
        months
            .map(|(month, side)| TrendMonth {
                month: scalars::Month(month),
                kpis: values(side),
            })
            .collect()
    }

    /// All clinics together and each, in the order of `clinics`; `keys` are in the order of the figures.
    fn comparison(&self, clinics: &[Clinic], keys: &[i64]) -> Vec<ComparisonRow> {
        let (now, then) = (self.back(0), self.back(1));
        let group = ComparisonRow {
            clinic: None,
            kpis: comparison::row(now, then, 0, self.beds),
        };
        let rows = clinics.iter().filter_map(|clinic| {
            let place = keys.iter().position(|key| *key == clinic.clinic_id)?;
            Some(ComparisonRow {
                kpis: comparison::row(now, then, place + 1, clinic.beds.map(i64::from)),
                clinic: Some(clinics::Clinic(clinic.clone())),
            })
        });
        std::iter::once(group).chain(rows).collect()
    }

    fn diagnoses(
        &self,
        titles: &std::collections::HashMap<String, String>,
        minimum: u32,
    ) -> (Vec<DiagnosisRow>, DiagnosisRow) {
        let (now, then) = (&self.figures.diagnoses, &self.figures.previous_diagnoses);
        let mut table = Table::new(now, Some(then), titles, minimum);
        if self.are_stays_hidden(0) {
            table.hide_now();
        }
        if self.are_stays_hidden(1) {
            table.hide_then();
        }
        (table.top(TOP_DIAGNOSES), table.total())
    }
}
