//! Figures of a clinic and of a group for a period: admissions, discharges, bed days, readmissions and the like.
//!
//! Each figure names its own day: admissions have theirs in the period, discharges theirs, whatever the filter's basis.
//! Sums are kept, never means, so that figures of parts can be put together and every mean is one of sums.

use std::collections::BTreeMap;

use super::{
    ADMISSION_TYPES, CASE_KINDS, Columns, DISCHARGE_TYPES, OPEN, SEXES, Selection, selection,
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

/// Discharge types after which a patient is at home or in care, so that coming back is a readmission.
const INDEX_TYPES: [&str; 5] = ["REGULAR", "REHABILITATION", "NURSING", "HOSPICE", "UNKNOWN"];
/// Days within which coming back is a readmission.
const READMISSION_DAYS: i32 = 30;

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
    fn add(&mut self, person: u32, amount: u64) {
        if amount == 0 {
            return;
        }
        self.amount += amount;
        // The number of a person is kept one up, since 0 stands for nobody.
        if self.last != person + 1 {
            self.last = person + 1;
            self.patients += 1;
        }
    }
}

/// Figures of one clinic or of all together.
#[derive(Debug, Clone, Default)]
pub struct Kpis {
    amounts: [Amount; MEASURES.len()],
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
    pub lengths: BTreeMap<u32, u32>,
}

impl Kpis {
    /// A figure.
    #[must_use]
    pub fn get(&self, measure: Measure) -> Amount {
        self.amounts[measure as usize]
    }

    fn add(&mut self, measure: Measure, person: u32, amount: u64) {
        self.amounts[measure as usize].add(person, amount);
    }

    /// Bed days that `percent` of the discharged stays do not exceed (nearest rank); `None` without discharges.
    #[must_use]
    pub fn length_percentile(&self, percent: u32) -> Option<u32> {
        let all: u64 = self.lengths.values().map(|stays| u64::from(*stays)).sum();
        let rank = (all * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.lengths.iter().find(|(_, stays)| {
            seen += u64::from(**stays);
            seen >= rank
        });
        reached.map(|(days, _)| *days)
    }
}

/// Figures of all stays that a filter selects and of each clinic.
#[derive(Debug, Default)]
pub struct KpiCount {
    /// All clinics together; a patient of two is one.
    pub group: Kpis,
    /// Clinics by their number in the columns.
    pub clinics: Vec<Kpis>,
}

impl KpiCount {
    /// Counts for a period, which stands in place of the filter's own. The columns must hold every stay of the filter's
    /// clinics that touches the period or begins within 30 days of it, else readmissions are missed.
    pub fn add(&mut self, columns: &Columns, selection: &Selection, period: Period) {
        let pass = Pass {
            columns,
            selection,
            days: selection::days(period),
        };
        self.clinics
            .resize_with(columns.clinic_keys().len(), Kpis::default);
        for stay in 0..columns.len() {
            if columns.admission[stay] <= *pass.days.end()
                && columns.discharge[stay] >= *pass.days.start()
                && selection.has_properties(columns, stay)
            {
                pass.count(stay, &mut self.group, None);
                let clinic = columns.clinic[stay];
                pass.count(stay, &mut self.clinics[usize::from(clinic)], Some(clinic));
            }
        }
    }
}

/// What counting one stay needs.
struct Pass<'a> {
    columns: &'a Columns,
    selection: &'a Selection,
    days: std::ops::RangeInclusive<i32>,
}

impl Pass<'_> {
    fn count(&self, stay: usize, kpis: &mut Kpis, clinic: Option<u16>) {
        let (columns, person) = (self.columns, self.columns.person[stay]);
        if self.days.contains(&self.selection.day(columns, stay)) {
            self.count_stay(stay, kpis);
        }
        if self.days.contains(&columns.admission[stay]) {
            self.count_admission(stay, kpis);
        }
        if self.days.contains(&columns.discharge[stay]) {
            self.count_discharge(stay, kpis, clinic);
        }
        if columns.admission[stay] < *self.days.start() {
            kpis.add(Measure::CensusBefore, person, 1);
        }
        if columns.discharge[stay] > *self.days.end() {
            kpis.add(Measure::CensusAfter, person, 1);
        }
        kpis.add(Measure::BedDays, person, self.bed_days_in_period(stay));
    }

    fn count_stay(&self, stay: usize, kpis: &mut Kpis) {
        let (columns, person) = (self.columns, self.columns.person[stay]);
        kpis.add(Measure::Stays, person, 1);
        kpis.add(
            Measure::Open,
            person,
            u64::from(columns.discharge[stay] == OPEN),
        );
        let stations = columns.stations_of(stay);
        let is_intensive = stations
            .iter()
            .any(|&station| columns.is_intensive(station));
        kpis.add(Measure::IntensiveStays, person, u64::from(is_intensive));
        kpis.add(
            Measure::InternalTransfers,
            person,
            stations.len().saturating_sub(1) as u64,
        );
        let codes = columns.codes_of(stay);
        let main = codes.iter().filter(|&&code| code & 1 == 1).count();
        kpis.add(
            Measure::SecondaryDiagnoses,
            person,
            (codes.len() - main) as u64,
        );
        kpis.add(Measure::WithoutMainDiagnosis, person, u64::from(main == 0));
        kpis.add(Measure::WithoutCode, person, u64::from(codes.is_empty()));
        let properties = columns.properties[stay];
        kpis.case_kinds[properties.case_kind()].add(person, 1);
        kpis.sexes[properties.sex()].add(person, 1);
        let group = match columns.age[stay] {
            ..0 => AGE_GROUPS.len(),
            age => AGE_GROUPS.partition_point(|first| *first <= age) - 1,
        };
        kpis.age_groups[group].add(person, 1);
    }

    fn count_admission(&self, stay: usize, kpis: &mut Kpis) {
        let person = self.columns.person[stay];
        let kind = self.columns.properties[stay].admission_type();
        kpis.add(Measure::Admissions, person, 1);
        kpis.admission_types[kind].add(person, 1);
        match ADMISSION_TYPES[kind] {
            "EMERGENCY" => kpis.add(Measure::Emergencies, person, 1),
            "TRANSFER" => kpis.add(Measure::TransfersIn, person, 1),
            _ => {}
        }
    }

    fn count_discharge(&self, stay: usize, kpis: &mut Kpis, clinic: Option<u16>) {
        let (columns, person) = (self.columns, self.columns.person[stay]);
        let kind = columns.properties[stay].discharge_type();
        kpis.add(Measure::Discharges, person, 1);
        kpis.discharge_types[kind].add(person, 1);
        match DISCHARGE_TYPES[kind] {
            "DEATH" => kpis.add(Measure::Deaths, person, 1),
            "TRANSFER" => kpis.add(Measure::TransfersOut, person, 1),
            "UNKNOWN" => kpis.add(Measure::UnknownDischargeReason, person, 1),
            _ => {}
        }
        let nights = columns.discharge[stay] - columns.admission[stay];
        kpis.add(Measure::HourCases, person, u64::from(nights == 0));
        kpis.add(Measure::OneNightCases, person, u64::from(nights == 1));
        let bed_days = nights.max(1) as u32;
        kpis.add(Measure::DischargedBedDays, person, u64::from(bed_days));
        *kpis.lengths.entry(bed_days).or_default() += 1;
        if self.is_index(stay) {
            kpis.add(Measure::ReadmissionIndex, person, 1);
            kpis.add(
                Measure::Readmissions,
                person,
                u64::from(self.is_followed(stay, clinic)),
            );
        }
    }

    /// Days of the period on which the patient occupied a bed: the day of admission and each further one but the last.
    /// Open stays occupy theirs as far as the data are known.
    fn bed_days_in_period(&self, stay: usize) -> u64 {
        let columns = self.columns;
        let admission = columns.admission[stay];
        let end = match columns.discharge[stay] {
            OPEN => columns.last_day + 1,
            discharge => discharge.max(admission + 1),
        };
        let end = end.min(*self.days.end() + 1);
        u64::try_from(end - admission.max(*self.days.start())).unwrap_or(0)
    }

    fn is_full(&self, stay: usize) -> bool {
        CASE_KINDS[self.columns.properties[stay].case_kind()] == "FULL"
    }

    fn is_index(&self, stay: usize) -> bool {
        let kind = DISCHARGE_TYPES[self.columns.properties[stay].discharge_type()];
        self.is_full(stay)
            && INDEX_TYPES.contains(&kind)
            && self.columns.discharge[stay] + READMISSION_DAYS <= self.columns.last_day
    }

    /// Whether the person comes back in time: to the clinic for its own figure, to any of the filter's for the group.
    fn is_followed(&self, stay: usize, clinic: Option<u16>) -> bool {
        let columns = self.columns;
        let person = columns.person[stay];
        let days = 1..=READMISSION_DAYS;
        (stay + 1..columns.len())
            .take_while(|&next| columns.person[next] == person)
            .any(|next| {
                days.contains(&(columns.admission[next] - columns.discharge[stay]))
                    && self.is_full(next)
                    && clinic.is_none_or(|clinic| columns.clinic[next] == clinic)
                    && self.selection.has_clinic(columns, next)
            })
    }
}
