//! Repeated runs and their percentiles.

use std::time::{Duration, Instant};

use crate::Result;

/// When to stop repeating. At least one run is timed. A run that only warms up goes before, unless it took longer than
/// [`LONG`].
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub runs: usize,
    pub time: Duration,
}

/// Longer than this is timed once.
pub const LONG: Duration = Duration::from_secs(10);

/// For statements of milliseconds.
pub const FAST: Budget = Budget {
    runs: 400,
    time: Duration::from_secs(4),
};

/// For statements of seconds.
pub const SLOW: Budget = Budget {
    runs: 9,
    time: Duration::from_secs(10),
};

/// For statements of either, of which there are many.
pub const MANY: Budget = Budget {
    runs: 100,
    time: Duration::from_secs(2),
};

/// How long runs took, shortest first.
#[derive(Debug, Clone)]
pub struct Timing(Vec<Duration>);

impl Timing {
    /// Repeats `work` within the budget.
    pub fn of<T>(budget: Budget, mut work: impl FnMut() -> Result<T>) -> Result<Self> {
        let (_, first) = once(&mut work)?;
        if first > LONG {
            return Ok(Timing::new(vec![first]));
        }
        let begun = Instant::now();
        let mut runs = Vec::new();
        while runs.is_empty() || (runs.len() < budget.runs && begun.elapsed() < budget.time) {
            runs.push(once(&mut work)?.1);
        }
        Ok(Timing::new(runs))
    }

    /// Runs `work` once for what it returns, then within the budget for its times. A first run that takes longer than
    /// [`LONG`] is the only one.
    pub fn with_value<T>(budget: Budget, mut work: impl FnMut() -> Result<T>) -> Result<(T, Self)> {
        let (value, first) = once(&mut work)?;
        match first > LONG {
            true => Ok((value, Timing::new(vec![first]))),
            false => Ok((value, Timing::of(budget, work)?)),
        }
    }

    pub fn new(mut runs: Vec<Duration>) -> Self {
        runs.sort_unstable();
        Timing(runs)
    }

    pub fn runs(&self) -> usize {
        self.0.len()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The shortest time within which `percent` of the runs ended.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }
}

/// What `work` returns, and how long it took.
pub fn once<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let started = Instant::now();
    let value = work()?;
    Ok((value, started.elapsed()))
}
