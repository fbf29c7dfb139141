//! Patient flow: how stays go from admission through stations to discharge.
//!
//! A node belongs to one stage, so the flow has no circle: a return to a station is a later stage. A stay is one unit
//! from its admission at stage 0 to its discharge at the last stage; where it has fewer stations its last link spans the
//! stages between, so that it crosses every boundary of stages once.

mod guard;

use super::{Columns, Figures, Selection, Tally};

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
#[derive(Debug)]
pub struct FlowCount {
    last: usize,
    people: Vec<u32>,
    bed_days: Vec<Option<u32>>,
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

    /// Notes the ways of the stays that are selected.
    pub fn add(&mut self, columns: &Columns, selection: &Selection) {
        self.visits.resize(columns.station_keys().len(), 0);
        for stay in (0..columns.len()).filter(|&stay| selection.selects(columns, stay)) {
            let (person, days) = (columns.person[stay], columns.bed_days(stay));
            self.total
                .add(person, columns.first_stay + stay as u32, days);
            self.people.push(person);
            self.bed_days.push(days);
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

    /// The flow with the stations that most stays visit; ways that fewer than `minimum` patients go are led through
    /// [`Place::Other`] until as many go every way.
    #[must_use]
    pub fn finish(mut self, columns: &Columns, top_stations: usize, minimum: u32) -> Flow {
        let total = self.total.figures();
        if total.stays == 0 || total.patients < minimum {
            return Flow {
                total,
                ..Flow::default()
            };
        }
        let mut folded = vec![false; self.people.len()];
        self.fold_rare_stations(columns, top_stations, &mut folded);
        self.fold_hidden_discharges(&mut folded);
        let nodes = Nodes::number(self.last, &mut self.places);
        guard::fold_small_links(&nodes, &self.people, &mut self.places, &mut folded, minimum);
        Flow {
            links: nodes.list(&self.links(&nodes), self.last, columns),
            total,
            folded: folded.iter().filter(|folded| **folded).count() as u32,
        }
    }

    fn fold_rare_stations(&mut self, columns: &Columns, top: usize, folded: &mut [bool]) {
        let mut ranked: Vec<usize> = (0..self.visits.len()).collect();
        ranked.sort_by_key(|&station| {
            (
                std::cmp::Reverse(self.visits[station]),
                columns.station_keys()[station],
            )
        });
        let mut is_shown = vec![false; self.visits.len()];
        for &station in ranked.iter().take(top) {
            is_shown[station] = true;
        }
        let last = self.last;
        for (way, folded) in self.places.chunks_exact_mut(last + 1).zip(folded) {
            for place in &mut way[1..last] {
                if *place >= FIRST && !is_shown[usize::from(*place - FIRST)] {
                    *place = OTHER;
                    *folded = true;
                }
            }
        }
    }

    fn fold_hidden_discharges(&mut self, folded: &mut [bool]) {
        for (way, folded) in self.places.chunks_exact_mut(self.last + 1).zip(folded) {
            let place = &mut way[self.last];
            let kind = usize::from(place.saturating_sub(FIRST));
            if self.hidden_discharges.contains(&kind) {
                *place = OTHER;
                *folded = true;
            }
        }
    }

    /// Counts every link between numbered nodes.
    fn links(&self, nodes: &Nodes) -> Vec<Tally> {
        let mut links = vec![Tally::default(); nodes.places.len() * nodes.places.len()];
        for (stay, way) in self.places.chunks_exact(self.last + 1).enumerate() {
            let (person, days) = (self.people[stay], self.bed_days[stay]);
            for (_, _, link) in steps(way, nodes) {
                links[link].add(person, stay as u32, days);
            }
        }
        links
    }
}

/// Number of a node at a stage that a stay does not touch.
const NO_NODE: u16 = u16::MAX;

/// The links of a numbered way: the stages of both ends, and the number of the link.
fn steps<'a>(way: &'a [u16], nodes: &Nodes) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
    let count = nodes.places.len();
    let present = || {
        let stages = way.iter().copied().enumerate();
        stages.filter(|(_, node)| *node != NO_NODE)
    };
    present()
        .zip(present().skip(1))
        .map(move |((from, source), (to, target))| {
            (from, to, usize::from(source) * count + usize::from(target))
        })
}

/// Nodes with dense numbers; a link's number is its source's times the number of nodes plus its target's.
struct Nodes {
    /// Stage and place of each node.
    places: Vec<(usize, u16)>,
    /// The other node of each stage.
    other: Vec<u16>,
}

impl Nodes {
    /// Puts numbers in place of the places.
    fn number(last: usize, ways: &mut [u16]) -> Self {
        let mut numbers: Vec<Vec<u16>> = vec![Vec::new(); last + 1];
        let mut places = Vec::new();
        let mut number = |stage: usize, place: u16| {
            let known = &mut numbers[stage];
            if known.len() <= usize::from(place) {
                known.resize(usize::from(place) + 1, NO_NODE);
            }
            if known[usize::from(place)] == NO_NODE {
                known[usize::from(place)] = places.len() as u16;
                places.push((stage, place));
            }
            known[usize::from(place)]
        };
        let other = (0..=last).map(|stage| number(stage, OTHER)).collect();
        for way in ways.chunks_exact_mut(last + 1) {
            for (stage, place) in way.iter_mut().enumerate() {
                *place = match *place {
                    ABSENT => NO_NODE,
                    place => number(stage, place),
                };
            }
        }
        Nodes { places, other }
    }

    /// The links that stays go.
    fn list(&self, links: &[Tally], last: usize, columns: &Columns) -> Vec<FlowLink> {
        let node = |number: usize| {
            let (stage, place) = self.places[number];
            FlowNode {
                stage,
                place: match place {
                    OTHER => Place::Other,
                    FURTHER => Place::Further,
                    place if stage == 0 => Place::Admission(usize::from(place - FIRST)),
                    place if stage == last => Place::Discharge(usize::from(place - FIRST)),
                    place => Place::Station(columns.station_keys()[usize::from(place - FIRST)]),
                },
            }
        };
        let mut listed: Vec<FlowLink> = links
            .iter()
            .map(Tally::figures)
            .enumerate()
            .filter(|(_, figures)| figures.stays > 0)
            .map(|(link, figures)| FlowLink {
                source: node(link / self.places.len()),
                target: node(link % self.places.len()),
                figures,
            })
            .collect();
        listed.sort_by_key(|link| (link.source, link.target));
        listed
    }
}
