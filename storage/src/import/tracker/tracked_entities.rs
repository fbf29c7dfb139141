//! Tracked entities and their attribute values.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde_json::{Value, json};

use super::{
    attributes::{self, Known},
    code::Code,
    files::Namer,
    importer::{CHUNK, Fault, Importer, Item, Read, Tally, required, settle},
    metadata::EntityType,
    payload::{Geometry, TrackedEntity},
    report::TrackerType,
    values::{self, Changes},
};
use crate::{
    Connection, Result,
    import::dhis2::upsert::{self, Table},
    schema::trackedentity,
};

const TABLE: Table = Table {
    name: "trackedentity",
    key: "trackedentityid",
};

/// A stored tracked entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) entity_type: i64,
    pub(super) unit: i64,
    pub(super) deleted: bool,
}

pub(super) fn load(importer: &mut Importer, items: &[Item]) -> Result<()> {
    let (mut seen, mut tally) = (HashSet::new(), Tally::default());
    let mut done = Vec::new();
    for chunk in items.chunks(CHUNK) {
        let mut read = importer.read::<TrackedEntity>(TrackerType::TrackedEntity, chunk, &mut seen);
        for item in &mut read {
            importer.parameters.id_schemes.translate(&mut item.object);
        }
        let uids: Vec<&str> = read.iter().map(|item| item.uid.as_str()).collect();
        let stored = stored(importer.conn, &uids)?;
        let sent = read.iter().map(|item| item.object.attributes.as_slice());
        let ids = stored.values().map(|entity| entity.id);
        let mut known = Known::load(importer.conn, importer.metadata, sent, ids)?;
        let (mut rows, mut changes) = (Vec::new(), HashMap::new());
        for item in read {
            match check(importer, &item, stored.get(&item.uid), &mut known) {
                Ok((mut row, values)) => {
                    importer.stamp(&mut row);
                    rows.push(row);
                    done.push(item.uid.clone());
                    changes.insert(item.uid, values);
                }
                Err(faults) => {
                    let kind = TrackerType::TrackedEntity;
                    importer.reject(kind, item.line, item.uid, faults);
                }
            }
        }
        if importer.is_over() {
            break;
        }
        store(importer, &rows, changes, &stored, &mut tally)?;
    }
    importer.report(TrackerType::TrackedEntity, &tally, done);
    Ok(())
}

/// Tracked entities that are stored, by uid.
pub(super) fn stored(conn: &mut Connection, uids: &[&str]) -> Result<HashMap<String, Stored>> {
    use trackedentity as t;
    let rows: Vec<(String, i64, i64, i64, bool)> = t::table
        .filter(t::uid.eq_any(uids))
        .select((
            t::uid,
            t::trackedentityid,
            t::trackedentitytypeid,
            t::organisationunitid,
            t::deleted,
        ))
        .load(conn)?;
    let entities = rows
        .into_iter()
        .map(|(uid, id, entity_type, unit, deleted)| {
            (
                uid,
                Stored {
                    id,
                    entity_type,
                    unit,
                    deleted,
                },
            )
        });
    Ok(entities.collect())
}

/// Checks one tracked entity. Returns its row and its attribute values.
fn check(
    importer: &Importer,
    item: &Read<TrackedEntity>,
    stored: Option<&Stored>,
    known: &mut Known,
) -> Result<(Value, Changes), Vec<Fault>> {
    let (entity, metadata) = (&item.object, importer.metadata);
    check_existence(importer, &item.uid, stored)?;
    let required = |value, member| required(value, member, Code::E1121);
    let type_uid = required(entity.tracked_entity_type.as_ref(), "trackedEntityType")?;
    let unit_uid = required(entity.org_unit.as_ref(), "orgUnit")?;
    let entity_type = metadata.entity_types.get(type_uid).ok_or_else(|| {
        let message = format!("tracked entity type {type_uid} does not exist");
        Fault::new(Code::E1005, message)
    })?;
    let unit = metadata.unit(unit_uid).ok_or_else(|| {
        let message = format!("organisation unit {unit_uid} does not exist");
        Fault::new(Code::E1049, message)
    })?;
    if stored.is_some_and(|stored| stored.entity_type != entity_type.id) {
        let message = "`trackedEntityType` may not be changed";
        return Err(Fault::new(Code::E1126, message).into());
    }
    let (values, mut faults) = values::attributes(metadata, &entity.attributes);
    if importer.skips_rules() {
        faults.clear();
    } else {
        settle(check_rights(importer, entity_type, unit, stored))?;
        let geometry = check_geometry(
            entity.geometry.as_ref(),
            entity_type.feature_type.as_deref(),
        );
        faults.extend(geometry.err());
        let of_entity = stored.map(|stored| stored.id);
        faults.extend(known.check_mandatory(
            &entity_type.mandatory,
            &values,
            of_entity,
            Code::E1090,
        ));
        faults.extend(known.check_unique(metadata, &values, of_entity, &item.uid));
        let namer = Namer {
            uid: &item.uid,
            is_new: stored.is_none(),
        };
        faults.extend(known.check_files(metadata, &entity.attributes, namer));
    }
    settle(faults)?;
    let row = json!({
        "uid": item.uid,
        "createdatclient": entity.created_at_client.map(|moment| moment.0),
        "lastupdatedatclient": entity.updated_at_client.map(|moment| moment.0),
        "inactive": entity.inactive,
        "deleted": false,
        "potentialduplicate": entity.potential_duplicate,
        "organisationunitid": unit,
        "trackedentitytypeid": entity_type.id,
        "geometry": entity.geometry.as_ref().map(|geometry| &geometry.0),
    });
    Ok((row, values))
}

/// Checks that the tracked entity is there, or not, as the strategy asks.
pub(super) fn check_existence(
    importer: &Importer,
    uid: &str,
    stored: Option<&Stored>,
) -> Result<(), Fault> {
    if stored.is_some_and(|stored| stored.deleted) {
        let message = format!("tracked entity {uid} is deleted");
        return Err(Fault::new(Code::E1114, message));
    }
    let codes = (Code::E1002, Code::E1063);
    importer.check_existence(TrackerType::TrackedEntity, uid, stored.is_some(), codes)
}

fn check_rights(
    importer: &Importer,
    entity_type: &EntityType,
    unit: i64,
    stored: Option<&Stored>,
) -> Vec<Fault> {
    let rights = &importer.rights;
    let mut faults = Vec::from_iter(rights.check_type_write(entity_type));
    if let Some(stored) = stored {
        faults.extend(rights.check_search(stored.unit, Code::E1003));
    }
    if stored.is_none_or(|stored| stored.unit != unit) {
        faults.extend(rights.check_capture(unit));
    }
    faults
}

/// Checks that a geometry is of the kind that the metadata allows.
pub(super) fn check_geometry(
    geometry: Option<&Geometry>,
    feature_type: Option<&str>,
) -> Result<(), Fault> {
    let Some(geometry) = geometry else {
        return Ok(());
    };
    match feature_type {
        None => Err(Fault::new(
            Code::E1074,
            "`geometry` is given, but the metadata name no feature type",
        )),
        Some(feature_type) if geometry.feature_type() != feature_type => Err(Fault::new(
            Code::E1012,
            format!("`geometry` does not conform to feature type {feature_type}"),
        )),
        Some(_) => Ok(()),
    }
}

fn store(
    importer: &mut Importer,
    rows: &[Value],
    changes: HashMap<String, Changes>,
    stored: &HashMap<String, Stored>,
    tally: &mut Tally,
) -> Result<()> {
    let mut ids: HashMap<String, i64> = stored
        .iter()
        .map(|(uid, stored)| (uid.clone(), stored.id))
        .collect();
    let mut changed = HashSet::new();
    for row in upsert::objects(importer.conn, &TABLE, rows)? {
        changed.insert(row.id);
        ids.insert(row.uid, row.id);
    }
    let objects: Vec<(i64, bool)> = changes
        .keys()
        .filter_map(|uid| Some((*ids.get(uid)?, stored.contains_key(uid))))
        .collect();
    let changes = changes
        .into_iter()
        .filter_map(|(uid, changes)| Some((*ids.get(&uid)?, changes)));
    changed.extend(attributes::store(importer, changes.collect())?);
    tally.count(&objects, &changed);
    Ok(())
}
