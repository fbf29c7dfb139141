//! Rows to full events: what a batch of rows lacks is fetched at once, whatever their number.

use std::{collections::HashMap, sync::Arc};

use domain::{access::Caller, event::EventKind, org_unit::Tree};
use storage::{
    Connection, Result,
    events::{EventRow, details, notes, relationships},
};

use super::{
    event_json::FullEvent,
    fields::Fields,
    names::{Names, Wanted},
};

/// Who reads, and which members of an event are wanted.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The person.
    pub caller: Arc<Caller>,
    /// The tree of org units.
    pub tree: Arc<Tree>,
    /// Wanted members.
    pub fields: Arc<Fields>,
}

/// Rows of one kind with all that is shown of them, in their order: one statement for details, one each for notes and
/// relationships where they are wanted, one for each kind of metadata that is not named by identifier.
///
/// # Errors
/// When a query fails.
pub fn complete(
    conn: &mut Connection,
    reader: &Reader,
    kind: EventKind,
    rows: Vec<EventRow>,
    names: &mut Names,
) -> Result<Vec<FullEvent>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let fields = &reader.fields;
    let ids: Vec<i64> = rows.iter().map(|row| row.eventid).collect();
    let details = details::of_events(conn, kind, &ids)?;
    let mut details: HashMap<i64, _> = details
        .into_iter()
        .map(|details| (details.eventid, details))
        .collect();
    let mut notes = if fields.wants("notes") {
        by_event(notes::of_events(conn, kind, &ids)?, |note| note.eventid)
    } else {
        HashMap::new()
    };
    let mut relationships = if fields.wants("relationships") {
        let rows = relationships::of_events(conn, &reader.caller, &reader.tree, kind, &ids)?;
        by_event(rows, |row| row.eventid)
    } else {
        HashMap::new()
    };
    let mut wanted = Wanted::new();
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.eventid;
        // An event that was deleted between the two statements is gone.
        let Some(details) = details.remove(&id) else {
            continue;
        };
        let event = FullEvent {
            row,
            details,
            notes: notes.remove(&id).unwrap_or_default(),
            relationships: relationships.remove(&id).unwrap_or_default(),
        };
        event.add_wanted(names, fields, &mut wanted);
        events.push(event);
    }
    names.load(conn, &wanted)?;
    Ok(events)
}

fn by_event<T>(rows: Vec<T>, event: impl Fn(&T) -> i64) -> HashMap<i64, Vec<T>> {
    let mut grouped: HashMap<i64, Vec<T>> = HashMap::new();
    for row in rows {
        grouped.entry(event(&row)).or_default().push(row);
    }
    grouped
}
