//! Refresh: all analytics views in one order, in one transaction, published as one data version.
//!
//! Readers see the old version until the transaction ends and the new one after it, never a mixture. A refresh that fails
//! leaves the old version online. Where no row of the base tables changed since the last version, the views stand as they
//! are and only the version is published.

mod runs;

use std::time::Instant;

use diesel::{
    Connection as _,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{
    Connection, Error, Result,
    analytics::{
        definitions,
        version::{self, DataVersion},
    },
    events, partitions,
};

/// Rebuilds every view from the base tables and publishes a new version. Waits while another refresh runs. `progress` is
/// told what is done next.
///
/// # Errors
/// When a statement fails; nothing has changed then, but the run is recorded as failed.
pub fn run(conn: &mut Connection, progress: impl FnMut(&str)) -> Result<DataVersion> {
    let run = runs::begin(conn)?;
    let outcome = conn.transaction(|conn| rebuild(conn, run, progress));
    if let Err(error) = &outcome {
        // Where the connection is gone, the next refresh finds out.
        let _ = runs::fail(conn, run, &error.to_string());
    }
    outcome
}

fn rebuild(conn: &mut Connection, run: i64, mut progress: impl FnMut(&str)) -> Result<DataVersion> {
    // Building the views sorts millions of rows; the usual work_mem would spill them to disk. It takes as long as it takes,
    // and so does the wait for another refresh.
    conn.batch_execute(
        "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL statement_timeout = 0",
    )?;
    runs::take_turn(conn, run)?;
    let started = Instant::now();
    progress("event counts");
    events::counts::fold(conn)?;
    partitions::make_ahead(conn)?;
    progress("base tables");
    let sources = fingerprint(conn)?;
    let is_unchanged = last_sources(conn)?.as_ref() == Some(&sources);
    for name in definitions::names() {
        if !(is_unchanged && definitions::is_populated(conn, name)?) {
            progress(name);
            refresh_view(conn, name)?;
        }
    }
    publish(conn, started, &sources)?;
    let version = version::current(conn)?.ok_or_else(|| Error::Corrupt {
        table: "data_versions",
        detail: "the version just published is gone".to_owned(),
    })?;
    runs::finish(conn, run, version.data_version_id)?;
    Ok(version)
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

#[derive(QueryableByName)]
struct Sources {
    #[diesel(sql_type = Nullable<Text>)]
    sources: Option<String>,
}

/// What tells whether any row that the views are built from was added, changed or removed: numbers of rows, and sums of the
/// transactions that wrote them, which grow while the number stays. Whoever wrote a row, by whatever way, is seen.
fn fingerprint(conn: &mut Connection) -> Result<String> {
    let row: Sources = diesel::sql_query(
        "SELECT string_agg(rows::text || '/' || writers::text, ' ' ORDER BY name) AS sources FROM (
            SELECT 1 AS name, count(*) AS rows, coalesce(sum(xmin::text::bigint), 0) AS writers FROM encounters
            UNION ALL SELECT 2, count(*), coalesce(sum(xmin::text::bigint), 0) FROM patients
            UNION ALL SELECT 3, count(*), coalesce(sum(xmin::text::bigint), 0) FROM conditions
            UNION ALL SELECT 4, count(*), coalesce(sum(xmin::text::bigint), 0) FROM station_transfers) t",
    )
    .get_result(conn)?;
    Ok(row.sources.unwrap_or_default())
}

/// The fingerprint of the newest version.
fn last_sources(conn: &mut Connection) -> Result<Option<String>> {
    let row: Option<Sources> = diesel::sql_query(
        "SELECT sources FROM data_versions ORDER BY data_version_id DESC LIMIT 1",
    )
    .get_result(conn)
    .optional()?;
    Ok(row.and_then(|row| row.sources))
}

fn publish(conn: &mut Connection, started: Instant, sources: &str) -> Result<()> {
    let duration = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    diesel::sql_query(
        "INSERT INTO data_versions (imported_through, last_import_run_id, duration_ms, sources)
         SELECT max(coalesce(data_through, finished_at)), max(import_run_id), $1, $2
           FROM import_runs WHERE status = 'DONE' AND kind IN ('FHIR', 'GENERATE')",
    )
    .bind::<BigInt, _>(duration)
    .bind::<Text, _>(sources)
    .execute(conn)?;
    Ok(())
}
