//! The tree of organisation units and sets of its units.
//!
//! Units are kept in the order of their paths. A path is `/uid/uid/…` with identifiers of 11 characters, so a subtree is
//! one run of neighbours and a set of subtrees is a short list of runs: no set of ids is ever walked to answer "is this
//! unit inside that scope".

use std::{collections::HashMap, ops::Range};

/// One unit of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Internal key.
    pub id: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Identifiers from the root down, `/uid/uid`.
    pub path: String,
    /// Depth, a root has 1.
    pub level: i32,
}

/// All units, ordered by path.
#[derive(Debug, Default)]
pub struct Tree {
    units: Vec<Unit>,
    by_id: HashMap<i64, usize>,
    by_uid: HashMap<String, usize>,
}

impl Tree {
    /// Builds the tree from units in any order.
    #[must_use]
    pub fn new(mut units: Vec<Unit>) -> Self {
        units.sort_by(|a, b| a.path.cmp(&b.path));
        let by_id = units
            .iter()
            .enumerate()
            .map(|(place, unit)| (unit.id, place))
            .collect();
        let by_uid = units
            .iter()
            .enumerate()
            .map(|(place, unit)| (unit.uid.clone(), place))
            .collect();
        Tree {
            units,
            by_id,
            by_uid,
        }
    }

    /// The unit with an identifier.
    #[must_use]
    pub fn find(&self, uid: &str) -> Option<&Unit> {
        self.by_uid.get(uid).map(|&place| &self.units[place])
    }

    /// The unit with a key.
    #[must_use]
    pub fn get(&self, id: i64) -> Option<&Unit> {
        self.by_id.get(&id).map(|&place| &self.units[place])
    }

    /// Every unit.
    #[must_use]
    pub fn everything(&self) -> UnitSet {
        UnitSet::from_runs(std::iter::once(0..self.units.len()).collect())
    }

    /// A unit alone.
    #[must_use]
    pub fn only(&self, unit: &Unit) -> UnitSet {
        let runs = self.by_id.get(&unit.id).map(|&place| place..place + 1);
        UnitSet::from_runs(runs.into_iter().collect())
    }

    /// A unit with its direct children (DHIS2's CHILDREN includes the unit itself).
    #[must_use]
    pub fn with_children(&self, unit: &Unit) -> UnitSet {
        let runs = self
            .subtree(unit)
            .filter(|&place| self.units[place].level <= unit.level + 1);
        UnitSet::from_runs(runs.map(|place| place..place + 1).collect())
    }

    /// The units with the given keys and everything below them. Unknown keys add nothing.
    #[must_use]
    pub fn below(&self, roots: &[i64]) -> UnitSet {
        let places = roots.iter().filter_map(|id| self.by_id.get(id));
        UnitSet::from_runs(
            places
                .map(|&place| self.subtree(&self.units[place]))
                .collect(),
        )
    }

    /// Whether a unit belongs to a set.
    #[must_use]
    pub fn contains(&self, set: &UnitSet, id: i64) -> bool {
        self.by_id
            .get(&id)
            .is_some_and(|place| set.runs.iter().any(|run| run.contains(place)))
    }

    /// The units of a set.
    pub fn units<'a>(&'a self, set: &'a UnitSet) -> impl Iterator<Item = &'a Unit> {
        set.runs.iter().flat_map(|run| &self.units[run.clone()])
    }

    /// Whether a set holds every unit, so that a query needs no condition on units.
    #[must_use]
    pub fn is_everything(&self, set: &UnitSet) -> bool {
        set.len() == self.units.len()
    }

    fn subtree(&self, unit: &Unit) -> Range<usize> {
        let Some(&start) = self.by_id.get(&unit.id) else {
            return 0..0;
        };
        let below = self.units[start..].partition_point(|other| {
            other.path.starts_with(&unit.path)
                && matches!(
                    other.path.as_bytes().get(unit.path.len()),
                    None | Some(b'/')
                )
        });
        start..start + below
    }
}

/// A set of units: runs of places in the tree that made it, in order, without overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitSet {
    runs: Vec<Range<usize>>,
}

impl UnitSet {
    /// How many units the set holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }

    /// Whether the set holds no unit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The units that both sets hold.
    #[must_use]
    pub fn intersect(&self, other: &UnitSet) -> UnitSet {
        let pairs = self
            .runs
            .iter()
            .flat_map(|a| other.runs.iter().map(move |b| (a, b)));
        UnitSet::from_runs(
            pairs
                .map(|(a, b)| a.start.max(b.start)..a.end.min(b.end))
                .collect(),
        )
    }

    fn from_runs(mut runs: Vec<Range<usize>>) -> Self {
        runs.retain(|run| run.start < run.end);
        runs.sort_by_key(|run| run.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(runs.len());
        for run in runs {
            match merged.last_mut() {
                Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
                _ => merged.push(run),
            }
        }
        UnitSet { runs: merged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A random forest: unit `n` hangs below an earlier unit or is a root.
    fn forest() -> impl Strategy<Value = Vec<Unit>> {
        prop::collection::vec(any::<prop::sample::Index>(), 1..40).prop_map(|parents| {
            let mut units: Vec<Unit> = Vec::new();
            for (number, parent) in parents.iter().enumerate() {
                let uid = crate::uid::from_number(number as u64 * 7_919_131);
                let above = parent
                    .index(number + 1)
                    .checked_sub(1)
                    .map(|place| units[place].clone());
                let (path, level) = above.map_or_else(
                    || (format!("/{uid}"), 1),
                    |u| (format!("{}/{uid}", u.path), u.level + 1),
                );
                units.push(Unit {
                    id: number as i64,
                    uid,
                    path,
                    level,
                });
            }
            units
        })
    }

    fn ids(tree: &Tree, set: &UnitSet) -> BTreeSet<i64> {
        tree.units(set).map(|unit| unit.id).collect()
    }

    proptest! {
        #[test]
        fn sets_agree_with_comparing_paths(units in forest(), first: prop::sample::Index, second: prop::sample::Index) {
            let tree = Tree::new(units.clone());
            let (a, b) = (&units[first.index(units.len())], &units[second.index(units.len())]);
            let inside = |unit: &Unit, root: &Unit| format!("{}/", unit.path).starts_with(&format!("{}/", root.path));
            let expected = |keep: &dyn Fn(&Unit) -> bool| units.iter().filter(|unit| keep(unit)).map(|unit| unit.id).collect::<BTreeSet<_>>();

            prop_assert_eq!(ids(&tree, &tree.below(&[a.id, b.id])), expected(&|unit| inside(unit, a) || inside(unit, b)));
            prop_assert_eq!(ids(&tree, &tree.with_children(a)), expected(&|unit| inside(unit, a) && unit.level <= a.level + 1));
            let both = tree.below(&[a.id]).intersect(&tree.below(&[b.id]));
            prop_assert_eq!(ids(&tree, &both), expected(&|unit| inside(unit, a) && inside(unit, b)));
            prop_assert_eq!(both.len(), ids(&tree, &both).len());
            prop_assert!(units.iter().all(|unit| tree.contains(&both, unit.id) == ids(&tree, &both).contains(&unit.id)));
            prop_assert!(tree.is_everything(&tree.everything()));
        }
    }

    #[test]
    fn unknown_units_are_in_no_set() {
        let tree = Tree::new(vec![]);
        assert!(tree.below(&[7]).is_empty());
        assert!(!tree.contains(&tree.everything(), 7));
    }
}
