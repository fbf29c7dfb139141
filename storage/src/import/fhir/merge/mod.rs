//! Phase two: from the temporary tables into the base tables, set-based.
//!
//! Each step is a statement or two. Rows that are equal to what is stored are left untouched.

mod conditions;
mod encounters;
mod observations;
mod patients;
mod references;
mod stations;
mod transfers;
mod tree;
mod versions;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use crate::{Connection, Result, import::Report};

/// Merges what was loaded into the clinic.
///
/// # Errors
/// When a statement fails.
pub fn run(
    conn: &mut Connection,
    clinic: i64,
    clinic_uid: &str,
    report: &mut Report,
) -> Result<()> {
    versions::settle(conn, clinic, report)?;
    references::resolve(conn, clinic)?;
    tree::build(conn, clinic)?;
    patients::merge(conn, clinic, report)?;
    encounters::merge(conn, clinic, report)?;
    stations::merge(conn, clinic, clinic_uid, report)?;
    transfers::merge(conn, clinic, report)?;
    conditions::merge(conn, clinic, report)?;
    observations::merge(conn, clinic, report)
}

/// Waits until no other import merges: they share partitions, titles and the version of metadata.
///
/// # Errors
/// When the statement fails.
pub fn wait_for_turn(conn: &mut Connection) -> Result<()> {
    execute(
        conn,
        "SELECT pg_advisory_xact_lock(hashtext('clinigraph import fhir'))",
    )?;
    Ok(())
}

/// Runs a statement; the rows that it touched.
fn execute(conn: &mut Connection, sql: &str) -> Result<u64> {
    Ok(diesel::sql_query(sql).execute(conn)? as u64)
}

/// Runs a statement whose `$1` is the clinic.
fn execute_for(conn: &mut Connection, clinic: i64, sql: &str) -> Result<u64> {
    Ok(diesel::sql_query(sql)
        .bind::<BigInt, _>(clinic)
        .execute(conn)? as u64)
}

/// A label and how often it occurs.
#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    label: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Runs a query of labels and counts.
fn counts(conn: &mut Connection, sql: &str) -> Result<Vec<Count>> {
    Ok(diesel::sql_query(sql).load(conn)?)
}

/// Runs a query of one number.
fn total(conn: &mut Connection, sql: &str) -> Result<u64> {
    let sql = format!("SELECT '' AS label, ({sql}) AS count");
    Ok(counts(conn, &sql)?
        .first()
        .map_or(0, |row| row.count.cast_unsigned()))
}
