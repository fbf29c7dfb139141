//! Which objects a person may delete, and which are there.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt},
};

use super::{
    code::Code,
    enrollment_check, enrollments, event,
    event::place::{OfEnrollment, Place},
    events::{self, Store, Stored},
    importer::{Fault, Importer, settle},
    owners,
    report::TrackerType,
    rights::{CASCADE_ENROLLMENT, CASCADE_ENTITY, EDIT_EXPIRED},
    tracked_entities,
};
use crate::{Result, schema::relationship};

/// An object to delete, by key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Doomed {
    TrackedEntity(i64),
    Enrollment(i64),
    Single(i64),
    Tracker(i64),
    Relationship(i64),
}

type Verdicts = HashMap<String, std::result::Result<Doomed, Vec<Fault>>>;

/// Looks objects up and decides on each that is stored.
pub(super) fn verdicts(
    importer: &mut Importer,
    kind: TrackerType,
    uids: &[&str],
) -> Result<Verdicts> {
    match kind {
        TrackerType::TrackedEntity => of_entities(importer, uids),
        TrackerType::Enrollment => of_enrollments(importer, uids),
        TrackerType::Event => of_events(importer, uids),
        TrackerType::Relationship => of_relationships(importer, uids),
    }
}

fn of_relationships(importer: &mut Importer, uids: &[&str]) -> Result<Verdicts> {
    use relationship as r;
    let rows: Vec<(String, i64, i64, bool)> = r::table
        .filter(r::uid.eq_any(uids))
        .select((r::uid, r::relationshipid, r::relationshiptypeid, r::deleted))
        .load(importer.conn)?;
    let verdict = |(uid, id, kind, deleted): (String, i64, i64, bool)| {
        let mut kinds = importer.metadata.relationship_types.values();
        let writable = kinds
            .any(|known| known.id == kind && known.sharing.may_write_data(importer.rights.caller));
        let verdict = if deleted {
            let message = format!("relationship {uid} is deleted");
            Err(Fault::new(Code::E4017, message).into())
        } else if writable {
            Ok(Doomed::Relationship(id))
        } else {
            let message = "you may not write relationships of this type";
            Err(Fault::new(Code::E4020, message).into())
        };
        (uid, verdict)
    };
    Ok(rows.into_iter().map(verdict).collect())
}

fn of_events(importer: &mut Importer, uids: &[&str]) -> Result<Verdicts> {
    let stored = events::stored(importer.conn, uids)?;
    let ids: Vec<i64> = stored
        .values()
        .filter_map(|event| event.enrollment)
        .collect();
    let entities = enrollments::entities(importer.conn, &ids)?;
    let owners = owners::of_enrollments(importer.conn, &ids)?;
    let verdict = |(uid, stored): (String, Stored)| {
        let enrollment = stored.enrollment.and_then(|id| {
            Some(OfEnrollment {
                id,
                entity: *entities.get(&id)?,
                owner: *owners.get(&id)?,
            })
        });
        let verdict = check_event(importer, &uid, &stored, enrollment);
        let doomed = match stored.store {
            Store::Single => Doomed::Single(stored.id),
            Store::Tracker => Doomed::Tracker(stored.id),
        };
        (uid, verdict.map(|()| doomed))
    };
    Ok(stored.into_iter().map(verdict).collect())
}

fn check_event(
    importer: &Importer,
    uid: &str,
    stored: &Stored,
    enrollment: Option<OfEnrollment>,
) -> Result<(), Vec<Fault>> {
    event::check_existence(importer, uid, Some(stored))?;
    let (stage, program) = importer
        .metadata
        .stage(stored.stage)
        .ok_or_else(|| Fault::new(Code::E1008, "the program stage has no program"))?;
    let place = Place {
        program,
        stage,
        unit: stored.unit,
        enrollment,
    };
    let mut faults =
        event::people::write_faults(importer, &place, [Some(stored.option_combo), None]);
    faults.extend(importer.rights.check_capture(stored.unit));
    settle(faults)?;
    if importer.rights.caller.has_authority(EDIT_EXPIRED) {
        return Ok(());
    }
    settle(event::dates::expired(
        importer.now,
        program,
        [stored.date(), None],
        [stored.completion(), None],
    ))
}

fn of_enrollments(importer: &mut Importer, uids: &[&str]) -> Result<Verdicts> {
    let stored = enrollments::stored(importer.conn, uids)?;
    let ids: Vec<i64> = stored.values().map(|enrollment| enrollment.id).collect();
    let owners = owners::of_enrollments(importer.conn, &ids)?;
    let parents = parents(
        importer,
        "SELECT DISTINCT enrollmentid AS id FROM trackerevent WHERE enrollmentid = ANY($1) AND NOT deleted",
        &ids,
    )?;
    let verdict = |(uid, stored): (String, enrollments::Stored)| {
        let owner = *owners.get(&stored.id).unwrap_or(&stored.unit);
        let cascades = parents.contains(&stored.id);
        let verdict = check_enrollment(importer, &uid, &stored, owner, cascades);
        (uid, verdict.map(|()| Doomed::Enrollment(stored.id)))
    };
    Ok(stored.into_iter().map(verdict).collect())
}

fn check_enrollment(
    importer: &Importer,
    uid: &str,
    stored: &enrollments::Stored,
    owner: i64,
    cascades: bool,
) -> Result<(), Vec<Fault>> {
    enrollment_check::check_existence(importer, uid, Some(stored))?;
    let (rights, metadata) = (&importer.rights, importer.metadata);
    let program = metadata
        .program(stored.program)
        .ok_or_else(|| Fault::new(Code::E1069, "the program does not exist"))?;
    let mut faults = Vec::from_iter(rights.check_program_write(program));
    faults.extend(rights.check_type_read(metadata.type_of(program)));
    faults.extend(rights.check_owner(program, stored.entity, owner));
    faults.extend(rights.check_options(metadata.option_combos.shared(stored.option_combo)));
    faults.extend(rights.check_capture(stored.unit));
    if cascades && !rights.caller.has_authority(CASCADE_ENROLLMENT) {
        let message = format!("deleting an enrollment with its events needs {CASCADE_ENROLLMENT}");
        faults.push(Fault::new(Code::E1103, message));
    }
    settle(faults)
}

fn of_entities(importer: &mut Importer, uids: &[&str]) -> Result<Verdicts> {
    let stored = tracked_entities::stored(importer.conn, uids)?;
    let ids: Vec<i64> = stored.values().map(|entity| entity.id).collect();
    let parents = parents(
        importer,
        "SELECT DISTINCT trackedentityid AS id FROM enrollment WHERE trackedentityid = ANY($1) AND NOT deleted",
        &ids,
    )?;
    let verdict = |(uid, stored): (String, tracked_entities::Stored)| {
        let cascades = parents.contains(&stored.id);
        let verdict = check_entity(importer, &uid, &stored, cascades);
        (uid, verdict.map(|()| Doomed::TrackedEntity(stored.id)))
    };
    Ok(stored.into_iter().map(verdict).collect())
}

fn check_entity(
    importer: &Importer,
    uid: &str,
    stored: &tracked_entities::Stored,
    cascades: bool,
) -> Result<(), Vec<Fault>> {
    tracked_entities::check_existence(importer, uid, Some(stored))?;
    let rights = &importer.rights;
    let mut types = importer.metadata.entity_types.values();
    let entity_type = types.find(|kind| kind.id == stored.entity_type);
    let mut faults: Vec<Fault> = entity_type
        .and_then(|kind| rights.check_type_write(kind))
        .into_iter()
        .collect();
    faults.extend(rights.check_capture(stored.unit));
    if cascades && !rights.caller.has_authority(CASCADE_ENTITY) {
        let message =
            format!("deleting a tracked entity with its enrollments needs {CASCADE_ENTITY}");
        faults.push(Fault::new(Code::E1100, message));
    }
    settle(faults)
}

/// Which of some objects have others hanging on them.
fn parents(importer: &mut Importer, query: &str, ids: &[i64]) -> Result<HashSet<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(query)
        .bind::<Array<BigInt>, _>(ids)
        .load(importer.conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
