//! Events of both stores: what a chunk refers to, and its writing. The checks are in `event`.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::Value;

use super::{
    changes, enrollments,
    event::{self, Accepted, place::program_uid, repetition},
    files::{self, Files},
    importer::{CHUNK, Importer, Item, Read, Tally},
    metadata::{self, Program},
    notes::{Holders, holders},
    owners,
    payload::Event,
    report::TrackerType,
    rules,
};
use crate::{
    Connection, Result,
    import::dhis2::upsert::{self, Table},
    schema::{singleevent, trackerevent},
};

/// Which table holds an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Store {
    Single,
    Tracker,
}

impl Store {
    /// Where the events of a program are kept.
    pub(super) fn of(program: &Program) -> Self {
        if program.registration {
            Store::Tracker
        } else {
            Store::Single
        }
    }

    pub(super) fn table(self) -> Table {
        let name = match self {
            Store::Single => "singleevent",
            Store::Tracker => "trackerevent",
        };
        Table {
            name,
            key: "eventid",
        }
    }

    fn notes(self) -> &'static str {
        match self {
            Store::Single => "singleevent_notes",
            Store::Tracker => "trackerevent_notes",
        }
    }
}

/// A stored event.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) store: Store,
    pub(super) id: i64,
    pub(super) stage: i64,
    pub(super) enrollment: Option<i64>,
    pub(super) unit: i64,
    /// Unit in whose lists it stands: its own, or that of the owner.
    pub(super) list_unit: i64,
    pub(super) option_combo: i64,
    pub(super) deleted: bool,
    pub(super) status: String,
    pub(super) occurred: Option<NaiveDateTime>,
    pub(super) scheduled: Option<NaiveDateTime>,
    pub(super) completed_on: Option<NaiveDateTime>,
    pub(super) completed_by: Option<String>,
    pub(super) geometry: Option<Value>,
    pub(super) values: Value,
    pub(super) updated: NaiveDateTime,
}

/// What the checks of a chunk look things up in.
pub(super) struct Context {
    pub(super) stored: HashMap<String, Stored>,
    pub(super) enrollments: HashMap<String, enrollments::Stored>,
    pub(super) assigned: HashSet<(i64, i64)>,
    pub(super) owners: HashMap<i64, i64>,
    /// Enrolments and stages of stored events that are neither deleted nor skipped.
    pub(super) taken: HashSet<(i64, i64)>,
    pub(super) notes: Holders,
    pub(super) files: Files,
}

/// A good event with what was sent.
pub(super) type Pair<'a> = (Read<Event>, Accepted<'a>);

pub(super) fn load(importer: &mut Importer, items: &[Item]) -> Result<()> {
    let (mut seen, mut tally) = (HashSet::new(), Tally::default());
    let mut done = Vec::new();
    for chunk in chunks(items) {
        let mut read = importer.read::<Event>(TrackerType::Event, chunk, &mut seen);
        for item in &mut read {
            importer.parameters.id_schemes.translate(&mut item.object);
        }
        let mut context = context(importer, &read)?;
        let mut accepted = Vec::with_capacity(read.len());
        for item in read {
            match event::check(importer, &item, &mut context) {
                Ok(event) => accepted.push((item, event)),
                Err(faults) => {
                    importer.reject(TrackerType::Event, item.line, item.uid, faults);
                }
            }
        }
        if importer.is_over() {
            break;
        }
        if !importer.skips_rules() {
            accepted = repetition::refuse(importer, accepted, &context);
        }
        if importer.is_over() {
            break;
        }
        let accepted = rules::events::apply(importer, accepted, &context)?;
        if importer.is_over() {
            break;
        }
        if importer.only_checks_events() {
            tally.skip(accepted.len());
            continue;
        }
        let (single, tracker): (Vec<_>, Vec<_>) = accepted
            .into_iter()
            .partition(|event| event.store == Store::Single);
        for (kind, events) in [(Store::Single, single), (Store::Tracker, tracker)] {
            done.extend(events.iter().map(|event| event.uid.clone()));
            store(importer, kind, events, &context.stored, &mut tally)?;
        }
    }
    if !importer.is_over() {
        done.extend(rules::schedule::store(importer, &mut tally)?);
    }
    importer.report(TrackerType::Event, &tally, done);
    Ok(())
}

/// Cuts events into chunks that are checked and stored together. Those of an enrolment are in one, up to its size: they see
/// each other, wherever they stand in the payload.
fn chunks(items: &[Item]) -> Vec<Vec<&Item>> {
    if items.len() <= CHUNK {
        return items.chunks(CHUNK).map(Vec::from_iter).collect();
    }
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    let mut places: Vec<(usize, &Item)> = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let enrollment = item.parent.as_deref();
        let first = enrollment.map_or(place, |uid| *first_of.entry(uid).or_insert(place));
        places.push((first, item));
    }
    places.sort_by_key(|(first, _)| *first);
    let (mut chunks, mut chunk) = (Vec::new(), Vec::with_capacity(CHUNK));
    for of_enrollment in places.chunk_by(|(a, _), (b, _)| a == b) {
        for part in of_enrollment.chunks(CHUNK) {
            if chunk.len() + part.len() > CHUNK {
                chunks.push(std::mem::take(&mut chunk));
            }
            chunk.extend(part.iter().map(|(_, item)| *item));
        }
    }
    chunks.push(chunk);
    chunks
}

pub(super) fn enrollment_uid(item: &Read<Event>) -> Option<&String> {
    item.object
        .enrollment
        .as_ref()
        .or(item.parent.as_ref())
        .filter(|uid| !uid.is_empty())
}

fn context(importer: &mut Importer, read: &[Read<Event>]) -> Result<Context> {
    let uids: Vec<&str> = read.iter().map(|item| item.uid.as_str()).collect();
    let enrollments: Vec<&str> = read
        .iter()
        .filter_map(enrollment_uid)
        .map(String::as_str)
        .collect();
    let enrollments = enrollments::stored(importer.conn, &enrollments)?;
    let ids: Vec<i64> = enrollments
        .values()
        .map(|enrollment| enrollment.id)
        .collect();
    owners::establish(importer.conn, &ids, &importer.user.username, importer.now)?;
    let metadata = &importer.metadata;
    let programs = read
        .iter()
        .filter_map(|item| program_uid(metadata, &item.object));
    let programs = programs
        .filter_map(|uid| Some(metadata.programs.get(uid)?.id))
        .collect::<HashSet<i64>>();
    let units = read
        .iter()
        .filter_map(|item| metadata.unit(item.object.org_unit.as_ref()?));
    let units = units.collect::<HashSet<i64>>();
    Ok(Context {
        stored: stored(importer.conn, &uids)?,
        assigned: metadata::assigned(
            importer.conn,
            &Vec::from_iter(programs),
            &Vec::from_iter(units),
        )?,
        owners: owners::of_enrollments(importer.conn, &ids)?,
        taken: taken(importer.conn, &ids)?,
        notes: holders(
            importer.conn,
            read.iter().flat_map(|item| &item.object.notes),
        )?,
        files: Files::load(
            importer.conn,
            files::named(metadata, read.iter().map(|item| &item.object)),
        )?,
        enrollments,
    })
}

#[derive(HasQuery)]
#[diesel(table_name = singleevent)]
struct SingleRow {
    uid: String,
    eventid: i64,
    programstageid: i64,
    occurreddate: NaiveDateTime,
    organisationunitid: i64,
    attributeoptioncomboid: i64,
    deleted: bool,
    status: String,
    lastupdated: NaiveDateTime,
    completeddate: Option<NaiveDateTime>,
    completedby: Option<String>,
    geometry: Option<Value>,
    eventdatavalues: Value,
}

#[derive(HasQuery)]
#[diesel(table_name = trackerevent)]
struct TrackerRow {
    uid: String,
    eventid: i64,
    programstageid: i64,
    enrollmentid: i64,
    occurreddate: Option<NaiveDateTime>,
    scheduleddate: Option<NaiveDateTime>,
    organisationunitid: i64,
    ownerorganisationunitid: i64,
    attributeoptioncomboid: i64,
    deleted: bool,
    status: String,
    lastupdated: NaiveDateTime,
    completeddate: Option<NaiveDateTime>,
    completedby: Option<String>,
    geometry: Option<Value>,
    eventdatavalues: Value,
}

impl From<SingleRow> for Stored {
    fn from(row: SingleRow) -> Self {
        Stored {
            store: Store::Single,
            id: row.eventid,
            stage: row.programstageid,
            enrollment: None,
            unit: row.organisationunitid,
            list_unit: row.organisationunitid,
            option_combo: row.attributeoptioncomboid,
            deleted: row.deleted,
            status: row.status,
            occurred: Some(row.occurreddate),
            scheduled: None,
            completed_on: row.completeddate,
            completed_by: row.completedby,
            geometry: row.geometry,
            values: row.eventdatavalues,
            updated: row.lastupdated,
        }
    }
}

impl From<TrackerRow> for Stored {
    fn from(row: TrackerRow) -> Self {
        Stored {
            store: Store::Tracker,
            id: row.eventid,
            stage: row.programstageid,
            enrollment: Some(row.enrollmentid),
            unit: row.organisationunitid,
            list_unit: row.ownerorganisationunitid,
            option_combo: row.attributeoptioncomboid,
            deleted: row.deleted,
            status: row.status,
            occurred: row.occurreddate,
            scheduled: row.scheduleddate,
            completed_on: row.completeddate,
            completed_by: row.completedby,
            geometry: row.geometry,
            values: row.eventdatavalues,
            updated: row.lastupdated,
        }
    }
}

/// Events of both tables that are stored, by uid. They are locked in the order of their keys, so that nobody changes what
/// was checked.
pub(super) fn stored(conn: &mut Connection, uids: &[&str]) -> Result<HashMap<String, Stored>> {
    let single = SingleRow::query()
        .filter(singleevent::uid.eq_any(uids))
        .order(singleevent::eventid)
        .for_no_key_update()
        .load(conn)?;
    let tracker = TrackerRow::query()
        .filter(trackerevent::uid.eq_any(uids))
        .order(trackerevent::eventid)
        .for_no_key_update()
        .load(conn)?;
    let single = single
        .into_iter()
        .map(|row| (row.uid.clone(), Stored::from(row)));
    let tracker = tracker
        .into_iter()
        .map(|row| (row.uid.clone(), Stored::from(row)));
    Ok(single.chain(tracker).collect())
}

/// Enrolments with the stages of which they have an event that is neither deleted nor skipped.
fn taken(conn: &mut Connection, enrollments: &[i64]) -> Result<HashSet<(i64, i64)>> {
    use trackerevent as t;
    let rows: Vec<(i64, i64)> = t::table
        .filter(t::enrollmentid.eq_any(enrollments))
        .filter(t::deleted.eq(false).and(t::status.ne("SKIPPED")))
        .select((t::enrollmentid, t::programstageid))
        .distinct()
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Writes good events of a store with what belongs to them.
pub(super) fn store(
    importer: &mut Importer,
    store: Store,
    accepted: Vec<Accepted>,
    stored: &HashMap<String, Stored>,
    tally: &mut Tally,
) -> Result<()> {
    let mut ids: HashMap<String, i64> = stored
        .iter()
        .map(|(uid, stored)| (uid.clone(), stored.id))
        .collect();
    let mut rows = Vec::with_capacity(accepted.len());
    let mut others = Vec::with_capacity(accepted.len());
    for event in accepted {
        rows.push(event.row);
        others.push((event.uid, event.notes, event.changes, event.files));
    }
    let mut changed = HashSet::new();
    for row in upsert::objects(importer.conn, &store.table(), &rows)? {
        changed.insert(row.id);
        ids.insert(row.uid, row.id);
    }
    let (mut objects, mut notes, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let mut namings = Vec::new();
    for (uid, of_event, changed, files) in others {
        let Some(&id) = ids.get(&uid) else {
            continue;
        };
        objects.push((id, stored.contains_key(&uid)));
        namings.push((uid, files));
        notes.extend(of_event.into_iter().map(|note| (id, note)));
        changes.extend(changed.into_iter().map(|change| (id, change)));
    }
    changes::store(importer, store, &changes)?;
    files::store(importer, &namings)?;
    changed.extend(importer.store_notes(store.notes(), "eventid", notes)?);
    tally.count(&objects, &changed);
    Ok(())
}
