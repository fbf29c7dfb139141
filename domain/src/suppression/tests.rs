//! What is shown must not lead back to what is hidden: checked by solving.

use proptest::prelude::*;

use super::{Visibility, equations::Cells, hidden, is_small, tree};

#[test]
fn a_small_child_takes_the_next_smallest_with_it() {
    assert_eq!(hidden(&[100, 4, 0, 20], 5), [false, true, false, true]);
    assert_eq!(hidden(&[100, 4, 3, 20], 5), [false, true, true, false]);
    assert_eq!(hidden(&[100, 5, 0], 5), [false, false, false]);
    assert_eq!(hidden(&[4], 5), [true]);
    assert_eq!(hidden(&[4, 1], 0), [false, false]);
    // Two of one each: their sum of two would tell both.
    assert_eq!(hidden(&[100, 1, 1, 20], 5), [false, true, true, true]);
}

#[test]
fn nothing_stands_below_what_is_hidden() {
    use Visibility::{Hidden, Shown, Unlisted};
    let nodes = [
        (50, None),
        (4, None),
        (20, None),
        (30, Some(0)),
        (25, Some(0)),
        (4, Some(1)),
        (20, Some(2)),
    ];
    let expected = [Shown, Hidden, Hidden, Shown, Shown, Unlisted, Unlisted];
    assert_eq!(tree(70, &nodes, 5), expected);
    assert_eq!(tree(4, &nodes[..1], 5), [Unlisted]);
    // Five patients with five nodes of one each: the names alone would tell.
    assert_eq!(tree(5, &[(1, None); 5], 5), [Unlisted; 5]);
}

/// Whether the cells of `unknown` follow from equations with right-hand sides left out: rank with and without each.
pub(crate) fn is_derivable(equations: &[Vec<(usize, i64)>], unknown: &[bool], cell: usize) -> bool {
    let rank = |without: Option<usize>| {
        let columns: Vec<usize> = (0..unknown.len())
            .filter(|&place| unknown[place] && Some(place) != without)
            .collect();
        let mut rows: Vec<Vec<f64>> = equations
            .iter()
            .map(|equation| {
                let sign = |place: usize| {
                    let terms = equation.iter().filter(|(cell, _)| *cell == place);
                    terms.map(|(_, sign)| *sign as f64).sum()
                };
                columns.iter().map(|&place| sign(place)).collect()
            })
            .collect();
        let mut rank = 0;
        for column in 0..columns.len() {
            let Some(pivot) = (rank..rows.len()).find(|&row| rows[row][column].abs() > 1e-9) else {
                continue;
            };
            rows.swap(rank, pivot);
            for row in rank + 1..rows.len() {
                let factor = rows[row][column] / rows[rank][column];
                let pivot_row = rows[rank].clone();
                for (value, pivot) in rows[row].iter_mut().zip(pivot_row) {
                    *value -= factor * pivot;
                }
            }
            rank += 1;
        }
        rank
    };
    // A cell is determined when its column adds to the rank of all others.
    rank(None) > rank(Some(cell))
}

/// A table with sums over rows and columns: cells row by row, the sums last in each.
fn table(inner: &[Vec<i64>]) -> Cells {
    let mut cells = Cells::default();
    let columns = inner[0].len();
    let row_sum = |row: &Vec<i64>| row.iter().sum::<i64>();
    let mut rows: Vec<Vec<i64>> = inner
        .iter()
        .map(|row| [row.clone(), vec![row_sum(row)]].concat())
        .collect();
    rows.push(
        (0..=columns)
            .map(|column| rows.iter().map(|row| row[column]).sum())
            .collect(),
    );
    let place = |row: usize, column: usize| row * (columns + 1) + column;
    for row in &rows {
        for value in row {
            cells.push(*value);
        }
    }
    let sign = |is_sum: bool| if is_sum { -1 } else { 1 };
    for row in 0..rows.len() {
        let terms = (0..=columns).map(|column| (place(row, column), sign(column == columns)));
        cells.equations.push(terms.collect());
    }
    for column in 0..=columns {
        let terms = (0..rows.len()).map(|row| (place(row, column), sign(row == inner.len())));
        cells.equations.push(terms.collect());
    }
    cells
}

proptest! {
    #[test]
    fn no_small_child_is_shown_and_none_is_hidden_alone(patients in prop::collection::vec(0_i64..30, 0..12), minimum in 0_u32..12) {
        let hidden = hidden(&patients, minimum);
        for (count, hidden) in patients.iter().zip(&hidden) {
            prop_assert!(*hidden || !is_small(*count, minimum));
            prop_assert!(!hidden || *count > 0);
        }
        let sum = |is_wanted: &dyn Fn(usize) -> bool| (0..patients.len()).filter(|&place| is_wanted(place)).map(|place| patients[place]).sum::<i64>();
        let unknown = hidden.iter().filter(|hidden| **hidden).count() as i64;
        let shown = patients.iter().zip(&hidden).filter(|(count, hidden)| !**hidden && **count > 0).count();
        if unknown > 0 && shown > 0 {
            // Parent less the shown ones: the most that one hidden child may be, the others being 1 at least.
            let rest = sum(&|_| true) - sum(&|place| !hidden[place]);
            prop_assert!(unknown > 1 && rest - (unknown - 1) >= i64::from(minimum));
        }
    }

    #[test]
    fn no_hidden_cell_of_a_table_follows_from_its_sums(inner in prop::collection::vec(prop::collection::vec(0_i64..12, 4), 1..6), minimum in 2_u32..8) {
        let cells = table(&inner);
        let hidden = cells.hidden(minimum);
        for place in 0..hidden.len() {
            prop_assert!(hidden[place] || !is_small(cells.patients[place], minimum));
            if hidden[place] {
                prop_assert!(!is_derivable(&cells.equations, &hidden, place), "{:?} {:?} {}", inner, hidden, place);
            }
        }
        for equation in &cells.equations {
            let unknown: Vec<_> = equation.iter().filter(|(cell, _)| hidden[*cell]).collect();
            let could_hide_more = equation.iter().any(|(cell, _)| !hidden[*cell] && cells.patients[*cell] > 0);
            let is_sum = unknown.windows(2).all(|pair| pair[0].1 == pair[1].1);
            if !unknown.is_empty() && is_sum && could_hide_more {
                let sum: i64 = unknown.iter().map(|(cell, _)| cells.patients[*cell]).sum();
                prop_assert!(sum - (unknown.len() as i64 - 1) >= i64::from(minimum), "{inner:?} {hidden:?} {equation:?}");
            }
        }
    }
}
