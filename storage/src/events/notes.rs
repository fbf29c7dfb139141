//! Notes of events, loaded for a page at once.

use chrono::{DateTime, Utc};
use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{BigInt, Jsonb, Nullable, Text, Timestamp},
};
use domain::{access::Caller, event::EventKind};

use crate::{
    Connection, Error, Result,
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

/// Adds a note behind those that an event has. Without an identifier one is made. A note that the event has already, with
/// the same text, is left as it is, so that a retry is safe.
///
/// # Errors
/// [`Error::Input`] when the text is empty, or the identifier is none or that of another note; else when a statement fails.
pub fn add(
    conn: &mut Connection,
    (kind, event): (EventKind, i64),
    uid: Option<&str>,
    text: &str,
    caller: &Caller,
) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Error::Input("`value` of the note is required".to_owned()));
    }
    let uid = uid.map_or_else(crate::import::tracker::random_uid, str::to_owned);
    if !domain::uid::is_valid(&uid) {
        let message = "`note` must be a letter and 10 letters or digits";
        return Err(Error::Input(message.to_owned()));
    }
    let (link, of_event, touch) = match kind {
        EventKind::Single => (
            "INSERT INTO singleevent_notes (eventid, sort_order, noteid)
             SELECT $1, coalesce(max(sort_order), 0) + 1, $2 FROM singleevent_notes WHERE eventid = $1",
            "SELECT EXISTS (SELECT FROM singleevent_notes JOIN note USING (noteid)
                             WHERE eventid = $1 AND uid = $2 AND notetext = $3) AS found",
            "UPDATE singleevent SET lastupdated = $2 WHERE eventid = $1",
        ),
        EventKind::Tracker => (
            "INSERT INTO trackerevent_notes (eventid, sort_order, noteid)
             SELECT $1, coalesce(max(sort_order), 0) + 1, $2 FROM trackerevent_notes WHERE eventid = $1",
            "SELECT EXISTS (SELECT FROM trackerevent_notes JOIN note USING (noteid)
                             WHERE eventid = $1 AND uid = $2 AND notetext = $3) AS found",
            "UPDATE trackerevent SET lastupdated = $2 WHERE eventid = $1",
        ),
    };
    #[derive(QueryableByName)]
    struct Made {
        #[diesel(sql_type = BigInt)]
        noteid: i64,
    }
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        found: bool,
    }
    conn.transaction(|conn| {
        let now = DateTime::from_timestamp_millis(Utc::now().timestamp_millis());
        let now = now.unwrap_or_default().naive_utc();
        // The event's row is locked first, so that two notes do not take one place.
        diesel::sql_query(touch)
            .bind::<BigInt, _>(event)
            .bind::<Timestamp, _>(now)
            .execute(conn)?;
        let made: Option<Made> = diesel::sql_query(
            "INSERT INTO note (uid, created, notetext, creator, lastupdatedby) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (uid) DO NOTHING RETURNING noteid",
        )
        .bind::<Text, _>(&uid)
        .bind::<Timestamp, _>(now)
        .bind::<Text, _>(text)
        .bind::<Text, _>(&caller.username)
        .bind::<BigInt, _>(caller.id)
        .get_result(conn)
        .optional()?;
        let Some(made) = made else {
            let known: Known = diesel::sql_query(of_event)
                .bind::<BigInt, _>(event)
                .bind::<Text, _>(&uid)
                .bind::<Text, _>(text)
                .get_result(conn)?;
            return match known.found {
                true => Ok(uid.clone()),
                false => Err(Error::Input(format!("E1119: a note with the uid {uid} exists"))),
            };
        };
        diesel::sql_query(link)
            .bind::<BigInt, _>(event)
            .bind::<BigInt, _>(made.noteid)
            .execute(conn)?;
        Ok(uid.clone())
    })
}
