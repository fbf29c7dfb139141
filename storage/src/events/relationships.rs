//! Relationships of events, loaded for a page at once.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamp},
};
use domain::{access::Caller, event::EventKind, org_unit::Tree};
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
    #[diesel(sql_type = BigInt)]
    from_unit: i64,
    #[diesel(sql_type = Nullable<Jsonb>)]
    from_sharing: Option<Json>,
    #[diesel(sql_type = BigInt)]
    to_unit: i64,
    #[diesel(sql_type = Nullable<Jsonb>)]
    to_sharing: Option<Json>,
}

/// Relationships of events of one kind that the caller may read, newest first for each event: those whose type and both
/// ends are shared with the caller, and whose ends lie in the caller's search scope.
///
/// # Errors
/// When the query fails.
pub fn of_events(
    conn: &mut Connection,
    caller: &Caller,
    tree: &Tree,
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
         r.createdatclient, y.sharing, a.item AS from_end, a.unit AS from_unit, a.sharing AS from_sharing,
         b.item AS to_end, b.unit AS to_unit, b.sharing AS to_sharing
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
    if !caller.is_superuser() {
        let scope = tree.below(caller.effective_search());
        let is_shared = |json: &Option<Json>| {
            let json = json.as_ref();
            json.is_none_or(|json| sharing(json).may_read_data(caller))
        };
        rows.retain(|row| {
            sharing(&row.sharing).may_read_data(caller)
                && is_shared(&row.from_sharing)
                && is_shared(&row.to_sharing)
                && tree.contains(&scope, row.from_unit)
                && tree.contains(&scope, row.to_unit)
        });
    }
    Ok(rows)
}

/// One end of the relationship `r` with its unit and what it is shared with, up to which side it is.
const END: &str = "SELECT CASE WHEN t.uid IS NOT NULL THEN jsonb_build_object('kind', 'trackedEntity', 'uid', t.uid)
                     WHEN n.uid IS NOT NULL THEN jsonb_build_object('kind', 'enrollment', 'uid', n.uid)
                     ELSE jsonb_build_object('kind', 'event', 'uid', coalesce(te.uid, se.uid)) END AS item,
                   coalesce(t.organisationunitid, n.organisationunitid, te.ownerorganisationunitid, se.organisationunitid) AS unit,
                   coalesce(tt.sharing, p.sharing) AS sharing
              FROM relationshipitem i LEFT JOIN trackedentity t ON t.trackedentityid = i.trackedentityid
              LEFT JOIN trackedentitytype tt ON tt.trackedentitytypeid = t.trackedentitytypeid
              LEFT JOIN enrollment n ON n.enrollmentid = i.enrollmentid
              LEFT JOIN trackerevent te ON te.eventid = i.trackereventid
              LEFT JOIN singleevent se ON se.eventid = i.singleeventid
              LEFT JOIN programstage s ON s.programstageid = coalesce(te.programstageid, se.programstageid)
              LEFT JOIN program p ON p.programid = coalesce(n.programid, s.programid)
             WHERE NOT coalesce(t.deleted, n.deleted, te.deleted, se.deleted)
               AND i.relationshipid = r.relationshipid AND i.side = ";
