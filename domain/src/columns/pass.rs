//! A pass visits every stay once. On several threads each has a run of persons of its own, and what they counted adds up:
//! no person is in two runs.

use std::{ops::Range, thread};

use super::{Columns, Selection};

/// Stays that are worth a thread.
const FEWEST_STAYS: usize = 20_000;

/// What a pass counts.
pub trait Count: Clone + Send {
    /// Counts a run of stays: those that are selected, by their places. It ends between two persons.
    fn add(&mut self, columns: &Columns, selection: &Selection, stays: Range<usize>);

    /// Adds what was counted of later stays of other persons.
    fn merge(&mut self, later: Self);
}

/// Counts all stays that the columns hold, on `threads` threads at most, the first of which is the caller's. `count` says
/// what is asked and has counted nothing yet.
#[must_use]
pub fn run<C: Count>(mut count: C, columns: &Columns, selection: &Selection, threads: usize) -> C {
    let threads = threads.min(columns.len() / FEWEST_STAYS).max(1);
    run_parts(&mut count, columns, selection, &columns.parts(threads));
    count
}

pub(super) fn run_parts<C: Count>(
    count: &mut C,
    columns: &Columns,
    selection: &Selection,
    parts: &[Range<usize>],
) {
    let Some((first, others)) = parts.split_first() else {
        return;
    };
    thread::scope(|scope| {
        let others: Vec<_> = others
            .iter()
            .map(|stays| {
                let mut part = count.clone();
                scope.spawn(move || {
                    part.add(columns, selection, stays.clone());
                    part
                })
            })
            .collect();
        count.add(columns, selection, first.clone());
        for other in others {
            match other.join() {
                Ok(part) => count.merge(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
}
