//! What one stay adds to the figures of a period.

use std::ops::RangeInclusive;

use super::{AGE_GROUPS, Amounts, Kpis, Measure, PeriodKpis};
use crate::columns::{Columns, OPEN, Properties, Selection};

const EMERGENCY: Properties = Properties::of_admissions(&["EMERGENCY"]);
const TRANSFER_IN: Properties = Properties::of_admissions(&["TRANSFER"]);
const DEATH: Properties = Properties::of_discharges(&["DEATH"]);
const TRANSFER_OUT: Properties = Properties::of_discharges(&["TRANSFER"]);
const UNKNOWN_REASON: Properties = Properties::of_discharges(&["UNKNOWN"]);
const FULL: Properties = Properties::of_kinds(&["FULL"]);
/// Discharge types after which a patient is at home or in care, so that coming back is a readmission.
const INDEX: Properties =
    Properties::of_discharges(&["REGULAR", "REHABILITATION", "NURSING", "HOSPICE", "UNKNOWN"]);
/// Days within which coming back is a readmission.
const READMISSION_DAYS: i32 = 30;

/// The age group of each age; the last one has no end.
const GROUPS_BY_AGE: [u8; AGE_GROUPS[AGE_GROUPS.len() - 1] as usize + 1] = {
    let mut groups = [0; _];
    let (mut age, mut group) = (0, 0);
    while age < groups.len() {
        if group + 1 < AGE_GROUPS.len() && AGE_GROUPS[group + 1] as usize == age {
            group += 1;
        }
        groups[age] = group as u8;
        age += 1;
    }
    groups
};

/// A stay that is counted.
pub(super) struct Seen<'a> {
    columns: &'a Columns,
    selection: &'a Selection,
    stay: usize,
    person: u32,
    admission: i32,
    discharge: i32,
    properties: Properties,
}

impl<'a> Seen<'a> {
    pub(super) fn new(columns: &'a Columns, selection: &'a Selection, stay: usize) -> Self {
        Seen {
            columns,
            selection,
            stay,
            person: columns.person[stay],
            admission: columns.admission[stay],
            discharge: columns.discharge[stay],
            properties: columns.properties[stay],
        }
    }

    /// Counts the stay in a period: for its clinic, and for the group where the person is shared with other clinics. The
    /// two differ only in what a readmission is.
    pub(super) fn count(
        &self,
        days: &RangeInclusive<i32>,
        period: &mut PeriodKpis,
        is_shared: bool,
    ) {
        let clinic = self.columns.clinic[self.stay];
        let mut amounts = Amounts::default();
        let is_stay = days.contains(&self.selection.day(self.columns, self.stay));
        if is_stay {
            self.count_stay(&mut amounts);
        }
        let is_admission = days.contains(&self.admission);
        if is_admission {
            self.count_admission(&mut amounts);
        }
        let is_discharge = days.contains(&self.discharge);
        if is_discharge {
            self.count_discharge(&mut amounts);
        }
        amounts[Measure::CensusBefore as usize] = u32::from(self.admission < *days.start());
        amounts[Measure::CensusAfter as usize] = u32::from(self.discharge > *days.end());
        amounts[Measure::BedDays as usize] = self.bed_days_in(days);
        let of_clinic = &mut period.clinics[usize::from(clinic)];
        let of_group = is_shared.then_some((&mut period.group, None));
        for (kpis, clinic) in of_group.into_iter().chain([(of_clinic, Some(clinic))]) {
            if is_stay {
                self.divide_stay(kpis);
            }
            if is_admission {
                kpis.admission_types[self.properties.admission_type()].add(self.person, 1);
            }
            if is_discharge {
                kpis.discharge_types[self.properties.discharge_type()].add(self.person, 1);
                kpis.lengths.add(self.bed_days());
            }
            if amounts[Measure::ReadmissionIndex as usize] > 0 {
                amounts[Measure::Readmissions as usize] = u32::from(self.is_followed(clinic));
            }
            kpis.add(self.person, &amounts);
        }
    }

    fn count_stay(&self, amounts: &mut Amounts) {
        let columns = self.columns;
        let stations = columns.stations_of(self.stay);
        let is_intensive = stations
            .iter()
            .any(|&station| columns.is_intensive(station));
        let codes = columns.codes_of(self.stay);
        let main: u32 = codes.iter().map(|code| code & 1).sum();
        let mut set = |measure: Measure, amount: u32| amounts[measure as usize] = amount;
        set(Measure::Stays, 1);
        set(Measure::Open, u32::from(self.discharge == OPEN));
        set(Measure::IntensiveStays, u32::from(is_intensive));
        let transfers = stations.len().saturating_sub(1);
        set(Measure::InternalTransfers, transfers as u32);
        set(Measure::SecondaryDiagnoses, codes.len() as u32 - main);
        set(Measure::WithoutMainDiagnosis, u32::from(main == 0));
        set(Measure::WithoutCode, u32::from(codes.is_empty()));
    }

    fn divide_stay(&self, kpis: &mut Kpis) {
        kpis.case_kinds[self.properties.case_kind()].add(self.person, 1);
        kpis.sexes[self.properties.sex()].add(self.person, 1);
        let group = match usize::try_from(self.columns.age[self.stay]) {
            Ok(age) => usize::from(GROUPS_BY_AGE[age.min(GROUPS_BY_AGE.len() - 1)]),
            Err(_) => AGE_GROUPS.len(),
        };
        kpis.age_groups[group].add(self.person, 1);
    }

    fn count_admission(&self, amounts: &mut Amounts) {
        let mut set = |measure: Measure, has: bool| amounts[measure as usize] = u32::from(has);
        set(Measure::Admissions, true);
        set(Measure::Emergencies, self.properties.has(EMERGENCY));
        set(Measure::TransfersIn, self.properties.has(TRANSFER_IN));
    }

    fn count_discharge(&self, amounts: &mut Amounts) {
        let nights = self.discharge - self.admission;
        let mut set = |measure: Measure, has: bool| amounts[measure as usize] = u32::from(has);
        set(Measure::Discharges, true);
        set(Measure::Deaths, self.properties.has(DEATH));
        set(Measure::TransfersOut, self.properties.has(TRANSFER_OUT));
        let is_unknown = self.properties.has(UNKNOWN_REASON);
        set(Measure::UnknownDischargeReason, is_unknown);
        set(Measure::HourCases, nights == 0);
        set(Measure::OneNightCases, nights == 1);
        set(Measure::ReadmissionIndex, self.is_index());
        amounts[Measure::DischargedBedDays as usize] = self.bed_days();
    }

    /// Bed days of a stay that was discharged.
    fn bed_days(&self) -> u32 {
        (self.discharge - self.admission).max(1) as u32
    }

    /// Days of the period on which the patient occupied a bed: the day of admission and each further one but the last.
    /// Open stays occupy theirs as far as the data are known.
    fn bed_days_in(&self, days: &RangeInclusive<i32>) -> u32 {
        let end = match self.discharge {
            OPEN => self.columns.last_day + 1,
            discharge => discharge.max(self.admission + 1),
        };
        let end = end.min(*days.end() + 1);
        u32::try_from(end - self.admission.max(*days.start())).unwrap_or(0)
    }

    fn is_index(&self) -> bool {
        self.properties.has(FULL)
            && self.properties.has(INDEX)
            && self.discharge + READMISSION_DAYS <= self.columns.last_day
    }

    /// Whether the person comes back in time: to the clinic for its own figure, to any of the filter's for the group.
    fn is_followed(&self, clinic: Option<u16>) -> bool {
        let columns = self.columns;
        let days = 1..=READMISSION_DAYS;
        (self.stay + 1..columns.len())
            .take_while(|&next| columns.person[next] == self.person)
            .any(|next| {
                days.contains(&(columns.admission[next] - self.discharge))
                    && columns.properties[next].has(FULL)
                    && clinic.is_none_or(|clinic| columns.clinic[next] == clinic)
                    && self.selection.has_clinic(columns, next)
            })
    }
}
