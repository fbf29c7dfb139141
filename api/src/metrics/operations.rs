//! Operations by name. Names come from clients: the first hundred that were valid are told apart.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use prometheus::HistogramVec;

/// Most names that are told apart.
const MOST: usize = 100;
/// Longest name that is told, bytes.
const LONGEST: usize = 64;

/// Figures of operations by name and outcome.
#[derive(Clone)]
pub struct Operations {
    histogram: HistogramVec,
    names: Arc<RwLock<HashSet<String>>>,
}

impl Operations {
    /// Figures kept in a histogram with the labels `operation` and `outcome`.
    #[must_use]
    pub fn new(histogram: HistogramVec) -> Self {
        Operations {
            histogram,
            names: Arc::default(),
        }
    }

    pub(super) fn histogram(&self) -> HistogramVec {
        self.histogram.clone()
    }

    /// Records an operation. A name is learned from one that was answered without errors only, so that nobody fills the list
    /// with nonsense.
    pub fn record(&self, name: Option<&str>, is_ok: bool, time: Duration) {
        let outcome = if is_ok { "ok" } else { "error" };
        let name = match name {
            None => "anonymous",
            Some(name) if self.is_known(name) || (is_ok && self.learn(name)) => name,
            Some(_) => "other",
        };
        self.histogram
            .with_label_values(&[name, outcome])
            .observe(time.as_secs_f64());
    }

    fn is_known(&self, name: &str) -> bool {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        names.contains(name)
    }

    /// Whether a name is told apart from now on.
    fn learn(&self, name: &str) -> bool {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST || name.len() > LONGEST {
            return false;
        }
        names.insert(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, HistogramVec};

    use super::*;

    #[test]
    fn names_are_bounded_and_learned_from_answers_only() {
        let options = HistogramOpts::new("time", "Time.");
        let histogram = HistogramVec::new(options, &["operation", "outcome"]).expect("a histogram");
        let operations = Operations::new(histogram);
        let count = |name: &str, outcome: &str| {
            let histogram = operations.histogram();
            histogram
                .with_label_values(&[name, outcome])
                .get_sample_count()
        };
        let time = Duration::from_millis(1);
        operations.record(Some("Nonsense"), false, time);
        assert_eq!(
            (count("other", "error"), count("Nonsense", "error")),
            (1, 0)
        );
        operations.record(None, true, time);
        assert_eq!(count("anonymous", "ok"), 1);
        for number in 0..MOST + 5 {
            operations.record(Some(&format!("Page{number}")), true, time);
        }
        operations.record(Some("Page0"), false, time);
        assert_eq!((count("Page0", "ok"), count("Page0", "error")), (1, 1));
        assert_eq!((count("Page104", "ok"), count("other", "ok")), (0, 5));
        operations.record(Some(&"x".repeat(65)), true, time);
        assert_eq!(count("other", "ok"), 6);
    }
}
