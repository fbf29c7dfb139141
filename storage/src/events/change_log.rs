//! What changed in an event, newest first.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text, Timestamp},
};
use domain::event::EventKind;

use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// A change of one value or field.
#[derive(Debug, Clone, QueryableByName)]
pub struct Change {
    /// Internal key.
    #[diesel(sql_type = BigInt)]
    pub eventchangelogid: i64,
    /// Data element whose value changed; `None` when a field did.
    #[diesel(sql_type = Nullable<Text>)]
    pub data_element: Option<String>,
    /// Field that changed, e.g. `occurredAt`; `None` when a value did.
    #[diesel(sql_type = Nullable<Text>)]
    pub eventfield: Option<String>,
    /// What it was before; `None` when there was none.
    #[diesel(sql_type = Nullable<Text>)]
    pub previousvalue: Option<String>,
    /// What it is since; `None` when it was taken away.
    #[diesel(sql_type = Nullable<Text>)]
    pub currentvalue: Option<String>,
    /// CREATE, UPDATE or DELETE.
    #[diesel(sql_type = Text)]
    pub changelogtype: String,
    /// When it changed.
    #[diesel(sql_type = Timestamp)]
    pub created: NaiveDateTime,
    /// Username of who changed it.
    #[diesel(sql_type = Text)]
    pub createdby: String,
    /// Identifier of that person; `None` when the person was removed.
    #[diesel(sql_type = Nullable<Text>)]
    pub user: Option<String>,
    /// First name of that person.
    #[diesel(sql_type = Nullable<Text>)]
    pub firstname: Option<String>,
    /// Family name of that person.
    #[diesel(sql_type = Nullable<Text>)]
    pub surname: Option<String>,
}

/// Changes of an event from `offset`, at most `limit` and one more, which tells that there are others.
///
/// # Errors
/// When the query fails.
pub fn of_event(
    conn: &mut Connection,
    kind: EventKind,
    event: i64,
    (offset, limit): (i64, i64),
) -> Result<Vec<Change>> {
    let mut query = Statement::new(
        "SELECT c.eventchangelogid, d.uid AS data_element, c.eventfield, c.previousvalue, c.currentvalue, c.changelogtype,
                c.created, c.createdby, u.uid AS user, u.firstname, u.surname FROM ",
    );
    query.push(match kind {
        EventKind::Single => "singleeventchangelog",
        EventKind::Tracker => "trackereventchangelog",
    });
    query
        .push(" c LEFT JOIN dataelement d USING (dataelementid) LEFT JOIN userinfo u ON u.username = c.createdby WHERE c.eventid = ")
        .bind(Value::Int(event))
        .push(" ORDER BY c.created DESC, c.eventchangelogid DESC LIMIT ")
        .bind(Value::Int(limit + 1))
        // A log is short and read from its start: skipping rows is cheaper than a cursor that clients do not know.
        .push(" OFFSET ")
        .bind(Value::Int(offset));
    Ok(query.load(conn)?)
}
