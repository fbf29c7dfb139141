//! What is held of persons and stays in the clinics: about 20 bytes each.

use chrono::{DateTime, Utc};

use super::{
    calendar::{Calendar, instant},
    keys,
};

/// Sex as stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sex {
    Female,
    Male,
    Other,
    Unknown,
}

/// A person treated in the group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) sex: Sex,
    /// Year and month of birth.
    pub(super) birth: Option<(i16, u8)>,
    /// A bit for each clinic that knows the person.
    pub(super) clinics: u8,
    /// Day of death in a clinic.
    pub(super) died: Option<u16>,
}

/// Kind of a stay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CaseKind {
    Full,
    Day,
    Home,
}

/// One stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    pub(super) person: u32,
    pub(super) clinic: u8,
    /// Day and minute of admission.
    pub(super) day: u16,
    pub(super) minute: u16,
    pub(super) nights: u16,
    /// Minute of the discharge day.
    pub(super) discharge_minute: u16,
    pub(super) case_kind: CaseKind,
    /// Place in [`keys::ADMISSIONS`].
    pub(super) admission: u8,
    /// Place in [`keys::ENDINGS`].
    pub(super) ending: u8,
    /// Chapter of the main diagnosis, a place in [`keys::CHAPTERS`].
    pub(super) chapter: u8,
}

impl Stay {
    pub(super) fn is_open(&self) -> bool {
        self.ending == keys::OPEN
    }

    pub(super) fn is_birth(&self) -> bool {
        self.admission == keys::BIRTH
    }

    /// Instant of admission.
    pub(super) fn admitted(&self, calendar: &Calendar) -> DateTime<Utc> {
        instant(calendar.at(self.day, self.minute))
    }

    /// Instant of discharge; for an open stay, the end of the data.
    pub(super) fn left(&self, calendar: &Calendar) -> DateTime<Utc> {
        match self.is_open() {
            true => instant(calendar.end()),
            false => instant(calendar.at(self.day + self.nights, self.discharge_minute)),
        }
    }
}

/// Everything that the clinic tables are written from.
#[derive(Debug, Default)]
pub(super) struct Hospital {
    pub(super) persons: Vec<Person>,
    /// In the order of admission.
    pub(super) stays: Vec<Stay>,
}

impl Hospital {
    /// Beds that are 78 % occupied by the stays of the last year.
    pub(super) fn beds(&self, clinic: u8, calendar: &Calendar) -> u32 {
        let since = calendar.days().saturating_sub(365);
        let recent = self
            .stays
            .iter()
            .filter(|stay| stay.clinic == clinic && stay.day >= since);
        let days: u32 = recent.map(|stay| u32::from(stay.nights.max(1))).sum();
        (f64::from(days) / 365.0 / 0.78).ceil() as u32
    }
}
