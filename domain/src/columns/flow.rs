//! Patient flow: how stays go from admission through stations to discharge.
//!
//! A node belongs to one stage, so the flow has no circle: a return to a station is a later stage. A stay is one unit
//! from its admission at stage 0 to its discharge at the last stage; where it has fewer stations its last link spans the
//! stages between, so that it crosses every boundary of stages once.

mod guard;
mod nodes;
mod passages;
mod ways;

use std::ops::Range;

use self::{guard::Guard, nodes::Nodes, ways::Ways};
use super::{Columns, Figures, Selection, Tally, Visits, pass::Count};

/// Place of a stay at a stage it does not touch.
const ABSENT: u16 = 0;
/// Nodes that are not shown by themselves.
const OTHER: u16 = 1;
/// More stations than stages.
const FURTHER: u16 = 2;
/// First of the types and stations.
const FIRST: u16 = 3;

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Place in [`super::ADMISSION_TYPES`].
    Admission(usize),
    /// Key of a station.
    Station(i64),
    /// All stations from here on, of stays with more stations than there are stages.
    Further,
    /// Place in [`super::DISCHARGE_TYPES`]; open stays have their own.
    Discharge(usize),
    /// What is not shown by itself at the stage: rarer stations, and what too few patients stand behind.
    Other,
}

/// A node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowNode {
    /// 0 for admissions, the number of stages for discharges.
    pub stage: usize,
    /// What it stands for.
    pub place: Place,
}

/// Stays that go from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowLink {
    /// Where they come from.
    pub source: FlowNode,
    /// Where they go.
    pub target: FlowNode,
    /// How many.
    pub figures: Figures,
}

/// A flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// Links, by source and target. Empty when fewer patients than may be shown stand behind all of them.
    pub links: Vec<FlowLink>,
    /// All stays that are selected.
    pub total: Figures,
    /// Stays whose way is not shown in full, since nodes of it stand in another.
    pub folded: u32,
}

/// The ways of stays.
#[derive(Debug, Clone)]
pub struct FlowCount {
    last: usize,
    people: Vec<u32>,
    /// Bed days of each stay; 0 while open.
    bed_days: Vec<u32>,
    /// A place for each stage of each stay.
    places: Vec<u16>,
    visits: Vec<u32>,
    total: Tally,
    hidden_discharges: Vec<usize>,
}

impl FlowCount {
    /// Nothing yet. Discharges stand at the stage `stages`, 2 or more, stations between.
    #[must_use]
    pub fn new(stages: usize) -> Self {
        FlowCount {
            last: stages.max(2),
            people: Vec::new(),
            bed_days: Vec::new(),
            places: Vec::new(),
            visits: Vec::new(),
            total: Tally::default(),
            hidden_discharges: Vec::new(),
        }
    }

    /// Leads stays of these discharge types, by their places, through [`Place::Other`]: their numbers are hidden beside the
    /// flow.
    pub fn hide_discharges(&mut self, types: Vec<usize>) {
        self.hidden_discharges = types;
    }

    /// The flow with the stations that most stays visit; ways that fewer than `minimum` patients go are led through
    /// [`Place::Other`] until as many go every way.
    #[must_use]
    pub fn finish(self, columns: &Columns, top_stations: usize, minimum: u32) -> Flow {
        let total = self.total.figures();
        if total.stays == 0 || total.patients < minimum {
            return Flow {
                total,
                ..Flow::default()
            };
        }
        let stations = self.top(columns, top_stations);
        let nodes = Nodes::new(self.last, &stations, &self.hidden_discharges, columns);
        let mut guard = Guard::new(&nodes, self.ways(&nodes));
        guard.fold_small_links(minimum);
        let (ways, patients) = guard.finish();
        Flow {
            links: nodes.list(&ways, &patients),
            total,
            folded: ways.folded(&nodes),
        }
    }

    /// The stations that most stays visit, in the order of their keys.
    fn top(&self, columns: &Columns, count: usize) -> Vec<usize> {
        let keys = columns.station_keys();
        let mut ranked: Vec<usize> = (0..self.visits.len()).collect();
        ranked.retain(|&station| self.visits[station] > 0);
        ranked.sort_by_key(|&station| (std::cmp::Reverse(self.visits[station]), keys[station]));
        ranked.truncate(count);
        ranked.sort_by_key(|&station| keys[station]);
        ranked
    }

    /// The distinct ways between numbered nodes.
    fn ways(&self, nodes: &Nodes) -> Ways {
        let mut ways = Ways::new(self.last + 1);
        let mut way = Vec::with_capacity(self.last + 1);
        for (stay, places) in self.places.chunks_exact(self.last + 1).enumerate() {
            way.clear();
            let stages = places.iter().enumerate();
            way.extend(stages.map(|(stage, place)| nodes.number(stage, *place)));
            ways.add(self.people[stay], self.bed_days[stay], &way);
        }
        ways.end();
        ways
    }
}

impl Count for FlowCount {
    fn add(&mut self, columns: &Columns, selection: &Selection, stays: Range<usize>) {
        self.visits.resize(columns.station_keys().len(), 0);
        let mut visits = Visits::default();
        for stay in stays.filter(|&stay| selection.selects(columns, stay)) {
            self.total.add(visits.next(columns, stay));
            self.people.push(columns.person[stay]);
            self.bed_days.push(columns.bed_days(stay).unwrap_or(0));
            let properties = columns.properties[stay];
            self.places.push(FIRST + properties.admission_type() as u16);
            let stations = columns.stations_of(stay);
            for stage in 1..self.last {
                let is_last = stage == self.last - 1;
                self.places.push(match stations.get(stage - 1) {
                    None => ABSENT,
                    Some(_) if is_last && stations.len() > stage => FURTHER,
                    Some(&station) => {
                        self.visits[station as usize] += 1;
                        u16::try_from(station).map_or(OTHER, |station| station + FIRST)
                    }
                });
            }
            self.places.push(FIRST + properties.discharge_type() as u16);
        }
    }

    fn merge(&mut self, later: Self) {
        self.people.extend(later.people);
        self.bed_days.extend(later.bed_days);
        self.places.extend(later.places);
        for (visits, later) in self.visits.iter_mut().zip(later.visits) {
            *visits += later;
        }
        self.total.merge(later.total);
    }
}
