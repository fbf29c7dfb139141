//! Reproducible chance: a stream per table, skewed choices, exact apportionment, identifiers.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is drawn. Each has a stream of its own, so that a change of one table's drawing does not shift the others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    OrgUnits = 1,
    Programs,
    Users,
    SingleEvents,
    Enrollments,
    Attributes,
    TrackerEvents,
    Returns,
    Stays,
    Codes,
    DiagnosisCounts,
    Conditions,
    Transfers,
    ObservationCounts,
    Observations,
}

/// The random numbers of one table.
pub(super) fn stream(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream as u64);
    random
}

/// What an identifier names. Identifiers of different kinds never collide.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    OrganisationUnit = 1,
    OptionSet,
    OptionValue,
    Category,
    CategoryOption,
    CategoryCombo,
    CategoryOptionCombo,
    DataElement,
    Program,
    Stage,
    StageDataElement,
    TrackedEntityType,
    Attribute,
    User,
    Role,
    Group,
    SingleEvent,
    TrackedEntity,
    Enrollment,
    TrackerEvent,
    SingleEventNote,
    TrackerEventNote,
    Pseudonym,
}

/// The identifier of the `number`th object of a kind. Multiplying by an odd number permutes the 64-bit numbers, so
/// identifiers are distinct and look as random as DHIS2's own.
pub(super) fn uid(kind: Kind, number: u64) -> String {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    domain::uid::from_number(((kind as u64) << 40 | number).wrapping_mul(ODD))
}

/// A choice among places, some likelier than others.
#[derive(Debug)]
pub(super) struct Weighted {
    cumulative: Vec<f64>,
}

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let cumulative = weights
            .into_iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        Weighted { cumulative }
    }

    /// A place, from 0. A place of weight zero is never chosen.
    pub(super) fn pick(&self, random: &mut impl Rng) -> usize {
        let Some(total) = self.cumulative.last() else {
            return 0;
        };
        let point = random.random::<f64>() * total;
        self.cumulative.partition_point(|&sum| sum <= point)
    }
}

/// Deals a number of units out by weight: the shares add up to exactly that number.
#[derive(Debug)]
pub(super) struct Apportion {
    units: u64,
    total_weight: f64,
    dealt: u64,
    dealt_weight: f64,
}

impl Apportion {
    /// `total_weight` is the sum of all weights that will be asked for, added up in the same order.
    pub(super) fn new(units: u64, total_weight: f64) -> Self {
        Apportion {
            units,
            total_weight,
            dealt: 0,
            dealt_weight: 0.0,
        }
    }

    /// The share of the next weight.
    pub(super) fn next(&mut self, weight: f64) -> u64 {
        self.dealt_weight += weight;
        let part = self.dealt_weight / self.total_weight;
        let due = (part * self.units as f64).round() as u64;
        let share = due.saturating_sub(self.dealt);
        self.dealt += share;
        share
    }
}

/// A draw from the standard normal distribution.
pub(super) fn normal(random: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

/// One item of a list that is not empty.
pub(super) fn one_of<'a, T>(items: &'a [T], random: &mut impl Rng) -> &'a T {
    &items[random.random_range(0..items.len())]
}

/// The items in random order.
pub(super) fn shuffle<T>(items: &mut [T], random: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.random_range(0..=last));
    }
}
