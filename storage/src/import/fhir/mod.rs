//! Import of FHIR R4 deliveries of a clinic: NDJSON, bundles and single resources.
//!
//! Phase one ([`load`]) reads, maps and copies each resource into temporary tables, a line at a time. Phase two
//! ([`mod@merge`]) picks the winning version of each resource, resolves references and merges into the base tables, all
//! set-based and in the same transaction. A delivery that is imported again changes nothing.

mod clinic;
mod date;
mod files;
mod json;
mod load;
mod map;
mod merge;
mod reference;
mod rule;
mod stage;
#[cfg(test)]
mod tests;

use std::path::Path;

use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{BigInt, Nullable, Timestamptz},
};
use indicatif::ProgressBar;

use self::load::Loaded;
use super::Report;
use crate::{Connection, Result};

/// Imports a file or a folder as the data of a clinic.
///
/// The clinic is the organisation unit `clinic_uid`; it is created when there is none.
///
/// # Errors
/// [`crate::Error::Input`] for a malformed uid, [`crate::Error::File`] for a file that cannot be read, else what a
/// statement returned. Nothing is changed then, but the run is recorded as failed.
pub fn run(
    conn: &mut Connection,
    path: &Path,
    clinic_uid: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    let clinic = clinic::find(conn, clinic_uid)?;
    let source = path.display().to_string();
    let run = super::begin(conn, "FHIR", &source, clinic.id)?;
    let outcome = conn.transaction(|conn| {
        let loaded = load::load(conn, path, clinic.zone, run, progress)?;
        merge(conn, &clinic, run, loaded)
    });
    if outcome.is_err() {
        super::fail(conn, run)?;
    }
    outcome
}

fn merge(
    conn: &mut Connection,
    clinic: &clinic::Clinic,
    run: i64,
    loaded: Loaded,
) -> Result<Report> {
    let mut report = Report {
        run,
        quarantined: loaded.quarantined,
        ..Report::default()
    };
    merge::wait_for_turn(conn)?;
    let clinic_id = clinic::ensure(conn, clinic, &mut report)?;
    merge::run(conn, clinic_id, &clinic.uid, &mut report)?;
    report.notices.extend(notices(&loaded));
    diesel::sql_query(
        "UPDATE import_runs SET clinic_id = $2, data_through = $3 WHERE import_run_id = $1",
    )
    .bind::<BigInt, _>(run)
    .bind::<BigInt, _>(clinic_id)
    .bind::<Nullable<Timestamptz>, _>(loaded.data_through)
    .execute(conn)?;
    super::finish(conn, &report)?;
    Ok(report)
}

fn notices(loaded: &Loaded) -> Vec<String> {
    let mut notices = Vec::new();
    if !loaded.skipped.is_empty() {
        notices.push(format!("not FHIR, skipped: {}", loaded.skipped.join(", ")));
    }
    if !loaded.ignored.is_empty() {
        let types: Vec<String> = loaded
            .ignored
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        notices.push(format!("ignored: {}", types.join(", ")));
    }
    notices
}
