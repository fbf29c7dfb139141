//! What is stored of the enrolments of a chunk, one statement for each kind of thing.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamp},
};
use domain::rule::Event;
use serde_json::Value;

use super::super::importer::Importer;
use crate::{Connection, Result};

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = BigInt)]
    enrollmentid: i64,
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Timestamp>)]
    occurreddate: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    scheduleddate: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    completeddate: Option<NaiveDateTime>,
    #[diesel(sql_type = Timestamp)]
    created: NaiveDateTime,
    #[diesel(sql_type = Jsonb)]
    eventdatavalues: Value,
}

/// The stored events of enrolments, by key of the enrolment; those of stages that the person may read.
pub(super) fn events(
    importer: &mut Importer,
    enrollments: &[i64],
) -> Result<HashMap<i64, Vec<Event>>> {
    let rows: Vec<EventRow> = diesel::sql_query(
        "SELECT e.enrollmentid, e.uid, s.uid AS stage, u.uid AS unit, e.status, e.occurreddate, e.scheduleddate,
                e.completeddate, e.created, e.eventdatavalues
           FROM trackerevent e JOIN programstage s ON s.programstageid = e.programstageid
           JOIN organisationunit u ON u.organisationunitid = e.organisationunitid
          WHERE e.enrollmentid = ANY($1) AND NOT e.deleted",
    )
    .bind::<Array<BigInt>, _>(enrollments)
    .load(importer.conn)?;
    let mut events: HashMap<i64, Vec<Event>> = HashMap::new();
    for row in rows {
        let stage = importer.metadata.stages.get(&row.stage);
        if stage.is_some_and(|stage| stage.sharing.may_read_data(importer.rights.caller)) {
            events.entry(row.enrollmentid).or_default().push(row.into());
        }
    }
    Ok(events)
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Event {
            uid: row.uid,
            stage: row.stage,
            status: row.status,
            date: row.occurreddate.or(row.scheduleddate),
            created: row.created,
            due: row.scheduleddate.map(|date| date.date()),
            completed: row.completeddate.map(|date| date.date()),
            unit: row.unit,
            values: texts(&row.eventdatavalues),
        }
    }
}

/// The texts of stored data values.
pub(super) fn texts(values: &Value) -> HashMap<String, String> {
    let entries = values.as_object().into_iter().flatten();
    let texts = entries.filter_map(|(element, entry)| {
        let text = entry.get("value")?.as_str()?;
        Some((element.clone(), text.to_owned()))
    });
    texts.collect()
}

#[derive(QueryableByName)]
struct AttributeRow {
    #[diesel(sql_type = BigInt)]
    trackedentityid: i64,
    #[diesel(sql_type = Text)]
    attribute: String,
    #[diesel(sql_type = Text)]
    value: String,
}

/// The stored values of tracked entities, by key of the entity and attribute.
pub(super) fn attributes(
    conn: &mut Connection,
    entities: &[i64],
) -> Result<HashMap<i64, HashMap<String, String>>> {
    let rows: Vec<AttributeRow> = diesel::sql_query(
        "SELECT v.trackedentityid, a.uid AS attribute, v.value FROM trackedentityattributevalue v
           JOIN trackedentityattribute a ON a.trackedentityattributeid = v.trackedentityattributeid
          WHERE v.trackedentityid = ANY($1) AND v.value <> ''",
    )
    .bind::<Array<BigInt>, _>(entities)
    .load(conn)?;
    let mut attributes: HashMap<i64, HashMap<String, String>> = HashMap::new();
    for row in rows {
        let of_entity = attributes.entry(row.trackedentityid).or_default();
        of_entity.insert(row.attribute, row.value);
    }
    Ok(attributes)
}
