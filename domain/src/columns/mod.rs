//! Stays as columns in memory: what every figure of clinic analytics is counted from, in one pass.
//!
//! Stays stand in the order of (person, admission), so that the stays of a person are neighbours: a person is counted
//! once for a node, a clinic or a month by remembering the last person seen there. That is exact for every period and
//! every filter, and adds up over parts of the data: a caller may hold all stays or feed them part by part, as long as
//! no person is cut in two.

pub mod codes;
pub mod diagnoses;
pub mod faults;
pub mod flow;
pub mod indicator;
pub mod kpis;
pub mod pass;
mod properties;
pub mod report;
pub mod selection;
mod tally;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use chrono::{Datelike, NaiveDate};

pub use codes::{Codes, NodeId};
pub use properties::{
    ADMISSION_TYPES, CASE_KINDS, DISCHARGE_TYPES, Properties, SEX_NAMES, SEXES, UnknownName,
};
pub use selection::Selection;
pub use tally::Figures;
use tally::{Tally, Visits};

/// The day of discharge of a stay that is still open: after every other.
pub const OPEN: i32 = i32::MAX;

/// A day as columns keep it.
#[must_use]
pub fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// One stay as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayRow<'a> {
    /// Key of the clinic.
    pub clinic: i64,
    /// Key of the person.
    pub person: i64,
    /// Day of admission.
    pub admission: NaiveDate,
    /// Day of discharge; `None` while open.
    pub discharge: Option<NaiveDate>,
    /// Stored name of the admission type.
    pub admission_type: &'a str,
    /// Stored name of the discharge type.
    pub discharge_type: &'a str,
    /// Stored name of the case kind.
    pub case_kind: &'a str,
    /// Stored name of the sex.
    pub sex: &'a str,
    /// Completed years at admission; `None` when not known.
    pub age: Option<i16>,
    /// ICD-10 codes, each once, in byte order.
    pub codes: &'a [String],
    /// Those of them that are main diagnoses.
    pub main_codes: &'a [String],
    /// Keys of stations in order.
    pub stations: &'a [i64],
}

/// Stays and what their codes, clinics and stations stand for.
#[derive(Debug, Default)]
pub struct Columns {
    /// ICD-10 codes and the nodes above them.
    pub codes: Codes,
    clinics: Keys,
    stations: Keys,
    intensive_stations: HashSet<i64>,
    is_intensive: Vec<bool>,
    people: u32,
    last_person: Option<i64>,
    /// Latest day of admission: until then the data are known.
    pub last_day: i32,
    /// Number of the first stay held, when parts went before.
    pub(crate) first_stay: u32,
    pub(crate) person: Vec<u32>,
    pub(crate) clinic: Vec<u16>,
    pub(crate) admission: Vec<i32>,
    pub(crate) discharge: Vec<i32>,
    pub(crate) properties: Vec<Properties>,
    pub(crate) age: Vec<i16>,
    code_end: Vec<u32>,
    code: Vec<u32>,
    station_end: Vec<u32>,
    station: Vec<u32>,
}

/// Keys of the database with dense numbers.
#[derive(Debug, Default)]
struct Keys {
    keys: Vec<i64>,
    numbers: HashMap<i64, u32>,
}

impl Keys {
    fn number(&mut self, key: i64) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.keys.len() as u32 - 1
        })
    }
}

impl Columns {
    /// No stays yet. `intensive_stations` are the keys of intensive care units.
    #[must_use]
    pub fn new(intensive_stations: HashSet<i64>) -> Self {
        Columns {
            intensive_stations,
            ..Columns::default()
        }
    }

    /// Appends a stay. Stays come in the order of (person, admission, key).
    ///
    /// # Errors
    /// [`UnknownName`] when a property has a name that this program does not know.
    pub fn push(&mut self, row: &StayRow<'_>) -> Result<(), UnknownName> {
        self.properties.push(Properties::of(row)?);
        if self.last_person != Some(row.person) {
            self.last_person = Some(row.person);
            self.people += 1;
        }
        self.person.push(self.people - 1);
        // More clinics than the number holds would be an error of the data; they share the last number then.
        let clinic = self.clinics.number(row.clinic);
        self.clinic.push(u16::try_from(clinic).unwrap_or(u16::MAX));
        self.admission.push(day_number(row.admission));
        self.last_day = self.last_day.max(day_number(row.admission));
        self.discharge.push(row.discharge.map_or(OPEN, day_number));
        self.age.push(row.age.unwrap_or(-1));
        for code in row.codes {
            let is_main = row.main_codes.contains(code);
            self.code
                .push(self.codes.number(code) << 1 | u32::from(is_main));
        }
        self.code_end.push(self.code.len() as u32);
        for &station in row.stations {
            let number = self.stations.number(station);
            if number as usize == self.is_intensive.len() {
                self.is_intensive
                    .push(self.intensive_stations.contains(&station));
            }
            self.station.push(number);
        }
        self.station_end.push(self.station.len() as u32);
        Ok(())
    }

    /// Forgets the stays and keeps what numbers stand for, so that the next part is counted with the same numbers.
    pub fn next_part(&mut self) {
        self.first_stay += self.person.len() as u32;
        self.person.clear();
        self.clinic.clear();
        self.admission.clear();
        self.discharge.clear();
        self.properties.clear();
        self.age.clear();
        self.code_end.clear();
        self.code.clear();
        self.station_end.clear();
        self.station.clear();
    }

    /// Stays held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.person.len()
    }

    /// Whether no stay is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.person.is_empty()
    }

    /// Places of all stays in about as many runs as asked for, each ending between two persons.
    #[must_use]
    pub(crate) fn parts(&self, count: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::with_capacity(count);
        let mut start = 0;
        for part in 1..=count {
            let mut end = (self.len() * part / count).max(start);
            while end > start && end < self.len() && self.person[end] == self.person[end - 1] {
                end += 1;
            }
            parts.push(start..end);
            start = end;
        }
        parts
    }

    /// Persons of all stays, those of earlier parts included.
    #[must_use]
    pub fn people(&self) -> u32 {
        self.people
    }

    /// Keys of the clinics by their numbers.
    #[must_use]
    pub fn clinic_keys(&self) -> &[i64] {
        &self.clinics.keys
    }

    pub(crate) fn station_keys(&self) -> &[i64] {
        &self.stations.keys
    }

    /// Whether the person of a stay has another one in another clinic.
    pub(crate) fn is_of_several_clinics(&self, stay: usize) -> bool {
        let is_theirs = |other: &usize| self.person[*other] == self.person[stay];
        let earlier = (0..stay).rev().take_while(is_theirs);
        let later = (stay + 1..self.len()).take_while(is_theirs);
        let mut others = earlier.chain(later);
        others.any(|other| self.clinic[other] != self.clinic[stay])
    }

    /// Bed days of a stay, at least 1; `None` while open.
    pub(crate) fn bed_days(&self, stay: usize) -> Option<u32> {
        let (from, to) = (self.admission[stay], self.discharge[stay]);
        (to != OPEN).then(|| (to - from).max(1) as u32)
    }

    /// The codes of a stay: number of the code doubled, plus 1 for a main diagnosis.
    pub(crate) fn codes_of(&self, stay: usize) -> &[u32] {
        &self.code[range(&self.code_end, stay)]
    }

    /// Numbers of the stations of a stay, in order.
    pub(crate) fn stations_of(&self, stay: usize) -> &[u32] {
        &self.station[range(&self.station_end, stay)]
    }

    pub(crate) fn is_intensive(&self, station: u32) -> bool {
        self.is_intensive[station as usize]
    }

    /// Bytes that the columns take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let stays = 4 + 2 + 4 + 4 + 4 + 2 + 4 + 4;
        self.person.capacity() * stays
            + (self.code.capacity() + self.station.capacity()) * 4
            + self.codes.bytes()
    }

    /// Gives back what was reserved in vain.
    pub fn shrink(&mut self) {
        self.person.shrink_to_fit();
        self.clinic.shrink_to_fit();
        self.admission.shrink_to_fit();
        self.discharge.shrink_to_fit();
        self.properties.shrink_to_fit();
        self.age.shrink_to_fit();
        self.code_end.shrink_to_fit();
        self.code.shrink_to_fit();
        self.station_end.shrink_to_fit();
        self.station.shrink_to_fit();
    }
}

fn range(ends: &[u32], place: usize) -> Range<usize> {
    let start = if place == 0 { 0 } else { ends[place - 1] };
    start as usize..ends[place] as usize
}
