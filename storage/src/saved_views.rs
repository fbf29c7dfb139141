//! Saved views of working lists: event filters for event programs, program stage working lists for tracker programs.
//! Who may read one is asked in SQL; what a view says is kept as the client wrote it, once its references are checked.

mod check;
mod write;

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Bool, Jsonb, Nullable, Text, Timestamp},
};
use domain::access::Caller;

use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

pub use write::{Refused, Written, create, delete, update};

/// Which kind of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewKind {
    /// Of the list of an event program.
    EventFilter,
    /// Of the list of a stage of a tracker program.
    WorkingList,
}

/// A saved view as one caller sees it.
#[derive(Debug, Clone, QueryableByName)]
pub struct SavedView {
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// Code; `None` when not given.
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What it is for; `None` when not given.
    #[diesel(sql_type = Nullable<Text>)]
    pub description: Option<String>,
    /// Identifier of the program.
    #[diesel(sql_type = Text)]
    pub program: String,
    /// Identifier of the stage; `None` for the only one.
    #[diesel(sql_type = Nullable<Text>)]
    pub program_stage: Option<String>,
    /// Filters, order and columns.
    #[diesel(sql_type = Jsonb)]
    pub criteria: serde_json::Value,
    /// DHIS2 sharing settings.
    #[diesel(sql_type = Jsonb)]
    pub sharing: serde_json::Value,
    /// When it was created.
    #[diesel(sql_type = Timestamp)]
    pub created: NaiveDateTime,
    /// When it was last changed.
    #[diesel(sql_type = Timestamp)]
    pub lastupdated: NaiveDateTime,
    /// Whether the caller may change and delete it.
    #[diesel(sql_type = Bool)]
    pub is_writable: bool,
}

/// Which views are wanted; everything absent keeps all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of one of these programs, by identifier.
    pub programs: Option<Vec<String>>,
    /// Of one of these stages, by identifier.
    pub stages: Option<Vec<String>>,
    /// One of these, by identifier.
    pub uids: Option<Vec<String>>,
    /// With one of these names.
    pub names: Option<Vec<String>>,
    /// With this text in the name, in any case.
    pub name_contains: Option<String>,
}

/// Views that a caller may read, by name.
///
/// # Errors
/// When the query fails.
pub fn list(
    conn: &mut Connection,
    kind: ViewKind,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Vec<SavedView>> {
    let mut query = Statement::new("SELECT * FROM (SELECT v.*, ");
    push_right(&mut query, caller, Right::Write);
    query.push(" AS is_writable FROM ").push(source(kind));
    query.push(" v WHERE ");
    push_right(&mut query, caller, Right::Read);
    query.push(") v WHERE true");
    let sets = [
        (" AND v.program = ANY(", &wanted.programs),
        (" AND v.program_stage = ANY(", &wanted.stages),
        (" AND v.uid = ANY(", &wanted.uids),
        (" AND v.name = ANY(", &wanted.names),
    ];
    for (text, set) in sets {
        if let Some(set) = set {
            query.push(text).bind(Value::Texts(set.clone())).push(")");
        }
    }
    if let Some(part) = &wanted.name_contains {
        query
            .push(" AND position(lower(")
            .bind(Value::Text(part.clone()))
            .push(") IN lower(v.name)) > 0");
    }
    query.push(" ORDER BY v.name, v.uid");
    Ok(query.load(conn)?)
}

/// The view with an identifier; `None` when there is none that the caller may read.
///
/// # Errors
/// When the query fails.
pub fn by_uid(
    conn: &mut Connection,
    kind: ViewKind,
    caller: &Caller,
    uid: &str,
) -> Result<Option<SavedView>> {
    let wanted = Wanted {
        uids: Some(vec![uid.to_owned()]),
        ..Wanted::default()
    };
    Ok(list(conn, kind, caller, &wanted)?.into_iter().next())
}

/// The rows of a kind under the names of [`SavedView`].
fn source(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::EventFilter => {
            "(SELECT uid, code, name, description, program, programstage AS program_stage, eventquerycriteria AS criteria,
                     sharing, created, lastupdated FROM eventfilter)"
        }
        ViewKind::WorkingList => {
            "(SELECT l.uid, l.code, l.name, l.description, p.uid AS program, s.uid AS program_stage,
                     l.programstagequerycriteria AS criteria, l.sharing, l.created, l.lastupdated
                FROM programstageworkinglist l JOIN program p USING (programid)
                JOIN programstage s ON s.programstageid = l.programstageid)"
        }
    }
}

#[derive(Clone, Copy)]
enum Right {
    Read,
    Write,
}

/// The sharing rule of [`domain::access::Sharing`] as a condition on `v.sharing`.
fn push_right(query: &mut Statement, caller: &Caller, right: Right) {
    if caller.is_superuser() {
        query.push("true");
        return;
    }
    let pattern = || {
        Value::Text(match right {
            Right::Read => "r%".to_owned(),
            Right::Write => "_w%".to_owned(),
        })
    };
    query
        // A person or group that is not named has no access, which must count as false and not as null.
        .push("coalesce(coalesce(v.sharing ->> 'owner', ")
        .bind(Value::Text(caller.uid.clone()))
        .push(") = ")
        .bind(Value::Text(caller.uid.clone()))
        .push(" OR coalesce(v.sharing ->> 'public', 'rw') LIKE ")
        .bind(pattern())
        .push(" OR v.sharing -> 'users' -> ")
        .bind(Value::Text(caller.uid.clone()))
        .push(" ->> 'access' LIKE ")
        .bind(pattern())
        .push(" OR EXISTS (SELECT FROM unnest(")
        .bind(Value::Texts(caller.groups.clone()))
        .push(") g WHERE v.sharing -> 'userGroups' -> g ->> 'access' LIKE ")
        .bind(pattern())
        .push("), false)");
}

#[cfg(test)]
mod tests;
