//! Small cells: figures that so few patients stand behind that they could be recognised are not shown.
//!
//! A cell of 1 to k − 1 patients is hidden, with everything computed from it. Where just one child of a shown parent is
//! hidden, its figures could be found by taking the others from the parent's, so the next smallest is hidden too.
//! Zero may be shown: nobody stands behind it.

use std::{collections::HashMap, hash::Hash};

/// Which of the children of one parent are hidden.
///
/// `patients` are the distinct patients behind each child, `minimum` the fewest that are shown; 0 and 1 show all.
#[must_use]
pub fn hidden(patients: &[i64], minimum: u32) -> Vec<bool> {
    let is_small = |count: i64| 0 < count && count < i64::from(minimum);
    let mut hidden: Vec<bool> = patients.iter().map(|&count| is_small(count)).collect();
    if hidden.iter().filter(|hidden| **hidden).count() == 1 {
        let others = (0..patients.len()).filter(|&place| !hidden[place] && patients[place] > 0);
        if let Some(smallest) = others.min_by_key(|&place| patients[place]) {
            hidden[smallest] = true;
        }
    }
    hidden
}

/// Which cells of a table of several dimensions are hidden. Cells that differ in one key are children of one parent, along
/// each dimension: their sums can be asked for. A cell that is not in the table is a zero.
///
/// `counts` are what stands behind each cell of `keys`; `minimum` the fewest that are shown.
#[must_use]
pub fn hidden_cells<K: Clone + Eq + Hash>(
    keys: &[Vec<K>],
    counts: &[i64],
    minimum: u32,
) -> Vec<bool> {
    let is_small = |count: &i64| 0 < *count && *count < i64::from(minimum);
    let mut hidden: Vec<bool> = counts.iter().map(is_small).collect();
    let lines = lines(keys);
    // Hiding a cell for one line may leave it alone in another, so it is repeated until nothing changes.
    loop {
        let mut is_settled = true;
        for line in &lines {
            let alone = line.iter().filter(|&&cell| hidden[cell]).count() == 1;
            let others = line
                .iter()
                .filter(|&&cell| !hidden[cell] && counts[cell] > 0);
            if alone && let Some(&smallest) = others.min_by_key(|&&cell| counts[cell]) {
                hidden[smallest] = true;
                is_settled = false;
            }
        }
        if is_settled {
            return hidden;
        }
    }
}

/// The cells that differ in one key only, for each dimension.
fn lines<K: Clone + Eq + Hash>(keys: &[Vec<K>]) -> Vec<Vec<usize>> {
    let dimensions = keys.first().map_or(0, Vec::len);
    let mut all = Vec::new();
    for dimension in 0..dimensions {
        let mut lines: HashMap<Vec<K>, Vec<usize>> = HashMap::new();
        for (cell, key) in keys.iter().enumerate() {
            let mut rest = key.clone();
            rest.remove(dimension);
            lines.entry(rest).or_default().push(cell);
        }
        all.extend(lines.into_values());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{hidden, hidden_cells};
    use proptest::prelude::*;

    #[test]
    fn one_small_child_takes_the_next_smallest_with_it() {
        assert_eq!(hidden(&[100, 4, 0, 20], 5), [false, true, false, true]);
        assert_eq!(hidden(&[100, 4, 3, 20], 5), [false, true, true, false]);
        assert_eq!(hidden(&[100, 5, 0], 5), [false, false, false]);
        assert_eq!(hidden(&[4], 5), [true]);
        assert_eq!(hidden(&[4, 1], 0), [false, false]);
    }

    proptest! {
        #[test]
        fn no_small_child_is_shown_and_none_is_hidden_alone(patients in prop::collection::vec(0_i64..30, 0..12), minimum in 0_u32..12) {
            let hidden = hidden(&patients, minimum);
            for (count, hidden) in patients.iter().zip(&hidden) {
                prop_assert!(*hidden || *count == 0 || *count >= i64::from(minimum));
                prop_assert!(!hidden || *count > 0);
            }
            let shown = patients.iter().zip(&hidden).filter(|(count, hidden)| !**hidden && **count > 0).count();
            prop_assert!(hidden.iter().filter(|hidden| **hidden).count() != 1 || shown == 0);
        }
    }

    proptest! {
        #[test]
        fn no_small_cell_is_shown_and_none_is_hidden_alone_in_a_line(counts in prop::collection::vec(0_i64..12, 12), minimum in 0_u32..8) {
            let keys: Vec<Vec<usize>> = (0..12).map(|cell| vec![cell / 4, cell % 4]).collect();
            let hidden = hidden_cells(&keys, &counts, minimum);
            for (count, hidden) in counts.iter().zip(&hidden) {
                prop_assert!(*hidden || *count == 0 || *count >= i64::from(minimum));
                prop_assert!(!hidden || *count > 0);
            }
            for dimension in [0, 1] {
                for line in 0..4 {
                    let cells: Vec<usize> = (0..12).filter(|&cell| keys[cell].get(dimension) == Some(&line)).collect();
                    let alone = cells.iter().filter(|&&cell| hidden[cell]).count() == 1;
                    prop_assert!(!alone || cells.iter().all(|&cell| hidden[cell] || counts[cell] == 0));
                }
            }
        }

        #[test]
        fn one_dimension_is_hidden_as_the_children_of_one_parent(counts in prop::collection::vec(0_i64..30, 0..12), minimum in 0_u32..12) {
            let keys: Vec<Vec<usize>> = (0..counts.len()).map(|cell| vec![cell]).collect();
            prop_assert_eq!(hidden_cells(&keys, &counts, minimum), hidden(&counts, minimum));
        }
    }
}
