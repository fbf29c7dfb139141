//! Rows of the drill-down: figures with what of them is hidden, titles and change.

mod top;

use std::collections::{BTreeMap, HashMap, HashSet};

use async_graphql::{Enum, SimpleObject};
use domain::{
    columns::{Figures, codes},
    icd10::{CHAPTERS, Level, Node},
    suppression::{self, Visibility},
};
use storage::analytics::diagnoses::{DiagnosisNode, DiagnosisTree, place_in_tree};

/// Levels of the ICD-10 tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Level")]
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

/// What a row of the drill-down holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "codes::Kind")]
pub enum DiagnosisKind {
    /// A chapter, block or code.
    Node,
    /// What was coded no finer than `code`, listed among the finer codes; among blocks the codes of a chapter that no block
    /// holds.
    NotFurtherSpecified,
    /// Codes outside every chapter.
    NoChapter,
    /// Stays without any ICD-10 code that counts.
    NoCode,
}

/// A figure that is hidden when too few patients stand behind it.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Count {
    /// The figure; null when it is hidden.
    pub(crate) value: Option<i64>,
    /// Whether it is hidden because too few patients stand behind it.
    pub(crate) suppressed: bool,
}

impl Count {
    /// A figure that is shown, or hidden.
    pub(crate) fn new(value: impl Into<i64>, is_hidden: bool) -> Self {
        Count {
            value: (!is_hidden).then(|| value.into()),
            suppressed: is_hidden,
        }
    }
}

/// Figures of the stays with a diagnosis, or of all stays.
#[derive(Debug, Clone, SimpleObject)]
pub struct DiagnosisRow {
    /// Chapter number, block or code; empty for all stays, `NO_CODE` and `NO_CHAPTER` where there is none.
    pub(crate) code: String,
    /// What the row holds; null for all stays.
    pub(crate) kind: Option<DiagnosisKind>,
    /// Title as the catalogue says it that was loaded (`dataVersion.titleSource`), else as imported data give it; for a chapter
    /// without one its range; null when none is known.
    pub(crate) title: Option<String>,
    /// Level at which it is listed; null for all stays.
    pub(crate) level: Option<DiagnosisLevel>,
    /// Nodes above, from the chapter down.
    pub(crate) path: Vec<String>,
    /// Whether finer nodes occur below it that may be opened.
    pub(crate) has_children: bool,
    /// Distinct patients, each counted once whatever the months and clinics.
    pub(crate) patients: Count,
    /// Stays (Einrichtungskontakte) with the diagnosis, each counted once.
    pub(crate) stays: Count,
    /// Bed days by discharged stays; null when none is discharged or the figures are hidden.
    pub(crate) average_length_of_stay: Option<f64>,
    /// Patients by all patients that the filter selects, 0 to 1; null when either is hidden or there is none.
    pub(crate) share_of_patients: Option<f64>,
    /// Patients by the patients of the node `under`, without it by all patients; null when either is hidden.
    pub(crate) share_of_parent: Option<f64>,
    /// Change from the period of comparison to this one; null without `compareWith`.
    pub(crate) change: Option<DiagnosisChange>,
}

/// Change from one period to another.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct DiagnosisChange {
    /// Patients in the period of comparison.
    pub(crate) previous_patients: Count,
    /// Stays in the period of comparison.
    pub(crate) previous_stays: Count,
    /// Patients now less patients then; null when either is hidden.
    pub(crate) patients_difference: Option<i64>,
    /// The difference by the patients then; null when either is hidden or there were none.
    pub(crate) patients_change: Option<f64>,
    /// Stays now less stays then; null when either is hidden.
    pub(crate) stays_difference: Option<i64>,
    /// The difference by the stays then; null when either is hidden or there were none.
    pub(crate) stays_change: Option<f64>,
    /// Average length of stay in the period of comparison, days; null when none was discharged or the figures are hidden.
    pub(crate) previous_average_length_of_stay: Option<f64>,
}

/// Which rows are asked for.
pub(crate) struct Wanted {
    /// A node to look below.
    pub under: Option<Node>,
    /// One level, or all.
    pub level: Option<Level>,
    /// Text in lower case that code or title hold.
    pub search: Option<String>,
}

impl Wanted {
    /// The finest level that must be counted: one more where only the data say whether something lies below.
    pub fn depth(&self) -> Level {
        match self.level {
            Some(level @ (Level::Chapter | Level::Block)) => level,
            Some(Level::Three) => Level::Four,
            _ => Level::Five,
        }
    }
}

/// A row's place in the order of the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key((Level, codes::Kind, usize, String));

impl Key {
    fn of(node: &DiagnosisNode) -> Self {
        Key(place_in_tree(node.level, node.kind, &node.code))
    }

    /// Text that finds the row again.
    pub fn cursor(&self) -> String {
        format!("{:?} {:?} {}", self.0.0, self.0.1, self.0.3)
    }
}

/// One period with what of it is hidden.
struct Side<'a> {
    tree: &'a DiagnosisTree,
    visibility: Vec<Visibility>,
    places: BTreeMap<Key, usize>,
    is_total_hidden: bool,
    /// Nodes with a child that is a code of its own.
    opened: HashSet<usize>,
}

impl<'a> Side<'a> {
    fn new(tree: &'a DiagnosisTree, minimum: u32) -> Self {
        let nodes: Vec<(i64, Option<usize>)> = tree
            .nodes
            .iter()
            .map(|node| (node.figures.patients.into(), node.parent))
            .collect();
        let places = tree.nodes.iter().enumerate();
        let codes_of_their_own = tree
            .nodes
            .iter()
            .filter(|node| node.kind == codes::Kind::Node);
        Side {
            visibility: suppression::tree(tree.total.patients.into(), &nodes, minimum),
            places: places.map(|(place, node)| (Key::of(node), place)).collect(),
            is_total_hidden: suppression::is_small(tree.total.patients.into(), minimum),
            opened: codes_of_their_own.filter_map(|node| node.parent).collect(),
            tree,
        }
    }

    fn node(&self, key: &Key) -> Option<(&DiagnosisNode, Visibility)> {
        let place = *self.places.get(key)?;
        Some((&self.tree.nodes[place], self.visibility[place]))
    }

    /// Figures and whether they are hidden; nobody where the node does not occur.
    fn figures(&self, key: Option<&Key>) -> (Figures, bool) {
        match key {
            None => (self.tree.total, self.is_total_hidden),
            Some(key) => match self.node(key) {
                None => (Figures::default(), self.is_total_hidden),
                Some((node, visibility)) => (node.figures, visibility != Visibility::Shown),
            },
        }
    }

    fn counts(&self, key: Option<&Key>) -> (Count, Count) {
        let (figures, is_hidden) = self.figures(key);
        (
            Count::new(figures.patients, is_hidden),
            Count::new(figures.stays, is_hidden),
        )
    }

    fn path(&self, place: usize) -> Vec<&DiagnosisNode> {
        let mut path: Vec<&DiagnosisNode> =
            std::iter::successors(self.tree.nodes[place].parent, |place| {
                self.tree.nodes[*place].parent
            })
            .map(|place| &self.tree.nodes[place])
            .collect();
        path.reverse();
        path
    }
}

/// The answer with titles, for one period or two.
pub(crate) struct Table<'a> {
    now: Side<'a>,
    then: Option<Side<'a>>,
    titles: &'a HashMap<String, String>,
}

impl<'a> Table<'a> {
    /// Marks what is hidden.
    pub fn new(
        now: &'a DiagnosisTree,
        then: Option<&'a DiagnosisTree>,
        titles: &'a HashMap<String, String>,
        minimum: u32,
    ) -> Self {
        Table {
            now: Side::new(now, minimum),
            then: then.map(|then| Side::new(then, minimum)),
            titles,
        }
    }

    /// The rows that are asked for and may be listed, in the order of the tree.
    pub fn keys(&self, wanted: &Wanted) -> Vec<Key> {
        let sides = std::iter::once(&self.now).chain(&self.then);
        let mut keys: Vec<Key> = sides
            .flat_map(|side| {
                let places = side.places.iter();
                places
                    .filter(move |(_, place)| self.is_wanted(side, **place, wanted))
                    .map(|(key, _)| key.clone())
            })
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    fn is_wanted(&self, side: &Side<'_>, place: usize, wanted: &Wanted) -> bool {
        let node = &side.tree.nodes[place];
        side.visibility[place] != Visibility::Unlisted
            && wanted.level.is_none_or(|level| {
                node.level == level || node.kind == codes::Kind::NoCode && wanted.under.is_none()
            })
            && wanted.under.as_ref().is_none_or(|under| {
                let mut above = side.path(place).into_iter();
                above.any(|above| is_node(above, under))
            })
            && wanted
                .search
                .as_ref()
                .is_none_or(|text| self.is_found(node, text))
    }

    fn is_found(&self, node: &DiagnosisNode, text: &str) -> bool {
        let plain = |code: &str| code.to_lowercase().replace('.', "");
        let title = || self.title(&node.code).map(|title| title.to_lowercase());
        node.kind == codes::Kind::Node
            && (plain(&node.code).starts_with(&plain(text))
                || title().is_some_and(|title| title.contains(text)))
    }

    fn title(&self, code: &str) -> Option<String> {
        let range = || {
            let chapter = CHAPTERS.iter().find(|chapter| chapter.number == code)?;
            Some(format!("{}-{}", chapter.first, chapter.last))
        };
        self.titles.get(code).cloned().or_else(range)
    }

    /// A row as it is shown, beside its parent when one was asked for.
    pub fn row(&self, key: &Key, under: Option<&Node>) -> DiagnosisRow {
        let (patients, stays) = self.now.counts(Some(key));
        let (figures, is_hidden) = self.now.figures(Some(key));
        let all = self.now.counts(None).0;
        let parent = under.map_or(all, |under| self.now.counts(Some(&key_of(under))).0);
        let then = self.then.as_ref().and_then(|then| then.node(key));
        let place = self.now.places.get(key);
        let path = place.map_or_else(
            || {
                let then = self.then.as_ref();
                then.and_then(|then| then.places.get(key).map(|place| then.path(*place)))
            },
            |place| Some(self.now.path(*place)),
        );
        let has_children = match key.0.0 {
            _ if key.0.1 != codes::Kind::Node || is_hidden => false,
            Level::Chapter | Level::Block => figures.stays > 0 || then.is_some(),
            _ => place.is_some_and(|place| self.now.opened.contains(place)),
        };
        DiagnosisRow {
            code: key.0.3.clone(),
            kind: Some(key.0.1.into()),
            title: self.title(&key.0.3),
            level: Some(key.0.0.into()),
            path: path
                .unwrap_or_default()
                .iter()
                .map(|above| above.code.clone())
                .collect(),
            has_children,
            average_length_of_stay: figures.average_length_of_stay().filter(|_| !is_hidden),
            share_of_patients: share(patients, all),
            share_of_parent: share(patients, parent),
            change: self.change(Some(key), (patients, stays)),
            patients,
            stays,
        }
    }

    /// The node to look below; `None` when it is hidden or does not occur.
    pub fn parent(&self, node: &Node) -> Option<DiagnosisRow> {
        let key = key_of(node);
        let (_, visibility) = self.now.node(&key)?;
        (visibility == Visibility::Shown).then(|| self.row(&key, None))
    }

    /// All stays as they are shown.
    pub fn total(&self) -> DiagnosisRow {
        let (patients, stays) = self.now.counts(None);
        let (figures, is_hidden) = self.now.figures(None);
        DiagnosisRow {
            code: String::new(),
            kind: None,
            title: None,
            level: None,
            path: Vec::new(),
            has_children: !is_hidden && figures.stays > 0,
            average_length_of_stay: figures.average_length_of_stay().filter(|_| !is_hidden),
            share_of_patients: share(patients, patients),
            share_of_parent: None,
            change: self.change(None, (patients, stays)),
            patients,
            stays,
        }
    }

    fn change(&self, key: Option<&Key>, now: (Count, Count)) -> Option<DiagnosisChange> {
        let side = self.then.as_ref()?;
        let then = side.counts(key);
        let (figures, is_hidden) = side.figures(key);
        let difference =
            |now: Count, then: Count| now.value.zip(then.value).map(|(now, then)| now - then);
        let change = |now: Count, then: Count| {
            let base = then.value.filter(|then| *then > 0)?;
            Some(difference(now, then)? as f64 / base as f64)
        };
        Some(DiagnosisChange {
            previous_patients: then.0,
            previous_stays: then.1,
            patients_difference: difference(now.0, then.0),
            patients_change: change(now.0, then.0),
            stays_difference: difference(now.1, then.1),
            stays_change: change(now.1, then.1),
            previous_average_length_of_stay: figures
                .average_length_of_stay()
                .filter(|_| !is_hidden),
        })
    }
}

fn is_node(node: &DiagnosisNode, asked: &Node) -> bool {
    node.kind == codes::Kind::Node && node.level == asked.level && node.code == asked.code
}

fn key_of(node: &Node) -> Key {
    Key(place_in_tree(node.level, codes::Kind::Node, &node.code))
}

fn share(part: Count, whole: Count) -> Option<f64> {
    let whole = whole.value.filter(|whole| *whole > 0)?;
    Some(part.value? as f64 / whole as f64)
}
