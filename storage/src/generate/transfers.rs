//! Station contacts of the stays: contiguous from admission to discharge.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Plan,
    copy::{Loader, Rows},
    hospital::{CaseKind, Stay},
    keys::{self, CHAPTERS},
    names::WARDS,
    random::{Stream, Weighted, one_of, stream},
};
use crate::{Result, schema::station_transfers};

/// Places in [`WARDS`].
const EMERGENCY_ROOM: u8 = 0;
const INTENSIVE_CARE: u8 = 1;
const GERIATRICS: u8 = 9;

/// Shares of stays over night with 1, 2, … stations.
const LENGTHS: [f64; 9] = [10.0, 22.0, 27.0, 19.0, 11.0, 6.0, 3.0, 1.5, 0.5];

/// Least minutes on a station.
const SHORTEST: i64 = 30;

/// Writes the contacts.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use station_transfers as t;
    let columns = (
        t::station_transfer_id,
        t::encounter_id,
        t::station_id,
        t::sequence,
        t::started_at,
        t::ended_at,
    );
    loader.copy_large("station contacts", t::table, columns, |rows| {
        let mut writer = Writer {
            plan,
            lengths: Weighted::new(LENGTHS),
            random: stream(plan.seed, Stream::Transfers),
            id: 0,
        };
        for (stay, encounter) in plan.hospital.stays.iter().zip(1..) {
            writer.stay(rows, stay, encounter)?;
        }
        Ok(())
    })
}

struct Writer<'a> {
    plan: &'a Plan,
    lengths: Weighted,
    random: ChaCha8Rng,
    id: u32,
}

impl Writer<'_> {
    fn stay(&mut self, rows: &mut Rows<'_>, stay: &Stay, encounter: u32) -> QueryResult<()> {
        let wards = self.wards(stay);
        let times = self.times(stay, wards.len());
        for (number, &ward) in wards.iter().enumerate() {
            self.id += 1;
            rows.field(self.id)
                .field(encounter)
                .field(self.plan.station(stay.clinic, ward));
            rows.field(number + 1).instant(times[number]);
            match stay.is_open() && number + 1 == wards.len() {
                true => rows.null(),
                false => rows.instant(times[number + 1]),
            };
            rows.end()?;
        }
        Ok(())
    }

    /// The way through the clinic; neighbours differ.
    fn wards(&mut self, stay: &Stay) -> Vec<u8> {
        let random = &mut self.random;
        let usual = CHAPTERS[usize::from(stay.chapter)].wards;
        let count = match stay.case_kind {
            CaseKind::Full if stay.nights > 0 => self.lengths.pick(random) + 1,
            CaseKind::Full => random.random_range(1..3),
            _ => 1,
        };
        let mut wards = Vec::with_capacity(count);
        if stay.admission == keys::EMERGENCY && count > 1 {
            wards.push(EMERGENCY_ROOM);
        }
        while wards.len() < count {
            let ward = match random.random_range(0..100) {
                _ if wards.last().is_none_or(|&last| last == EMERGENCY_ROOM)
                    && random.random_bool(0.75) =>
                {
                    usual[0]
                }
                0..22 => INTENSIVE_CARE,
                22..30 if stay.nights > 7 => GERIATRICS,
                30..45 => random.random_range(2..WARDS.len() as u8),
                45..70 => usual[0],
                _ => *one_of(usual, random),
            };
            // A ward with one usual station needs another one in between.
            let ward = if wards.last() == Some(&ward) {
                next_ward(ward, usual, random)
            } else {
                ward
            };
            wards.push(ward);
        }
        wards
    }

    /// One more moment than there are stations: the first is the admission, the last the discharge.
    fn times(&mut self, stay: &Stay, stations: usize) -> Vec<DateTime<Utc>> {
        let (start, end) = (
            stay.admitted(&self.plan.calendar),
            stay.left(&self.plan.calendar),
        );
        let spare = (end - start).num_minutes() - SHORTEST * stations as i64;
        let mut cuts: Vec<i64> = (1..stations)
            .map(|_| self.random.random_range(0..=spare.max(0)))
            .collect();
        cuts.sort_unstable();
        let is_quick = stay.admission == keys::EMERGENCY && stay.nights > 0;
        if let Some(first) = cuts.first_mut().filter(|_| is_quick) {
            *first = (*first).min(self.random.random_range(30..420));
        }
        let step = if spare < 0 {
            (end - start).num_minutes() / stations as i64
        } else {
            SHORTEST
        };
        let moments = cuts
            .iter()
            .zip(1..)
            .map(|(cut, number)| start + TimeDelta::minutes(cut + step * number));
        std::iter::once(start).chain(moments).chain([end]).collect()
    }
}

/// A station that differs from `ward`.
fn next_ward(ward: u8, usual: &[u8], random: &mut impl Rng) -> u8 {
    let others: Vec<u8> = usual
        .iter()
        .copied()
        .filter(|&other| other != ward)
        .collect();
    match others.is_empty() || random.random_bool(0.2) {
        true if ward == INTENSIVE_CARE => GERIATRICS,
        true => INTENSIVE_CARE,
        false => *one_of(&others, random),
    }
}
