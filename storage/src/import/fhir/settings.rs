//! How a delivery is taken.

use chrono_tz::Tz;

use crate::{Error, Result};

/// What the caller of an import decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Whether the delivery stands for all data of the clinic: what it does not hold of the types that it holds is
    /// removed.
    pub is_full: bool,
    /// Whether files that were imported before are read again.
    pub is_forced: bool,
    /// Percent of the resources that may break a rule, and of the stays that may name another clinic's provider, 0 to 100.
    pub max_bad: f64,
    /// Percent of the stays of an admission month, and of all months together, that a delivery may lose, 0 to 100.
    pub max_lost: f64,
    /// Zone in which the clinic's days are counted from now on; `None` leaves it as it is.
    pub zone: Option<Tz>,
    /// Threads that parse.
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            is_full: false,
            is_forced: false,
            max_bad: 5.0,
            max_lost: 10.0,
            zone: None,
            threads: std::thread::available_parallelism().map_or(2, |count| count.get().max(2)),
        }
    }
}

impl Settings {
    /// The same, with the zone of that IANA name.
    ///
    /// # Errors
    /// [`Error::Input`] when there is none.
    pub fn in_zone(self, name: &str) -> Result<Self> {
        let zone = name
            .parse()
            .map_err(|_| Error::Input(format!("{name} is no time zone, such as Europe/Berlin")))?;
        Ok(Settings {
            zone: Some(zone),
            ..self
        })
    }
}

/// So few bad resources, or lost stays of a month, never refuse a delivery.
pub const FEW: u64 = 20;
