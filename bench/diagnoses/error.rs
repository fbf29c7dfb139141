//! How far figures lie from the exact ones.

use super::naive::Figures;
use crate::report::percent;

/// Patients too many, as shares of the exact figures.
pub struct Error {
    nodes: Vec<f64>,
    total: f64,
    worst: String,
}

impl Error {
    /// Compares the nodes of the exact figures.
    pub fn of(summed: &Figures, exact: &Figures) -> Self {
        let patients = |figures: &Figures, node: &str| {
            figures
                .get(node)
                .map_or(0.0, |(patients, _)| *patients as f64)
        };
        let (mut nodes, mut worst) = (Vec::new(), (f64::MIN, String::new()));
        let (mut all_summed, mut all_exact) = (0.0, 0.0);
        for node in exact.keys() {
            let (found, true_number) = (patients(summed, node), patients(exact, node));
            let error = found / true_number - 1.0;
            if error > worst.0 {
                worst = (error, node.clone());
            }
            nodes.push(error);
            all_summed += found;
            all_exact += true_number;
        }
        Error {
            nodes,
            total: all_summed / all_exact - 1.0,
            worst: format!("{} ({})", percent(worst.0), worst.1),
        }
    }

    pub fn total(&self) -> String {
        percent(self.total)
    }

    pub fn mean(&self) -> String {
        percent(self.nodes.iter().sum::<f64>() / self.nodes.len() as f64)
    }

    pub fn worst(&self) -> String {
        self.worst.clone()
    }

    pub fn wrong(&self) -> String {
        let wrong = self.nodes.iter().filter(|error| **error != 0.0).count();
        format!("{wrong} of {}", self.nodes.len())
    }
}
