//! Diagnoses by node: each stay and each patient once for each node.

use super::{Columns, Figures, NodeId, Selection, Tally};
use crate::icd10::Level;

/// Figures of all nodes down to a level.
#[derive(Debug)]
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

    /// Counts the stays that are selected.
    pub fn add(&mut self, columns: &Columns, selection: &Selection) {
        self.nodes
            .resize(columns.codes.entries().len(), Tally::default());
        for stay in (0..columns.len()).filter(|&stay| selection.selects(columns, stay)) {
            let person = columns.person[stay];
            let number = columns.first_stay + stay as u32;
            let bed_days = columns.bed_days(stay);
            self.total.add(person, number, bed_days);
            let mut is_coded = false;
            for &code in columns.codes_of(stay) {
                if selection.counts(code) {
                    is_coded = true;
                    for &node in &columns.codes.chain_of(code >> 1)[..self.depth] {
                        self.nodes[node as usize].add(person, number, bed_days);
                    }
                }
            }
            if !is_coded {
                self.uncoded.add(person, number, bed_days);
            }
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
