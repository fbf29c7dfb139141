//! Deleting: objects are marked, and what hangs on them goes with them. A payload of this strategy needs identifiers only.

use std::collections::HashSet;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Jsonb, Timestamp},
};

use super::{
    code::Code,
    delete_check::{self, Doomed},
    importer::{CHUNK, Fault, Importer, Item},
    payload::Flat,
    report::{ObjectReport, TrackerType},
};
use crate::Result;

/// Deletes the objects of a payload, those first that hang on others.
pub(super) fn all(importer: &mut Importer, flat: &Flat) -> Result<()> {
    let kinds = [
        (TrackerType::Relationship, &flat.relationships),
        (TrackerType::Event, &flat.events),
        (TrackerType::Enrollment, &flat.enrollments),
        (TrackerType::TrackedEntity, &flat.tracked_entities),
    ];
    for (kind, items) in kinds {
        let mut seen = HashSet::new();
        for chunk in items.chunks(CHUNK) {
            if importer.is_over() {
                return Ok(());
            }
            delete(importer, kind, chunk, &mut seen)?;
        }
    }
    Ok(())
}

fn delete<'a>(
    importer: &mut Importer,
    kind: TrackerType,
    items: &'a [Item],
    seen: &mut HashSet<&'a str>,
) -> Result<()> {
    let uids: Vec<&str> = items.iter().map(|item| item.uid.as_str()).collect();
    let mut verdicts = delete_check::verdicts(importer, kind, &uids)?;
    let mut doomed = Vec::new();
    for item in items {
        importer.progress.inc(1);
        if !seen.insert(&item.uid) {
            let message = "the uid is used before in the same payload";
            let fault = Fault::new(Code::DuplicateId, message);
            importer.refuse(kind, item.line, &item.uid, fault.into());
            continue;
        }
        match verdicts.remove(item.uid.as_str()) {
            Some(Ok(object)) => {
                doomed.push(object);
                if let Some(of_type) = importer.report.stats_of(kind) {
                    of_type.stats.deleted += 1;
                    of_type.object_reports.push(ObjectReport {
                        tracker_type: kind,
                        uid: item.uid.clone(),
                        error_reports: [],
                    });
                }
            }
            Some(Err(faults)) => importer.reject(kind, item.line, item.uid.clone(), faults),
            None => {
                let message = format!("{} {} does not exist", kind.name(), item.uid);
                let fault = Fault::new(missing(kind), message);
                importer.reject(kind, item.line, item.uid.clone(), fault);
            }
        }
    }
    mark(importer, &doomed)
}

/// The code of an object that does not exist.
fn missing(kind: TrackerType) -> Code {
    match kind {
        TrackerType::TrackedEntity => Code::E1063,
        TrackerType::Enrollment => Code::E1081,
        TrackerType::Event => Code::E1032,
        TrackerType::Relationship => Code::E4016,
    }
}

/// The key of an object, when it is of one kind.
type KeyOf = fn(&Doomed) -> Option<i64>;

const STAMPED: [(&str, KeyOf); 3] = [
    (
        "UPDATE singleevent SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3 WHERE eventid = ANY($1)",
        |object| match object {
            Doomed::Single(id) => Some(*id),
            _ => None,
        },
    ),
    (
        "UPDATE trackerevent SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3 WHERE eventid = ANY($1)",
        |object| match object {
            Doomed::Tracker(id) => Some(*id),
            _ => None,
        },
    ),
    (
        "WITH events AS (
             UPDATE trackerevent SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3
              WHERE enrollmentid = ANY($1) AND NOT deleted)
         UPDATE enrollment SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3 WHERE enrollmentid = ANY($1)",
        |object| match object {
            Doomed::Enrollment(id) => Some(*id),
            _ => None,
        },
    ),
];

const ENTITIES: &str = "WITH enrollments AS (
             UPDATE enrollment SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3
              WHERE trackedentityid = ANY($1) AND NOT deleted),
         events AS (
             UPDATE trackerevent e SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3
               FROM enrollment n WHERE n.enrollmentid = e.enrollmentid AND n.trackedentityid = ANY($1) AND NOT e.deleted)
         UPDATE trackedentity SET deleted = true, lastupdated = $2, lastupdatedbyuserinfo = $3 WHERE trackedentityid = ANY($1)";

/// Relationships that name a deleted object.
const RELATIONSHIPS: &str = "UPDATE relationship r SET deleted = true, lastupdated = $2
       FROM relationshipitem i
       LEFT JOIN trackedentity t USING (trackedentityid) LEFT JOIN enrollment n USING (enrollmentid)
       LEFT JOIN trackerevent e ON e.eventid = i.trackereventid LEFT JOIN singleevent s ON s.eventid = i.singleeventid
      WHERE r.relationshipid = i.relationshipid AND NOT r.deleted
        AND (r.relationshipid = ANY($1) OR t.deleted OR n.deleted OR e.deleted OR s.deleted)";

/// Marks objects as deleted, and what goes with them.
fn mark(importer: &mut Importer, doomed: &[Doomed]) -> Result<()> {
    if doomed.is_empty() {
        return Ok(());
    }
    for (update, id) in STAMPED {
        stamp(importer, update, doomed.iter().filter_map(id).collect())?;
    }
    let entities = doomed.iter().filter_map(|object| match object {
        Doomed::TrackedEntity(id) => Some(*id),
        _ => None,
    });
    stamp(importer, ENTITIES, entities.collect())?;
    let relationships = doomed.iter().filter_map(|object| match object {
        Doomed::Relationship(id) => Some(*id),
        _ => None,
    });
    diesel::sql_query(RELATIONSHIPS)
        .bind::<Array<BigInt>, _>(relationships.collect::<Vec<_>>())
        .bind::<Timestamp, _>(importer.now)
        .execute(importer.conn)?;
    Ok(())
}

fn stamp(importer: &mut Importer, update: &str, ids: Vec<i64>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    diesel::sql_query(update)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Timestamp, _>(importer.now)
        .bind::<Jsonb, _>(&importer.user.info)
        .execute(importer.conn)?;
    Ok(())
}
