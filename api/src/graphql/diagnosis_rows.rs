//! Rows of the drill-down: figures with what of them is hidden, titles and change.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_graphql::{Enum, SimpleObject};
use domain::{
    icd10::{self, CHAPTERS, Node},
    suppression,
};
use storage::analytics::diagnoses::{Diagnoses, Figures};

/// Levels of the ICD-10 tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "icd10::Level")]
pub enum DiagnosisLevel {
    /// Chapters I to XXII.
    Chapter,
    /// Blocks such as I10-I15.
    Block,
    /// Three-character categories such as I10.
    Three,
    /// Four-character codes such as I10.0.
    Four,
    /// Five-character codes such as I10.00.
    Five,
}

/// A figure that is hidden when too few patients stand behind it.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Count {
    /// The figure; null when it is hidden.
    pub(super) value: Option<i64>,
    /// Whether it is hidden because too few patients stand behind it.
    pub(super) suppressed: bool,
}

/// Figures of the stays with a diagnosis, or of all stays.
#[derive(Debug, Clone, SimpleObject)]
pub struct DiagnosisRow {
    /// Chapter number, block or code; empty for all stays.
    code: String,
    /// Title as imported data give it, for a chapter its range; null when none is known.
    title: Option<String>,
    /// Level of the node; null for all stays.
    level: Option<DiagnosisLevel>,
    /// Whether finer nodes occur below it.
    has_children: bool,
    /// Distinct patients, each counted once whatever the months and clinics.
    patients: Count,
    /// Stays (Einrichtungskontakte) with the diagnosis, each counted once.
    stays: Count,
    /// Bed days by discharged stays; null when none is discharged or the figures are hidden.
    average_length_of_stay: Option<f64>,
    /// Patients by all patients that the filter selects, 0 to 1; null when either is hidden or there is none.
    share_of_patients: Option<f64>,
    /// Change from the period of comparison to this one; null without `compareWith`.
    change: Option<DiagnosisChange>,
}

/// Change from one period to another.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct DiagnosisChange {
    /// Patients in the period of comparison.
    previous_patients: Count,
    /// Stays in the period of comparison.
    previous_stays: Count,
    /// Patients now less patients then; null when either is hidden.
    patients_difference: Option<i64>,
    /// The difference by the patients then; null when either is hidden or there were none.
    patients_change: Option<f64>,
    /// Stays now less stays then; null when either is hidden.
    stays_difference: Option<i64>,
}

/// What is shown beside the figures of a page.
pub(super) struct Names {
    pub titles: HashMap<String, String>,
    pub with_children: HashSet<String>,
}

/// Rows of one page.
pub(super) struct Page {
    pub rows: Vec<Figures>,
    pub more_before: bool,
    pub more_after: bool,
}

/// An answer with what of it is hidden.
pub(super) struct Table {
    pub answer: Diagnoses,
    hidden: HashSet<String>,
    total_hidden: bool,
}

impl Table {
    /// Puts the nodes into the order of the tree and marks what is hidden.
    pub fn read(mut answer: Diagnoses, level: icd10::Level, minimum: u32) -> Self {
        let order = |code: &str| CHAPTERS.iter().position(|chapter| chapter.number == code);
        answer
            .nodes
            .sort_by_cached_key(|row| (order(&row.node), row.node.clone()));
        let mut siblings: BTreeMap<Option<String>, Vec<&Figures>> = BTreeMap::new();
        for row in &answer.nodes {
            siblings
                .entry(
                    Node {
                        level,
                        code: row.node.clone(),
                    }
                    .parent(),
                )
                .or_default()
                .push(row);
        }
        let mut hidden = HashSet::new();
        for rows in siblings.values() {
            let patients: Vec<i64> = rows.iter().map(|row| row.patients).collect();
            let is_hidden = suppression::hidden(&patients, minimum);
            hidden.extend(
                rows.iter()
                    .zip(is_hidden)
                    .filter(|(_, hidden)| *hidden)
                    .map(|(row, _)| row.node.clone()),
            );
        }
        let total_hidden = suppression::hidden(&[answer.total.patients], minimum) == [true];
        Table {
            answer,
            hidden,
            total_hidden,
        }
    }

    /// The rows behind a code.
    pub fn page(&self, after: Option<&str>, first: usize) -> Page {
        let start = match after {
            None => 0,
            Some(code) => self
                .answer
                .nodes
                .iter()
                .position(|row| row.node == code)
                .map_or(self.answer.nodes.len(), |place| place + 1),
        };
        let rows: Vec<Figures> = self.answer.nodes[start..]
            .iter()
            .take(first)
            .cloned()
            .collect();
        Page {
            more_before: start > 0,
            more_after: start + rows.len() < self.answer.nodes.len(),
            rows,
        }
    }

    fn is_hidden(&self, code: &str) -> bool {
        self.total_hidden || self.hidden.contains(code)
    }

    /// Patients and stays of a node; nobody where it does not occur.
    fn counts(&self, code: &str) -> (Count, Count) {
        let row = match code {
            "" => Some(&self.answer.total),
            code => self.answer.nodes.iter().find(|row| row.node == code),
        };
        let is_hidden = self.is_hidden(code);
        let count = |value: i64| Count {
            value: (!is_hidden).then_some(value),
            suppressed: is_hidden,
        };
        row.map_or((count(0), count(0)), |row| {
            (count(row.patients), count(row.stays))
        })
    }

    /// A node as it is shown.
    pub fn row(
        &self,
        level: icd10::Level,
        row: &Figures,
        then: Option<&Table>,
        names: &Names,
    ) -> DiagnosisRow {
        let (patients, stays) = self.counts(&row.node);
        let all = self.counts("").0.value.filter(|all| *all > 0);
        DiagnosisRow {
            title: names
                .titles
                .get(&row.node)
                .cloned()
                .or_else(|| chapter_range(&row.node)),
            level: Some(level.into()),
            has_children: level < icd10::Level::Three || names.with_children.contains(&row.node),
            average_length_of_stay: average(row).filter(|_| !patients.suppressed),
            share_of_patients: patients
                .value
                .zip(all)
                .map(|(patients, all)| patients as f64 / all as f64),
            change: then.map(|then| change((patients, stays), then.counts(&row.node))),
            code: row.node.clone(),
            patients,
            stays,
        }
    }

    /// All stays as they are shown.
    pub fn total_row(&self, then: Option<&Table>) -> DiagnosisRow {
        let (patients, stays) = self.counts("");
        DiagnosisRow {
            code: String::new(),
            title: None,
            level: None,
            has_children: !self.answer.nodes.is_empty(),
            average_length_of_stay: average(&self.answer.total).filter(|_| !patients.suppressed),
            share_of_patients: patients.value.filter(|all| *all > 0).map(|_| 1.0),
            change: then.map(|then| change((patients, stays), then.counts(""))),
            patients,
            stays,
        }
    }
}

fn average(row: &Figures) -> Option<f64> {
    (row.finished > 0).then(|| row.bed_days as f64 / row.finished as f64)
}

fn chapter_range(code: &str) -> Option<String> {
    let chapter = CHAPTERS.iter().find(|chapter| chapter.number == code)?;
    Some(format!("{}-{}", chapter.first, chapter.last))
}

fn change(now: (Count, Count), then: (Count, Count)) -> DiagnosisChange {
    let difference =
        |now: Count, then: Count| now.value.zip(then.value).map(|(now, then)| now - then);
    let patients_difference = difference(now.0, then.0);
    let base = then.0.value.filter(|then| *then > 0);
    DiagnosisChange {
        previous_patients: then.0,
        previous_stays: then.1,
        patients_difference,
        patients_change: patients_difference
            .zip(base)
            .map(|(difference, base)| difference as f64 / base as f64),
        stays_difference: difference(now.1, then.1),
    }
}
