//! Views are made, changed and deleted.

use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{Jsonb, Text},
};
use domain::{access::Caller, uid};
use rand::Rng;
use serde_json::{Value as Json, json};

use super::{SavedView, ViewKind, by_uid, check};
use crate::{Connection, Result};

/// Longest name.
const LONGEST_NAME: usize = 230;

/// A view as a client writes it.
pub(super) struct Draft {
    uid: Option<String>,
    code: Option<String>,
    name: String,
    description: Option<String>,
    pub program: Option<String>,
    pub program_stage: Option<String>,
    pub criteria: Json,
    sharing: Option<Json>,
}

/// Why a view was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It breaks these rules.
    Rules(Vec<String>),
    /// There is none that the caller may read.
    NotFound,
    /// The caller may read it, not change it.
    Forbidden,
}

/// Identifier of the view that was written, or why it was not.
pub type Written = std::result::Result<String, Refused>;

/// Makes a view; its owner is the caller, and nobody else sees it unless its sharing says so.
///
/// # Errors
/// When a query fails.
pub fn create(
    conn: &mut Connection,
    kind: ViewKind,
    caller: &Caller,
    body: &Json,
) -> Result<Written> {
    let draft = match read(conn, kind, body)? {
        Ok(draft) => draft,
        Err(broken) => return Ok(Err(Refused::Rules(broken))),
    };
    let uid = draft
        .uid
        .clone()
        .unwrap_or_else(|| uid::from_number(rand::rng().random()));
    let sharing = owned_by(caller, draft.sharing.clone());
    let insert = match kind {
        ViewKind::EventFilter => {
            "INSERT INTO eventfilter (uid, code, name, description, program, programstage, eventquerycriteria, sharing)
             SELECT v ->> 'uid', v ->> 'code', v ->> 'name', v ->> 'description', v ->> 'program', v ->> 'stage', v -> 'criteria',
                    v -> 'sharing' FROM (SELECT $1 AS v) written ON CONFLICT DO NOTHING"
        }
        ViewKind::WorkingList => {
            "INSERT INTO programstageworkinglist (uid, code, name, description, programid, programstageid, programstagequerycriteria, sharing)
             SELECT v ->> 'uid', v ->> 'code', v ->> 'name', v ->> 'description', p.programid, s.programstageid, v -> 'criteria',
                    v -> 'sharing' FROM (SELECT $1 AS v) written JOIN program p ON p.uid = v ->> 'program'
               JOIN programstage s ON s.uid = v ->> 'stage' ON CONFLICT DO NOTHING"
        }
    };
    if write(conn, insert, &draft, &uid, sharing)? == 0 {
        return Ok(Err(taken()));
    }
    Ok(Ok(uid))
}

/// Replaces a view. Without sharing in the body its sharing stays, and its owner always does.
///
/// # Errors
/// When a query fails.
pub fn update(
    conn: &mut Connection,
    kind: ViewKind,
    caller: &Caller,
    uid: &str,
    body: &Json,
) -> Result<Written> {
    conn.transaction(|conn| {
        let stored = match writable(conn, kind, caller, uid)? {
            Ok(stored) => stored,
            Err(refused) => return Ok(Err(refused)),
        };
        let draft = match read(conn, kind, body)? {
            Ok(draft) => draft,
            Err(broken) => return Ok(Err(Refused::Rules(broken))),
        };
        if draft.uid.as_ref().is_some_and(|named| named != uid) {
            return Ok(Err(Refused::Rules(vec!["id differs from the one in the address".to_owned()])));
        }
        let mut sharing = draft.sharing.clone().unwrap_or_else(|| stored.sharing.clone());
        sharing["owner"] = stored.sharing["owner"].clone();
        let update = match kind {
            ViewKind::EventFilter => {
                "UPDATE eventfilter t SET code = v ->> 'code', name = v ->> 'name', description = v ->> 'description',
                        program = v ->> 'program', programstage = v ->> 'stage', eventquerycriteria = v -> 'criteria',
                        sharing = v -> 'sharing', lastupdated = now()
                   FROM (SELECT $1 AS v) written
                  WHERE t.uid = v ->> 'uid'
                    AND NOT EXISTS (SELECT FROM eventfilter o WHERE o.code = v ->> 'code' AND o.uid <> v ->> 'uid')"
            }
            ViewKind::WorkingList => {
                "UPDATE programstageworkinglist t SET code = v ->> 'code', name = v ->> 'name', description = v ->> 'description',
                        programid = p.programid, programstageid = s.programstageid, programstagequerycriteria = v -> 'criteria',
                        sharing = v -> 'sharing', lastupdated = now()
                   FROM (SELECT $1 AS v) written JOIN program p ON p.uid = v ->> 'program'
                   JOIN programstage s ON s.uid = v ->> 'stage'
                  WHERE t.uid = v ->> 'uid'
                    AND NOT EXISTS (SELECT FROM programstageworkinglist o WHERE o.code = v ->> 'code' AND o.uid <> v ->> 'uid')"
            }
        };
        if write(conn, update, &draft, uid, sharing)? == 0 {
            return Ok(Err(taken()));
        }
        Ok(Ok(uid.to_owned()))
    })
}

/// Deletes a view.
///
/// # Errors
/// When a query fails.
pub fn delete(
    conn: &mut Connection,
    kind: ViewKind,
    caller: &Caller,
    uid: &str,
) -> Result<Written> {
    if let Err(refused) = writable(conn, kind, caller, uid)? {
        return Ok(Err(refused));
    }
    let delete = match kind {
        ViewKind::EventFilter => "DELETE FROM eventfilter WHERE uid = $1",
        ViewKind::WorkingList => "DELETE FROM programstageworkinglist WHERE uid = $1",
    };
    diesel::sql_query(delete)
        .bind::<Text, _>(uid)
        .execute(conn)?;
    Ok(Ok(uid.to_owned()))
}

fn writable(
    conn: &mut Connection,
    kind: ViewKind,
    caller: &Caller,
    uid: &str,
) -> Result<std::result::Result<SavedView, Refused>> {
    Ok(match by_uid(conn, kind, caller, uid)? {
        None => Err(Refused::NotFound),
        Some(view) if !view.is_writable => Err(Refused::Forbidden),
        Some(view) => Ok(view),
    })
}

fn taken() -> Refused {
    Refused::Rules(vec![
        "A view with this id or code exists already".to_owned(),
    ])
}

/// Runs a statement whose one parameter holds every column, and returns how many rows it wrote.
fn write(
    conn: &mut Connection,
    statement: &'static str,
    draft: &Draft,
    uid: &str,
    sharing: Json,
) -> Result<usize> {
    let written = json!({
        "uid": uid, "code": draft.code, "name": draft.name, "description": draft.description, "program": draft.program,
        "stage": draft.program_stage, "criteria": draft.criteria, "sharing": sharing,
    });
    Ok(diesel::sql_query(statement)
        .bind::<Jsonb, _>(written)
        .execute(conn)?)
}

/// Reads a body, checked; the rules that it breaks.
fn read(
    conn: &mut Connection,
    kind: ViewKind,
    body: &Json,
) -> Result<std::result::Result<Draft, Vec<String>>> {
    let text = |name: &str| {
        body.get(name)
            .and_then(Json::as_str)
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    };
    // A reference is an identifier, or an object with one.
    let reference = |name: &str| {
        let value = body.get(name)?;
        value
            .as_str()
            .or_else(|| value.get("id")?.as_str())
            .filter(|uid| !uid.is_empty())
            .map(str::to_owned)
    };
    let criteria = match kind {
        ViewKind::EventFilter => body.get("eventQueryCriteria"),
        ViewKind::WorkingList => body.get("programStageQueryCriteria"),
    };
    let draft = Draft {
        uid: reference("id"),
        code: text("code"),
        name: text("name").unwrap_or_default(),
        description: text("description"),
        program: reference("program"),
        program_stage: reference("programStage"),
        criteria: criteria
            .filter(|criteria| !criteria.is_null())
            .cloned()
            .unwrap_or_else(|| json!({})),
        sharing: body
            .get("sharing")
            .filter(|sharing| sharing.is_object())
            .cloned(),
    };
    let mut broken = Vec::new();
    if draft.name.is_empty() {
        broken.push("Missing required property `name`.".to_owned());
    }
    if draft.name.chars().count() > LONGEST_NAME {
        broken.push(format!(
            "Property `name` is longer than {LONGEST_NAME} characters."
        ));
    }
    if draft
        .uid
        .as_deref()
        .is_some_and(|named| !uid::is_valid(named))
    {
        broken.push("Property `id` is not an identifier.".to_owned());
    }
    if !draft.criteria.is_object() {
        broken.push("The query criteria are not an object.".to_owned());
    }
    broken.extend(broken_sharing(draft.sharing.as_ref()));
    broken.extend(check::broken(conn, kind, &draft)?);
    Ok(if broken.is_empty() {
        Ok(draft)
    } else {
        Err(broken)
    })
}

/// Each access is 8 characters of `r`, `w` and `-`.
fn broken_sharing(sharing: Option<&Json>) -> Option<String> {
    let sharing = sharing?;
    let is_access = |access: &str| {
        access.len() == 8
            && access
                .bytes()
                .all(|byte| matches!(byte, b'r' | b'w' | b'-'))
    };
    let entries = ["users", "userGroups"]
        .iter()
        .filter_map(|name| sharing.get(*name)?.as_object());
    let mut granted = entries
        .flat_map(|entries| entries.values())
        .map(|entry| entry.get("access").and_then(Json::as_str));
    let is_public_right = match sharing.get("public") {
        None | Some(Json::Null) => true,
        Some(access) => access.as_str().is_some_and(is_access),
    };
    let is_right = is_public_right && granted.all(|access| access.is_some_and(is_access));
    (!is_right).then(|| {
        "Property `sharing` holds an access that is not 8 characters of r, w and -.".to_owned()
    })
}

/// The sharing of a new view.
fn owned_by(caller: &Caller, sharing: Option<Json>) -> Json {
    let mut sharing = sharing.unwrap_or_else(|| json!({}));
    sharing["owner"] = json!(caller.uid);
    if !sharing["public"].is_string() {
        sharing["public"] = json!("--------");
    }
    for name in ["users", "userGroups"] {
        if !sharing[name].is_object() {
            sharing[name] = json!({});
        }
    }
    sharing["external"] = json!(false);
    sharing
}
