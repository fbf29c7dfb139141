//! The parser alone, without a database: what a fuzz target calls.

use serde::de::DeserializeOwned;

use super::{
    importer::Item,
    payload::{Enrollment, Event, Payload, Relationship, TrackedEntity},
};
use crate::import::dhis2::object;

impl Payload {
    /// Reads every object whole; how many can be read, and how many cannot.
    #[must_use]
    pub fn count_readable(self) -> (usize, usize) {
        let flat = self.flatten();
        let good = readable::<TrackedEntity>(&flat.tracked_entities)
            + readable::<Enrollment>(&flat.enrollments)
            + readable::<Event>(&flat.events)
            + readable::<Relationship>(&flat.relationships);
        (good, flat.len() + flat.broken.len() - good)
    }
}

fn readable<T: DeserializeOwned>(items: &[Item]) -> usize {
    let is_readable = |item: &&Item| object::read::<T>(&item.raw).is_ok();
    items.iter().filter(is_readable).count()
}
