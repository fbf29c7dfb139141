//! The distinct ways of stays. There are few thousand of them, however many stays: what happens to a way happens to every
//! stay that goes it.

use super::nodes::Nodes;
use crate::columns::Figures;

/// Number of a node at a stage that a stay does not touch.
pub(super) const NO_NODE: u16 = u16::MAX;

/// An odd number whose multiples scatter: 2^64 by the golden ratio.
const MIXER: u64 = 0x9E37_79B9_7F4A_7C15;

/// A link of a way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Stage of the source.
    pub(super) from: usize,
    /// Stage of the target.
    pub(super) to: usize,
    source: u16,
    target: u16,
}

impl Step {
    /// Number of the link, where there are so many nodes.
    #[inline]
    pub(super) fn link(&self, nodes: usize) -> usize {
        usize::from(self.source) * nodes + usize::from(self.target)
    }
}

/// Ways, the stays that go each, and the persons.
#[derive(Debug)]
pub(super) struct Ways {
    /// Stages.
    width: usize,
    /// A node for each stage of each way.
    nodes: Vec<u16>,
    /// Where a way is found by its nodes: numbers of ways, one up, 0 for none. At most half of the places are taken.
    table: Vec<u32>,
    /// Of the stays of each way; as patients those who go this way and no other.
    figures: Vec<Figures>,
    /// The ways of the persons who go several, one person after the other.
    several: Vec<u32>,
    /// Where those of each person end.
    ends: Vec<usize>,
    person: Option<u32>,
    /// Ways of the person whose stays go by.
    current: Vec<u32>,
}

impl Ways {
    /// None yet, of so many stages.
    pub(super) fn new(width: usize) -> Self {
        Ways {
            width,
            nodes: Vec::new(),
            table: vec![0; 1024],
            figures: Vec::new(),
            several: Vec::new(),
            ends: Vec::new(),
            person: None,
            current: Vec::new(),
        }
    }

    /// Adds a stay; those of a person come one after the other. Bed days are 0 for one that is open.
    pub(super) fn add(&mut self, person: u32, bed_days: u32, nodes: &[u16]) {
        if self.person != Some(person) {
            self.end();
            self.person = Some(person);
        }
        let way = self.number(nodes);
        let figures = &mut self.figures[way as usize];
        figures.stays += 1;
        figures.finished += u32::from(bed_days > 0);
        figures.bed_days += u64::from(bed_days);
        if !self.current.contains(&way) {
            self.current.push(way);
        }
    }

    /// The number of a way, a new one where it is met for the first time.
    fn number(&mut self, nodes: &[u16]) -> u32 {
        let mut place = self.place(nodes);
        while self.table[place] > 0 {
            let way = self.table[place] - 1;
            if self.nodes(way as usize) == nodes {
                return way;
            }
            place = (place + 1) % self.table.len();
        }
        self.nodes.extend_from_slice(nodes);
        self.figures.push(Figures::default());
        self.table[place] = self.figures.len() as u32;
        if self.figures.len() * 2 > self.table.len() {
            self.grow();
        }
        self.figures.len() as u32 - 1
    }

    /// Where the search for a way begins.
    fn place(&self, nodes: &[u16]) -> usize {
        let mix = |mixed: u64, node: &u16| (mixed ^ u64::from(*node)).wrapping_mul(MIXER);
        let mixed = nodes.iter().fold(0, mix);
        (mixed >> 32) as usize % self.table.len()
    }

    fn grow(&mut self) {
        self.table = vec![0; self.table.len() * 4];
        for way in 0..self.len() {
            let mut place = self.place(self.nodes(way));
            while self.table[place] > 0 {
                place = (place + 1) % self.table.len();
            }
            self.table[place] = way as u32 + 1;
        }
    }

    /// Ends the last person.
    pub(super) fn end(&mut self) {
        match self.current[..] {
            [] => {}
            [way] => self.figures[way as usize].patients += 1,
            _ => {
                self.several.extend(&self.current);
                self.ends.push(self.several.len());
            }
        }
        self.current.clear();
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.figures.len()
    }

    /// Of the stays of a way; as patients those who go this way and no other.
    pub(super) fn figures(&self, way: usize) -> Figures {
        self.figures[way]
    }

    /// How many persons go several ways.
    pub(super) fn persons(&self) -> usize {
        self.ends.len()
    }

    /// The ways of one of them.
    pub(super) fn of_person(&self, person: usize) -> &[u32] {
        let start = if person == 0 {
            0
        } else {
            self.ends[person - 1]
        };
        &self.several[start..self.ends[person]]
    }

    /// The nodes of a way by stage.
    pub(super) fn nodes(&self, way: usize) -> &[u16] {
        &self.nodes[way * self.width..][..self.width]
    }

    /// The nodes of a way, to lead it elsewhere. It stays a way of its own, even where another one goes there too.
    pub(super) fn nodes_mut(&mut self, way: usize) -> &mut [u16] {
        &mut self.nodes[way * self.width..][..self.width]
    }

    /// The links of a way.
    #[inline]
    pub(super) fn steps(&self, way: usize) -> impl Iterator<Item = Step> {
        let mut source = None;
        let stages = self.nodes(way).iter().copied().enumerate();
        let present = stages.filter(|(_, node)| *node != NO_NODE);
        present.filter_map(move |(to, target)| {
            let (from, source) = source.replace((to, target))?;
            Some(Step {
                from,
                to,
                source,
                target,
            })
        })
    }

    /// Stays whose way is not shown in full.
    pub(super) fn folded(&self, nodes: &Nodes) -> u32 {
        let is_folded = |way: &usize| {
            let stages = self.nodes(*way).iter().zip(&nodes.other);
            stages.into_iter().any(|(node, other)| node == other)
        };
        let folded = (0..self.len()).filter(is_folded);
        folded.map(|way| self.figures[way].stays).sum()
    }
}
