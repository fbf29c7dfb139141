//! Tracked entities and their attribute values.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt},
};
use serde_json::{Value, json};

use super::{
    importer::{CHUNK, Importer, Item, Kind, Read, Tally, required},
    metadata::Metadata,
    payload::{Geometry, TrackedEntity},
    values::{self, Changes},
};
use crate::{
    Connection, Result,
    import::dhis2::{
        object::Fault,
        upsert::{self, Relation, Table},
    },
    schema::trackedentity,
};

const TABLE: Table = Table {
    name: "trackedentity",
    key: "trackedentityid",
};
const VALUES: Relation = Relation {
    name: "trackedentityattributevalue",
    owner: "trackedentityid",
    member: "trackedentityattributeid",
};

/// A stored tracked entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) entity_type: i64,
    pub(super) deleted: bool,
}

pub(super) fn load(importer: &mut Importer, items: &[Item]) -> Result<()> {
    let (mut seen, mut tally) = (HashSet::new(), Tally::default());
    for chunk in items.chunks(CHUNK) {
        let read = importer.read::<TrackedEntity>(Kind::TrackedEntity, chunk, &mut seen);
        let uids: Vec<&str> = read.iter().map(|item| item.uid.as_str()).collect();
        let stored = stored(importer.conn, &uids)?;
        let (mut rows, mut changes) = (Vec::new(), HashMap::new());
        for item in read {
            match check(&importer.metadata, &item, stored.get(&item.uid)) {
                Ok((mut row, values)) => {
                    importer.stamp(&mut row);
                    rows.push(row);
                    changes.insert(item.uid, values);
                }
                Err(fault) => importer.reject(Kind::TrackedEntity, item.line, item.uid, fault),
            }
        }
        store(importer, &rows, changes, &stored, &mut tally)?;
    }
    importer.report(Kind::TrackedEntity, &tally);
    Ok(())
}

/// Tracked entities that are stored, by uid.
pub(super) fn stored(conn: &mut Connection, uids: &[&str]) -> Result<HashMap<String, Stored>> {
    use trackedentity as t;
    let rows: Vec<(String, i64, i64, bool)> = t::table
        .filter(t::uid.eq_any(uids))
        .select((
            t::uid,
            t::trackedentityid,
            t::trackedentitytypeid,
            t::deleted,
        ))
        .load(conn)?;
    let entities = rows.into_iter().map(|(uid, id, entity_type, deleted)| {
        (
            uid,
            Stored {
                id,
                entity_type,
                deleted,
            },
        )
    });
    Ok(entities.collect())
}

/// Checks one tracked entity. Returns its row and its attribute values.
fn check(
    metadata: &Metadata,
    item: &Read<TrackedEntity>,
    stored: Option<&Stored>,
) -> Result<(Value, Changes), Fault> {
    let entity = &item.object;
    if stored.is_some_and(|stored| stored.deleted) {
        return Err(Fault::new("E1114", "the tracked entity is deleted"));
    }
    let type_uid = required(
        entity.tracked_entity_type.as_ref(),
        "trackedEntityType",
        "E1121",
    )?;
    let unit_uid = required(entity.org_unit.as_ref(), "orgUnit", "E1121")?;
    let entity_type = metadata.entity_types.get(type_uid);
    let entity_type = entity_type.ok_or_else(|| {
        Fault::new(
            "E1005",
            format!("tracked entity type {type_uid} does not exist"),
        )
    })?;
    let unit = metadata.units.get(unit_uid);
    let unit = unit.ok_or_else(|| {
        Fault::new(
            "E1049",
            format!("organisation unit {unit_uid} does not exist"),
        )
    })?;
    if stored.is_some_and(|stored| stored.entity_type != entity_type.id) {
        return Err(Fault::new(
            "E1126",
            "`trackedEntityType` may not be changed",
        ));
    }
    check_geometry(entity.geometry.as_ref(), &entity_type.feature_type)?;
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
    Ok((row, values::attributes(metadata, &entity.attributes)?))
}

/// Checks that a geometry is of the kind that the metadata allows.
pub(super) fn check_geometry(geometry: Option<&Geometry>, feature_type: &str) -> Result<(), Fault> {
    match geometry {
        Some(geometry) if geometry.feature_type() != feature_type => Err(Fault::new(
            "E1012",
            format!("`geometry` does not conform to feature type {feature_type}"),
        )),
        _ => Ok(()),
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
    changed.extend(store_values(importer, changes.collect())?);
    tally.count(&objects, &changed);
    Ok(())
}

/// Writes attribute values. Of several for one attribute, the last counts. Returns the tracked entities that changed.
pub(super) fn store_values(
    importer: &mut Importer,
    changes: Vec<(i64, Changes)>,
) -> Result<Vec<i64>> {
    let mut last: HashMap<(i64, i64), Option<String>> = HashMap::new();
    for (entity, changes) in changes {
        last.extend(
            changes
                .into_iter()
                .map(|(attribute, value)| ((entity, attribute), value)),
        );
    }
    let (mut rows, mut emptied): (Vec<Value>, (Vec<i64>, Vec<i64>)) = Default::default();
    for ((entity, attribute), value) in last {
        let Some(value) = value else {
            emptied.0.push(entity);
            emptied.1.push(attribute);
            continue;
        };
        rows.push(json!({
            "trackedentityid": entity,
            "trackedentityattributeid": attribute,
            "value": value,
            "created": importer.now,
            "lastupdated": importer.now,
            "storedby": importer.user.username,
        }));
    }
    let mut changed = upsert::members(importer.conn, &VALUES, &rows)?;
    changed.extend(empty(importer.conn, &emptied.0, &emptied.1)?);
    diesel::update(trackedentity::table.filter(trackedentity::trackedentityid.eq_any(&changed)))
        .set((
            trackedentity::lastupdated.eq(importer.now),
            trackedentity::lastupdatedbyuserinfo.eq(&importer.user.info),
        ))
        .execute(importer.conn)?;
    Ok(changed)
}

/// Takes attribute values away. Returns the tracked entities that lost one.
fn empty(conn: &mut Connection, entities: &[i64], attributes: &[i64]) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        trackedentityid: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "DELETE FROM trackedentityattributevalue v USING unnest($1, $2) AS gone (entity, attribute)
         WHERE v.trackedentityid = gone.entity AND v.trackedentityattributeid = gone.attribute RETURNING v.trackedentityid",
    )
    .bind::<Array<BigInt>, _>(entities)
    .bind::<Array<BigInt>, _>(attributes)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.trackedentityid).collect())
}
