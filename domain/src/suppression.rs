//! Small cells: figures that so few patients stand behind that they could be recognised are not shown.
//!
//! A cell of 1 to k − 1 patients is hidden, with everything computed from it. Where just one child of a shown parent is
//! hidden, its figures could be found by taking the others from the parent's, so the next smallest is hidden too.
//! Zero may be shown: nobody stands behind it.

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

#[cfg(test)]
mod tests {
    use super::hidden;
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
}
