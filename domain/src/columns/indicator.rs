//! The KPIs of the comparison and of the monthly report: what each is made of, in which unit, and what it means.

use super::kpis::{Kpis, MEASURES, Measure};
use crate::{stay::DateBasis, suppression::equations::Cells};

/// A KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Days in the period on which a bed was occupied.
    BedDays,
    /// Bed days of the discharged stays by their number.
    AverageLengthOfStay,
    /// Bed days that half of the discharged stays do not exceed.
    MedianLengthOfStay,
    /// Bed days that 90 % of the discharged stays do not exceed.
    LengthOfStayPercentile90,
    /// Bed days by beds and days; null where beds are not known.
    Occupancy,
    /// Stays open at midnight before the period.
    CarriedOver,
    /// Stays open at midnight of its last day.
    MidnightCensus,
    /// Emergencies by admissions.
    EmergencyShare,
    /// Stays that ended with death.
    Deaths,
    /// Deaths by discharges.
    Mortality,
    /// Discharges after which the patient came back within 30 days; `None` where none could be followed so long.
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
    /// Secondary diagnoses by stays.
    SecondaryDiagnosesPerStay,
    /// Stays without a main diagnosis by stays.
    WithoutMainDiagnosis,
    /// Discharges without a reason by discharges.
    UnknownDischargeReason,
}

/// All KPIs in the order of reports.
pub const KPIS: [Kpi; 26] = [
    Kpi::Admissions,
    Kpi::Discharges,
    Kpi::Cases,
    Kpi::Stays,
    Kpi::Patients,
    Kpi::BedDays,
    Kpi::AverageLengthOfStay,
    Kpi::MedianLengthOfStay,
    Kpi::LengthOfStayPercentile90,
    Kpi::Occupancy,
    Kpi::CarriedOver,
    Kpi::MidnightCensus,
    Kpi::EmergencyShare,
    Kpi::Deaths,
    Kpi::Mortality,
    Kpi::Readmissions,
    Kpi::ReadmissionRate,
    Kpi::TransfersIn,
    Kpi::TransfersOut,
    Kpi::InternalTransfersPerStay,
    Kpi::IntensiveStays,
    Kpi::HourCases,
    Kpi::OneNightCases,
    Kpi::SecondaryDiagnosesPerStay,
    Kpi::WithoutMainDiagnosis,
    Kpi::UnknownDischargeReason,
];

/// Unit of a KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

/// Which days of the stays a KPI looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
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

impl Kpi {
    /// Which days it looks at, where a filter counts stays by the given one.
    #[must_use]
    pub fn basis(self, stays: DateBasis) -> Basis {
        let by_filter = match stays {
            DateBasis::Admission => Basis::Admission,
            DateBasis::Discharge => Basis::Discharge,
        };
        match self.measures() {
            _ if self == Kpi::Cases => Basis::AdmissionAndDischarge,
            [Measure::BedDays] => Basis::Calendar,
            [Measure::CensusBefore | Measure::CensusAfter] => Basis::Midnight,
            [Measure::Admissions | Measure::TransfersIn] | [_, Measure::Admissions] => {
                Basis::Admission
            }
            [Measure::Stays | Measure::IntensiveStays] | [_, Measure::Stays] => by_filter,
            _ => Basis::Discharge,
        }
    }

    /// The figures that it is made of: it is hidden with any of them.
    #[must_use]
    pub fn measures(self) -> &'static [Measure] {
        use Measure as M;
        match self {
            Kpi::Admissions => &[M::Admissions],
            Kpi::Discharges => &[M::Discharges],
            Kpi::Cases => &[M::Admissions, M::Discharges],
            Kpi::Stays | Kpi::Patients => &[M::Stays],
            Kpi::BedDays | Kpi::Occupancy => &[M::BedDays],
            Kpi::AverageLengthOfStay | Kpi::MedianLengthOfStay | Kpi::LengthOfStayPercentile90 => {
                &[M::DischargedBedDays, M::Discharges]
            }
            Kpi::CarriedOver => &[M::CensusBefore],
            Kpi::MidnightCensus => &[M::CensusAfter],
            Kpi::EmergencyShare => &[M::Emergencies, M::Admissions],
            Kpi::Deaths => &[M::Deaths],
            Kpi::Mortality => &[M::Deaths, M::Discharges],
            Kpi::Readmissions => &[M::Readmissions],
            Kpi::ReadmissionRate => &[M::Readmissions, M::ReadmissionIndex],
            Kpi::TransfersIn => &[M::TransfersIn],
            Kpi::TransfersOut => &[M::TransfersOut],
            Kpi::InternalTransfersPerStay => &[M::InternalTransfers, M::Stays],
            Kpi::IntensiveStays => &[M::IntensiveStays],
            Kpi::HourCases => &[M::HourCases],
            Kpi::OneNightCases => &[M::OneNightCases],
            Kpi::SecondaryDiagnosesPerStay => &[M::SecondaryDiagnoses, M::Stays],
            Kpi::WithoutMainDiagnosis => &[M::WithoutMainDiagnosis, M::Stays],
            Kpi::UnknownDischargeReason => &[M::UnknownDischargeReason, M::Discharges],
        }
    }

    /// Its unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Kpi::BedDays
            | Kpi::AverageLengthOfStay
            | Kpi::MedianLengthOfStay
            | Kpi::LengthOfStayPercentile90 => Unit::Days,
            Kpi::Occupancy
            | Kpi::EmergencyShare
            | Kpi::Mortality
            | Kpi::ReadmissionRate
            | Kpi::WithoutMainDiagnosis
            | Kpi::UnknownDischargeReason => Unit::Share,
            Kpi::InternalTransfersPerStay | Kpi::SecondaryDiagnosesPerStay => Unit::PerStay,
            _ => Unit::Number,
        }
    }

    /// Whether its numbers add up over the days of a period, so that they can be told per day. A patient may come again, and
    /// a census is that of a moment.
    #[must_use]
    pub fn is_of_days(self) -> bool {
        match self {
            Kpi::Patients | Kpi::CarriedOver | Kpi::MidnightCensus => false,
            Kpi::BedDays => true,
            _ => self.unit() == Unit::Number,
        }
    }

    /// Which way it should go; `None` where that depends on what a clinic wants: a short stay is cheap, not always good.
    #[must_use]
    pub fn wanted(self) -> Option<Direction> {
        match self {
            Kpi::Admissions | Kpi::Discharges | Kpi::Cases | Kpi::Stays | Kpi::Patients => {
                Some(Direction::Up)
            }
            Kpi::Deaths
            | Kpi::Mortality
            | Kpi::Readmissions
            | Kpi::ReadmissionRate
            | Kpi::WithoutMainDiagnosis
            | Kpi::UnknownDischargeReason => Some(Direction::Down),
            _ => None,
        }
    }

    /// Its value for a period of some days; `beds` are those in operation, `None` when not known.
    ///
    /// `None` where nothing stands below the fraction.
    #[must_use]
    pub fn value(self, kpis: &Kpis, beds: Option<i64>, days: i64) -> Option<f64> {
        let amount = |measure| kpis.get(measure).amount as f64;
        let measures = self.measures();
        let ratio = |above: f64, below: f64| (below > 0.0).then(|| above / below);
        match self {
            Kpi::Cases => Some((amount(measures[0]) + amount(measures[1])) / 2.0),
            Kpi::Patients => Some(f64::from(kpis.get(Measure::Stays).patients)),
            Kpi::Occupancy => ratio(amount(Measure::BedDays), (beds? * days) as f64),
            // None of the discharges could be followed yet: 0 would look like a fall to nothing.
            Kpi::Readmissions if kpis.get(Measure::ReadmissionIndex).amount == 0 => None,
            Kpi::MedianLengthOfStay => kpis.length_percentile(50).map(f64::from),
            Kpi::LengthOfStayPercentile90 => kpis.length_percentile(90).map(f64::from),
            _ => match measures {
                [measure] => Some(amount(*measure)),
                [above, below, ..] => ratio(amount(*above), amount(*below)),
                [] => None,
            },
        }
    }
}

/// Parts and the whole that they are taken from: where few are left of the whole, the part tells of them.
const PARTS: [(Measure, Measure); 12] = [
    (Measure::Open, Measure::Stays),
    (Measure::IntensiveStays, Measure::Stays),
    (Measure::WithoutMainDiagnosis, Measure::Stays),
    (Measure::Emergencies, Measure::Admissions),
    (Measure::TransfersIn, Measure::Admissions),
    (Measure::Deaths, Measure::Discharges),
    (Measure::TransfersOut, Measure::Discharges),
    (Measure::UnknownDischargeReason, Measure::Discharges),
    (Measure::HourCases, Measure::Discharges),
    (Measure::OneNightCases, Measure::Discharges),
    (Measure::ReadmissionIndex, Measure::Discharges),
    (Measure::Readmissions, Measure::ReadmissionIndex),
];

/// Which figures of a group and of its clinics are hidden: for each of `[group, clinic, clinic …]` the measures.
///
/// Everybody knows that a group's figure is the sum of its clinics' and that the census moves by admissions and
/// discharges, so no hidden figure may follow from these.
#[must_use]
pub fn hidden(all: &[&Kpis], minimum: u32) -> Vec<Vec<Measure>> {
    let mut cells = Cells::default();
    let first = add_period(&mut cells, all, minimum);
    let hidden = cells.hidden(minimum);
    (0..all.len())
        .map(|number| measures_of(&hidden, first, number))
        .collect()
}

/// Place of a measure of the group (number 0) or a clinic, in cells that were added at `first`.
pub(super) fn place(first: usize, number: usize, measure: Measure) -> usize {
    first + number * MEASURES.len() + measure as usize
}

/// The measures of the group (number 0) or of a clinic that are hidden.
pub(super) fn measures_of(hidden: &[bool], first: usize, number: usize) -> Vec<Measure> {
    let is_hidden = |measure: &Measure| hidden[place(first, number, *measure)];
    MEASURES.into_iter().filter(is_hidden).collect()
}

/// Adds the figures of a group and of its clinics in one period with what binds them; returns the place of the first.
pub(super) fn add_period(cells: &mut Cells, all: &[&Kpis], minimum: u32) -> usize {
    let first = cells.patients.len();
    for kpis in all {
        for measure in MEASURES {
            cells.push(kpis.get(measure).patients.into());
        }
    }
    for (number, kpis) in all.iter().enumerate() {
        for (part, whole) in PARTS {
            let left = kpis.get(whole).amount.saturating_sub(kpis.get(part).amount);
            if 0 < left && left < u64::from(minimum) {
                cells.also_hidden.push(place(first, number, part));
            }
        }
        cells.equations.push(vec![
            (place(first, number, Measure::CensusBefore), 1),
            (place(first, number, Measure::Admissions), 1),
            (place(first, number, Measure::Discharges), -1),
            (place(first, number, Measure::CensusAfter), -1),
        ]);
        // The filter's basis makes the stays one of the two.
        for same in [Measure::Admissions, Measure::Discharges] {
            if kpis.get(same).amount == kpis.get(Measure::Stays).amount {
                let pair = [(Measure::Stays, 1), (same, -1)];
                let pair = pair.map(|(measure, sign)| (place(first, number, measure), sign));
                cells.equations.push(pair.to_vec());
            }
        }
    }
    if all.len() > 1 {
        for measure in MEASURES {
            let clinics = (1..all.len()).map(|number| (place(first, number, measure), -1));
            let group = std::iter::once((place(first, 0, measure), 1));
            cells.equations.push(group.chain(clinics).collect());
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readmissions_that_nobody_could_see_yet_are_not_none() {
        let nobody = Kpis::default();
        assert_eq!(Kpi::Readmissions.value(&nobody, None, 30), None);
        assert_eq!(Kpi::ReadmissionRate.value(&nobody, None, 30), None);
        assert_eq!(Kpi::Discharges.value(&nobody, None, 30), Some(0.0));
    }
}
