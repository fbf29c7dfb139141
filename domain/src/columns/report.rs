//! What a monthly report hides: its figures stand beside each other in many sums, over clinics, months and categories.

#[cfg(test)]
mod tests;

use super::{
    indicator::{add_period, measures_of, place},
    kpis::{Amount, Kpis, MEASURES, Measure},
};
use crate::suppression::{self, equations::Cells};

/// Months of a report's trend: the month itself, the same month of the year before, and those between.
pub const TREND_MONTHS: usize = 13;

/// Figures of a report.
#[derive(Debug)]
pub struct Figures<'a> {
    /// Month by month, the oldest first: the group, and behind it the clinics whose figures are shown.
    pub months: Vec<Vec<&'a Kpis>>,
    /// The group from the beginning of the year to the end of the last month.
    pub year: &'a Kpis,
    /// How many of the months, from the last back, the year holds.
    pub months_of_year: usize,
}

/// Measures that are hidden.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hidden {
    /// For each month those of the group and of its clinics.
    pub months: Vec<Vec<Vec<Measure>>>,
    /// Of the year to date.
    pub year: Vec<Measure>,
}

/// Which figures are hidden. Beside what binds the figures of one month, everybody knows that the year to date is the sum
/// of its months, and that the census goes from month to month.
#[must_use]
pub fn hidden(figures: &Figures<'_>, minimum: u32) -> Hidden {
    let mut cells = Cells::default();
    let months = figures.months.iter();
    let starts: Vec<usize> = months
        .map(|all| add_period(&mut cells, all, minimum))
        .collect();
    let year = add_period(&mut cells, &[figures.year], minimum);
    for pair in starts.windows(2) {
        cells.equations.push(vec![
            (place(pair[0], 0, Measure::CensusAfter), 1),
            (place(pair[1], 0, Measure::CensusBefore), -1),
        ]);
    }
    let of_year = &starts[starts.len().saturating_sub(figures.months_of_year)..];
    for measure in MEASURES {
        let parts: &[usize] = match measure {
            Measure::CensusBefore => &of_year[..of_year.len().min(1)],
            Measure::CensusAfter => &of_year[of_year.len().saturating_sub(1)..],
            _ => of_year,
        };
        let parts = parts.iter().map(|start| (place(*start, 0, measure), -1));
        let whole = std::iter::once((place(year, 0, measure), 1));
        cells.equations.push(whole.chain(parts).collect());
    }
    let hidden = cells.hidden(minimum);
    let of_month = |(all, start): (&Vec<&Kpis>, &usize)| {
        let of = |number| measures_of(&hidden, *start, number);
        (0..all.len()).map(of).collect()
    };
    Hidden {
        months: figures.months.iter().zip(&starts).map(of_month).collect(),
        year: measures_of(&hidden, year, 0),
    }
}

/// How stays are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Division {
    /// Admissions by the way of admission.
    AdmissionType,
    /// Discharges by the way of discharge.
    DischargeType,
    /// Stays by kind.
    CaseKind,
    /// Stays by sex.
    Sex,
    /// Stays by age at admission.
    AgeGroup,
}

/// All divisions, in the order of reports.
pub const DIVISIONS: [Division; 5] = [
    Division::AdmissionType,
    Division::DischargeType,
    Division::CaseKind,
    Division::Sex,
    Division::AgeGroup,
];

impl Division {
    /// The stays of each category, in the order in which [`Kpis`] keeps them.
    #[must_use]
    pub fn parts(self, kpis: &Kpis) -> &[Amount] {
        match self {
            Division::AdmissionType => &kpis.admission_types,
            Division::DischargeType => &kpis.discharge_types,
            Division::CaseKind => &kpis.case_kinds,
            Division::Sex => &kpis.sexes,
            Division::AgeGroup => &kpis.age_groups,
        }
    }

    /// What the categories add up to.
    #[must_use]
    pub fn whole(self) -> Measure {
        match self {
            Division::AdmissionType => Measure::Admissions,
            Division::DischargeType => Measure::Discharges,
            Division::CaseKind | Division::Sex | Division::AgeGroup => Measure::Stays,
        }
    }

    /// The measure that a category is, where it is one.
    fn measure(self, category: usize) -> Option<Measure> {
        let name = match self {
            Division::AdmissionType => super::ADMISSION_TYPES[category],
            Division::DischargeType => super::DISCHARGE_TYPES[category],
            _ => return None,
        };
        match (self, name) {
            (Division::AdmissionType, "EMERGENCY") => Some(Measure::Emergencies),
            (Division::AdmissionType, "TRANSFER") => Some(Measure::TransfersIn),
            (Division::DischargeType, "DEATH") => Some(Measure::Deaths),
            (Division::DischargeType, "TRANSFER") => Some(Measure::TransfersOut),
            (Division::DischargeType, "UNKNOWN") => Some(Measure::UnknownDischargeReason),
            _ => None,
        }
    }

    /// Which categories are hidden beside measures of which some are hidden. A category that is a measure is hidden with
    /// it and shown with it; others join the hidden ones until their sum leaves each of them open. Where that cannot be
    /// had, all are hidden.
    #[must_use]
    pub fn hidden(self, kpis: &Kpis, measures: &[Measure], minimum: u32) -> Vec<bool> {
        let parts = self.parts(kpis);
        let is_hidden = |(category, part): (usize, &Amount)| match self.measure(category) {
            Some(measure) => measures.contains(&measure),
            None => suppression::is_small(part.patients.into(), minimum),
        };
        let mut hidden: Vec<bool> = parts.iter().enumerate().map(is_hidden).collect();
        let patients: Vec<i64> = parts.iter().map(|part| part.patients.into()).collect();
        if measures.contains(&self.whole()) {
            return vec![true; parts.len()];
        }
        while !suppression::is_open(&patients, &hidden, minimum) {
            let others = (0..parts.len()).filter(|&category| {
                !hidden[category] && patients[category] > 0 && self.measure(category).is_none()
            });
            match others.min_by_key(|&category| patients[category]) {
                Some(smallest) => hidden[smallest] = true,
                None => return vec![true; parts.len()],
            }
        }
        hidden
    }
}
