//! Events of programs without registration, day by day.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::QueryResult;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Plan,
    calendar::Rhythm,
    copy::{Loader, Rows},
    programs::Program,
    random::{Kind, Stream, Weighted, one_of, stream, uid},
    values,
};
use crate::{
    Result,
    schema::{note, singleevent, singleevent_notes},
};

const RHYTHM: Rhythm = Rhythm {
    growth: 3.0,
    weekend: [0.45, 0.15],
};

/// Every how manyth event has a note.
pub(super) const NOTE_EVERY: u64 = 200;

/// Writes events and their notes; the notes take the first keys of their table.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use singleevent as t;
    let columns = (
        t::eventid,
        t::uid,
        t::created,
        t::lastupdated,
        t::programstageid,
        t::attributeoptioncomboid,
        t::deleted,
        t::storedby,
        t::occurreddate,
        t::organisationunitid,
        t::status,
        t::completedby,
        t::completeddate,
        t::geometry,
        t::eventdatavalues,
        t::assigneduserid,
        t::createdbyuserinfo,
        t::lastupdatedbyuserinfo,
    );
    let days = plan.calendar.allocate(plan.volume.single_events, RHYTHM);
    loader.copy_large("single events", t::table, columns, |rows| {
        let mut writer = Writer::new(plan);
        for (day, &count) in (0..).zip(&days) {
            for _ in 0..count {
                writer.event(rows, day)?;
            }
        }
        Ok(())
    })?;
    load_notes(loader, plan, &days)
}

/// How busy the facilities of a program are: a few have much, most have little.
pub(super) fn facility_choice(program: &Program) -> Weighted {
    Weighted::new((0..program.facilities.len()).map(|rank| (rank as f64 + 1.5).powf(-0.85)))
}

struct Writer<'a> {
    plan: &'a Plan,
    random: ChaCha8Rng,
    programs: Weighted,
    facilities: Vec<Weighted>,
    values: values::Writer<'a>,
    json: String,
    id: u64,
}

impl<'a> Writer<'a> {
    fn new(plan: &'a Plan) -> Self {
        let programs = &plan.metadata.event_programs;
        Writer {
            plan,
            random: stream(plan.seed, Stream::SingleEvents),
            programs: Weighted::new(programs.iter().map(|program| program.described.share)),
            facilities: programs.iter().map(facility_choice).collect(),
            values: values::Writer {
                metadata: &plan.metadata,
                tree: &plan.tree,
            },
            json: String::new(),
            id: 0,
        }
    }

    /// Program, facility and whether it is deleted. Three events, a quarter of all apart, are those of the sparse
    /// facility.
    fn place(&mut self) -> (usize, usize, bool) {
        let program = self.programs.pick(&mut self.random);
        let rank = self.facilities[program].pick(&mut self.random);
        let is_deleted = self.random.random_bool(0.01);
        let quarter = self.plan.volume.single_events / 4;
        if quarter > 0 && self.id.is_multiple_of(quarter) && self.id / quarter <= 3 {
            return (0, self.plan.tree.sparse_facility(), false);
        }
        (
            program,
            self.plan.metadata.event_programs[program].facilities[rank],
            is_deleted,
        )
    }

    fn event(&mut self, rows: &mut Rows<'_>, day: u16) -> QueryResult<()> {
        self.id += 1;
        let (program, facility, is_deleted) = self.place();
        let program = &self.plan.metadata.event_programs[program];
        let stage = &program.stages[0];
        let random = &mut self.random;
        let occurred = self.plan.calendar.at(day, random.random_range(420..1_020));
        let (created, updated) = stored(self.plan, occurred, random);
        let user = one_of(&self.plan.users, random);
        let is_completed = random.random_bool(0.85);
        let combo = match program.described.by_funding {
            true => *one_of(&self.plan.metadata.funding_combos, random),
            false => self.plan.metadata.default_combo,
        };
        self.values.write(&mut self.json, stage, created, random);
        rows.field(self.id)
            .field(uid(Kind::SingleEvent, self.id))
            .field(created)
            .field(updated);
        rows.field(stage.id)
            .field(combo)
            .field(is_deleted)
            .field(&user.username)
            .field(occurred);
        rows.field(self.plan.tree.units[facility].id);
        rows.field(if is_completed { "COMPLETED" } else { "ACTIVE" });
        rows.optional(is_completed.then_some(&user.username))
            .optional(is_completed.then_some(created));
        rows.optional(
            program
                .described
                .has_points
                .then(|| point(facility, random)),
        );
        rows.field(&self.json);
        let assignee = random
            .random_bool(0.1)
            .then(|| one_of(&self.plan.users, random).id);
        let snapshot = self.plan.snapshot(user);
        rows.optional(assignee).field(snapshot);
        rows.optional((updated > created).then_some(snapshot)).end()
    }
}

/// When an event was stored and last changed: mostly on its day, sometimes days later, never after the end.
pub(super) fn stored(
    plan: &Plan,
    occurred: NaiveDateTime,
    random: &mut impl Rng,
) -> (NaiveDateTime, NaiveDateTime) {
    let minutes = match random.random_bool(0.15) {
        true => random.random_range(1_440..7_200),
        false => random.random_range(3..240),
    };
    let created = (occurred + TimeDelta::minutes(minutes)).min(plan.calendar.end());
    let changed = match random.random_bool(0.2) {
        true => TimeDelta::minutes(random.random_range(30..43_200)),
        false => TimeDelta::zero(),
    };
    (created, (created + changed).min(plan.calendar.end()))
}

/// A place near the facility, as `GeoJSON`.
fn point(facility: usize, random: &mut impl Rng) -> String {
    let longitude = 24.0 + (facility % 40) as f64 / 10.0 + random.random_range(0.0..0.1);
    let latitude = -14.0 + (facility / 40) as f64 / 10.0 + random.random_range(0.0..0.1);
    format!(r#"{{"type":"Point","coordinates":[{longitude:.5},{latitude:.5}]}}"#)
}

/// Every [`NOTE_EVERY`]th event has a note of the afternoon it happened.
fn load_notes(loader: &mut Loader<'_>, plan: &Plan, days: &[u64]) -> Result<()> {
    let columns = (
        note::noteid,
        note::uid,
        note::created,
        note::notetext,
        note::creator,
        note::lastupdatedby,
    );
    loader.copy_large("notes of single events", note::table, columns, |rows| {
        let (mut before, mut id) = (0, 0);
        for (day, &count) in (0..).zip(days) {
            for event in (before / NOTE_EVERY + 1)..=(before + count) / NOTE_EVERY {
                id += 1;
                let user = &plan.users[event as usize % plan.users.len()];
                rows.field(id)
                    .field(uid(Kind::SingleEventNote, id))
                    .field(plan.calendar.at(day, 1_020));
                rows.text("Entered from the paper register.")
                    .field(&user.username)
                    .field(user.id)
                    .end()?;
            }
            before += count;
        }
        Ok(())
    })?;
    use singleevent_notes as t;
    let columns = (t::eventid, t::sort_order, t::noteid);
    loader.copy_large(
        "links of notes to single events",
        t::table,
        columns,
        |rows| {
            for note in 1..=plan.volume.single_events / NOTE_EVERY {
                rows.field(note * NOTE_EVERY).field(1).field(note).end()?;
            }
            Ok(())
        },
    )
}
