//! Small cells: figures that so few patients stand behind that they could be recognised are not shown.
//!
//! A cell of 1 to k − 1 patients is hidden, with everything computed from it. What is shown beside it must not lead back
//! to it: among the children of one parent enough others are hidden that their sum says nothing ([`hidden`]), in a tree
//! nothing stands below what is hidden ([`tree`]), and in a table no hidden cell follows from the sums over rows and
//! columns ([`equations`]). Zero may be shown: nobody stands behind it.

pub mod cells;
pub mod equations;
#[cfg(test)]
pub(crate) mod tests;

pub use cells::hidden_cells;

/// Whether so few patients stand behind a cell that it is hidden. A minimum of 0 or 1 shows all.
#[must_use]
pub fn is_small(patients: i64, minimum: u32) -> bool {
    0 < patients && patients < i64::from(minimum)
}

/// Which of the children of one parent are hidden, the parent being shown.
///
/// `patients` are the distinct patients behind each child. Where small children are hidden, the next smallest follow
/// until the sum of what is hidden leaves each of them open: somebody who takes the others from the parent's figure
/// finds only that a child may be anything up to the minimum and beyond.
#[must_use]
pub fn hidden(patients: &[i64], minimum: u32) -> Vec<bool> {
    let mut hidden: Vec<bool> = patients
        .iter()
        .map(|&count| is_small(count, minimum))
        .collect();
    let mut others: Vec<usize> = (0..patients.len())
        .filter(|&place| !hidden[place] && patients[place] > 0)
        .collect();
    others.sort_by_key(|&place| std::cmp::Reverse(patients[place]));
    while !is_open(patients, &hidden, minimum) {
        let Some(smallest) = others.pop() else {
            break;
        };
        hidden[smallest] = true;
    }
    hidden
}

/// Whether the sum of the hidden children leaves each of them open. Each is known to be 1 at least.
pub(crate) fn is_open(patients: &[i64], hidden: &[bool], minimum: u32) -> bool {
    let cells = patients.iter().zip(hidden).filter(|(_, hidden)| **hidden);
    let (count, sum) = cells.fold((0, 0), |(count, sum), (patients, _)| {
        (count + 1, sum + patients)
    });
    count == 0 || count > 1 && sum - (count - 1) >= i64::from(minimum)
}

/// How a node of a tree is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// With its figures.
    Shown,
    /// By its name alone.
    Hidden,
    /// Not at all: it stands below something hidden, or its name would tell what its figures do.
    Unlisted,
}

/// How the nodes of a tree are shown. `nodes` are the patients behind each and the place of its parent, parents first;
/// those without a parent are children of `total`.
#[must_use]
pub fn tree(total: i64, nodes: &[(i64, Option<usize>)], minimum: u32) -> Vec<Visibility> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len() + 1];
    for (place, (_, parent)) in nodes.iter().enumerate() {
        children[parent.map_or(0, |parent| parent + 1)].push(place);
    }
    let mut shown = vec![Visibility::Unlisted; nodes.len()];
    for (parent, family) in children.iter().enumerate() {
        let is_open_parent = match parent {
            0 => !is_small(total, minimum),
            parent => shown[parent - 1] == Visibility::Shown,
        };
        if !is_open_parent {
            continue;
        }
        let patients: Vec<i64> = family.iter().map(|&node| nodes[node].0).collect();
        let is_hidden = hidden(&patients, minimum);
        if !is_open(&patients, &is_hidden, minimum) {
            continue;
        }
        for (&node, is_hidden) in family.iter().zip(is_hidden) {
            shown[node] = match is_hidden {
                true => Visibility::Hidden,
                false => Visibility::Shown,
            };
        }
    }
    shown
}
