//! What is counted of stays: each once, and each person once.

use super::Columns;

/// What is known of a set of stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Distinct patients.
    pub patients: u32,
    /// Stays.
    pub stays: u32,
    /// Stays with a discharge.
    pub finished: u32,
    /// Bed days of the finished stays.
    pub bed_days: u64,
}

impl Figures {
    /// Bed days by finished stays; `None` when none is finished.
    #[must_use]
    pub fn average_length_of_stay(&self) -> Option<f64> {
        (self.finished > 0).then(|| self.bed_days as f64 / f64::from(self.finished))
    }
}

/// A stay that goes by in the order of persons.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// Number of the stay, one up: 0 stands for none.
    stay: u32,
    /// That of the first stay of the person that goes by.
    first: u32,
    /// Bed days; `None` while open.
    bed_days: Option<u32>,
}

/// What tells where the stays of a person begin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visits {
    person: Option<u32>,
    first: u32,
}

impl Visits {
    /// The next stay.
    #[inline]
    pub fn next(&mut self, columns: &Columns, stay: usize) -> Visit {
        let person = Some(columns.person[stay]);
        let number = columns.first_stay + stay as u32 + 1;
        if self.person != person {
            *self = Visits {
                person,
                first: number,
            };
        }
        Visit {
            stay: number,
            first: self.first,
            bed_days: columns.bed_days(stay),
        }
    }
}

/// Figures that grow while stays go by in the order of persons. It fills half a line of the processor's cache, and adding
/// a stay takes few writes and no branch that nobody could foretell: there are millions of them.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub struct Tally {
    /// Stays, and 2^32 for each patient.
    patients_and_stays: u64,
    bed_days: u64,
    open: u32,
    /// Number of the stay counted last.
    last: u32,
}

impl Tally {
    /// Counts a stay, unless it is the one counted last; its person, unless it is that of the one counted last.
    #[inline]
    pub fn add(&mut self, visit: Visit) {
        let is_new = u64::from(self.last != visit.stay);
        let is_patient = u64::from(self.last < visit.first);
        self.patients_and_stays += is_patient << 32 | is_new;
        match visit.bed_days {
            Some(days) => self.bed_days += is_new * u64::from(days),
            None => self.open += is_new as u32,
        }
        self.last = visit.stay;
    }

    /// Adds what was counted of later stays of other persons.
    pub fn merge(&mut self, later: Self) {
        self.patients_and_stays += later.patients_and_stays;
        self.bed_days += later.bed_days;
        self.open += later.open;
        self.last = self.last.max(later.last);
    }

    /// What was counted.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let stays = self.patients_and_stays as u32;
        Figures {
            patients: (self.patients_and_stays >> 32) as u32,
            stays,
            finished: stays - self.open,
            bed_days: self.bed_days,
        }
    }
}
