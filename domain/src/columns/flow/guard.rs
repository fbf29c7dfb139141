//! Ways that too few patients go are led through other nodes.
//!
//! It takes many rounds, since a fold can leave another link with too few patients. So the patients of each link are kept
//! beside the ways, and a round looks only at those who ever went a link that is small now.

use super::{NO_NODE, Nodes, steps};

/// Leads stays of links that fewer than `minimum` patients go through other nodes, until as many go every link. `people`
/// are the persons of the stays, one after the other; `folded` learns whose way was changed.
pub(super) fn fold_small_links(
    nodes: &Nodes,
    people: &[u32],
    ways: &mut [u16],
    folded: &mut [bool],
    minimum: u32,
) {
    if minimum <= 1 {
        return;
    }
    let mut guard = Guard::new(nodes, people, ways, folded);
    while let Some(is_small) = guard.small_links(minimum) {
        guard.fold(&is_small);
    }
}

struct Guard<'a> {
    nodes: &'a Nodes,
    ways: &'a mut [u16],
    folded: &'a mut [bool],
    /// First stay of each person, and behind the last one the number of stays.
    first_stays: Vec<usize>,
    /// Persons who go each link.
    patients: Vec<u32>,
    /// Places in `first_stays` of the persons who ever went each link.
    went: Vec<Vec<u32>>,
}

impl<'a> Guard<'a> {
    fn new(nodes: &'a Nodes, people: &[u32], ways: &'a mut [u16], folded: &'a mut [bool]) -> Self {
        let starts =
            (0..people.len()).filter(|&stay| stay == 0 || people[stay] != people[stay - 1]);
        let links = nodes.places.len() * nodes.places.len();
        let mut guard = Guard {
            nodes,
            ways,
            folded,
            first_stays: starts.chain([people.len()]).collect(),
            patients: vec![0; links],
            went: vec![Vec::new(); links],
        };
        let mut links = Vec::new();
        for person in 0..guard.first_stays.len() - 1 {
            guard.links_of(person, &mut links);
            for &link in &links {
                guard.patients[link] += 1;
                guard.went[link].push(person as u32);
            }
        }
        guard
    }

    /// Links that too few patients go; `None` when there are none. Where the link between the other nodes of admission and
    /// discharge alone is small, the smallest of the rest joins it.
    fn small_links(&self, minimum: u32) -> Option<Vec<bool>> {
        let patients = |link: usize| self.patients[link];
        let mut is_small: Vec<bool> = (0..self.patients.len())
            .map(|link| (1..minimum).contains(&patients(link)))
            .collect();
        let small: Vec<usize> = (0..is_small.len()).filter(|&link| is_small[link]).collect();
        let other = &self.nodes.other;
        let straight = usize::from(other[0]) * self.nodes.places.len()
            + other.last().map_or(0, |node| usize::from(*node));
        if small == [straight] {
            let others = (0..is_small.len()).filter(|&link| link != straight && patients(link) > 0);
            let smallest = others.min_by_key(|&link| patients(link))?;
            is_small[smallest] = true;
        }
        (!small.is_empty()).then_some(is_small)
    }

    /// Folds one small link of each way that has any.
    fn fold(&mut self, is_small: &[bool]) {
        let small = (0..is_small.len()).filter(|&link| is_small[link]);
        let mut persons: Vec<u32> = small
            .flat_map(|link| self.went[link].iter().copied())
            .collect();
        persons.sort_unstable();
        persons.dedup();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for person in persons {
            self.links_of(person as usize, &mut before);
            for stay in self.first_stays[person as usize]..self.first_stays[person as usize + 1] {
                self.fold_stay(stay, is_small);
            }
            self.links_of(person as usize, &mut after);
            for &link in &before {
                self.patients[link] -= 1;
            }
            for &link in &after {
                self.patients[link] += 1;
                if before.binary_search(&link).is_err() {
                    self.went[link].push(person);
                }
            }
        }
    }

    /// Puts the links of all stays of a person into `links`, each once, in order.
    fn links_of(&self, person: usize, links: &mut Vec<usize>) {
        let width = self.nodes.other.len();
        let stays = self.first_stays[person] * width..self.first_stays[person + 1] * width;
        links.clear();
        for way in self.ways[stays].chunks_exact(width) {
            links.extend(steps(way, self.nodes).map(|(_, _, link)| link));
        }
        links.sort_unstable();
        links.dedup();
    }

    /// Leads a stay through another node: the target of its first small link, then the source; where both are other nodes
    /// already, straight from admission to discharge.
    fn fold_stay(&mut self, stay: usize, is_small: &[bool]) {
        let other = &self.nodes.other;
        let way = &mut self.ways[stay * other.len()..][..other.len()];
        let step = steps(way, self.nodes).find(|(_, _, link)| is_small[*link]);
        let Some((from, to, _)) = step else {
            return;
        };
        self.folded[stay] = true;
        if way[to] != other[to] {
            way[to] = other[to];
        } else if way[from] != other[from] {
            way[from] = other[from];
        } else {
            let last = other.len() - 1;
            way.fill(NO_NODE);
            way[0] = other[0];
            way[last] = other[last];
        }
    }
}
