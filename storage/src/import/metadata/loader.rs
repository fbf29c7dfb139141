//! Loads one list at a time: reads each object, asks its kind to check it, stores the good ones as a set, counts.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use indicatif::ProgressBar;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{kind::Kind, references::References};
use crate::{
    Connection, Result,
    import::{
        BadLine, Report,
        dhis2::{
            object::{self, Fault, Raw},
            upsert::{self, Relation},
        },
    },
};

/// State of one import.
pub(super) struct Loader<'a> {
    pub(super) conn: &'a mut Connection,
    pub(super) references: References,
    pub(super) report: Report,
    pub(super) bad: Vec<BadLine>,
    /// Whether something changed that the counts do not show.
    pub(super) touched: bool,
    pub(super) now: NaiveDateTime,
    pub(super) source: &'a str,
    pub(super) progress: &'a ProgressBar,
}

/// Rows that belong to an object, by table. Every object of a kind has the same tables.
pub(super) type Members = Vec<(Relation, Vec<Value>)>;

/// What a kind makes of an object: its row without `uid` and `code`, and the rows that belong to it without its key.
pub(super) struct Checked {
    pub(super) row: Value,
    pub(super) members: Members,
}

/// A good object of the file.
pub(super) struct Accepted {
    pub(super) line: i64,
    pub(super) uid: String,
    pub(super) checked: Checked,
}

/// What every object begins with. Read on its own, so that a broken object can be named.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    id: Option<String>,
    code: Option<String>,
}

impl Loader<'_> {
    /// Loads a list whose objects need nothing but their own check.
    pub(super) fn load<T: DeserializeOwned>(
        &mut self,
        kind: Kind,
        list: &[Raw],
        check: impl FnMut(&References, &str, T) -> Result<Checked, Fault>,
    ) -> Result<()> {
        let accepted = self.accept(kind, list, check);
        self.store(kind, accepted)
    }

    /// Reads and checks each object; the bad ones go to the quarantine.
    pub(super) fn accept<T: DeserializeOwned>(
        &mut self,
        kind: Kind,
        list: &[Raw],
        mut check: impl FnMut(&References, &str, T) -> Result<Checked, Fault>,
    ) -> Vec<Accepted> {
        let mut accepted = Vec::with_capacity(list.len());
        let mut seen = HashSet::new();
        for (line, raw) in (1..).zip(list) {
            let header: Header = object::read(raw).unwrap_or_default();
            let outcome = identify(&header, &mut seen).and_then(|uid| {
                let mut checked = check(&self.references, &uid, object::read(raw)?)?;
                let code = header.code.as_deref().filter(|code| !code.is_empty());
                if kind.unique_code
                    && code.is_some_and(|code| !self.references.claim_code(kind, code, &uid))
                {
                    return Err(Fault::new(
                        "DUPLICATE_CODE",
                        format!("`code` is that of another {}", kind.name),
                    ));
                }
                checked.row["uid"] = json!(uid);
                checked.row["code"] = json!(code);
                Ok(Accepted { line, uid, checked })
            });
            match outcome {
                Ok(object) => accepted.push(object),
                Err(fault) => self.reject(kind, line, header.id, fault),
            }
            self.progress.inc(1);
        }
        accepted
    }

    /// Puts an object into the quarantine.
    pub(super) fn reject(&mut self, kind: Kind, line: i64, uid: Option<String>, fault: Fault) {
        // A second copy does not make the first one rejected.
        if let Some(uid) = uid.clone().filter(|_| fault.rule != "DUPLICATE_ID") {
            self.references.reject(kind, uid);
        }
        self.bad.push(BadLine {
            file: self.source.to_owned(),
            line,
            resource_type: Some(kind.name.to_owned()),
            resource_id: uid,
            rule: fault.rule.into(),
            message: fault.message,
        });
    }

    /// Stores good objects and what belongs to them, and counts them.
    pub(super) fn store(&mut self, kind: Kind, accepted: Vec<Accepted>) -> Result<()> {
        let total = accepted.len() as u64;
        let mut members: Vec<(String, Members)> = Vec::new();
        let mut rows = Vec::with_capacity(accepted.len());
        for object in accepted {
            rows.push(object.checked.row);
            members.push((object.uid, object.checked.members));
        }
        let (mut created, mut updated) = (HashSet::new(), HashSet::new());
        for stored in upsert::objects(self.conn, &kind.table, &rows)? {
            let is_new = self.references.add(kind, stored.uid, stored.id);
            if is_new { &mut created } else { &mut updated }.insert(stored.id);
        }
        for id in self.store_members(kind, members)? {
            if !created.contains(&id) {
                updated.insert(id);
            }
        }
        let (created, updated) = (created.len() as u64, updated.len() as u64);
        self.report
            .add(kind.name, created, updated, total - created - updated);
        Ok(())
    }

    /// Stores what belongs to objects, and takes away what no longer does. Returns the owners that changed.
    fn store_members(&mut self, kind: Kind, objects: Vec<(String, Members)>) -> Result<Vec<i64>> {
        let relations: Vec<Relation> = objects
            .first()
            .map(|(_, members)| members.iter().map(|(relation, _)| *relation).collect())
            .unwrap_or_default();
        let mut owners = Vec::with_capacity(objects.len());
        let mut rows: Vec<Vec<Value>> = vec![Vec::new(); relations.len()];
        for (uid, members) in objects {
            let Some(owner) = self.references.id(kind, &uid) else {
                continue;
            };
            owners.push(owner);
            for (target, (relation, of_owner)) in rows.iter_mut().zip(members) {
                target.extend(of_owner.into_iter().map(|mut row| {
                    row[relation.owner] = json!(owner);
                    row
                }));
            }
        }
        let mut changed = Vec::new();
        for (relation, rows) in relations.iter().zip(&rows) {
            changed.extend(upsert::prune(self.conn, relation, &owners, rows)?);
            changed.extend(upsert::members(self.conn, relation, rows)?);
        }
        Ok(changed)
    }
}

/// The uid of an object, when it is well-formed and not used before in its list.
fn identify(header: &Header, seen: &mut HashSet<String>) -> Result<String, Fault> {
    let uid = header
        .id
        .as_deref()
        .ok_or_else(|| Fault::new("MISSING_MEMBER", "`id` is required"))?;
    if !domain::uid::is_valid(uid) {
        return Err(Fault::new(
            "BAD_ID",
            "`id` must be a letter and 10 letters or digits",
        ));
    }
    if !seen.insert(uid.to_owned()) {
        return Err(Fault::new(
            "DUPLICATE_ID",
            "`id` is used before in the same list",
        ));
    }
    Ok(uid.to_owned())
}
