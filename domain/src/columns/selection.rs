//! A filter made ready for columns: names become bits, keys and nodes become sets of numbers.

use super::{ADMISSION_TYPES, CASE_KINDS, Columns, DISCHARGE_TYPES, Properties, SEXES, day_number};
use crate::stay::{AgeGroup, DateBasis, DiagnosisRole, Period, StayFilter};

/// Ages from here on are one.
const OLDEST: i16 = 255;

/// Which stays of the columns a filter selects.
#[derive(Debug)]
pub struct Selection {
    days: std::ops::RangeInclusive<i32>,
    basis: DateBasis,
    clinics: Vec<bool>,
    refused: u32,
    /// By age, one up: at 0 whether those count whose age is not known.
    ages: Option<Vec<bool>>,
    stations: Option<Vec<bool>>,
    codes: Option<Vec<bool>>,
    /// 1 where main diagnoses alone count.
    role: u32,
}

impl Selection {
    /// Makes a filter ready for columns.
    #[must_use]
    pub fn new(filter: &StayFilter, columns: &Columns) -> Self {
        let is_asked = |keys: &[i64], asked: &[i64]| -> Vec<bool> {
            keys.iter().map(|key| asked.contains(key)).collect()
        };
        Selection {
            days: days(filter.period),
            basis: filter.basis,
            clinics: is_asked(columns.clinic_keys(), &filter.clinics),
            refused: refused(filter),
            ages: (!filter.age_groups.is_empty()).then(|| ages(&filter.age_groups)),
            stations: (!filter.stations.is_empty())
                .then(|| is_asked(columns.station_keys(), &filter.stations)),
            codes: filter
                .diagnosis
                .as_ref()
                .map(|node| columns.codes.below(node)),
            role: u32::from(filter.role == DiagnosisRole::Main),
        }
    }

    /// Whether a stay lies in the period and has the properties.
    #[inline]
    #[must_use]
    pub fn selects(&self, columns: &Columns, stay: usize) -> bool {
        self.days.contains(&self.day(columns, stay)) && self.has_properties(columns, stay)
    }

    /// Whether a stay has the properties, whatever its days.
    #[inline]
    #[must_use]
    pub fn has_properties(&self, columns: &Columns, stay: usize) -> bool {
        columns.properties[stay].0 & self.refused == 0
            && self.clinics[usize::from(columns.clinic[stay])]
            && self.ages.as_ref().is_none_or(|ages| {
                let age = usize::try_from(columns.age[stay].saturating_add(1)).unwrap_or(0);
                ages[age.min(OLDEST as usize + 1)]
            })
            && self.stations.as_ref().is_none_or(|asked| {
                let touched = columns.stations_of(stay).iter();
                touched.into_iter().any(|&station| asked[station as usize])
            })
            && self.codes.as_ref().is_none_or(|asked| {
                let codes = columns.codes_of(stay).iter();
                codes
                    .filter(|&&code| self.counts(code))
                    .any(|&code| asked[(code >> 1) as usize])
            })
    }

    /// Whether a code of a stay counts under the role asked for.
    #[inline]
    #[must_use]
    pub fn counts(&self, code: u32) -> bool {
        code & self.role == self.role
    }

    /// Whether a stay lies in one of the clinics.
    pub(crate) fn has_clinic(&self, columns: &Columns, stay: usize) -> bool {
        self.clinics[usize::from(columns.clinic[stay])]
    }

    /// The day of a stay that must lie in the period.
    #[inline]
    pub(crate) fn day(&self, columns: &Columns, stay: usize) -> i32 {
        match self.basis {
            DateBasis::Admission => columns.admission[stay],
            DateBasis::Discharge => columns.discharge[stay],
        }
    }
}

/// The days of a period. The day of open stays lies after every period.
pub(crate) fn days(period: Period) -> std::ops::RangeInclusive<i32> {
    day_number(period.from)..=day_number(period.to)
}

/// Bits of the properties that are not asked for.
fn refused(filter: &StayFilter) -> u32 {
    let mut refused = 0;
    let mut refuse = |first: usize, count: usize, is_asked: &dyn Fn(usize) -> bool| {
        for place in (0..count).filter(|place| !is_asked(*place)) {
            refused |= 1 << (first + place);
        }
    };
    if !filter.admission_types.is_empty() {
        refuse(0, ADMISSION_TYPES.len(), &|place| {
            filter.admission_types.contains(&ADMISSION_TYPES[place])
        });
    }
    if !filter.discharge_types.is_empty() {
        refuse(Properties::DISCHARGE, DISCHARGE_TYPES.len(), &|place| {
            filter.discharge_types.contains(&DISCHARGE_TYPES[place])
        });
    }
    if let Some(kind) = filter.case_kind {
        refuse(Properties::KIND, CASE_KINDS.len(), &|place| {
            CASE_KINDS[place] == kind
        });
    }
    if !filter.sexes.is_empty() {
        refuse(Properties::SEX, SEXES.len(), &|place| {
            filter.sexes.contains(&SEXES[place])
        });
    }
    refused
}

fn ages(groups: &[AgeGroup]) -> Vec<bool> {
    let in_group = |age: i16| {
        let age = (age >= 0).then_some(age);
        groups.iter().any(|group| group.contains(age))
    };
    (-1..=OLDEST).map(in_group).collect()
}
