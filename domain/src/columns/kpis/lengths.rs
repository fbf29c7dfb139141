//! Discharged stays by their bed days.

use std::collections::BTreeMap;

/// Bed days from here on are rare, and kept apart.
const LONG: usize = 512;

/// How many stays have each number of bed days.
#[derive(Debug, Clone, Default)]
pub(super) struct Lengths {
    /// By bed days, as far as any were seen.
    short: Vec<u32>,
    long: BTreeMap<u32, u32>,
}

impl Lengths {
    /// Counts a stay.
    pub(super) fn add(&mut self, bed_days: u32) {
        let place = bed_days as usize;
        if place >= LONG {
            *self.long.entry(bed_days).or_default() += 1;
            return;
        }
        if place >= self.short.len() {
            self.short.resize(place + 1, 0);
        }
        self.short[place] += 1;
    }

    /// Adds other stays.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.short.len() < other.short.len() {
            self.short.resize(other.short.len(), 0);
        }
        for (stays, other) in self.short.iter_mut().zip(&other.short) {
            *stays += other;
        }
        for (bed_days, stays) in &other.long {
            *self.long.entry(*bed_days).or_default() += stays;
        }
    }

    /// Bed days that `percent` of the stays do not exceed (nearest rank); `None` without stays.
    pub(super) fn percentile(&self, percent: u32) -> Option<u32> {
        let short = (0..).zip(self.short.iter().copied());
        let all = short.chain(self.long.iter().map(|(days, stays)| (*days, *stays)));
        let total: u64 = all.clone().map(|(_, stays)| u64::from(stays)).sum();
        let rank = (total * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        let mut reached = all.filter(|(_, stays)| {
            seen += u64::from(*stays);
            seen >= rank
        });
        reached.next().map(|(days, _)| days)
    }
}
