//! Phase two: from the temporary tables into the base tables, set-based.
//!
//! Tables are analyzed as soon as they are filled: a plan made for an empty table would read a full one row by row.
//!
//! The winning versions of contacts, places and identifiers are kept in the schema `fhir`, those of patients, diagnoses
//! and observations in the base tables. What a delivery touches is taken back into staging beside it, and the rows of the
//! base tables are worked out anew from all of that: so the order in which resources arrive does not matter.

mod conditions;
mod encounters;
mod months;
mod observations;
mod patients;
mod places;
mod providers;
mod references;
mod stations;
mod transfers;
mod tree;
mod versions;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

pub use self::months::Months;
use super::settings::Settings;
use crate::{Connection, Result, import::Report};

/// Merges what was loaded into the clinic.
///
/// # Errors
/// [`crate::Error::DeliveryRefused`] for a delivery of another clinic, else when a statement fails.
pub fn run(
    conn: &mut Connection,
    clinic: i64,
    clinic_uid: &str,
    settings: &Settings,
    report: &mut Report,
) -> Result<()> {
    // The usual work_mem would spill millions of rows to disk.
    execute(conn, "SET LOCAL work_mem = '256MB'")?;
    let is_first = total_for(conn, clinic, STORED_KINDS)? == 0;
    versions::settle(conn, clinic, is_first, settings.is_full, report)?;
    providers::check(conn, clinic, settings, report)?;
    references::replace(conn, clinic, is_first)?;
    tree::merge(conn, clinic, is_first)?;
    conditions::recall(conn, clinic, is_first)?;
    places::merge(conn, clinic, is_first)?;
    patients::merge(conn, clinic, report)?;
    encounters::merge(conn, clinic, is_first, report)?;
    patients::remove_stubs(conn, clinic)?;
    stations::merge(conn, clinic, clinic_uid, report)?;
    transfers::merge(conn, clinic, report)?;
    conditions::merge(conn, clinic, is_first, report)?;
    observations::merge(conn, clinic, is_first, report)
}

/// How many of the tables hold something of the clinic: none before its first delivery.
const STORED_KINDS: &str = "SELECT count(*) FROM (VALUES
        (EXISTS (SELECT FROM patients WHERE clinic_id = $1)),
        (EXISTS (SELECT FROM encounters WHERE clinic_id = $1)),
        (EXISTS (SELECT FROM conditions WHERE clinic_id = $1)),
        (EXISTS (SELECT FROM observations WHERE clinic_id = $1)),
        (EXISTS (SELECT FROM fhir.contacts WHERE clinic_id = $1)),
        (EXISTS (SELECT FROM fhir.places WHERE clinic_id = $1)),
        (EXISTS (SELECT FROM fhir.tombstones WHERE clinic_id = $1))) kinds (is_stored)
     WHERE is_stored";

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
    timed(sql, || Ok(diesel::sql_query(sql).execute(conn)? as u64))
}

/// Runs a statement whose `$1` is the clinic.
fn execute_for(conn: &mut Connection, clinic: i64, sql: &str) -> Result<u64> {
    timed(sql, || {
        Ok(diesel::sql_query(sql)
            .bind::<BigInt, _>(clinic)
            .execute(conn)? as u64)
    })
}

/// Analyzes a stored table unless the delivery is small beside it: a night's changes leave plans as they are, and the
/// database looks at the table by itself later.
fn analyze_grown(conn: &mut Connection, table: &str) -> Result<()> {
    let is_small = format!(
        "SELECT count(*) FROM pg_class
         WHERE oid = '{table}'::regclass AND reltuples > 2 * (SELECT count(*) FROM staged_resources)"
    );
    if total(conn, &is_small)? == 0 {
        execute(conn, &format!("ANALYZE {table}"))?;
    }
    Ok(())
}

/// Logs how long a statement took and how many rows it touched.
fn timed(sql: &str, run: impl FnOnce() -> Result<u64>) -> Result<u64> {
    let start = std::time::Instant::now();
    let rows = run()?;
    let text: String = sql
        .split_whitespace()
        .take(12)
        .collect::<Vec<_>>()
        .join(" ");
    tracing::debug!(rows, milliseconds = start.elapsed().as_millis(), text);
    Ok(rows)
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

/// Runs a query of one number whose `$1` is the clinic.
fn total_for(conn: &mut Connection, clinic: i64, sql: &str) -> Result<u64> {
    let row: Count = diesel::sql_query(format!("SELECT '' AS label, ({sql}) AS count"))
        .bind::<BigInt, _>(clinic)
        .get_result(conn)?;
    Ok(row.count.cast_unsigned())
}
