//! Where the time of one request went: the header `Server-Timing`, for callers who may see it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// The time of one request so far.
#[derive(Debug, Default)]
pub struct Timing {
    is_allowed: AtomicBool,
    waited: AtomicU64,
    worked: AtomicU64,
    works: AtomicU32,
}

impl Timing {
    /// The caller may see it.
    pub fn allow(&self) {
        self.is_allowed.store(true, Ordering::Relaxed);
    }

    /// Adds a wait for a database connection.
    pub fn waited(&self, time: Duration) {
        self.waited.fetch_add(micros(time), Ordering::Relaxed);
    }

    /// Adds work with the database.
    pub fn worked(&self, time: Duration) {
        self.worked.fetch_add(micros(time), Ordering::Relaxed);
        self.works.fetch_add(1, Ordering::Relaxed);
    }

    /// The header, for a request that took `total`; `None` when the caller may not see it. Durations are milliseconds.
    #[must_use]
    pub fn header(&self, total: Duration) -> Option<String> {
        if !self.is_allowed.load(Ordering::Relaxed) {
            return None;
        }
        let milliseconds = |micros: u64| micros as f64 / 1000.0;
        Some(format!(
            "wait;dur={:.3}, db;dur={:.3};desc=\"{} steps\", total;dur={:.3}",
            milliseconds(self.waited.load(Ordering::Relaxed)),
            milliseconds(self.worked.load(Ordering::Relaxed)),
            self.works.load(Ordering::Relaxed),
            milliseconds(micros(total)),
        ))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
