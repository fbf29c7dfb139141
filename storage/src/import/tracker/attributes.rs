//! Attribute values of tracked entities: which are missing, which are used by another, and their writing.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Text},
};
use serde_json::{Value, json};

use super::{
    code::Code,
    files::{self, Files, Namer},
    importer::{Fault, Importer},
    metadata::{Field, Metadata},
    payload::AttributeValue,
    values::{self, Changes},
};
use crate::{
    Connection, Result,
    import::dhis2::upsert::{self, Relation},
    schema::{trackedentity, trackedentityattributevalue},
};

const VALUES: Relation = Relation {
    name: "trackedentityattributevalue",
    owner: "trackedentityid",
    member: "trackedentityattributeid",
};

/// What is stored of the tracked entities of a chunk.
pub(super) struct Known {
    /// Tracked entity and attribute of each value.
    stored: HashSet<(i64, i64)>,
    /// Who has a value of a unique attribute: keys of stored tracked entities, uids of others in the payload.
    holders: HashMap<(i64, String), HashSet<i64>>,
    claimed: HashMap<(i64, String), String>,
    files: Files,
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = BigInt)]
    trackedentityid: i64,
    #[diesel(sql_type = BigInt)]
    trackedentityattributeid: i64,
    #[diesel(sql_type = Text)]
    value: String,
}

impl Known {
    /// Looks up what `entities` have, and who has the unique values that are sent.
    pub(super) fn load<'a>(
        conn: &mut Connection,
        metadata: &Metadata,
        sent: impl Iterator<Item = &'a [AttributeValue]> + Clone,
        entities: impl Iterator<Item = i64>,
    ) -> Result<Self> {
        use trackedentityattributevalue as t;
        let stored = t::table
            .filter(t::trackedentityid.eq_any(entities.collect::<Vec<_>>()))
            .select((t::trackedentityid, t::trackedentityattributeid))
            .load::<(i64, i64)>(conn)?;
        let named = sent.clone().flatten().filter_map(|sent| {
            let field = metadata.attributes.get(&sent.attribute)?;
            values::text(sent.value.as_ref()).filter(|_| field.is_file())
        });
        let files = Files::load(conn, named)?;
        let unique = sent.flatten().filter_map(|sent| {
            let field = metadata.attributes.get(&sent.attribute)?;
            let value = values::text(sent.value.as_ref())?;
            field.unique.then(|| (field.id, value.to_lowercase()))
        });
        Ok(Known {
            stored: stored.into_iter().collect(),
            holders: holders(conn, unique.unzip())?,
            claimed: HashMap::new(),
            files,
        })
    }

    /// Mandatory attributes that are neither sent nor stored, with `code`, and those that would be emptied.
    pub(super) fn check_mandatory(
        &self,
        mandatory: &[i64],
        sent: &Changes,
        entity: Option<i64>,
        code: Code,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        for attribute in mandatory {
            let last = sent.iter().rev().find(|(id, _)| id == attribute);
            let is_stored = entity.is_some_and(|id| self.stored.contains(&(id, *attribute)));
            match last {
                Some((_, Some(_))) => {}
                Some((_, None)) => {
                    let message = "a mandatory attribute cannot be emptied";
                    faults.push(Fault::new(Code::E1076, message));
                }
                None if is_stored => {}
                None => faults.push(Fault::new(code, "a mandatory attribute is missing")),
            }
        }
        faults
    }

    /// Values of unique attributes that another tracked entity has, stored or before in the payload.
    pub(super) fn check_unique(
        &mut self,
        metadata: &Metadata,
        sent: &Changes,
        entity: Option<i64>,
        uid: &str,
    ) -> Vec<Fault> {
        let unique: HashMap<i64, &String> = metadata
            .attributes
            .iter()
            .filter(|(_, field)| field.unique)
            .map(|(uid, field)| (field.id, uid))
            .collect();
        let mut faults = Vec::new();
        for (attribute, value) in sent {
            let (Some(name), Some(value)) = (unique.get(attribute), value) else {
                continue;
            };
            let key = (*attribute, value.to_lowercase());
            let stored = self.holders.get(&key).into_iter().flatten();
            let elsewhere = stored.into_iter().any(|holder| Some(*holder) != entity);
            let claimed = self.claimed.entry(key).or_insert_with(|| uid.to_owned());
            if elsewhere || claimed != uid {
                let message =
                    format!("the value of attribute {name} is used by another tracked entity");
                faults.push(Fault::new(Code::E1064, message));
            }
        }
        faults
    }
}

impl Known {
    /// Files that are not there, or that another object has.
    pub(super) fn check_files(
        &mut self,
        metadata: &Metadata,
        sent: &[AttributeValue],
        namer: Namer,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        for AttributeValue { attribute, value } in sent {
            let field = metadata.attributes.get(attribute);
            let value = values::text(value.as_ref());
            if let Some(value) = value.filter(|_| field.is_some_and(Field::is_file)) {
                let what = format!("attribute {attribute}");
                faults.extend(self.files.check(value, namer, &what));
            }
        }
        faults
    }
}

/// Tracked entities that have values of unique attributes, values in lower case.
fn holders(
    conn: &mut Connection,
    (attributes, values): (Vec<i64>, Vec<String>),
) -> Result<HashMap<(i64, String), HashSet<i64>>> {
    let mut holders: HashMap<_, HashSet<i64>> = HashMap::new();
    if attributes.is_empty() {
        return Ok(holders);
    }
    // Two imports do not claim unique values at a time.
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('clinigraph unique attributes'))")
        .execute(conn)?;
    let rows: Vec<Holder> = diesel::sql_query(
        "SELECT v.trackedentityid, v.trackedentityattributeid, lower(v.value) AS value
           FROM unnest($1, $2) AS sent (attribute, value)
           JOIN trackedentityattributevalue v ON v.trackedentityattributeid = sent.attribute
                AND lower(left(v.value, 200)) = left(sent.value, 200) AND lower(v.value) = sent.value
           JOIN trackedentity t ON t.trackedentityid = v.trackedentityid AND NOT t.deleted",
    )
    .bind::<Array<BigInt>, _>(attributes)
    .bind::<Array<Text>, _>(values)
    .load(conn)?;
    for row in rows {
        let key = (row.trackedentityattributeid, row.value);
        holders.entry(key).or_default().insert(row.trackedentityid);
    }
    Ok(holders)
}

/// Writes attribute values. Of several for one attribute, the last counts. Returns the tracked entities that changed.
pub(super) fn store(importer: &mut Importer, changes: Vec<(i64, Changes)>) -> Result<Vec<i64>> {
    let mut last: HashMap<(i64, i64), Option<String>> = HashMap::new();
    for (entity, changes) in changes {
        last.extend(
            changes
                .into_iter()
                .map(|(attribute, value)| ((entity, attribute), value)),
        );
    }
    files::store_of_attributes(importer, &last)?;
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
