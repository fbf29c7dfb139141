//! Where each organisation unit stands: paths and levels from parents alone. Pure.

use std::collections::{HashMap, HashSet};

use crate::import::dhis2::object::Fault;

/// Parent of each unit; `None` for a root.
pub(super) type Parents = HashMap<String, Option<String>>;

/// The tree as it will be.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Path of each unit that can be placed.
    pub(super) paths: HashMap<String, String>,
    /// Units of the file that cannot be placed, and why.
    pub(super) faults: Vec<(String, Fault)>,
}

/// Depth of a path; a root has 1.
pub(super) fn level(path: &str) -> usize {
    path.matches('/').count()
}

/// Lays the file's units over the stored ones. A unit of the file that cannot be placed leaves its stored place as it
/// was, and is a fault; so may be what hangs on it. `rejected` are units of the file that failed before.
pub(super) fn arrange(stored: &Parents, file: &Parents, rejected: &HashSet<String>) -> Tree {
    let mut rejected = rejected.clone();
    let mut faults = Vec::new();
    loop {
        let mut parents = stored.clone();
        let placed = file.iter().filter(|(uid, _)| !rejected.contains(*uid));
        parents.extend(placed.map(|(uid, parent)| (uid.clone(), parent.clone())));
        let mut paths = HashMap::new();
        let mut found: HashMap<String, Fault> = HashMap::new();
        for uid in parents.keys() {
            for (uid, fault) in place(uid, &parents, &rejected, &mut paths) {
                if file.contains_key(&uid) && !rejected.contains(&uid) {
                    found.insert(uid, fault);
                }
            }
        }
        if found.is_empty() {
            return Tree { paths, faults };
        }
        rejected.extend(found.keys().cloned());
        faults.extend(found);
    }
}

/// Gives `uid` and the units above it their paths, or returns the units that stand in the way.
fn place(
    uid: &str,
    parents: &Parents,
    rejected: &HashSet<String>,
    paths: &mut HashMap<String, String>,
) -> Vec<(String, Fault)> {
    let mut chain: Vec<&str> = Vec::new();
    let mut next = Some(uid);
    while let Some(unit) = next.filter(|unit| !paths.contains_key(*unit)) {
        if let Some(start) = chain.iter().position(|above| *above == unit) {
            return chain[start..]
                .iter()
                .map(|unit| ((*unit).to_owned(), cycle(unit)))
                .collect();
        }
        let Some(parent) = parents.get(unit) else {
            let child = chain.last().copied().unwrap_or(unit);
            return vec![(child.to_owned(), missing(unit, rejected.contains(unit)))];
        };
        chain.push(unit);
        next = parent.as_deref();
    }
    let mut path = next
        .and_then(|unit| paths.get(unit).cloned())
        .unwrap_or_default();
    for unit in chain.into_iter().rev() {
        path = format!("{path}/{unit}");
        paths.insert(unit.to_owned(), path.clone());
    }
    vec![]
}

fn cycle(unit: &str) -> Fault {
    Fault::new(
        "PARENT_CYCLE",
        format!("`parent` leads from unit {unit} back to itself"),
    )
}

fn missing(parent: &str, rejected: bool) -> Fault {
    if rejected {
        Fault::new(
            "DEPENDS_ON_REJECTED",
            format!("`parent` refers to organisationUnit {parent}, which was rejected"),
        )
    } else {
        Fault::new(
            "UNKNOWN_REFERENCE",
            format!(
                "`parent` refers to organisationUnit {parent}, which is neither in the file nor stored"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(pairs: &[(&str, &str)]) -> Parents {
        pairs
            .iter()
            .map(|(uid, parent)| {
                (
                    (*uid).to_owned(),
                    Some((*parent).to_owned()).filter(|p| !p.is_empty()),
                )
            })
            .collect()
    }

    fn faults(tree: &Tree) -> Vec<(&str, &str)> {
        let mut faults: Vec<_> = tree
            .faults
            .iter()
            .map(|(uid, fault)| (uid.as_str(), fault.rule))
            .collect();
        faults.sort_unstable();
        faults
    }

    #[test]
    fn a_move_takes_everything_below_along() {
        let stored = parents(&[("a", ""), ("b", ""), ("c", "a"), ("d", "c")]);
        let tree = arrange(&stored, &parents(&[("c", "b")]), &HashSet::new());
        assert_eq!(tree.paths["d"], "/b/c/d");
        assert_eq!(level(&tree.paths["d"]), 3);
        assert!(tree.faults.is_empty());
    }

    #[test]
    fn a_cycle_is_a_fault_of_the_units_on_it_and_of_those_below() {
        let file = parents(&[("a", "b"), ("b", "a"), ("c", "a"), ("d", "")]);
        let tree = arrange(&Parents::new(), &file, &HashSet::new());
        assert_eq!(
            faults(&tree),
            [
                ("a", "PARENT_CYCLE"),
                ("b", "PARENT_CYCLE"),
                ("c", "DEPENDS_ON_REJECTED")
            ]
        );
        assert_eq!(tree.paths.len(), 1);
    }

    #[test]
    fn a_unit_cannot_move_below_itself() {
        let stored = parents(&[("a", ""), ("b", "a")]);
        let tree = arrange(&stored, &parents(&[("a", "b")]), &HashSet::new());
        assert_eq!(faults(&tree), [("a", "PARENT_CYCLE")]);
        assert_eq!(tree.paths["b"], "/a/b");
    }

    #[test]
    fn an_unknown_parent_is_told_from_a_rejected_one() {
        let file = parents(&[("a", "x"), ("b", "y")]);
        let tree = arrange(&Parents::new(), &file, &HashSet::from(["y".to_owned()]));
        assert_eq!(
            faults(&tree),
            [("a", "UNKNOWN_REFERENCE"), ("b", "DEPENDS_ON_REJECTED")]
        );
    }
}
