//! The ICD-10 codes that occur, and the nodes of the tree above each.
//!
//! Every code lies in one node at every level, so that the children of a node cover it: a code that is coarser than the
//! level, or that the catalogue's ranges leave out, stands there in a node of its own kind.

use std::collections::HashMap;

use crate::icd10::{Level, Node, block_of, chapter_of};

/// Number of a node.
pub type NodeId = u32;

/// All levels from coarse to fine.
pub const LEVELS: [Level; 5] = [
    Level::Chapter,
    Level::Block,
    Level::Three,
    Level::Four,
    Level::Five,
];

/// Code of the node of stays that have no ICD-10 code at all.
pub const NO_CODE: &str = "NO_CODE";
/// Code of the node of codes outside every chapter.
pub const NO_CHAPTER: &str = "NO_CHAPTER";

/// What a node of a level holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A chapter, block or code.
    Node,
    /// The codes of a coarser node that go no further: coded `I10` among the four-character codes, or a category of a
    /// range that the catalogue's blocks leave out among the blocks. It has the code of that coarser node.
    NotFurtherSpecified,
    /// Codes outside every chapter.
    NoChapter,
    /// No ICD-10 code.
    NoCode,
}

/// A node at one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Level at which it is listed.
    pub level: Level,
    /// What it holds.
    pub kind: Kind,
    /// Chapter number, block or code.
    pub code: String,
    /// The node above at the next coarser level; `None` for the coarsest.
    pub parent: Option<NodeId>,
}

/// Codes with dense numbers and their nodes.
#[derive(Debug, Default)]
pub struct Codes {
    numbers: HashMap<String, u32>,
    chains: Vec<[NodeId; 5]>,
    entries: Vec<Entry>,
    nodes: HashMap<(Level, Kind, String), NodeId>,
}

impl Codes {
    /// The number of a code, a new one where it is met for the first time.
    pub(crate) fn number(&mut self, code: &str) -> u32 {
        if let Some(&number) = self.numbers.get(code) {
            return number;
        }
        let number = self.chains.len() as u32;
        let chain = self.chain(code);
        self.chains.push(chain);
        self.numbers.insert(code.to_owned(), number);
        number
    }

    fn chain(&mut self, code: &str) -> [NodeId; 5] {
        let mut chain = [0; 5];
        let mut parent: Option<NodeId> = None;
        for (place, level) in LEVELS.into_iter().enumerate() {
            let (kind, text) = match node_at(code, level) {
                Some(text) => (Kind::Node, text),
                // Nothing at this level: the node above stands for it.
                None => match parent.map(|above| &self.entries[above as usize]) {
                    None => (Kind::NoChapter, NO_CHAPTER.to_owned()),
                    Some(above) if above.kind == Kind::NoChapter => {
                        (Kind::NoChapter, above.code.clone())
                    }
                    Some(above) => (Kind::NotFurtherSpecified, above.code.clone()),
                },
            };
            let key = (level, kind, text);
            let node = match self.nodes.get(&key) {
                Some(&node) => node,
                None => {
                    let node = self.entries.len() as NodeId;
                    self.entries.push(Entry {
                        level,
                        kind,
                        code: key.2.clone(),
                        parent,
                    });
                    self.nodes.insert(key, node);
                    node
                }
            };
            chain[place] = node;
            parent = Some(node);
        }
        chain
    }

    /// The nodes above each code from the chapter down, so many of them for each: as few as a pass needs, so that they
    /// stay in the processor's cache.
    pub(crate) fn chains(&self, depth: usize) -> Vec<NodeId> {
        let chains = self.chains.iter();
        chains.flat_map(|chain| &chain[..depth]).copied().collect()
    }

    /// All nodes that occur, by number.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Which codes, by number, lie at or below a node.
    pub(crate) fn below(&self, node: &Node) -> Vec<bool> {
        let (first, last) = node.bounds();
        let mut is_below = vec![false; self.chains.len()];
        for (code, &number) in &self.numbers {
            is_below[number as usize] =
                first.as_str() <= code.as_str() && code.as_str() <= last.as_str();
        }
        is_below
    }

    /// Bytes that codes and nodes take, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chains.len() * 100 + self.entries.len() * 150
    }
}

/// Chapter, block or shortened code of a code at a level; `None` where it has none.
fn node_at(code: &str, level: Level) -> Option<String> {
    match level {
        Level::Chapter => chapter_of(code).map(|chapter| chapter.number.to_owned()),
        Level::Block => block_of(code).map(str::to_owned),
        Level::Three => Some(code.get(..3).unwrap_or(code).to_owned()),
        Level::Four => code.get(..5).map(str::to_owned),
        Level::Five => code.get(..6).map(str::to_owned),
    }
}
