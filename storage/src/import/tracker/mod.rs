//! Imports tracker data, the payload of `POST /api/tracker`: tracked entities, enrolments, events of both kinds,
//! relationships; nested or flat. Idempotent: objects are added or changed by uid. Acts with the rights of a superuser.
//!
//! Read in this order: [`payload`] reads and flattens, [`metadata`] knows what objects refer to, then one module for
//! each kind of object checks and stores chunks of it. Rules carry DHIS2's error codes.

mod enrollment_check;
mod enrollments;
mod event_check;
mod events;
mod importer;
mod metadata;
mod notes;
mod option_combos;
mod owners;
mod payload;
mod relationships;
#[cfg(test)]
mod tests;
mod tracked_entities;
mod values;

use std::{collections::HashSet, io::Read, path::Path};

use chrono::Utc;
use indicatif::ProgressBar;

pub use self::payload::Payload;
use self::{
    importer::Importer,
    metadata::{Importing, Metadata},
};
use super::{
    Report,
    dhis2::{self, object},
};
use crate::{Connection, Result};

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`crate::Error::Input`] with line and column when it is no JSON object of lists.
    pub fn read(reader: impl Read) -> Result<Self> {
        serde_json::from_reader(reader).map_err(|error| object::syntax_error(&error))
    }
}

/// Imports a file on behalf of a user. One transaction: all good objects or, on an error, none.
///
/// # Errors
/// [`crate::Error::File`] or [`crate::Error::Input`] when the file cannot be read or there is no such user, else when a
/// statement fails.
pub fn run(
    conn: &mut Connection,
    file: &Path,
    user: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    let source = file.display().to_string();
    let reader = object::open(file)?;
    dhis2::record(conn, "TRACKER", &source, |conn, run| {
        store(conn, run, Payload::read(reader)?, user, &source, progress)
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
    dhis2::record(conn, "TRACKER", source, |conn, run| {
        store(conn, run, payload, user, source, progress)
    })
}

fn store(
    conn: &mut Connection,
    run: i64,
    payload: Payload,
    user: &str,
    source: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    let flat = payload.flatten();
    let total = flat.tracked_entities.len()
        + flat.enrollments.len()
        + flat.events.len()
        + flat.relationships.len();
    progress.set_length(total as u64);
    let mut importer = Importer {
        user: Importing::load(conn, user)?,
        metadata: Metadata::load(conn)?,
        now: Utc::now().naive_utc(),
        report: Report {
            run,
            ..Report::default()
        },
        bad: Vec::new(),
        rejected: HashSet::new(),
        note_uids: HashSet::new(),
        unassigned: 0,
        conn,
        source,
        progress,
    };
    for (kind, line, uid, fault) in flat.broken {
        importer.quarantine(kind, line, uid, fault);
    }
    tracked_entities::load(&mut importer, &flat.tracked_entities)?;
    enrollments::load(&mut importer, &flat.enrollments)?;
    events::load(&mut importer, &flat.events)?;
    relationships::load(&mut importer, &flat.relationships)?;
    let Importer {
        conn,
        mut report,
        bad,
        ..
    } = importer;
    super::quarantine(conn, run, &bad)?;
    report.quarantined = bad.len() as u64;
    Ok(report)
}
