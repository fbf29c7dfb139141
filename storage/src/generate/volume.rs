//! How much is generated.

use crate::{Error, Result};

/// Most stays that one patient may have on average; more would not fit into the six years.
const MOST_STAYS_OF_A_PATIENT: u64 = 20;

/// Above this many rows the secondary indexes are built after the rows instead of with them.
const BULK_ROWS: u64 = 100_000;

/// How much to generate. Counts are exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Facilities of the country, at least 10.
    pub facilities: u32,
    /// Events of programs without registration.
    pub single_events: u64,
    /// Events of programs with registration; enrolments and entities follow from them, about four events each.
    pub tracker_events: u64,
    /// Persons treated in the clinic group. Some have a row in more than one clinic.
    pub patients: u32,
    /// Stays of these persons, at least one each.
    pub stays: u32,
    /// Diagnoses of these stays.
    pub conditions: u32,
    /// Observations of these stays.
    pub observations: u64,
}

impl Volume {
    /// For tests: loads in about a second.
    #[must_use]
    pub fn tiny() -> Self {
        Volume {
            facilities: 30,
            single_events: 3_000,
            tracker_events: 1_000,
            patients: 600,
            stays: 900,
            conditions: 2_500,
            observations: 5_000,
        }
    }

    /// For a first look: loads in seconds.
    #[must_use]
    pub fn demo() -> Self {
        Volume {
            facilities: 150,
            single_events: 120_000,
            tracker_events: 30_000,
            patients: 20_000,
            stays: 30_000,
            conditions: 85_000,
            observations: 100_000,
        }
    }

    /// For measurements: the size of a national event store and of a large clinic group.
    #[must_use]
    pub fn seed() -> Self {
        Volume {
            facilities: 1_200,
            single_events: 12_600_000,
            tracker_events: 1_000_000,
            patients: 695_000,
            stays: 1_000_000,
            conditions: 2_800_000,
            observations: 12_000_000,
        }
    }

    /// About how many rows will be written, for the progress bar.
    pub(super) fn rows(&self) -> u64 {
        let tracker = self.tracker_events * 5 / 2;
        let stays = u64::from(self.stays) * 42 / 10;
        self.single_events
            + tracker
            + u64::from(self.patients)
            + stays
            + u64::from(self.conditions)
            + self.observations
    }

    /// Whether secondary indexes are dropped and rebuilt.
    pub(super) fn is_bulk(&self) -> bool {
        self.rows() > BULK_ROWS
    }

    /// Refuses volumes that cannot be met exactly.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |text: &str| Err(Error::Input(text.to_owned()));
        let (patients, stays) = (u64::from(self.patients), u64::from(self.stays));
        if self.facilities < 10 || self.facilities > 3_000 {
            return refuse("the volume needs 10 to 3000 facilities");
        }
        if stays < patients || stays > patients * MOST_STAYS_OF_A_PATIENT {
            return refuse("the volume needs 1 to 20 stays a patient");
        }
        if u64::from(self.conditions) < stays {
            return refuse("the volume needs at least as many diagnoses as stays");
        }
        if stays == 0 && (self.conditions > 0 || self.observations > 0) {
            return refuse("diagnoses and observations need stays");
        }
        Ok(())
    }
}
