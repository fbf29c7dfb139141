//! Notes of events, loaded for a page at once.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Jsonb, Nullable, Text, Timestamp},
};
use domain::event::EventKind;

use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// A note of an event.
#[derive(Debug, Clone, QueryableByName)]
pub struct Note {
    /// Key of the event.
    #[diesel(sql_type = BigInt)]
    pub eventid: i64,
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// The text.
    #[diesel(sql_type = Text)]
    pub notetext: String,
    /// When it was stored.
    #[diesel(sql_type = Timestamp)]
    pub created: chrono::NaiveDateTime,
    /// Username that wrote it; `None` when not known.
    #[diesel(sql_type = Nullable<Text>)]
    pub creator: Option<String>,
    /// Who wrote it, `{uid, username, firstName, surname}`; `None` when not known.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub created_by: Option<serde_json::Value>,
}

/// Notes of events of one kind, in the order of each event.
///
/// # Errors
/// When the query fails.
pub fn of_events(conn: &mut Connection, kind: EventKind, events: &[i64]) -> Result<Vec<Note>> {
    let mut query = Statement::new(
        "SELECT n.eventid, note.uid, note.notetext, note.created, coalesce(u.username, note.creator) AS creator,
                CASE WHEN u.userinfoid IS NOT NULL THEN jsonb_build_object('uid', u.uid, 'username', u.username,
                     'firstName', u.firstname, 'surname', u.surname) END AS created_by FROM ",
    );
    query.push(match kind {
        EventKind::Single => "singleevent_notes",
        EventKind::Tracker => "trackerevent_notes",
    });
    query.push(" n JOIN note USING (noteid) LEFT JOIN userinfo u ON u.userinfoid = note.lastupdatedby WHERE n.eventid = ANY(");
    query
        .bind(Value::Ints(events.to_vec()))
        .push(") ORDER BY n.eventid, n.sort_order");
    Ok(query.load(conn)?)
}
