//! Figures of a monthly report, counted from one data version.

use domain::{
    columns::{
        flow::Flow,
        kpis::{Kpis, Measure},
        report::{self, Division, Hidden, TREND_MONTHS},
    },
    icd10::Level,
    month::Month,
    stay::{DateBasis, DiagnosisRole, Period, StayFilter},
};

use super::{
    Source,
    diagnoses::{self, DiagnosisTree},
    flow::{self, Shape},
    kpis::{self, ClinicKpis},
};
use crate::Result;

/// What a report is made of. Stays belong to the month of their discharge.
#[derive(Debug, Clone, Default)]
pub struct ReportFigures {
    /// KPIs of [`TREND_MONTHS`] months; the last is the report's.
    pub months: Vec<ClinicKpis>,
    /// KPIs from the beginning of the year to the end of the month.
    pub year: ClinicKpis,
    /// What of the KPIs is hidden. Clinics are shown for the month and the one before.
    pub hidden: Hidden,
    /// Main diagnoses of the month down to three characters.
    pub diagnoses: DiagnosisTree,
    /// Those of the month before.
    pub previous_diagnoses: DiagnosisTree,
    /// How the stays of the month went.
    pub flow: Flow,
}

impl ReportFigures {
    /// The group's figures of the month.
    #[must_use]
    pub fn month(&self) -> Option<&Kpis> {
        self.months.last().map(|month| &month.group)
    }

    /// Which categories of a division of the month's stays are hidden.
    #[must_use]
    pub fn hidden_parts(&self, division: Division, minimum: u32) -> Vec<bool> {
        let measures = self.hidden.months.last().and_then(|month| month.first());
        let measures: &[Measure] = measures.map_or(&[], Vec::as_slice);
        self.month()
            .map(|kpis| division.hidden(kpis, measures, minimum))
            .unwrap_or_default()
    }
}

/// Months of a report, the oldest first.
#[must_use]
pub fn trend(month: Month) -> Vec<Month> {
    let months = (0..TREND_MONTHS as u32).rev();
    months.map(|back| month.before(back)).collect()
}

/// Counts a report of some clinics; `minimum` are the fewest patients behind a shown figure.
///
/// # Errors
/// When the database fails.
pub fn of_month(
    source: &mut Source<'_>,
    clinics: &[i64],
    month: Month,
    minimum: u32,
) -> Result<ReportFigures> {
    let stays = |period| StayFilter {
        role: DiagnosisRole::Main,
        ..StayFilter::all(period, DateBasis::Discharge, clinics.to_vec())
    };
    let filter = stays(month.period());
    let mut periods: Vec<Period> = trend(month).into_iter().map(Month::period).collect();
    periods.push(month.year_to_date());
    let mut months = kpis::of_periods(source, &filter, &periods)?;
    let mut figures = ReportFigures {
        year: months.pop().unwrap_or_default(),
        months,
        diagnoses: diagnoses::tree(source, &filter, Level::Three)?,
        previous_diagnoses: diagnoses::tree(
            source,
            &stays(month.before(1).period()),
            Level::Three,
        )?,
        ..ReportFigures::default()
    };
    figures.hidden = hidden(&figures, month, minimum);
    let discharges = figures.hidden_parts(Division::DischargeType, minimum);
    let hidden_discharges = (0..discharges.len()).filter(|&place| discharges[place]);
    figures.flow = flow::beside_hidden(
        source,
        &filter,
        Shape {
            minimum,
            ..Shape::default()
        },
        hidden_discharges.collect(),
    )?;
    Ok(figures)
}

fn hidden(figures: &ReportFigures, month: Month, minimum: u32) -> Hidden {
    let first_of_two = figures.months.len().saturating_sub(2);
    let months = figures.months.iter().enumerate();
    let months = months.map(|(number, month)| shown(month, number >= first_of_two));
    report::hidden(
        &report::Figures {
            months: months.collect(),
            year: &figures.year.group,
            months_of_year: month.number() as usize,
        },
        minimum,
    )
}

/// The figures of a month that a report shows: those of the group, and of the clinics where they are shown.
fn shown(month: &ClinicKpis, with_clinics: bool) -> Vec<&Kpis> {
    let clinics = month.clinics.iter().map(|(_, kpis)| kpis);
    std::iter::once(&month.group)
        .chain(clinics.filter(|_| with_clinics))
        .collect()
}
