//! Sign-ins that were refused, counted by the minute: by address, door, reason and whose credential it was.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use storage::audit::{Entry, Kind};

use super::{Door, Origin};

/// Most kinds that are told apart in a minute. Further addresses are counted together.
const MOST: usize = 1_000;

/// Why somebody was not let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// A word such as `UNKNOWN`, `EXPIRED` or `SIGNATURE`, for the audit log alone: who is refused is not told why.
    pub reason: String,
    /// Whose credential it was; `None` when it is nobody's.
    pub username: Option<String>,
    /// The subject that the provider vouches for; `None` for API tokens and what proves nothing.
    pub known_by: Option<String>,
    /// What failures are counted by; `None` when it is no attempt to guess.
    pub mark: Option<String>,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Group {
    address: Option<IpAddr>,
    door: Door,
    reason: String,
    username: Option<String>,
    known_by: Option<String>,
}

/// When the first one was, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    since: DateTime<Utc>,
    number: i64,
}

/// Refusals that are not in the log yet.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<Group, Count>>);

impl Refusals {
    /// Counts one. Returns whether it is the first since they were taken.
    pub fn add(&self, origin: &Origin, refusal: &Refusal) -> bool {
        let group = Group {
            address: origin.address,
            door: origin.door,
            reason: refusal.reason.clone(),
            username: refusal.username.clone(),
            known_by: refusal.known_by.clone(),
        };
        let (since, number) = (Utc::now(), 1);
        let is_first = self.is_empty();
        self.put_back(group, Count { since, number });
        is_first
    }

    /// Adds what could not be written to what came since.
    pub fn put_back(&self, mut group: Group, count: Count) {
        let mut groups = self.lock();
        if groups.len() >= MOST && !groups.contains_key(&group) {
            (group.address, group.username, group.known_by) = (None, None, None);
        }
        let known = groups.entry(group).or_insert(Count { number: 0, ..count });
        known.number = known.number.saturating_add(count.number);
        known.since = known.since.min(count.since);
    }

    /// Takes all of them.
    pub fn take(&self) -> HashMap<Group, Count> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Group, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    /// The entry of the log.
    pub fn entry(&self, count: Count) -> Entry {
        Entry {
            at: count.since,
            kind: Kind::Refused.name().to_owned(),
            username: self.username.clone().unwrap_or_default(),
            door: self.door.name().to_owned(),
            operation: format!("sign-in {}", self.reason),
            subject: None,
            program: None,
            orgunit: None,
            orgunitmode: None,
            rows: Some(count.number),
            address: self.address.map(|address| address.to_string()),
            trace: None,
            knownby: self.known_by.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(refusals: &Refusals, host: u32, username: Option<&str>) -> bool {
        let origin = Origin {
            address: Some(IpAddr::from(host.to_be_bytes())),
            ..Origin::default()
        };
        let refusal = Refusal {
            reason: "UNKNOWN".to_owned(),
            username: username.map(str::to_owned),
            ..Refusal::default()
        };
        refusals.add(&origin, &refusal)
    }

    #[test]
    fn what_is_alike_is_one_entry_and_a_flood_of_addresses_has_a_bound() {
        let refusals = Refusals::default();
        assert!(add(&refusals, 1, None));
        assert!(!add(&refusals, 1, None));
        assert!(!add(&refusals, 1, Some("clerk")));
        let taken = refusals.take();
        let mut rows: Vec<_> = taken
            .iter()
            .map(|(group, count)| group.entry(*count))
            .map(|entry| (entry.username, entry.rows, entry.address))
            .collect();
        rows.sort();
        let address = Some("0.0.0.1".to_owned());
        assert_eq!(
            rows,
            [
                (String::new(), Some(2), address.clone()),
                ("clerk".to_owned(), Some(1), address)
            ]
        );
        for (group, count) in taken {
            refusals.put_back(group, count);
        }
        assert!(!add(&refusals, 1, None));
        let known = refusals.take();
        assert_eq!(known.values().map(|count| count.number).sum::<i64>(), 4);
        for host in 0..10_000 {
            add(&refusals, host, None);
        }
        let taken = refusals.take();
        assert_eq!(taken.len(), MOST + 1);
        let others = taken.iter().find(|(group, _)| group.address.is_none());
        assert_eq!(others.map(|(_, count)| count.number), Some(9_000));
    }
}
