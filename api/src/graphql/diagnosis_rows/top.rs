//! The most frequent diagnoses.

use std::cmp::Reverse;

use domain::{columns::codes::Kind, icd10::Level, suppression::Visibility};

use super::{DiagnosisRow, Key, Side, Table};

impl Side<'_> {
    fn hide(&mut self) {
        self.visibility.fill(Visibility::Unlisted);
        self.is_total_hidden = true;
    }
}

impl Table<'_> {
    /// Hides everything of this period.
    pub fn hide_now(&mut self) {
        self.now.hide();
    }

    /// Hides everything of the period of comparison.
    pub fn hide_then(&mut self) {
        if let Some(then) = &mut self.then {
            then.hide();
        }
    }

    /// The three-character codes that most stays have, the most frequent first; what is hidden takes no place among them.
    /// Where fewer than `count` can be shown: blocks or chapters, the level of which more can.
    pub fn top(&self, count: usize) -> Vec<DiagnosisRow> {
        let levels = [Level::Three, Level::Block, Level::Chapter];
        let mut best = Vec::new();
        for level in levels {
            let found = self.top_of(level, count);
            if found.len() > best.len() {
                best = found;
            }
            if best.len() == count {
                break;
            }
        }
        best
    }

    fn top_of(&self, level: Level, count: usize) -> Vec<DiagnosisRow> {
        let shown = self.now.tree.nodes.iter().zip(&self.now.visibility);
        let mut keys: Vec<(Reverse<u32>, Key)> = shown
            .filter(|(node, visibility)| {
                **visibility == Visibility::Shown && node.level == level && node.kind == Kind::Node
            })
            .map(|(node, _)| (Reverse(node.figures.stays), Key::of(node)))
            .collect();
        keys.sort();
        let keys = keys.into_iter().take(count);
        keys.map(|(_, key)| self.row(&key, None)).collect()
    }
}
