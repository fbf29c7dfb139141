//! Refresh: what analytics read is brought up to the base tables and published as one data version.
//!
//! Readers see the old version until the transaction ends and the new one after it, never a mixture; the base tables are
//! read in one state, so a delivery is in a version whole or not at all. A refresh that fails leaves the old version online.

mod faults;
mod runs;
mod stays;
#[cfg(test)]
mod tests;

use std::time::Instant;

use diesel::{Connection as _, connection::SimpleConnection, prelude::*, sql_types::BigInt};

use crate::{
    Connection, Error, Result,
    analytics::version::{self, DataVersion},
    events, partitions,
};

pub(crate) use self::stays::note_all;

/// A refresh takes as long as it takes, and so does the wait for another one.
const UNLIMITED: &str = "SET LOCAL statement_timeout = 0";

/// Brings what analytics read up to the base tables and publishes a new version. Waits while another refresh runs.
/// `progress` is told what is done next.
///
/// # Errors
/// When a statement fails; nothing has changed then, but the run is recorded as failed.
pub fn run(conn: &mut Connection, progress: impl FnMut(&str)) -> Result<DataVersion> {
    in_turn(conn, Extent::Changed, progress)
}

/// The same with every stay built anew, after a load that went past the triggers.
///
/// # Errors
/// As for [`run`].
pub fn run_anew(conn: &mut Connection, progress: impl FnMut(&str)) -> Result<DataVersion> {
    in_turn(conn, Extent::All, progress)
}

/// What is built.
#[derive(Clone, Copy)]
enum Extent {
    /// The stays that are noted as changed.
    Changed,
    /// Every stay.
    All,
}

fn in_turn(
    conn: &mut Connection,
    extent: Extent,
    progress: impl FnMut(&str),
) -> Result<DataVersion> {
    let run = runs::begin(conn)?;
    let outcome = runs::take_turn(conn, run).and_then(|()| {
        let outcome = rebuild(conn, run, extent, progress);
        let ended = runs::end_turn(conn, run);
        outcome.and_then(|version| ended.map(|()| version))
    });
    if let Err(error) = &outcome {
        // Where the connection is gone, the next refresh finds out.
        let _ = runs::fail(conn, run, &error.to_string());
    }
    outcome
}

fn rebuild(
    conn: &mut Connection,
    run: i64,
    extent: Extent,
    mut progress: impl FnMut(&str),
) -> Result<DataVersion> {
    let started = Instant::now();
    progress("event counts");
    conn.transaction(|conn| {
        conn.batch_execute(UNLIMITED)?;
        events::counts::fold(conn)?;
        partitions::make_ahead(conn)
    })?;
    progress("stay_facts");
    in_one_state(conn, |conn| {
        // The usual work_mem would spill millions of rows to disk.
        conn.batch_execute(UNLIMITED)?;
        conn.batch_execute(
            "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'",
        )?;
        stays::update(conn, extent)?;
        faults::count(conn)?;
        publish(conn, started)?;
        let version = version::current(conn)?.ok_or_else(|| Error::Corrupt {
            table: "data_versions",
            detail: "the version just published is gone".to_owned(),
        })?;
        runs::finish(conn, run, version.data_version_id)?;
        Ok(version)
    })
}

/// Runs `work` in a transaction that sees one state of the database from its beginning to its end.
fn in_one_state<T>(
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    match version::is_in_transaction(conn) {
        true => conn.transaction(work),
        false => conn.build_transaction().repeatable_read().run(work),
    }
}

fn publish(conn: &mut Connection, started: Instant) -> Result<()> {
    let duration = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    diesel::sql_query(
        "INSERT INTO data_versions (imported_through, last_import_run_id, duration_ms)
         SELECT max(coalesce(data_through, finished_at)) FILTER (WHERE kind <> 'ICD10'), max(import_run_id), $1
           FROM import_runs WHERE status = 'DONE' AND kind IN ('FHIR', 'GENERATE', 'ICD10')",
    )
    .bind::<BigInt, _>(duration)
    .execute(conn)?;
    Ok(())
}
