//! Refresh: all analytics views in one order, in one transaction, published as one data version.
//!
//! Readers see the old version until the transaction ends and the new one after it, never a mixture. A refresh that fails
//! leaves the old version online.

use std::time::Instant;

use diesel::{Connection as _, connection::SimpleConnection, prelude::*, sql_types::BigInt};

use crate::{
    Connection, Error, Result,
    analytics::{
        definitions,
        version::{self, DataVersion},
    },
    events,
};

/// Rebuilds every view from the base tables and publishes a new version. Waits while another refresh runs.
///
/// # Errors
/// When a statement fails; nothing has changed then.
pub fn run(conn: &mut Connection, mut progress: impl FnMut(&str)) -> Result<DataVersion> {
    let started = Instant::now();
    conn.transaction(|conn| {
        conn.batch_execute("SELECT pg_advisory_xact_lock(hashtext('clinigraph refresh'))")?;
        // Building the views sorts millions of rows; the usual work_mem would spill them to disk.
        conn.batch_execute(
            "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'",
        )?;
        progress("event counts");
        events::counts::fold(conn)?;
        for name in definitions::materialized() {
            progress(name);
            refresh_view(conn, name)?;
        }
        publish(conn, started)?;
        version::current(conn)?.ok_or_else(|| Error::Corrupt {
            table: "data_versions",
            detail: "the version just published is gone".to_owned(),
        })
    })
}

/// A view that holds data is refreshed beside its readers; an empty one has none.
fn refresh_view(conn: &mut Connection, name: &str) -> Result<()> {
    let started = Instant::now();
    let concurrently = if definitions::is_populated(conn, name)? {
        "CONCURRENTLY"
    } else {
        ""
    };
    conn.batch_execute(&format!(
        "REFRESH MATERIALIZED VIEW {concurrently} analytics.{name}; ANALYZE analytics.{name};"
    ))?;
    tracing::info!(
        view = name,
        milliseconds = started.elapsed().as_millis() as u64,
        "view refreshed"
    );
    Ok(())
}

fn publish(conn: &mut Connection, started: Instant) -> Result<()> {
    let duration = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    diesel::sql_query(
        "INSERT INTO data_versions (imported_through, last_import_run_id, duration_ms)
         SELECT max(coalesce(data_through, finished_at)), max(import_run_id), $1
           FROM import_runs WHERE status = 'DONE' AND kind IN ('FHIR', 'GENERATE')",
    )
    .bind::<BigInt, _>(duration)
    .execute(conn)?;
    Ok(())
}
