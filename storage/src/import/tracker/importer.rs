//! State of one import, and what all kinds of objects do: reading, refusing, counting.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use indicatif::ProgressBar;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    code::Code,
    metadata::{Importing, Metadata},
    parameters::{AtomicMode, ImportMode, Parameters, Strategy, ValidationMode},
    payload::Flat,
    report::{ErrorReport, ImportReport, ObjectReport, TrackerType, WarningReport},
    rights::Rights,
    rules::schedule::Plan,
};
use crate::{
    Connection,
    import::{
        BadLine,
        dhis2::object::{self, Raw},
    },
};

/// Objects that are checked and stored together.
pub(super) const CHUNK: usize = 2_000;

/// Why one object is refused: a rule, and a sentence that names the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    /// The message for whoever sent the object, where it holds one of their values; a quarantine keeps none.
    pub(super) shown: Option<String>,
}

impl Fault {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Fault {
            code,
            message: message.into(),
            shown: None,
        }
    }
}

impl From<object::Fault> for Fault {
    fn from(fault: object::Fault) -> Self {
        let code = match fault.rule {
            "MISSING_MEMBER" => Code::MissingMember,
            "BAD_TYPE" => Code::BadType,
            _ => Code::BadValue,
        };
        Fault::new(code, fault.message)
    }
}

impl From<Fault> for Vec<Fault> {
    fn from(fault: Fault) -> Self {
        vec![fault]
    }
}

/// The faults of a step; the next one is not taken when there are any.
pub(super) fn settle(faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults)
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
    pub(super) metadata: &'a Metadata,
    /// All that was sent.
    pub(super) payload: &'a Flat,
    pub(super) parameters: &'a Parameters,
    pub(super) rights: Rights<'a>,
    pub(super) user: Importing,
    pub(super) now: NaiveDateTime,
    pub(super) report: ImportReport,
    /// Refused lines, for imports that keep a quarantine.
    pub(super) bad: Option<Vec<BadLine>>,
    pub(super) rejected: HashSet<(TrackerType, String)>,
    pub(super) note_uids: HashSet<String>,
    /// Whether relationships of the payload may refer to its events.
    pub(super) has_relationships: bool,
    /// Events that program rules plan.
    pub(super) plans: Vec<Plan<'a>>,
    pub(super) source: &'a str,
    pub(super) progress: &'a ProgressBar,
}

/// Counts of one kind.
#[derive(Debug, Default)]
pub(super) struct Tally {
    created: u64,
    updated: u64,
    unchanged: u64,
    /// Those of `created` that program rules planned.
    pub(super) scheduled: u64,
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

    /// Counts objects that are good but not stored, because the import will be undone.
    pub(super) fn skip(&mut self, objects: usize) {
        self.created += objects as u64;
    }
}

impl Importer<'_> {
    /// Reads the objects of a chunk; those that cannot be read are refused, as are repeated uids.
    pub(super) fn read<'i, T: DeserializeOwned>(
        &mut self,
        kind: TrackerType,
        items: impl IntoIterator<Item = &'i Item>,
        seen: &mut HashSet<String>,
    ) -> Vec<Read<T>> {
        let mut read = Vec::with_capacity(CHUNK);
        for item in items {
            self.progress.inc(1);
            let (line, uid, parent) = (item.line, item.uid.clone(), item.parent.clone());
            if !seen.insert(uid.clone()) {
                let message = "the uid is used before in the same payload";
                let fault = Fault::new(Code::DuplicateId, message);
                self.refuse(kind, line, &uid, fault.into());
                continue;
            }
            match object::read(&item.raw) {
                Ok(object) => read.push(Read {
                    line,
                    uid,
                    parent,
                    object,
                }),
                Err(fault) => self.reject(kind, line, uid, Fault::from(fault)),
            }
        }
        read
    }

    /// Refuses an object; what hangs on it will follow.
    pub(super) fn reject(
        &mut self,
        kind: TrackerType,
        line: i64,
        uid: String,
        faults: impl Into<Vec<Fault>>,
    ) {
        self.refuse(kind, line, &uid, faults.into());
        self.rejected.insert((kind, uid));
    }

    /// Refuses an object: its faults go into the report, and it is not stored.
    pub(super) fn refuse(&mut self, kind: TrackerType, line: i64, uid: &str, faults: Vec<Fault>) {
        // The first refused object ends an import that fails fast: the others of its set were not to be looked at.
        if self.is_over() {
            return;
        }
        if let Some(of_type) = self.report.stats_of(kind) {
            of_type.stats.ignored += 1;
        }
        for fault in faults {
            if let Some(bad) = &mut self.bad {
                bad.push(BadLine {
                    file: self.source.to_owned(),
                    line,
                    resource_type: Some(kind.name().to_owned()),
                    resource_id: (!uid.is_empty()).then(|| uid.to_owned()),
                    rule: fault.code.name().into(),
                    message: fault.message.clone(),
                });
            }
            self.report
                .validation_report
                .error_reports
                .push(ErrorReport {
                    message: fault.shown.unwrap_or(fault.message),
                    error_code: fault.code,
                    tracker_type: kind,
                    uid: uid.to_owned(),
                });
        }
    }

    /// Notes something odd about an object that is stored all the same.
    pub(super) fn warn(&mut self, kind: TrackerType, uid: &str, fault: Fault) {
        self.report
            .validation_report
            .warning_reports
            .push(WarningReport {
                message: fault.shown.unwrap_or(fault.message),
                warning_code: fault.code,
                tracker_type: kind,
                uid: uid.to_owned(),
            });
    }

    /// Why an object that something refers to is not there: refused in this import, or unknown.
    pub(super) fn absent(&self, kind: TrackerType, uid: &str, code: Code) -> Fault {
        if self.rejected.contains(&(kind, uid.to_owned())) {
            let message = format!("{} {uid}, to which it refers, was refused", kind.name());
            return Fault::new(Code::E5000, message);
        }
        Fault::new(code, format!("{} {uid} does not exist", kind.name()))
    }

    /// Whether an object may be stored as it is: new when it is new, known when it is known. `codes` are those of an
    /// object that exists and of one that does not.
    pub(super) fn check_existence(
        &self,
        kind: TrackerType,
        uid: &str,
        known: bool,
        codes: (Code, Code),
    ) -> Result<(), Fault> {
        match (self.parameters.strategy, known) {
            (Strategy::Create, true) => Err(Fault::new(
                codes.0,
                format!("{} {uid} exists already", kind.name()),
            )),
            (Strategy::Update | Strategy::Delete, false) => Err(Fault::new(
                codes.1,
                format!("{} {uid} does not exist", kind.name()),
            )),
            _ => Ok(()),
        }
    }

    /// Whether only the rules are checked that storing needs.
    pub(super) fn skips_rules(&self) -> bool {
        self.parameters.validation == ValidationMode::Skip && self.rights.caller.is_superuser()
    }

    /// Whether the import ends here, because the first refused object ends it.
    pub(super) fn is_over(&self) -> bool {
        self.parameters.validation == ValidationMode::FailFast && self.report.has_errors()
    }

    /// Whether good events need not be written: the import will be undone, and nothing else looks for them.
    pub(super) fn only_checks_events(&self) -> bool {
        let undone = self.parameters.mode == ImportMode::Validate
            || (self.parameters.atomic == AtomicMode::All && self.report.has_errors());
        undone && !self.has_relationships && !self.metadata.rules.schedule
    }

    /// Adds the counts and the stored objects of a kind to the report.
    pub(super) fn report(&mut self, kind: TrackerType, tally: &Tally, stored: Vec<String>) {
        let Some(of_type) = self.report.stats_of(kind) else {
            return;
        };
        of_type.stats.created += tally.created;
        of_type.stats.updated += tally.updated + tally.unchanged;
        of_type.stats.unchanged += tally.unchanged;
        of_type.stats.scheduled += tally.scheduled;
        of_type
            .object_reports
            .extend(stored.into_iter().map(|uid| ObjectReport {
                tracker_type: kind,
                uid,
                error_reports: [],
            }));
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

/// A required member, or the fault `code` that names it.
pub(super) fn required<'a>(
    value: Option<&'a String>,
    member: &str,
    code: Code,
) -> Result<&'a str, Fault> {
    value
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Fault::new(code, format!("`{member}` is required")))
}
