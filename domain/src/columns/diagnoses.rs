//! Diagnoses by node: each stay and each patient once for each node.

use std::ops::Range;

use super::{Columns, Figures, NodeId, Selection, Tally, Visits, pass::Count};
use crate::icd10::Level;

/// Figures of all nodes down to a level.
#[derive(Debug, Clone)]
pub struct DiagnosisCount {
    depth: usize,
    nodes: Vec<Tally>,
    uncoded: Tally,
    total: Tally,
}

impl DiagnosisCount {
    /// Nothing counted yet, for nodes down to a level.
    #[must_use]
    pub fn new(level: Level) -> Self {
        DiagnosisCount {
            depth: level as usize + 1,
            nodes: Vec::new(),
            uncoded: Tally::default(),
            total: Tally::default(),
        }
    }

    /// Nodes that occur, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, Figures)> {
        let figures = self.nodes.iter().map(Tally::figures).enumerate();
        figures
            .filter(|(_, figures)| figures.stays > 0)
            .map(|(node, figures)| (node as NodeId, figures))
    }

    /// Stays without any code that counts.
    #[must_use]
    pub fn uncoded(&self) -> Figures {
        self.uncoded.figures()
    }

    /// All stays that are selected.
    #[must_use]
    pub fn total(&self) -> Figures {
        self.total.figures()
    }
}

impl Count for DiagnosisCount {
    fn add(&mut self, columns: &Columns, selection: &Selection, stays: Range<usize>) {
        self.nodes
            .resize(columns.codes.entries().len(), Tally::default());
        let chains = columns.codes.chains(self.depth);
        let mut visits = Visits::default();
        for stay in stays.filter(|&stay| selection.selects(columns, stay)) {
            let visit = visits.next(columns, stay);
            self.total.add(visit);
            let mut is_coded = false;
            for &code in columns.codes_of(stay) {
                if selection.counts(code) {
                    is_coded = true;
                    let first = (code >> 1) as usize * self.depth;
                    for &node in &chains[first..first + self.depth] {
                        self.nodes[node as usize].add(visit);
                    }
                }
            }
            if !is_coded {
                self.uncoded.add(visit);
            }
        }
    }

    fn merge(&mut self, later: Self) {
        for (node, later) in self.nodes.iter_mut().zip(later.nodes) {
            node.merge(later);
        }
        self.uncoded.merge(later.uncoded);
        self.total.merge(later.total);
    }
}
