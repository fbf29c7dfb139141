//! What is counted of stays: each once, and each person once.

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

/// Figures that grow while stays go by in the order of persons.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    person: u32,
    stay: u32,
    figures: Figures,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            person: u32::MAX,
            stay: u32::MAX,
            figures: Figures::default(),
        }
    }
}

impl Tally {
    /// Counts a stay, unless it is the one counted last.
    #[inline]
    pub fn add(&mut self, person: u32, stay: u32, bed_days: Option<u32>) {
        if self.stay == stay {
            return;
        }
        self.stay = stay;
        self.figures.stays += 1;
        if let Some(days) = bed_days {
            self.figures.finished += 1;
            self.figures.bed_days += u64::from(days);
        }
        if self.person != person {
            self.person = person;
            self.figures.patients += 1;
        }
    }

    /// What was counted.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.figures
    }
}
