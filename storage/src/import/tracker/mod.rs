//! Imports tracker data, the payload of `POST /api/tracker`: tracked entities, enrolments, events of both kinds,
//! relationships; nested or flat. By DHIS2's contract: strategies, atomic modes, codes, the report.
//!
//! Read in this order: [`parameters`] and [`report`] are what goes in and comes out, [`payload`] reads and flattens,
//! [`metadata`] knows what objects refer to, [`rights`] what the person may write; then one module for each kind of object
//! checks and stores chunks of it. Rules carry DHIS2's error codes ([`code`]).

mod attributes;
mod changes;
mod code;
mod csv;
mod delete;
mod delete_check;
mod enrollment_check;
mod enrollments;
mod event;
mod events;
mod files;
mod id_schemes;
mod importer;
mod metadata;
mod notes;
mod option_combos;
mod owners;
mod parameters;
mod payload;
#[cfg(feature = "testing")]
mod probe;
mod relationships;
mod report;
mod rights;
mod rules;
#[cfg(test)]
mod tests;
mod tracked_entities;
mod values;
pub mod write;

use std::{collections::HashSet, io::Read, path::Path};

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use domain::access::Caller;
use indicatif::ProgressBar;

pub(crate) use self::payload::random_uid;
pub use self::{
    code::Code,
    id_schemes::IdSchemes,
    metadata::Metadata,
    parameters::{AtomicMode, ImportMode, Parameters, ReportMode, Strategy, ValidationMode},
    payload::Payload,
    report::{
        BundleReport, ErrorReport, ImportReport, ObjectReport, Stats, Status, TrackerType,
        TypeReport, ValidationReport, WarningReport,
    },
    write::{Outcome, Written},
};
use self::{importer::Importer, metadata::Importing, rights::Rights};
use super::{BadLine, Report, dhis2::object};
use crate::{Connection, Error, Result, access};

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`crate::Error::Input`] with line and column when it is no JSON object of lists.
    pub fn read(reader: impl Read) -> Result<Self> {
        serde_json::from_reader(reader).map_err(|error| object::syntax_error(&error))
    }
}

/// Who imports, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The person whose rights count.
    pub caller: &'a Caller,
    /// The metadata as they are now.
    pub metadata: &'a Metadata,
    /// How the payload is imported.
    pub parameters: &'a Parameters,
}

/// Imports a payload in one transaction. Refused objects are in the report; they are no error.
///
/// # Errors
/// When a statement fails.
pub fn import(conn: &mut Connection, payload: Payload, request: Request) -> Result<ImportReport> {
    let progress = ProgressBar::hidden();
    let (report, _) = attempt(conn, payload, request, None, &progress)?;
    Ok(report)
}

/// Warnings that an import by the command line tells; a program rule may warn of every event.
const MOST_NOTICES: usize = 50;

/// Imports a file on behalf of a user, with the rights of a superuser: whoever has the command line has the database.
/// Refused objects go into the quarantine of the run.
///
/// # Errors
/// [`crate::Error::File`] or [`crate::Error::Input`] when the file cannot be read or there is no such user, else when a
/// statement fails.
pub fn run(
    conn: &mut Connection,
    file: &Path,
    user: &str,
    atomic: AtomicMode,
    progress: &ProgressBar,
) -> Result<Report> {
    let source = file.display().to_string();
    let reader = object::open(file)?;
    super::record(conn, "TRACKER", &source, |conn, run| {
        let payload = Payload::read(reader)?;
        quarantining(conn, run, payload, user, atomic, &source, progress)
    })
}

/// Imports a payload that was read before; `source` names it in the run and in the quarantine.
///
/// # Errors
/// [`crate::Error::Input`] when there is no such user, else when a statement fails.
pub fn load(
    conn: &mut Connection,
    payload: Payload,
    user: &str,
    source: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    super::record(conn, "TRACKER", source, |conn, run| {
        let atomic = AtomicMode::Object;
        quarantining(conn, run, payload, user, atomic, source, progress)
    })
}

fn quarantining(
    conn: &mut Connection,
    run: i64,
    payload: Payload,
    user: &str,
    atomic: AtomicMode,
    source: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    let unknown = || Error::Input(format!("there is no user named {user}"));
    let mut caller = access::caller_named(conn, user)?.ok_or_else(unknown)?;
    caller.authorities.insert("ALL".to_owned());
    let parameters = Parameters {
        atomic,
        ..Parameters::default()
    };
    let request = Request {
        caller: &caller,
        metadata: &Metadata::load(conn)?,
        parameters: &parameters,
    };
    let (outcome, bad) = attempt(conn, payload, request, Some(source), progress)?;
    super::quarantine(conn, run, &bad)?;
    let mut report = Report {
        run,
        quarantined: outcome.stats.ignored,
        ..Report::default()
    };
    for (kind, of_type) in &outcome.bundle_report.type_report_map {
        let Stats {
            created,
            updated,
            unchanged,
            ..
        } = of_type.stats;
        report.add(kind.name(), created, updated - unchanged, unchanged);
    }
    let warnings = &outcome.validation_report.warning_reports;
    report
        .notices
        .extend(warnings.iter().take(MOST_NOTICES).map(|warning| {
            let code = warning.warning_code.name();
            format!("{code}: {} {}", warning.uid, warning.message)
        }));
    if warnings.len() > MOST_NOTICES {
        let more = warnings.len() - MOST_NOTICES;
        report
            .notices
            .push(format!("There are {more} more warnings."));
    }
    Ok(report)
}

/// Why a transaction is not committed.
enum Stop {
    Undone(Box<(ImportReport, Vec<BadLine>)>),
    Failed(Error),
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Stop::Failed(error.into())
    }
}

/// Imports in a transaction that is undone when nothing may stay of it. With a `source`, refused lines are returned.
fn attempt(
    conn: &mut Connection,
    payload: Payload,
    request: Request,
    source: Option<&str>,
    progress: &ProgressBar,
) -> Result<(ImportReport, Vec<BadLine>)> {
    let outcome = conn.transaction(|conn| {
        let (report, bad) =
            store(conn, payload, request, source, progress).map_err(Stop::Failed)?;
        let undone = request.parameters.mode == ImportMode::Validate
            || report.is_refused(request.parameters);
        if undone {
            return Err(Stop::Undone(Box::new((report, bad))));
        }
        Ok((report, bad))
    });
    match outcome {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Undone(outcome)) => Ok(*outcome),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn store(
    conn: &mut Connection,
    payload: Payload,
    request: Request,
    source: Option<&str>,
    progress: &ProgressBar,
) -> Result<(ImportReport, Vec<BadLine>)> {
    let mut flat = payload.flatten();
    let broken = std::mem::take(&mut flat.broken);
    progress.set_length(flat.len() as u64);
    let mut importer = Importer {
        rights: Rights::load(conn, request.caller, &request.metadata.tree)?,
        user: Importing::load(conn, request.caller)?,
        metadata: request.metadata,
        payload: &flat,
        parameters: request.parameters,
        now: now(),
        report: ImportReport::default(),
        bad: source.map(|_| Vec::new()),
        rejected: HashSet::new(),
        note_uids: HashSet::new(),
        has_relationships: !flat.relationships.is_empty(),
        plans: Vec::new(),
        conn,
        source: source.unwrap_or_default(),
        progress,
    };
    for (kind, line, uid, fault) in broken {
        importer.refuse(kind, line, &uid.unwrap_or_default(), fault.into());
    }
    if request.parameters.strategy == Strategy::Delete {
        delete::all(&mut importer, &flat)?;
    } else {
        store_all(&mut importer, &flat)?;
    }
    let report = importer.report.conclude(request.parameters);
    Ok((report, importer.bad.unwrap_or_default()))
}

/// Stores the objects of one kind.
type Load = fn(&mut Importer, &[importer::Item]) -> Result<()>;

/// Stores the objects of a payload, those first on which others hang.
fn store_all(importer: &mut Importer, flat: &payload::Flat) -> Result<()> {
    let steps: [(Load, _); 4] = [
        (tracked_entities::load, &flat.tracked_entities),
        (enrollments::load, &flat.enrollments),
        (events::load, &flat.events),
        (relationships::load, &flat.relationships),
    ];
    for (load, items) in steps {
        if importer.is_over() {
            break;
        }
        load(importer, items)?;
    }
    Ok(())
}

/// Now, in the milliseconds in which clients read it.
fn now() -> chrono::NaiveDateTime {
    let now = Utc::now();
    DateTime::from_timestamp_millis(now.timestamp_millis())
        .unwrap_or(now)
        .naive_utc()
}
