//! Which ways go a link.

/// End of the ways of a link.
const NONE: u32 = u32::MAX;

/// For each link the ways that go it or went it before they were led elsewhere.
#[derive(Debug)]
pub(super) struct Passages {
    /// The place of the newest way of each link.
    newest: Vec<u32>,
    /// Ways, each with the place of the one before on the same link.
    ways: Vec<(u32, u32)>,
}

impl Passages {
    /// None yet, of so many links.
    pub(super) fn new(links: usize) -> Self {
        Passages {
            newest: vec![NONE; links],
            ways: Vec::new(),
        }
    }

    /// Whether none is noted.
    pub(super) fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Notes that a way goes a link, maybe again.
    pub(super) fn add(&mut self, link: usize, way: usize) {
        self.ways.push((way as u32, self.newest[link]));
        self.newest[link] = self.ways.len() as u32 - 1;
    }

    /// The ways of a link, in no order, some more than once.
    pub(super) fn of(&self, link: usize) -> impl Iterator<Item = usize> {
        let at = |place: u32| self.ways.get(place as usize).copied();
        let passages = std::iter::successors(at(self.newest[link]), move |(_, before)| at(*before));
        passages.map(|(way, _)| way as usize)
    }
}
