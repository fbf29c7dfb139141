//! The nodes of a flow with dense numbers, in the order in which they are listed.

use super::{
    ABSENT, FIRST, FURTHER, FlowLink, FlowNode, OTHER, Place,
    ways::{NO_NODE, Ways},
};
use crate::columns::{ADMISSION_TYPES, Columns, DISCHARGE_TYPES, Figures};

/// Nodes by number. A link's number is its source's times the number of nodes plus its target's.
pub(super) struct Nodes {
    nodes: Vec<FlowNode>,
    /// The node of each place at each stage.
    numbers: Vec<Vec<u16>>,
    /// The other node of each stage.
    pub(super) other: Vec<u16>,
}

impl Nodes {
    /// All nodes that may occur: discharges at the stage `last`, and these stations, by their numbers, between. All other
    /// stations, and hidden discharge types, stand in the other node of their stage.
    pub(super) fn new(
        last: usize,
        stations: &[usize],
        hidden_discharges: &[usize],
        columns: &Columns,
    ) -> Self {
        let mut made = Nodes {
            nodes: Vec::new(),
            numbers: Vec::new(),
            other: Vec::new(),
        };
        let types = (0..ADMISSION_TYPES.len()).map(|kind| (kind, Place::Admission(kind)));
        made.add_stage(ADMISSION_TYPES.len(), types);
        let keys = columns.station_keys();
        for _ in 1..last {
            let shown = stations.iter().copied();
            made.add_stage(
                keys.len(),
                shown.map(|station| (station, Place::Station(keys[station]))),
            );
        }
        let types = (0..DISCHARGE_TYPES.len()).filter(|kind| !hidden_discharges.contains(kind));
        made.add_stage(
            DISCHARGE_TYPES.len(),
            types.map(|kind| (kind, Place::Discharge(kind))),
        );
        made
    }

    /// Adds the nodes of a stage: of `count` types or stations those that are shown, in order.
    fn add_stage(&mut self, count: usize, shown: impl Iterator<Item = (usize, Place)>) {
        let stage = self.numbers.len();
        let mut add = |place: Place| {
            self.nodes.push(FlowNode { stage, place });
            self.nodes.len() as u16 - 1
        };
        let shown: Vec<(usize, u16)> = shown.map(|(kind, place)| (kind, add(place))).collect();
        let (further, other) = (add(Place::Further), add(Place::Other));
        let mut numbers = vec![other; usize::from(FIRST) + count];
        numbers[usize::from(ABSENT)] = NO_NODE;
        numbers[usize::from(FURTHER)] = further;
        numbers[usize::from(OTHER)] = other;
        for (kind, number) in shown {
            numbers[usize::from(FIRST) + kind] = number;
        }
        self.numbers.push(numbers);
        self.other.push(other);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node of a place at a stage; [`NO_NODE`] where a stay does not touch the stage.
    pub(super) fn number(&self, stage: usize, place: u16) -> u16 {
        self.numbers[stage][usize::from(place)]
    }

    /// The links that stays go, with the patients of each by its number.
    pub(super) fn list(&self, ways: &Ways, patients: &[u32]) -> Vec<FlowLink> {
        let mut figures = vec![Figures::default(); patients.len()];
        for way in 0..ways.len() {
            let of_way = ways.figures(way);
            for step in ways.steps(way) {
                let sum = &mut figures[step.link(self.len())];
                sum.stays += of_way.stays;
                sum.finished += of_way.finished;
                sum.bed_days += of_way.bed_days;
            }
        }
        let all = figures.into_iter().zip(patients).enumerate();
        all.filter(|(_, (figures, _))| figures.stays > 0)
            .map(|(link, (figures, patients))| FlowLink {
                source: self.nodes[link / self.len()],
                target: self.nodes[link % self.len()],
                figures: Figures {
                    patients: *patients,
                    ..figures
                },
            })
            .collect()
    }
}
