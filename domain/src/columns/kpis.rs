//! Figures of a clinic and of a group for a period: admissions, discharges, bed days, readmissions and the like.
//!
//! Each figure names its own day: admissions have theirs in the period, discharges theirs, whatever the filter's basis.
//! Sums are kept, never means, so that figures of parts can be put together and every mean is one of sums.

mod lengths;
mod seen;

use std::ops::{Range, RangeInclusive};

use self::{lengths::Lengths, seen::Seen};
use super::{
    ADMISSION_TYPES, CASE_KINDS, Columns, DISCHARGE_TYPES, SEXES, Selection, pass::Count, selection,
};
use crate::stay::Period;

/// What is counted. Each also has its number of distinct patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Stays whose day, as the filter's basis says, lies in the period.
    Stays,
    /// Of the stays: not discharged yet.
    Open,
    /// Of the stays: touched an intensive care unit.
    IntensiveStays,
    /// Changes of station within the stays.
    InternalTransfers,
    /// Secondary diagnoses of the stays: codes that are no main diagnosis.
    SecondaryDiagnoses,
    /// Of the stays: without a main diagnosis.
    WithoutMainDiagnosis,
    /// Of the stays: without any ICD-10 code.
    WithoutCode,
    /// Stays admitted in the period.
    Admissions,
    /// Of the admissions: emergencies.
    Emergencies,
    /// Of the admissions: from another hospital.
    TransfersIn,
    /// Stays discharged in the period, deaths included.
    Discharges,
    /// Of the discharges: deaths.
    Deaths,
    /// Of the discharges: to another hospital.
    TransfersOut,
    /// Of the discharges: without a reason.
    UnknownDischargeReason,
    /// Of the discharges: on the day of admission.
    HourCases,
    /// Of the discharges: on the day after admission.
    OneNightCases,
    /// Bed days of the discharged stays, each at least 1.
    DischargedBedDays,
    /// Bed days that lie in the period, of every stay.
    BedDays,
    /// Stays open at midnight before the period.
    CensusBefore,
    /// Stays open at midnight of its last day.
    CensusAfter,
    /// Of the discharges: home or to care, alive, with 30 days behind them that are known (Index).
    ReadmissionIndex,
    /// Of these: followed by a full inpatient stay of the same patient within 1 to 30 days.
    Readmissions,
}

/// All measures, in the order of their declaration.
pub const MEASURES: [Measure; 22] = [
    Measure::Stays,
    Measure::Open,
    Measure::IntensiveStays,
    Measure::InternalTransfers,
    Measure::SecondaryDiagnoses,
    Measure::WithoutMainDiagnosis,
    Measure::WithoutCode,
    Measure::Admissions,
    Measure::Emergencies,
    Measure::TransfersIn,
    Measure::Discharges,
    Measure::Deaths,
    Measure::TransfersOut,
    Measure::UnknownDischargeReason,
    Measure::HourCases,
    Measure::OneNightCases,
    Measure::DischargedBedDays,
    Measure::BedDays,
    Measure::CensusBefore,
    Measure::CensusAfter,
    Measure::ReadmissionIndex,
    Measure::Readmissions,
];

/// First ages of the groups of German hospital statistics: 0, 1 to 4, 5 to 14, … 85 and more.
pub const AGE_GROUPS: [i16; 11] = [0, 1, 5, 15, 25, 35, 45, 55, 65, 75, 85];

/// A number with the patients behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// The number: stays, days or diagnoses.
    pub amount: u64,
    /// Distinct patients behind it.
    pub patients: u32,
    last: u32,
}

impl Amount {
    /// Counts what a stay of a person adds. Without branches, since nobody could foretell them.
    #[inline]
    pub(super) fn add(&mut self, person: u32, amount: u32) {
        // The number of a person is kept one up, since 0 stands for nobody.
        let last = if amount > 0 { person + 1 } else { self.last };
        self.amount += u64::from(amount);
        self.patients += u32::from(self.last != last);
        self.last = last;
    }

    fn merge(&mut self, later: Self) {
        self.amount += later.amount;
        self.patients += later.patients;
    }
}

/// What one stay adds to each measure.
type Amounts = [u32; MEASURES.len()];

/// Figures of one clinic or of all together.
#[derive(Debug, Clone, Default)]
pub struct Kpis {
    amounts: [u64; MEASURES.len()],
    patients: Amounts,
    /// The last person of each measure, one up.
    last: Amounts,
    /// Admissions by type, in the order of [`ADMISSION_TYPES`].
    pub admission_types: [Amount; ADMISSION_TYPES.len()],
    /// Discharges by type, in the order of [`DISCHARGE_TYPES`].
    pub discharge_types: [Amount; DISCHARGE_TYPES.len()],
    /// Stays by kind, in the order of [`CASE_KINDS`].
    pub case_kinds: [Amount; CASE_KINDS.len()],
    /// Stays by sex, in the order of [`SEXES`].
    pub sexes: [Amount; SEXES.len()],
    /// Stays by age at admission, in the order of [`AGE_GROUPS`]; last those whose age is not known.
    pub age_groups: [Amount; AGE_GROUPS.len() + 1],
    /// Discharged stays by bed days.
    lengths: Lengths,
}

impl Kpis {
    /// A figure.
    #[must_use]
    pub fn get(&self, measure: Measure) -> Amount {
        let place = measure as usize;
        Amount {
            amount: self.amounts[place],
            patients: self.patients[place],
            last: self.last[place],
        }
    }

    /// Bed days that `percent` of the discharged stays do not exceed (nearest rank); `None` without discharges.
    #[must_use]
    pub fn length_percentile(&self, percent: u32) -> Option<u32> {
        self.lengths.percentile(percent)
    }

    /// Counts what a stay adds, as [`Amount::add`] does. The arrays stand beside each other so that the processor takes
    /// several measures at a time.
    #[inline]
    fn add(&mut self, person: u32, amounts: &Amounts) {
        for (sum, amount) in self.amounts.iter_mut().zip(amounts) {
            *sum += u64::from(*amount);
        }
        let people = self.patients.iter_mut().zip(&mut self.last);
        for ((patients, last), amount) in people.zip(amounts) {
            let now = if *amount > 0 { person + 1 } else { *last };
            *patients += u32::from(*last != now);
            *last = now;
        }
    }

    fn merge(&mut self, later: &Self) {
        for place in 0..MEASURES.len() {
            self.amounts[place] += later.amounts[place];
            self.patients[place] += later.patients[place];
        }
        let divisions = [
            (&mut self.admission_types[..], &later.admission_types[..]),
            (&mut self.discharge_types, &later.discharge_types),
            (&mut self.case_kinds, &later.case_kinds),
            (&mut self.sexes, &later.sexes),
            (&mut self.age_groups, &later.age_groups),
        ];
        for (amounts, later) in divisions {
            for (amount, later) in amounts.iter_mut().zip(later) {
                amount.merge(*later);
            }
        }
        self.lengths.merge(&later.lengths);
    }
}

/// Figures of all stays of a period that a filter selects and of each clinic.
#[derive(Debug, Clone, Default)]
pub struct PeriodKpis {
    /// All clinics together; a patient of two is one.
    pub group: Kpis,
    /// Clinics by their number in the columns.
    pub clinics: Vec<Kpis>,
}

/// Figures of some periods.
#[derive(Debug, Clone)]
pub struct KpiCount {
    days: Vec<RangeInclusive<i32>>,
    /// Of persons who were in one clinic: nothing is counted for the group, since it has the same figures.
    apart: Vec<PeriodKpis>,
    /// Of persons who were in several: a patient of the group once, a patient of each clinic too.
    shared: Vec<PeriodKpis>,
}

impl KpiCount {
    /// Nothing counted yet. The periods stand in place of the filter's own. The columns must hold every stay of the
    /// filter's clinics that touches a period or begins within 30 days of it, else readmissions are missed.
    #[must_use]
    pub fn new(periods: &[Period]) -> Self {
        KpiCount {
            days: periods.iter().copied().map(selection::days).collect(),
            apart: vec![PeriodKpis::default(); periods.len()],
            shared: vec![PeriodKpis::default(); periods.len()],
        }
    }

    /// Figures of each period, in the order in which they were asked for.
    #[must_use]
    pub fn into_periods(self) -> Vec<PeriodKpis> {
        let periods = self.shared.into_iter().zip(self.apart);
        periods
            .map(|(mut period, apart)| {
                for (clinic, apart) in period.clinics.iter_mut().zip(&apart.clinics) {
                    clinic.merge(apart);
                    period.group.merge(apart);
                }
                period
            })
            .collect()
    }
}

impl Count for KpiCount {
    fn add(&mut self, columns: &Columns, selection: &Selection, stays: Range<usize>) {
        for period in self.apart.iter_mut().chain(&mut self.shared) {
            period
                .clinics
                .resize_with(columns.clinic_keys().len(), Kpis::default);
        }
        let first = self.days.iter().map(|days| *days.start()).min();
        let last = self.days.iter().map(|days| *days.end()).max();
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        let touches = |stay: usize, first: i32, last: i32| {
            columns.admission[stay] <= last && columns.discharge[stay] >= first
        };
        let (mut person, mut is_shared) = (None, false);
        for stay in stays {
            if !touches(stay, first, last) || !selection.has_properties(columns, stay) {
                continue;
            }
            if person != Some(columns.person[stay]) {
                person = Some(columns.person[stay]);
                is_shared = columns.is_of_several_clinics(stay);
            }
            let seen = Seen::new(columns, selection, stay);
            let periods = match is_shared {
                true => &mut self.shared,
                false => &mut self.apart,
            };
            for (days, period) in self.days.iter().zip(periods) {
                if touches(stay, *days.start(), *days.end()) {
                    seen.count(days, period, is_shared);
                }
            }
        }
    }

    fn merge(&mut self, later: Self) {
        let periods = self.apart.iter_mut().chain(&mut self.shared);
        for (period, later) in periods.zip(later.apart.iter().chain(&later.shared)) {
            period.group.merge(&later.group);
            for (clinic, later) in period.clinics.iter_mut().zip(&later.clinics) {
                clinic.merge(later);
            }
        }
    }
}
