//! Relationships of events, loaded for a page at once.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamp},
};
use domain::{access::Caller, event::EventKind};
use serde_json::Value as Json;

use crate::{
    Connection, Result,
    access::sharing,
    sql::{Statement, Value},
};

/// A relationship that one of the events has.
#[derive(Debug, Clone, QueryableByName)]
pub struct Relationship {
    /// Key of the event.
    #[diesel(sql_type = BigInt)]
    pub eventid: i64,
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// Identifier of its type.
    #[diesel(sql_type = Text)]
    pub type_uid: String,
    /// Name of its type.
    #[diesel(sql_type = Text)]
    pub type_name: String,
    /// Whether both ends mean the same.
    #[diesel(sql_type = Bool)]
    pub bidirectional: bool,
    /// When it was stored.
    #[diesel(sql_type = Timestamp)]
    pub created: NaiveDateTime,
    /// When it was last changed.
    #[diesel(sql_type = Timestamp)]
    pub lastupdated: NaiveDateTime,
    /// When the client made it; `None` when not sent.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub createdatclient: Option<NaiveDateTime>,
    /// Where it begins: `{kind, uid}`, the kind `trackedEntity`, `enrollment` or `event`.
    #[diesel(sql_type = Jsonb)]
    pub from_end: Json,
    /// Where it ends.
    #[diesel(sql_type = Jsonb)]
    pub to_end: Json,
    #[diesel(sql_type = Jsonb)]
    sharing: Json,
}

/// Relationships of events of one kind whose type the caller may read, newest first for each event.
///
/// # Errors
/// When the query fails.
pub fn of_events(
    conn: &mut Connection,
    caller: &Caller,
    kind: EventKind,
    events: &[i64],
) -> Result<Vec<Relationship>> {
    let mut query = Statement::new("SELECT DISTINCT ON (eventid, r.relationshipid) ");
    query.push(match kind {
        EventKind::Single => "mine.singleeventid AS eventid, ",
        EventKind::Tracker => "mine.trackereventid AS eventid, ",
    });
    query.push(
        "r.uid, y.uid AS type_uid, y.name AS type_name, y.bidirectional, r.created, r.lastupdated,
         r.createdatclient, y.sharing, a.item AS from_end, b.item AS to_end
           FROM relationshipitem mine JOIN relationship r USING (relationshipid) JOIN relationshiptype y USING (relationshiptypeid)
          CROSS JOIN LATERAL (",
    );
    query.push(END).push("'FROM') a CROSS JOIN LATERAL (");
    query.push(END).push("'TO') b WHERE NOT r.deleted AND ");
    query.push(match kind {
        EventKind::Single => "mine.singleeventid = ANY(",
        EventKind::Tracker => "mine.trackereventid = ANY(",
    });
    query
        .bind(Value::Ints(events.to_vec()))
        .push(") ORDER BY eventid, r.relationshipid DESC");
    let mut rows: Vec<Relationship> = query.load(conn)?;
    rows.retain(|row| sharing(&row.sharing).may_read_data(caller));
    Ok(rows)
}

/// One end of the relationship `r`, up to which side it is.
const END: &str = "SELECT CASE WHEN t.uid IS NOT NULL THEN jsonb_build_object('kind', 'trackedEntity', 'uid', t.uid)
                     WHEN n.uid IS NOT NULL THEN jsonb_build_object('kind', 'enrollment', 'uid', n.uid)
                     ELSE jsonb_build_object('kind', 'event', 'uid', coalesce(te.uid, se.uid)) END AS item
              FROM relationshipitem i LEFT JOIN trackedentity t USING (trackedentityid)
              LEFT JOIN enrollment n ON n.enrollmentid = i.enrollmentid
              LEFT JOIN trackerevent te ON te.eventid = i.trackereventid
              LEFT JOIN singleevent se ON se.eventid = i.singleeventid
             WHERE i.relationshipid = r.relationshipid AND i.side = ";
