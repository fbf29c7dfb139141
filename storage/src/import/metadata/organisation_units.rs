//! Organisation units, in tree order. Paths and levels are computed, never taken from the file.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, Integer, Nullable, Text},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    common::{AttributeValue, attribute_values},
    kind,
    loader::{Accepted, Checked, Loader},
    references::Ref,
    tree::{self, Parents, Tree},
};
use crate::{
    Connection, Result,
    import::dhis2::{object::Raw, timestamp::Timestamp},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrganisationUnit {
    name: String,
    short_name: String,
    opening_date: Timestamp,
    closed_date: Option<Timestamp>,
    parent: Option<Ref>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct Unit {
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Nullable<Text>)]
    parent: Option<String>,
    #[diesel(sql_type = Text)]
    path: String,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    let stored: Vec<Unit> = diesel::sql_query(
        "SELECT u.uid, p.uid AS parent, u.path FROM organisationunit u LEFT JOIN organisationunit p ON p.organisationunitid = u.parentid",
    )
    .load(loader.conn)?;
    let mut file = Parents::new();
    let accepted = accept(loader, list, &mut file);
    let rejected = broken(loader, &file);
    let parents = stored
        .iter()
        .map(|unit| (unit.uid.clone(), unit.parent.clone()))
        .collect();
    let tree = tree::arrange(&parents, &file, &rejected);
    let accepted = place(loader, accepted, &tree);
    let placed: Vec<String> = accepted.iter().map(|unit| unit.uid.clone()).collect();
    loader.store(kind::ORGANISATION_UNIT, accepted)?;
    link(loader.conn, &placed, &file)?;
    let moved = carry(loader.conn, &stored, &tree)?;
    if moved > 0 {
        loader.touched = true;
        let notice = format!("{moved} organisation units below moved ones have a new path.");
        loader.report.notices.push(notice);
    }
    Ok(())
}

/// Units of the file that could not even be read.
fn broken(loader: &Loader, file: &Parents) -> HashSet<String> {
    let units = loader
        .bad
        .iter()
        .filter(|bad| bad.resource_type.as_deref() == Some(kind::ORGANISATION_UNIT.name));
    units
        .filter_map(|bad| bad.resource_id.clone())
        .filter(|uid| !file.contains_key(uid))
        .collect()
}

fn accept(loader: &mut Loader, list: &[Raw], file: &mut Parents) -> Vec<Accepted> {
    let now = loader.now;
    loader.accept(
        kind::ORGANISATION_UNIT,
        list,
        |references, uid, unit: OrganisationUnit| {
            let row = json!({
                "name": unit.name,
                "shortname": unit.short_name,
                "openingdate": unit.opening_date.0.date(),
                "closeddate": unit.closed_date.map(|moment| moment.0.date()),
                "attributevalues": attribute_values(references, unit.attribute_values)?,
                "created": unit.created.map_or(now, |moment| moment.0),
                "lastupdated": unit.last_updated.map_or(now, |moment| moment.0),
            });
            file.insert(uid.to_owned(), unit.parent.map(|parent| parent.id));
            Ok(Checked {
                row,
                members: vec![],
            })
        },
    )
}

/// Gives the good units their path and level, upper ones first, and rejects those without a place.
fn place(loader: &mut Loader, accepted: Vec<Accepted>, tree: &Tree) -> Vec<Accepted> {
    let faults: HashMap<&str, _> = tree
        .faults
        .iter()
        .map(|(uid, fault)| (uid.as_str(), fault))
        .collect();
    let mut placed: Vec<(usize, Accepted)> = Vec::with_capacity(accepted.len());
    for mut unit in accepted {
        if let Some(fault) = faults.get(unit.uid.as_str()) {
            loader.reject(
                kind::ORGANISATION_UNIT,
                unit.line,
                Some(unit.uid),
                (*fault).clone(),
            );
            continue;
        }
        let path = &tree.paths[&unit.uid];
        let level = tree::level(path);
        unit.checked.row["path"] = json!(path);
        unit.checked.row["hierarchylevel"] = json!(level);
        placed.push((level, unit));
    }
    placed.sort_by_key(|(level, _)| *level);
    placed.into_iter().map(|(_, unit)| unit).collect()
}

/// Sets the parents, once every unit has its key.
fn link(conn: &mut Connection, placed: &[String], file: &Parents) -> Result<()> {
    let parents: Vec<Option<&str>> = placed.iter().map(|uid| file.get(uid)?.as_deref()).collect();
    diesel::sql_query(
        "UPDATE organisationunit u SET parentid = p.organisationunitid
         FROM unnest($1, $2) AS link (uid, parent) LEFT JOIN organisationunit p ON p.uid = link.parent
         WHERE u.uid = link.uid AND u.parentid IS DISTINCT FROM p.organisationunitid",
    )
    .bind::<Array<Text>, _>(placed)
    .bind::<Array<Nullable<Text>>, _>(parents)
    .execute(conn)?;
    Ok(())
}

/// Moves the stored units that hang below moved ones. Returns how many.
fn carry(conn: &mut Connection, stored: &[Unit], tree: &Tree) -> Result<usize> {
    let (uids, paths): (Vec<&str>, Vec<&str>) = stored
        .iter()
        .filter_map(|unit| Some((unit, tree.paths.get(&unit.uid)?)))
        .filter(|(unit, path)| unit.path != **path)
        .map(|(unit, path)| (unit.uid.as_str(), path.as_str()))
        .unzip();
    let levels: Vec<i32> = paths
        .iter()
        .filter_map(|path| tree::level(path).try_into().ok())
        .collect();
    let moved = diesel::sql_query(
        "UPDATE organisationunit u SET path = moved.path, hierarchylevel = moved.level
         FROM unnest($1, $2, $3) AS moved (uid, path, level) WHERE u.uid = moved.uid AND u.path <> moved.path",
    )
    .bind::<Array<Text>, _>(uids)
    .bind::<Array<Text>, _>(paths)
    .bind::<Array<Integer>, _>(levels)
    .execute(conn)?;
    Ok(moved)
}
