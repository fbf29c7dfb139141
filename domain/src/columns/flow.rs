//! Patient flow: how stays go from admission through stations to discharge.
//!
//! A node belongs to one stage, so the flow has no circle: a return to a station is a later stage. A stay is one unit
//! from its admission at stage 0 to its discharge at the last stage; where it has fewer stations its last link spans the
//! stages between, so that it crosses every boundary of stages once.

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
        }
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
        let mut folded = vec![false; self.people.len()];
        if total.stays == 0 || total.patients < minimum {
            return Flow {
                total,
                ..Flow::default()
            };
        }
        self.fold_rare_stations(columns, top_stations, &mut folded);
        let mut links = self.links();
        while let Some(small) = links.small(minimum) {
            self.fold_links(&small, &mut folded);
            links = self.links();
        }
        Flow {
            links: links.list(self.last, columns),
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

    /// Counts every link.
    fn links(&self) -> Links {
        let mut links = Links::new(self.last, &self.places);
        for (stay, way) in self.places.chunks_exact(self.last + 1).enumerate() {
            let (person, days) = (self.people[stay], self.bed_days[stay]);
            for (source, target) in steps(way) {
                links.tally(source, target).add(person, stay as u32, days);
            }
        }
        links
    }

    /// Leads the stays of small links through other nodes: the target first, then the source; where both are other
    /// nodes already, straight from admission to discharge.
    fn fold_links(&mut self, small: &Small<'_>, folded: &mut [bool]) {
        for (way, folded) in self.places.chunks_exact_mut(self.last + 1).zip(folded) {
            let step = steps(way).find(|(source, target)| small.contains(*source, *target));
            let Some(((from, source), (to, target))) = step else {
                continue;
            };
            *folded = true;
            if target != OTHER {
                way[to] = OTHER;
            } else if source != OTHER {
                way[from] = OTHER;
            } else {
                way.fill(ABSENT);
                way[0] = OTHER;
                way[self.last] = OTHER;
            }
        }
    }
}

/// The links of a way: stage and place of both ends.
fn steps(way: &[u16]) -> impl Iterator<Item = ((usize, u16), (usize, u16))> + '_ {
    let present = || {
        way.iter()
            .copied()
            .enumerate()
            .filter(|(_, place)| *place != ABSENT)
    };
    present().zip(present().skip(1))
}

/// Figures of links between dense nodes.
struct Links {
    /// Dense number of (stage, place).
    numbers: Vec<Vec<u16>>,
    nodes: Vec<(usize, u16)>,
    tallies: Vec<Tally>,
}

/// Links whose stays must be led elsewhere.
struct Small<'a> {
    links: &'a Links,
    is_small: Vec<bool>,
}

impl Small<'_> {
    fn contains(&self, source: (usize, u16), target: (usize, u16)) -> bool {
        self.is_small[self.links.place(source, target)]
    }
}

impl Links {
    fn new(last: usize, places: &[u16]) -> Self {
        let mut numbers = vec![Vec::new(); last + 1];
        let mut nodes = Vec::new();
        for way in places.chunks_exact(last + 1) {
            for (stage, &place) in way.iter().enumerate() {
                let of_stage: &mut Vec<u16> = &mut numbers[stage];
                if of_stage.len() <= usize::from(place) {
                    of_stage.resize(usize::from(place) + 1, u16::MAX);
                }
                if place != ABSENT && of_stage[usize::from(place)] == u16::MAX {
                    of_stage[usize::from(place)] = nodes.len() as u16;
                    nodes.push((stage, place));
                }
            }
        }
        Links {
            tallies: vec![Tally::default(); nodes.len() * nodes.len()],
            numbers,
            nodes,
        }
    }

    fn place(&self, source: (usize, u16), target: (usize, u16)) -> usize {
        let number =
            |(stage, place): (usize, u16)| usize::from(self.numbers[stage][usize::from(place)]);
        number(source) * self.nodes.len() + number(target)
    }

    fn tally(&mut self, source: (usize, u16), target: (usize, u16)) -> &mut Tally {
        let place = self.place(source, target);
        &mut self.tallies[place]
    }

    /// Links that too few patients go; `None` when there are none. Where the link between other nodes from admission to
    /// discharge is all that is left to lead ways to and is small itself, the smallest link joins it.
    fn small(&self, minimum: u32) -> Option<Small<'_>> {
        let patients = |tally: &Tally| tally.figures().patients;
        let mut is_small: Vec<bool> = self
            .tallies
            .iter()
            .map(|tally| (1..minimum).contains(&patients(tally)))
            .collect();
        let small = is_small.iter().filter(|small| **small).count();
        if small == 0 {
            return None;
        }
        let ends = (0, self.numbers.len() - 1);
        let is_straight = |place: usize| {
            let (source, target) = self.ends(place);
            source == (ends.0, OTHER) && target == (ends.1, OTHER)
        };
        if small == 1
            && is_small
                .iter()
                .position(|small| *small)
                .is_some_and(is_straight)
        {
            let others = (0..self.tallies.len())
                .filter(|&place| !is_small[place] && patients(&self.tallies[place]) > 0);
            let smallest = others.min_by_key(|&place| patients(&self.tallies[place]))?;
            is_small[smallest] = true;
        }
        Some(Small {
            links: self,
            is_small,
        })
    }

    fn ends(&self, place: usize) -> ((usize, u16), (usize, u16)) {
        (
            self.nodes[place / self.nodes.len()],
            self.nodes[place % self.nodes.len()],
        )
    }

    fn list(&self, last: usize, columns: &Columns) -> Vec<FlowLink> {
        let node = |(stage, place): (usize, u16)| FlowNode {
            stage,
            place: match place {
                OTHER => Place::Other,
                FURTHER => Place::Further,
                place if stage == 0 => Place::Admission(usize::from(place - FIRST)),
                place if stage == last => Place::Discharge(usize::from(place - FIRST)),
                place => Place::Station(columns.station_keys()[usize::from(place - FIRST)]),
            },
        };
        let mut links: Vec<FlowLink> = (0..self.tallies.len())
            .filter(|&place| self.tallies[place].figures().stays > 0)
            .map(|place| {
                let (source, target) = self.ends(place);
                FlowLink {
                    source: node(source),
                    target: node(target),
                    figures: self.tallies[place].figures(),
                }
            })
            .collect();
        links.sort_by_key(|link| (link.source, link.target));
        links
    }
}
