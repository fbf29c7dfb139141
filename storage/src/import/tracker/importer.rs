//! State of one import, and what all kinds of objects do: reading, rejecting, counting.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use indicatif::ProgressBar;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::metadata::{Importing, Metadata};
use crate::{
    Connection,
    import::{
        BadLine, Report,
        dhis2::object::{self, Fault, Raw},
    },
};

/// Objects that are checked and stored together.
pub(super) const CHUNK: usize = 2_000;

/// Kind of tracker object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    TrackedEntity,
    Enrollment,
    Event,
    Relationship,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::TrackedEntity => "trackedEntity",
            Kind::Enrollment => "enrollment",
            Kind::Event => "event",
            Kind::Relationship => "relationship",
        }
    }
}

/// An object of the payload: where it stood, its uid, the uid of what it was nested in.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) line: i64,
    pub(super) uid: String,
    pub(super) parent: Option<String>,
    pub(super) raw: Raw,
}

/// An object that could be read.
#[derive(Debug)]
pub(super) struct Read<T> {
    pub(super) line: i64,
    pub(super) uid: String,
    pub(super) parent: Option<String>,
    pub(super) object: T,
}

/// State of one import.
pub(super) struct Importer<'a> {
    pub(super) conn: &'a mut Connection,
    pub(super) metadata: Metadata,
    pub(super) user: Importing,
    pub(super) now: NaiveDateTime,
    pub(super) report: Report,
    pub(super) bad: Vec<BadLine>,
    pub(super) rejected: HashSet<(Kind, String)>,
    pub(super) note_uids: HashSet<String>,
    /// Events whose assignee was dropped because the stage allows none.
    pub(super) unassigned: u64,
    pub(super) source: &'a str,
    pub(super) progress: &'a ProgressBar,
}

/// Counts of one kind.
#[derive(Debug, Default)]
pub(super) struct Tally {
    created: u64,
    updated: u64,
    unchanged: u64,
}

impl Tally {
    /// Counts stored objects: `(id, whether it was stored before)` of each, and the ids that changed.
    pub(super) fn count(&mut self, objects: &[(i64, bool)], changed: &HashSet<i64>) {
        for (id, known) in objects {
            match (known, changed.contains(id)) {
                (false, _) => self.created += 1,
                (true, true) => self.updated += 1,
                (true, false) => self.unchanged += 1,
            }
        }
    }
}

impl Importer<'_> {
    /// Reads the objects of a chunk; those that cannot be read are rejected, as are repeated uids.
    pub(super) fn read<T: DeserializeOwned>(
        &mut self,
        kind: Kind,
        items: &[Item],
        seen: &mut HashSet<String>,
    ) -> Vec<Read<T>> {
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            self.progress.inc(1);
            let (line, uid, parent) = (item.line, item.uid.clone(), item.parent.clone());
            if !seen.insert(uid.clone()) {
                let fault =
                    Fault::new("DUPLICATE_ID", "the uid is used before in the same payload");
                self.quarantine(kind, line, Some(uid), fault);
                continue;
            }
            match object::read(&item.raw) {
                Ok(object) => read.push(Read {
                    line,
                    uid,
                    parent,
                    object,
                }),
                Err(fault) => self.reject(kind, line, uid, fault),
            }
        }
        read
    }

    /// Puts an object into the quarantine; what hangs on it will follow.
    pub(super) fn reject(&mut self, kind: Kind, line: i64, uid: String, fault: Fault) {
        self.rejected.insert((kind, uid.clone()));
        self.quarantine(kind, line, Some(uid), fault);
    }

    /// Puts an object into the quarantine.
    pub(super) fn quarantine(&mut self, kind: Kind, line: i64, uid: Option<String>, fault: Fault) {
        self.bad.push(BadLine {
            file: self.source.to_owned(),
            line,
            resource_type: Some(kind.name().to_owned()),
            resource_id: uid,
            rule: fault.rule,
            message: fault.message,
        });
    }

    /// Why an object that something refers to is not there: rejected in this import, or unknown.
    pub(super) fn absent(&self, kind: Kind, uid: &str, rule: &'static str) -> Fault {
        if self.rejected.contains(&(kind, uid.to_owned())) {
            let message = format!("{} {uid}, to which it refers, was rejected", kind.name());
            return Fault::new("E5000", message);
        }
        Fault::new(rule, format!("{} {uid} does not exist", kind.name()))
    }

    /// Adds the counts of a kind to the report.
    pub(super) fn report(&mut self, kind: Kind, tally: &Tally) {
        self.report
            .add(kind.name(), tally.created, tally.updated, tally.unchanged);
    }

    /// Columns that say when and by whom a row was stored.
    pub(super) fn stamp(&self, row: &mut Value) {
        let now = serde_json::json!(self.now);
        row["created"] = now.clone();
        row["lastupdated"] = now;
        row["createdbyuserinfo"] = self.user.info.clone();
        row["lastupdatedbyuserinfo"] = self.user.info.clone();
    }
}

/// A required member, or the fault `rule` that names it.
pub(super) fn required<'a>(
    value: Option<&'a String>,
    member: &str,
    rule: &'static str,
) -> Result<&'a str, Fault> {
    value
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Fault::new(rule, format!("`{member}` is required")))
}
