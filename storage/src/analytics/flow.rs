//! Patient flow of the stays that a filter selects.

use domain::{
    columns::flow::{Flow, FlowCount},
    stay::StayFilter,
};

use super::{Source, stays};
use crate::Result;

/// What a flow shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Stage of the discharges; stations stand at the stages before it.
    pub stages: usize,
    /// Stations shown by themselves.
    pub top_stations: usize,
    /// Fewest patients behind a link.
    pub minimum: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Shape {
            stages: 4,
            top_stations: 12,
            minimum: 5,
        }
    }
}

/// The flow from admissions through stations to discharges.
///
/// # Errors
/// When the database fails.
pub fn of_stays(source: &mut Source<'_>, filter: &StayFilter, shape: Shape) -> Result<Flow> {
    beside_hidden(source, filter, shape, Vec::new())
}

/// The same, where the numbers of some discharge types, by their places, are hidden beside it.
///
/// # Errors
/// When the database fails.
pub fn beside_hidden(
    source: &mut Source<'_>,
    filter: &StayFilter,
    shape: Shape,
    discharges: Vec<usize>,
) -> Result<Flow> {
    let mut count = FlowCount::new(shape.stages);
    count.hide_discharges(discharges);
    source.scan(
        filter,
        || stays::selected(filter),
        count,
        |count, columns| count.finish(columns, shape.top_stations, shape.minimum),
    )
}
