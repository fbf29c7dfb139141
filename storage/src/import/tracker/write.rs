//! Single events written by a client that holds one: created so that a retry is safe, changed member by member. Everything
//! goes through the import, so that one set of rules holds.

use std::collections::HashMap;

use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{Array, Jsonb, Text},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    AtomicMode, Code, ErrorReport, ImportReport, Parameters, Payload, Request, Status, Stop,
    Strategy, import, payload,
};
use crate::{Connection, Result};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It differs from what was stored.
    Updated,
    /// It was stored as sent before.
    Unchanged,
}

/// An event after it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its identifier, made for it when it brought none.
    pub uid: String,
    /// What became of it; `None` when it was refused.
    pub outcome: Option<Outcome>,
    /// What was found.
    pub report: ImportReport,
}

impl Written {
    fn new(uid: String, report: ImportReport) -> Self {
        let outcome = match report.stats {
            _ if report.has_errors() => None,
            stats if stats.created > stats.scheduled => Some(Outcome::Created),
            stats if stats.updated > stats.unchanged => Some(Outcome::Updated),
            _ => Some(Outcome::Unchanged),
        };
        Written {
            uid,
            outcome,
            report,
        }
    }
}

/// Creates an event, the object of a payload. With an identifier a retry is safe: the same event again is unchanged; another
/// event under it is refused with [`Code::E1030`].
///
/// # Errors
/// When a statement fails.
pub fn create(
    conn: &mut Connection,
    mut event: Map<String, Value>,
    request: Request,
) -> Result<Written> {
    let sent = event.get("event").and_then(Value::as_str);
    let uid = sent.map_or_else(payload::random_uid, str::to_owned);
    event.insert("event".to_owned(), json!(uid));
    name_notes(&uid, &mut event);
    let created = conn.transaction(|conn| {
        let report = import_one(conn, &event, request, Strategy::CreateAndUpdate);
        let written = Written::new(uid.clone(), report.map_err(Stop::Failed)?);
        match written.outcome {
            Some(Outcome::Updated) => Err(Stop::Undone(Box::default())),
            _ => Ok(written),
        }
    });
    match created {
        Ok(written) => Ok(written),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Undone(_)) => {
            let mut report = ImportReport {
                status: Status::Error,
                ..ImportReport::default()
            };
            let errors = &mut report.validation_report.error_reports;
            errors.push(ErrorReport {
                message: format!("event {uid} exists already and differs from this one"),
                error_code: Code::E1030,
                tracker_type: super::TrackerType::Event,
                uid: uid.clone(),
            });
            Ok(Written::new(uid, report))
        }
    }
}

/// Changes members of an event: those that `changes` names; null empties them. Data values are laid over the stored ones.
///
/// # Errors
/// When a statement fails.
pub fn update(
    conn: &mut Connection,
    uid: &str,
    mut changes: Map<String, Value>,
    request: Request,
) -> Result<Written> {
    name_notes(uid, &mut changes);
    conn.transaction(|conn| {
        let mut event = forms(conn, &[uid])?.remove(uid).unwrap_or_default();
        if changes.contains_key("attributeCategoryOptions") {
            event.remove("attributeOptionCombo");
        }
        event.extend(changes);
        event.insert("event".to_owned(), json!(uid));
        let report = import_one(conn, &event, request, Strategy::Update)?;
        Ok(Written::new(uid.to_owned(), report))
    })
}

/// Completes events. Those that cannot be are refused, the others completed.
///
/// # Errors
/// When a statement fails.
pub fn complete(conn: &mut Connection, uids: &[&str], request: Request) -> Result<ImportReport> {
    conn.transaction(|conn| {
        let mut forms = forms(conn, uids)?;
        let events = uids.iter().map(|uid| {
            let mut event = forms.remove(*uid).unwrap_or_default();
            event.insert("event".to_owned(), json!(uid));
            event.insert("status".to_owned(), json!("COMPLETED"));
            Value::Object(event)
        });
        let events = json!({ "events": events.collect::<Vec<_>>() });
        each(conn, &events, request, Strategy::Update)
    })
}

/// Deletes events. Those that cannot be are refused, the others deleted.
///
/// # Errors
/// When a statement fails.
pub fn delete(conn: &mut Connection, uids: &[&str], request: Request) -> Result<ImportReport> {
    let events = uids.iter().map(|uid| json!({ "event": uid }));
    let events = json!({ "events": events.collect::<Vec<_>>() });
    each(conn, &events, request, Strategy::Delete)
}

fn import_one(
    conn: &mut Connection,
    event: &Map<String, Value>,
    request: Request,
    strategy: Strategy,
) -> Result<ImportReport> {
    let payload = json!({ "events": [event] });
    let parameters = Parameters {
        strategy,
        atomic: AtomicMode::All,
        ..request.parameters.clone()
    };
    let request = Request {
        parameters: &parameters,
        ..request
    };
    import(
        conn,
        Payload::read(payload.to_string().as_bytes())?,
        request,
    )
}

fn each(
    conn: &mut Connection,
    payload: &Value,
    request: Request,
    strategy: Strategy,
) -> Result<ImportReport> {
    let parameters = Parameters {
        strategy,
        atomic: AtomicMode::Object,
        ..request.parameters.clone()
    };
    let request = Request {
        parameters: &parameters,
        ..request
    };
    import(
        conn,
        Payload::read(payload.to_string().as_bytes())?,
        request,
    )
}

/// Gives notes without an identifier one that is the same at each retry.
fn name_notes(event: &str, members: &mut Map<String, Value>) {
    let notes = members.get_mut("notes").and_then(Value::as_array_mut);
    for (place, note) in notes.into_iter().flatten().enumerate() {
        if note["note"].is_null() {
            let text = note["value"].as_str().unwrap_or_default();
            let hash = Sha256::digest(format!("{event}/{place}/{text}"));
            let number = hash
                .iter()
                .take(8)
                .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
            note["note"] = json!(domain::uid::from_number(number));
        }
    }
}

#[derive(QueryableByName)]
struct Form {
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Jsonb)]
    form: Value,
}

const SINGLE: &str = "SELECT e.uid, jsonb_build_object('status', e.status, 'program', p.uid, 'programStage', s.uid, 'orgUnit', u.uid,
            'occurredAt', e.occurreddate, 'attributeOptionCombo', c.uid, 'geometry', e.geometry,
            'assignedUser', CASE WHEN a.uid IS NOT NULL THEN jsonb_build_object('uid', a.uid, 'username', a.username) END,
            'createdAtClient', e.createdatclient, 'updatedAtClient', e.lastupdatedatclient) AS form
       FROM singleevent e JOIN programstage s USING (programstageid) JOIN program p USING (programid)
       JOIN organisationunit u ON u.organisationunitid = e.organisationunitid
       JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid
       LEFT JOIN userinfo a ON a.userinfoid = e.assigneduserid
      WHERE e.uid = ANY($1) ORDER BY e.eventid FOR NO KEY UPDATE OF e";

const TRACKER: &str = "SELECT e.uid, jsonb_build_object('status', e.status, 'program', p.uid, 'programStage', s.uid, 'orgUnit', u.uid,
            'enrollment', n.uid, 'occurredAt', e.occurreddate, 'scheduledAt', e.scheduleddate,
            'attributeOptionCombo', c.uid, 'geometry', e.geometry,
            'assignedUser', CASE WHEN a.uid IS NOT NULL THEN jsonb_build_object('uid', a.uid, 'username', a.username) END,
            'createdAtClient', e.createdatclient, 'updatedAtClient', e.lastupdatedatclient) AS form
       FROM trackerevent e JOIN enrollment n USING (enrollmentid)
       JOIN programstage s ON s.programstageid = e.programstageid JOIN program p ON p.programid = s.programid
       JOIN organisationunit u ON u.organisationunitid = e.organisationunitid
       JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid
       LEFT JOIN userinfo a ON a.userinfoid = e.assigneduserid
      WHERE e.uid = ANY($1) ORDER BY e.eventid FOR NO KEY UPDATE OF e";

/// Stored events as a payload would send them, but for their collections, which stay when they are not sent. Locked, so that
/// nobody changes what is sent back. Completion dates are not in it: they stay with the completion.
fn forms(conn: &mut Connection, uids: &[&str]) -> Result<HashMap<String, Map<String, Value>>> {
    let mut forms = HashMap::new();
    for query in [SINGLE, TRACKER] {
        let rows: Vec<Form> = diesel::sql_query(query)
            .bind::<Array<Text>, _>(uids)
            .load(conn)?;
        for row in rows {
            if let Value::Object(form) = row.form {
                forms.insert(row.uid, form);
            }
        }
    }
    Ok(forms)
}
