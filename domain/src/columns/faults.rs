//! Faults of stays: what their delivery left open.

use super::{Columns, OPEN, Properties, kpis::Amount};

/// Names of the faults that a stay can have.
pub const STAY_FAULTS: [&str; 9] = [
    "OPEN_STAY",
    "OPEN_LONGER_THAN_90_DAYS",
    "STAY_WITHOUT_CODE",
    "STAY_WITHOUT_MAIN_DIAGNOSIS",
    "STAY_WITHOUT_STATION",
    "DISCHARGE_WITHOUT_REASON",
    "ADMISSION_WITHOUT_SOURCE",
    "AGE_NOT_KNOWN",
    "SEX_NOT_KNOWN",
];
/// Days after which a stay that is still open is looked at again.
pub const LONG_OPEN_DAYS: u64 = 90;

/// Faults of a clinic's stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StayFaults {
    /// Stays that have each of [`STAY_FAULTS`], and their patients.
    pub faults: [Amount; STAY_FAULTS.len()],
    /// All stays.
    pub stays: u64,
}

/// Counts the faults of all stays, for each clinic by its number. `today` is the day up to which open stays are long.
#[must_use]
pub fn count(columns: &Columns, today: i32) -> Vec<StayFaults> {
    let mut clinics = vec![StayFaults::default(); columns.clinic_keys().len()];
    for stay in 0..columns.len() {
        let clinic = &mut clinics[usize::from(columns.clinic[stay])];
        clinic.stays += 1;
        for (fault, has) in clinic.faults.iter_mut().zip(of_stay(columns, stay, today)) {
            fault.add(columns.person[stay], u32::from(has));
        }
    }
    clinics
}

/// Which of [`STAY_FAULTS`] a stay has.
fn of_stay(columns: &Columns, stay: usize, today: i32) -> [bool; STAY_FAULTS.len()] {
    let codes = columns.codes_of(stay);
    let properties = columns.properties[stay];
    let is_open = columns.discharge[stay] == OPEN;
    [
        is_open,
        is_open && columns.admission[stay] < today - LONG_OPEN_DAYS as i32,
        codes.is_empty(),
        codes.iter().all(|code| code & 1 == 0),
        columns.stations_of(stay).is_empty(),
        properties.has(const { Properties::of_discharges(&["UNKNOWN"]) }),
        properties.has(const { Properties::of_admissions(&["UNKNOWN"]) }),
        columns.age[stay] < 0,
        properties.has(const { Properties::of_sexes(&["UNKNOWN"]) }),
    ]
}
