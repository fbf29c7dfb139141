//! Ways that too few patients go are led through other nodes.
//!
//! It takes many rounds, since a fold can leave another link with too few patients. A round looks only at the ways that go
//! a link that is small now, and at the persons who go one of them.

use super::{
    nodes::Nodes,
    passages::Passages,
    ways::{NO_NODE, Ways},
};

/// Ways, and how many persons go each link of them.
pub(super) struct Guard<'a> {
    nodes: &'a Nodes,
    ways: Ways,
    /// Persons who go each link.
    patients: Vec<u32>,
    /// Persons of several ways who go each way, by their places.
    goers: Vec<Vec<u32>>,
    /// Which ways go each link.
    passages: Passages,
    /// For each link, which of the persons that were ever counted was the last.
    counted: Vec<u32>,
    counts: u32,
}

impl<'a> Guard<'a> {
    /// Counts who goes each link.
    pub(super) fn new(nodes: &'a Nodes, ways: Ways) -> Self {
        let mut goers = vec![Vec::new(); ways.len()];
        for person in 0..ways.persons() {
            for &way in ways.of_person(person) {
                goers[way as usize].push(person as u32);
            }
        }
        let mut guard = Guard {
            nodes,
            patients: vec![0; nodes.len() * nodes.len()],
            goers,
            passages: Passages::new(nodes.len() * nodes.len()),
            counted: vec![0; nodes.len() * nodes.len()],
            counts: 0,
            ways,
        };
        let all: Vec<usize> = (0..guard.ways.len()).collect();
        let persons: Vec<u32> = (0..guard.ways.persons() as u32).collect();
        guard.count(&all, &persons, u32::wrapping_add);
        guard
    }

    /// Leads the ways of links that fewer than `minimum` patients go through other nodes, until as many go every link.
    pub(super) fn fold_small_links(&mut self, minimum: u32) {
        while let Some(is_small) = self.small_links(minimum) {
            if self.passages.is_empty() {
                (0..self.ways.len()).for_each(|way| self.note_passages(way));
            }
            self.fold(&is_small);
        }
    }

    /// The ways and the patients of each link.
    pub(super) fn finish(self) -> (Ways, Vec<u32>) {
        (self.ways, self.patients)
    }

    /// Adds or takes away the persons who go only one of these ways, and these persons who go several.
    fn count(&mut self, ways: &[usize], persons: &[u32], change: fn(u32, u32) -> u32) {
        let nodes = self.nodes.len();
        for &way in ways {
            let alone = self.ways.figures(way).patients;
            for step in self.ways.steps(way) {
                let patients = &mut self.patients[step.link(nodes)];
                *patients = change(*patients, alone);
            }
        }
        // A person counts once for a link, on however many ways.
        for &person in persons {
            self.counts = self.counts.wrapping_add(1);
            for &way in self.ways.of_person(person as usize) {
                for step in self.ways.steps(way as usize) {
                    let link = step.link(nodes);
                    if self.counted[link] != self.counts {
                        self.counted[link] = self.counts;
                        self.patients[link] = change(self.patients[link], 1);
                    }
                }
            }
        }
    }

    /// Links that too few patients go; `None` when there are none. Where the link between the other nodes of admission and
    /// discharge alone is small, the smallest of the rest joins it, the first of equal ones.
    fn small_links(&self, minimum: u32) -> Option<Vec<bool>> {
        let mut is_small: Vec<bool> = self
            .patients
            .iter()
            .map(|patients| 0 < *patients && *patients < minimum)
            .collect();
        let mut small = (0..is_small.len()).filter(|&link| is_small[link]);
        let (first, second) = (small.next()?, small.next());
        let other = &self.nodes.other;
        let ends = other.first().zip(other.last());
        let straight =
            ends.map(|(first, last)| usize::from(*first) * self.nodes.len() + usize::from(*last));
        if straight == Some(first) && second.is_none() {
            let others =
                (0..is_small.len()).filter(|&link| link != first && self.patients[link] > 0);
            let smallest = others.min_by_key(|&link| self.patients[link])?;
            is_small[smallest] = true;
        }
        Some(is_small)
    }

    /// Folds one small link of each way that has any.
    fn fold(&mut self, is_small: &[bool]) {
        let changed = self.ways_of(is_small);
        let goers = changed.iter().flat_map(|&way| &self.goers[way]);
        let mut persons: Vec<u32> = goers.copied().collect();
        persons.sort_unstable();
        persons.dedup();
        self.count(&changed, &persons, u32::wrapping_sub);
        for &way in &changed {
            self.fold_way(way, is_small);
            self.note_passages(way);
        }
        self.count(&changed, &persons, u32::wrapping_add);
    }

    /// The ways that go one of these links now.
    fn ways_of(&self, is_small: &[bool]) -> Vec<usize> {
        let nodes = self.nodes.len();
        let links = (0..is_small.len()).filter(|&link| is_small[link]);
        let mut ways: Vec<usize> = links.flat_map(|link| self.passages.of(link)).collect();
        ways.sort_unstable();
        ways.dedup();
        ways.retain(|&way| {
            let mut steps = self.ways.steps(way);
            steps.any(|step| is_small[step.link(nodes)])
        });
        ways
    }

    fn note_passages(&mut self, way: usize) {
        for step in self.ways.steps(way) {
            self.passages.add(step.link(self.nodes.len()), way);
        }
    }

    /// Leads a way through another node: the target of its first small link, then the source; where both are other nodes
    /// already, straight from admission to discharge.
    fn fold_way(&mut self, way: usize, is_small: &[bool]) {
        let mut steps = self.ways.steps(way);
        let step = steps.find(|step| is_small[step.link(self.nodes.len())]);
        let Some(step) = step else {
            return;
        };
        drop(steps);
        let other = &self.nodes.other;
        let way = self.ways.nodes_mut(way);
        if way[step.to] != other[step.to] {
            way[step.to] = other[step.to];
        } else if way[step.from] != other[step.from] {
            way[step.from] = other[step.from];
        } else {
            let last = other.len() - 1;
            way.fill(NO_NODE);
            way[0] = other[0];
            way[last] = other[last];
        }
    }
}
