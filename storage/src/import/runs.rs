//! The record of imports. A run holds a lock of its own while it lasts, which PostgreSQL lets go of with the connection: so a
//! run that is recorded as running and whose lock is free was killed.

use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use super::Report;
use crate::{Connection, Result};

/// Does an import in one transaction, and records it as done or failed.
pub(super) fn record(
    conn: &mut Connection,
    kind: &str,
    source: &str,
    work: impl FnOnce(&mut Connection, i64) -> Result<Report>,
) -> Result<Report> {
    let run = begin(conn, kind, source, None)?;
    let outcome = conn.transaction(|conn| {
        let report = work(conn, run)?;
        finish(conn, &report)?;
        Ok(report)
    });
    if outcome.is_err()
        && let Err(error) = fail(conn, run)
    {
        tracing::warn!(run, %error, "the failed import could not be recorded");
    }
    outcome
}

/// Records that an import begins, and which others were killed. Outside the import's transaction, so that a failed run
/// leaves its trace.
///
/// # Errors
/// When a statement fails.
pub fn begin(conn: &mut Connection, kind: &str, source: &str, clinic: Option<i64>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Run {
        #[diesel(sql_type = BigInt)]
        import_run_id: i64,
    }
    settle_interrupted(conn)?;
    // One statement: nobody sees the run without its lock. The lock belongs to the connection, as files are read before
    // the import's transaction begins.
    let run: Run = diesel::sql_query(
        "WITH run AS (INSERT INTO import_runs (kind, source, clinic_id) VALUES ($1, $2, $3) RETURNING import_run_id),
              held AS MATERIALIZED (SELECT import_run_id, pg_advisory_lock(hashtext('clinigraph import run'), import_run_id::int) FROM run)
         SELECT import_run_id FROM held",
    )
    .bind::<Text, _>(kind)
    .bind::<Text, _>(source)
    .bind::<Nullable<BigInt>, _>(clinic)
    .get_result(conn)?;
    Ok(run.import_run_id)
}

/// Records the counts of an import that worked. Inside the import's transaction, as its last statement.
///
/// # Errors
/// When a statement fails.
pub fn finish(conn: &mut Connection, report: &Report) -> Result<()> {
    diesel::sql_query(
        "UPDATE import_runs SET status = 'DONE', finished_at = clock_timestamp(), created_rows = $2,
                updated_rows = $3, unchanged_rows = $4, quarantined_rows = $5 WHERE import_run_id = $1",
    )
    .bind::<BigInt, _>(report.run)
    .bind::<BigInt, _>(report.created.cast_signed())
    .bind::<BigInt, _>(report.updated.cast_signed())
    .bind::<BigInt, _>(report.unchanged.cast_signed())
    .bind::<BigInt, _>(report.quarantined.cast_signed())
    .execute(conn)?;
    release(conn, report.run)
}

/// Records that an import failed.
///
/// # Errors
/// When a statement fails.
pub fn fail(conn: &mut Connection, run: i64) -> Result<()> {
    diesel::sql_query(
        "UPDATE import_runs SET status = 'FAILED', finished_at = clock_timestamp() WHERE import_run_id = $1",
    )
    .bind::<BigInt, _>(run)
    .execute(conn)?;
    release(conn, run)
}

/// Records runs that were killed as failed; their number. A run that is about to end holds no lock any more, but its row
/// until its end is stored: it is waited for and left as it is then.
///
/// # Errors
/// When the statement fails.
pub fn settle_interrupted(conn: &mut Connection) -> Result<usize> {
    // The locks are tried for running ones only: the list is made before.
    let settled = diesel::sql_query(
        "WITH running AS MATERIALIZED (SELECT import_run_id FROM import_runs WHERE status = 'RUNNING')
         UPDATE import_runs SET status = 'FAILED', finished_at = clock_timestamp() FROM running
          WHERE running.import_run_id = import_runs.import_run_id AND import_runs.status = 'RUNNING'
            AND pg_try_advisory_xact_lock(hashtext('clinigraph import run'), running.import_run_id::int)",
    )
    .execute(conn)?;
    Ok(settled)
}

/// Lets go of the lock of a run. Connections of a pool live on after it.
fn release(conn: &mut Connection, run: i64) -> Result<()> {
    diesel::sql_query("SELECT pg_advisory_unlock(hashtext('clinigraph import run'), $1::int)")
        .bind::<BigInt, _>(run)
        .execute(conn)?;
    Ok(())
}
