//! Relationships and their two ends. A stored relationship is never changed.

mod ends;

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt},
};
use serde_json::{Value, json};

use self::ends::{end, named};
use super::{
    code::Code,
    enrollments, events,
    importer::{CHUNK, Fault, Importer, Item, Read, Tally, required},
    owners,
    payload::Relationship,
    report::TrackerType,
    tracked_entities,
};
use crate::{
    Connection, Result,
    import::dhis2::upsert::{self, Relation, Table},
    schema::relationship,
};

const TABLE: Table = Table {
    name: "relationship",
    key: "relationshipid",
};
const ITEMS: Relation = Relation {
    name: "relationshipitem",
    owner: "relationshipid",
    member: "side",
};

/// The column of `relationshipitem` that is set, and the key in it.
type End = (&'static str, i64);
/// Type, origin and destination.
type Link = (i64, End, End);

/// What the checks of a chunk look things up in.
struct Context {
    stored: HashMap<String, (i64, bool)>,
    entities: HashMap<String, tracked_entities::Stored>,
    enrollments: HashMap<String, enrollments::Stored>,
    events: HashMap<String, events::Stored>,
    /// Owner unit of each tracked entity and program, of all ends.
    owners: HashMap<(i64, i64), i64>,
}

pub(super) fn load(importer: &mut Importer, items: &[Item]) -> Result<()> {
    let (mut seen, mut tally) = (HashSet::new(), Tally::default());
    let mut linked = HashSet::new();
    let mut done = Vec::new();
    for chunk in items.chunks(CHUNK) {
        let read = importer.read::<Relationship>(TrackerType::Relationship, chunk, &mut seen);
        let context = context(importer.conn, &read)?;
        let mut good = Vec::new();
        for item in read {
            match check(importer, &item, &context) {
                Ok(link) => good.push((item, link)),
                Err(fault) => {
                    importer.reject(TrackerType::Relationship, item.line, item.uid, fault);
                }
            }
        }
        linked.extend(stored_links(
            importer.conn,
            good.iter().map(|(_, link)| link),
        )?);
        let mut accepted = Vec::new();
        for (item, link) in good {
            let known = context.stored.contains_key(&item.uid);
            if !known && !linked.insert(link) {
                let fault = Fault::new(
                    Code::E4018,
                    "a relationship of this type between the same objects exists",
                );
                importer.reject(TrackerType::Relationship, item.line, item.uid, fault);
                continue;
            }
            accepted.push((item, link));
        }
        if importer.is_over() {
            break;
        }
        done.extend(accepted.iter().map(|(item, _)| item.uid.clone()));
        store(importer, &accepted, &context.stored, &mut tally)?;
    }
    importer.report(TrackerType::Relationship, &tally, done);
    Ok(())
}

fn context(conn: &mut Connection, read: &[Read<Relationship>]) -> Result<Context> {
    let uids: Vec<&str> = read.iter().map(|item| item.uid.as_str()).collect();
    let ends = |kind: TrackerType| -> Vec<&str> {
        let ends = read
            .iter()
            .flat_map(|item| [&item.object.from, &item.object.to]);
        ends.flatten().filter_map(|end| named(end, kind)).collect()
    };
    let stored: Vec<(String, i64, bool)> = relationship::table
        .filter(relationship::uid.eq_any(uids))
        .select((
            relationship::uid,
            relationship::relationshipid,
            relationship::deleted,
        ))
        .load(conn)?;
    let entities = tracked_entities::stored(conn, &ends(TrackerType::TrackedEntity))?;
    let enrollments = enrollments::stored(conn, &ends(TrackerType::Enrollment))?;
    let owned = entities.values().map(|entity| entity.id);
    let owned: Vec<i64> = owned
        .chain(enrollments.values().map(|enrollment| enrollment.entity))
        .collect();
    Ok(Context {
        stored: stored
            .into_iter()
            .map(|(uid, id, deleted)| (uid, (id, deleted)))
            .collect(),
        entities,
        enrollments,
        events: events::stored(conn, &ends(TrackerType::Event))?,
        owners: owners::of_entities(conn, &owned)?,
    })
}

/// Checks one relationship.
fn check(importer: &Importer, item: &Read<Relationship>, context: &Context) -> Result<Link, Fault> {
    if context
        .stored
        .get(&item.uid)
        .is_some_and(|(_, deleted)| *deleted)
    {
        return Err(Fault::new(Code::E4017, "the relationship is deleted"));
    }
    let known = context.stored.contains_key(&item.uid);
    importer.check_existence(
        TrackerType::Relationship,
        &item.uid,
        known,
        (Code::E4015, Code::E4016),
    )?;
    let uid = required(
        item.object.relationship_type.as_ref(),
        "relationshipType",
        Code::E1124,
    )?;
    let kind = importer.metadata.relationship_types.get(uid);
    let kind = kind.ok_or_else(|| {
        Fault::new(
            Code::E4006,
            format!("relationship type {uid} does not exist"),
        )
    })?;
    let from = item
        .object
        .from
        .as_ref()
        .ok_or_else(|| Fault::new(Code::E1124, "`from` is required"))?;
    let to = item
        .object
        .to
        .as_ref()
        .ok_or_else(|| Fault::new(Code::E1124, "`to` is required"))?;
    let from = end(importer, "from", from, &kind.from, context)?;
    let to = end(importer, "to", to, &kind.to, context)?;
    if !kind.sharing.may_write_data(importer.rights.caller) {
        let message = "you may not write relationships of this type";
        return Err(Fault::new(Code::E4020, message));
    }
    if from == to {
        return Err(Fault::new(
            Code::E4000,
            "a relationship cannot link an object to itself",
        ));
    }
    Ok((kind.id, from, to))
}

/// Which of the links are stored.
fn stored_links<'a>(
    conn: &mut Connection,
    links: impl Iterator<Item = &'a Link>,
) -> Result<Vec<Link>> {
    let mut stored = Vec::new();
    let mut by_columns: HashMap<(&str, &str), Vec<&Link>> = HashMap::new();
    for link in links {
        by_columns
            .entry((link.1.0, link.2.0))
            .or_default()
            .push(link);
    }
    for ((from, to), links) in by_columns {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            place: i64,
        }
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT DISTINCT link.place FROM unnest($1, $2, $3) WITH ORDINALITY AS link (type, origin, destination, place)
             JOIN relationshipitem f ON f.{from} = link.origin AND f.side = 'FROM'
             JOIN relationshipitem t ON t.relationshipid = f.relationshipid AND t.{to} = link.destination AND t.side = 'TO'
             JOIN relationship r ON r.relationshipid = f.relationshipid AND r.relationshiptypeid = link.type AND NOT r.deleted"
        ))
        .bind::<Array<BigInt>, _>(links.iter().map(|link| link.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(links.iter().map(|link| link.1.1).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(links.iter().map(|link| link.2.1).collect::<Vec<_>>())
        .load(conn)?;
        let places = rows
            .iter()
            .filter_map(|row| usize::try_from(row.place - 1).ok());
        stored.extend(places.filter_map(|place| links.get(place).map(|link| **link)));
    }
    Ok(stored)
}

fn store(
    importer: &mut Importer,
    accepted: &[(Read<Relationship>, Link)],
    stored: &HashMap<String, (i64, bool)>,
    tally: &mut Tally,
) -> Result<()> {
    let new: Vec<_> = accepted
        .iter()
        .filter(|(item, _)| !stored.contains_key(&item.uid))
        .collect();
    let rows: Vec<Value> = new
        .iter()
        .map(|(item, link)| {
            json!({
                "uid": item.uid,
                "relationshiptypeid": link.0,
                "created": importer.now,
                "lastupdated": importer.now,
                "createdatclient": item.object.created_at_client.map(|moment| moment.0),
                "deleted": false,
            })
        })
        .collect();
    let created = upsert::objects(importer.conn, &TABLE, &rows)?;
    let ids: HashMap<&str, i64> = created
        .iter()
        .map(|row| (row.uid.as_str(), row.id))
        .collect();
    let items: Vec<Value> = new
        .iter()
        .filter_map(|(item, link)| Some((ids.get(item.uid.as_str())?, link)))
        .flat_map(|(id, link)| [item_row(*id, "FROM", link.1), item_row(*id, "TO", link.2)])
        .collect();
    upsert::members(importer.conn, &ITEMS, &items)?;
    let known = accepted
        .iter()
        .filter_map(|(item, _)| Some((stored.get(&item.uid)?.0, true)));
    let objects: Vec<(i64, bool)> = known.chain(ids.values().map(|id| (*id, false))).collect();
    tally.count(&objects, &HashSet::new());
    Ok(())
}

fn item_row(relationship: i64, side: &str, end: End) -> Value {
    let key = |column| (end.0 == column).then_some(end.1);
    json!({
        "relationshipid": relationship,
        "side": side,
        "trackedentityid": key("trackedentityid"),
        "enrollmentid": key("enrollmentid"),
        "trackereventid": key("trackereventid"),
        "singleeventid": key("singleeventid"),
    })
}
