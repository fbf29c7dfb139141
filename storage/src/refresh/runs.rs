//! The record of refreshes, and whose turn it is.

use diesel::{
    Connection as _,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Text},
};

use crate::{Connection, Result};

/// Records that a refresh begins. Outside its transaction, so that a failed one leaves its trace.
pub(super) fn begin(conn: &mut Connection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Run {
        #[diesel(sql_type = BigInt)]
        refresh_run_id: i64,
    }
    let run: Run =
        diesel::sql_query("INSERT INTO refresh_runs DEFAULT VALUES RETURNING refresh_run_id")
            .get_result(conn)?;
    Ok(run.refresh_run_id)
}

/// Waits until no other refresh runs; [`end_turn`] lets the next one go on, and so does the end of the connection. Runs that
/// are recorded as running then and hold no lock of their own any more were killed: they are recorded as failed.
///
/// The locks are the session's, not a transaction's: a transaction that waited would read the state from before its wait.
pub(super) fn take_turn(conn: &mut Connection, run: i64) -> Result<()> {
    conn.transaction(|conn| {
        conn.batch_execute(super::UNLIMITED)?;
        diesel::sql_query("SELECT pg_advisory_lock(hashtext('clinigraph refresh run'), $1::int)")
            .bind::<BigInt, _>(run)
            .execute(conn)?;
        conn.batch_execute("SELECT pg_advisory_lock(hashtext('clinigraph refresh'))")?;
        // The locks are tried for running ones only: the list is made before.
        diesel::sql_query(
            "WITH running AS MATERIALIZED (SELECT refresh_run_id FROM refresh_runs WHERE status = 'RUNNING' AND refresh_run_id <> $1)
             UPDATE refresh_runs SET status = 'FAILED', finished_at = clock_timestamp(), failure = 'it was interrupted'
               FROM running WHERE running.refresh_run_id = refresh_runs.refresh_run_id
                AND pg_try_advisory_xact_lock(hashtext('clinigraph refresh run'), running.refresh_run_id::int)",
        )
        .bind::<BigInt, _>(run)
        .execute(conn)?;
        Ok(())
    })
}

/// Lets the next refresh go on.
pub(super) fn end_turn(conn: &mut Connection, run: i64) -> Result<()> {
    diesel::sql_query(
        "SELECT pg_advisory_unlock(hashtext('clinigraph refresh')),
                pg_advisory_unlock(hashtext('clinigraph refresh run'), $1::int)",
    )
    .bind::<BigInt, _>(run)
    .execute(conn)?;
    Ok(())
}

/// Records what a refresh published, as its last statement.
pub(super) fn finish(conn: &mut Connection, run: i64, version: i64) -> Result<()> {
    diesel::sql_query(
        "UPDATE refresh_runs SET status = 'DONE', finished_at = clock_timestamp(), data_version_id = $2, failure = NULL
          WHERE refresh_run_id = $1",
    )
    .bind::<BigInt, _>(run)
    .bind::<BigInt, _>(version)
    .execute(conn)?;
    Ok(())
}

/// Records that a refresh failed.
pub(super) fn fail(conn: &mut Connection, run: i64, failure: &str) -> Result<()> {
    diesel::sql_query(
        "UPDATE refresh_runs SET status = 'FAILED', finished_at = clock_timestamp(), failure = $2 WHERE refresh_run_id = $1",
    )
    .bind::<BigInt, _>(run)
    .bind::<Text, _>(failure)
    .execute(conn)?;
    Ok(())
}
