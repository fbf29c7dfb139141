//! Enrolments. The first one in a program makes its unit the owner of the tracked entity there.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{org_unit::Tree, rule};
use serde_json::{Value, json};

use super::{
    attributes::{self, Known},
    enrollment_check::{
        Place, check_attributes, check_dates, check_existence, check_others, check_place,
        check_rights, find_place,
    },
    importer::{CHUNK, Fault, Importer, Item, Read, Tally, settle},
    metadata,
    notes::{Holders, NewNote, holders},
    option_combos::Carrier,
    owners,
    payload::{Enrollment, EnrollmentStatus},
    report::TrackerType,
    rules,
    tracked_entities::{self, check_geometry},
    values::{self, Changes},
};
use crate::{
    Connection, Result,
    import::dhis2::upsert::{self, Table},
    schema::enrollment,
};

const TABLE: Table = Table {
    name: "enrollment",
    key: "enrollmentid",
};

/// A stored enrolment.
#[derive(Debug, HasQuery)]
#[diesel(table_name = enrollment)]
pub(super) struct Stored {
    pub(super) uid: String,
    #[diesel(column_name = enrollmentid)]
    pub(super) id: i64,
    #[diesel(column_name = trackedentityid)]
    pub(super) entity: i64,
    #[diesel(column_name = programid)]
    pub(super) program: i64,
    #[diesel(column_name = organisationunitid)]
    pub(super) unit: i64,
    #[diesel(column_name = attributeoptioncomboid)]
    pub(super) option_combo: i64,
    pub(super) deleted: bool,
    status: String,
    completeddate: Option<NaiveDateTime>,
    completedby: Option<String>,
    enrollmentdate: NaiveDateTime,
    occurreddate: Option<NaiveDateTime>,
}

impl Stored {
    /// The enrolment as rules see it.
    pub(super) fn as_seen(
        &self,
        tree: &Tree,
        attributes: HashMap<String, String>,
    ) -> rule::Enrollment {
        let unit = tree.get(self.unit);
        let date = self.enrollmentdate.date();
        rule::Enrollment {
            uid: self.uid.clone(),
            status: self.status.clone(),
            date,
            incident: self.occurreddate.map_or(date, |moment| moment.date()),
            unit: unit.map(|unit| unit.uid.clone()).unwrap_or_default(),
            attributes,
        }
    }
}

/// What the checks of a chunk look things up in.
pub(super) struct Context {
    pub(super) stored: HashMap<String, Stored>,
    pub(super) entities: HashMap<String, tracked_entities::Stored>,
    pub(super) assigned: HashSet<(i64, i64)>,
    /// Uid and status of the enrolments of each entity and program, stored and accepted.
    others: HashMap<(i64, i64), HashMap<String, String>>,
    /// Owner unit of each entity and program.
    pub(super) owners: HashMap<(i64, i64), i64>,
    known: Known,
    notes: Holders,
}

/// A good enrolment.
pub(super) struct Accepted {
    uid: String,
    row: Value,
    pub(super) entity: i64,
    pub(super) values: Changes,
    notes: Vec<NewNote>,
}

pub(super) fn load(importer: &mut Importer, items: &[Item]) -> Result<()> {
    let (mut seen, mut tally) = (HashSet::new(), Tally::default());
    let mut done = Vec::new();
    for chunk in items.chunks(CHUNK) {
        let mut read = importer.read::<Enrollment>(TrackerType::Enrollment, chunk, &mut seen);
        for item in &mut read {
            importer.parameters.id_schemes.translate(&mut item.object);
        }
        let mut context = context(importer, &read)?;
        let mut accepted = Vec::with_capacity(read.len());
        for item in read {
            match check(importer, &item, &mut context) {
                Ok(enrollment) => accepted.push((item, enrollment)),
                Err(faults) => {
                    importer.reject(TrackerType::Enrollment, item.line, item.uid, faults);
                }
            }
        }
        if importer.is_over() {
            break;
        }
        let accepted = rules::enrollments::apply(importer, accepted, &context)?;
        if importer.is_over() {
            break;
        }
        done.extend(accepted.iter().map(|enrollment| enrollment.uid.clone()));
        store(importer, accepted, &context.stored, &mut tally)?;
    }
    importer.report(TrackerType::Enrollment, &tally, done);
    Ok(())
}

/// Enrolments that are stored, by uid. They are locked in the order of their keys: two imports do not add events to one
/// at a time, so that a stage that is not repeatable stays so.
pub(super) fn stored(conn: &mut Connection, uids: &[&str]) -> Result<HashMap<String, Stored>> {
    let rows = Stored::query()
        .filter(enrollment::uid.eq_any(uids))
        .order(enrollment::enrollmentid)
        .for_no_key_update()
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.uid.clone(), row)).collect())
}

/// Tracked entity of each enrolment.
pub(super) fn entities(conn: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = enrollment::table
        .filter(enrollment::enrollmentid.eq_any(ids))
        .select((enrollment::enrollmentid, enrollment::trackedentityid))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

pub(super) fn entity_uid(item: &Read<Enrollment>) -> Option<&String> {
    item.object.tracked_entity.as_ref().or(item.parent.as_ref())
}

fn context(importer: &mut Importer, read: &[Read<Enrollment>]) -> Result<Context> {
    let uids: Vec<&str> = read.iter().map(|item| item.uid.as_str()).collect();
    let entities: Vec<&str> = read
        .iter()
        .filter_map(entity_uid)
        .map(String::as_str)
        .collect();
    let entities = tracked_entities::stored(importer.conn, &entities)?;
    let ids: Vec<i64> = entities.values().map(|entity| entity.id).collect();
    let metadata = &importer.metadata;
    let programs = read
        .iter()
        .filter_map(|item| metadata.programs.get(item.object.program.as_ref()?));
    let programs: Vec<i64> = programs.map(|program| program.id).collect();
    let units = read
        .iter()
        .filter_map(|item| metadata.unit(item.object.org_unit.as_ref()?));
    let units: Vec<i64> = units.collect();
    let sent = read.iter().map(|item| item.object.attributes.as_slice());
    Ok(Context {
        stored: stored(importer.conn, &uids)?,
        assigned: metadata::assigned(importer.conn, &programs, &units)?,
        others: others(importer.conn, &ids)?,
        owners: owners::of_entities(importer.conn, &ids)?,
        known: Known::load(importer.conn, metadata, sent, ids.iter().copied())?,
        notes: holders(
            importer.conn,
            read.iter().flat_map(|item| &item.object.notes),
        )?,
        entities,
    })
}

/// The enrolments of tracked entities that are not deleted or cancelled.
fn others(
    conn: &mut Connection,
    entities: &[i64],
) -> Result<HashMap<(i64, i64), HashMap<String, String>>> {
    let rows = Stored::query()
        .filter(enrollment::trackedentityid.eq_any(entities))
        .filter(
            enrollment::deleted
                .eq(false)
                .and(enrollment::status.ne("CANCELLED")),
        )
        .load(conn)?;
    let mut others: HashMap<(i64, i64), HashMap<String, String>> = HashMap::new();
    for row in rows {
        others
            .entry((row.entity, row.program))
            .or_default()
            .insert(row.uid, row.status);
    }
    Ok(others)
}

/// Checks one enrolment.
fn check(
    importer: &mut Importer,
    item: &Read<Enrollment>,
    context: &mut Context,
) -> Result<Accepted, Vec<Fault>> {
    let enrollment = &item.object;
    let metadata = importer.metadata;
    let stored = context.stored.get(&item.uid);
    check_existence(importer, &item.uid, stored)?;
    let place = find_place(importer, item, context)?;
    settle(check_place(enrollment, &place, stored, context))?;
    let option_combo = metadata.option_combos.resolve(
        Carrier::Enrollment,
        place.program.enrollment_combo,
        enrollment.attribute_option_combo.as_ref(),
        enrollment.attribute_category_options.as_deref(),
    )?;
    let others = (place.entity.id, place.program.id);
    let (values, mut faults) = values::attributes(metadata, &enrollment.attributes);
    let notes = importer.new_notes(&item.uid, &enrollment.notes, &context.notes);
    if importer.skips_rules() {
        faults.clear();
    } else {
        settle(check_rights(
            importer,
            &place,
            option_combo,
            stored,
            context,
        ))?;
        let geometry = check_geometry(
            enrollment.geometry.as_ref(),
            place.program.feature_type.as_deref(),
        );
        faults.extend(geometry.err());
        faults.extend(check_dates(importer, enrollment, &place));
        faults.extend(check_attributes(
            metadata,
            item,
            &place,
            &values,
            &mut context.known,
        ));
        let others = context.others.get(&others);
        faults.extend(check_others(&item.uid, enrollment.status, place.program.once, others).err());
        faults.extend(notes.as_ref().err().cloned());
    }
    settle(faults)?;
    let row = row(importer, item, &place, option_combo, stored);
    let entity = place.entity.id;
    let notes = notes?;
    importer.claim(&notes);
    if enrollment.status != EnrollmentStatus::Cancelled {
        let of_entity = context.others.entry(others).or_default();
        of_entity.insert(item.uid.clone(), enrollment.status.text().to_owned());
    }
    Ok(Accepted {
        uid: item.uid.clone(),
        row,
        entity,
        values,
        notes,
    })
}

fn row(
    importer: &Importer,
    item: &Read<Enrollment>,
    place: &Place,
    option_combo: i64,
    stored: Option<&Stored>,
) -> Value {
    let enrollment = &item.object;
    let (completed_on, completed_by) = completion(importer, enrollment, stored);
    let mut row = json!({
        "uid": item.uid,
        "createdatclient": enrollment.created_at_client.map(|moment| moment.0),
        "lastupdatedatclient": enrollment.updated_at_client.map(|moment| moment.0),
        "occurreddate": enrollment.occurred_at.map(|moment| moment.0),
        "enrollmentdate": place.enrolled,
        "completeddate": completed_on,
        "completedby": completed_by,
        "followup": enrollment.follow_up,
        "deleted": false,
        "status": enrollment.status.text(),
        "trackedentityid": place.entity.id,
        "programid": place.program.id,
        "organisationunitid": place.unit,
        "attributeoptioncomboid": option_combo,
        "storedby": importer.user.username,
        "geometry": enrollment.geometry.as_ref().map(|geometry| &geometry.0),
    });
    importer.stamp(&mut row);
    row
}

/// When and by whom it was completed: set when it becomes complete, kept while it is.
fn completion(
    importer: &Importer,
    enrollment: &Enrollment,
    stored: Option<&Stored>,
) -> (Option<NaiveDateTime>, Option<String>) {
    if enrollment.status != EnrollmentStatus::Completed {
        return (None, None);
    }
    match stored.filter(|stored| stored.status == "COMPLETED" && stored.completeddate.is_some()) {
        Some(stored) => (stored.completeddate, stored.completedby.clone()),
        None => {
            let date = enrollment
                .completed_at
                .map_or(importer.now, |moment| moment.0);
            (Some(date), Some(importer.user.username.clone()))
        }
    }
}

impl EnrollmentStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

fn store(
    importer: &mut Importer,
    accepted: Vec<Accepted>,
    stored: &HashMap<String, Stored>,
    tally: &mut Tally,
) -> Result<()> {
    let rows: Vec<Value> = accepted
        .iter()
        .map(|enrollment| enrollment.row.clone())
        .collect();
    let mut ids: HashMap<String, i64> = stored
        .iter()
        .map(|(uid, stored)| (uid.clone(), stored.id))
        .collect();
    let mut changed = HashSet::new();
    for row in upsert::objects(importer.conn, &TABLE, &rows)? {
        changed.insert(row.id);
        ids.insert(row.uid, row.id);
    }
    let (mut objects, mut values, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for enrollment in accepted {
        let Some(&id) = ids.get(&enrollment.uid) else {
            continue;
        };
        objects.push((id, stored.contains_key(&enrollment.uid)));
        values.push((enrollment.entity, enrollment.values));
        notes.extend(enrollment.notes.into_iter().map(|note| (id, note)));
    }
    let enrolled: Vec<i64> = objects.iter().map(|(id, _)| *id).collect();
    owners::establish(
        importer.conn,
        &enrolled,
        &importer.user.username,
        importer.now,
    )?;
    attributes::store(importer, values)?;
    changed.extend(importer.store_notes("enrollment_notes", "enrollmentid", notes)?);
    tally.count(&objects, &changed);
    Ok(())
}
