//! References by identifier: kept as they are, and resolved again whenever an identifier comes or goes.

use super::{analyze_grown, execute, execute_for};
use crate::{Connection, Result};

/// Replaces the stored identifiers of delivered resources, and notes which ones came or went.
///
/// # Errors
/// When a statement fails.
pub fn replace(conn: &mut Connection, clinic: i64, is_first: bool) -> Result<()> {
    let sql = match is_first {
        true => STORE_ALL,
        false => REPLACE,
    };
    execute_for(conn, clinic, sql)?;
    execute(conn, "ANALYZE staged_tokens")?;
    analyze_grown(conn, "fhir.identifiers")
}

const STORE_ALL: &str = "INSERT INTO fhir.identifiers
     SELECT $1, resource_type, fhir_id, system, value, nested FROM staged_identifiers";

/// Those that stay as they are need no writing, and nobody who refers to them is looked for. Observations have none.
const REPLACE: &str = "WITH known AS MATERIALIZED (
         SELECT i.*
         FROM staged_resources r
         CROSS JOIN LATERAL (SELECT ctid AS place, * FROM fhir.identifiers
                              WHERE clinic_id = $1 AND fhir_id = r.fhir_id AND resource_type = r.resource_type OFFSET 0) i
         WHERE r.resource_type <> 'Observation'
     ), gone AS (
         DELETE FROM fhir.identifiers i USING known
         WHERE i.ctid = known.place
           AND NOT EXISTS (SELECT FROM staged_identifiers s
                           WHERE (s.resource_type, s.fhir_id, s.system, s.value, s.nested)
                               = (known.resource_type, known.fhir_id, known.system, known.value, known.nested))
         RETURNING i.resource_type, i.system, i.value
     ), came AS (
         INSERT INTO fhir.identifiers
         SELECT $1, resource_type, fhir_id, system, value, nested FROM staged_identifiers s
         WHERE NOT EXISTS (SELECT FROM known
                           WHERE (known.resource_type, known.fhir_id, known.system, known.value, known.nested)
                               = (s.resource_type, s.fhir_id, s.system, s.value, s.nested))
         RETURNING resource_type, system, value
     )
     INSERT INTO staged_tokens
     SELECT resource_type, token
     FROM (TABLE gone UNION TABLE came) changed
     CROSS JOIN LATERAL (VALUES (system || '|' || value), ('|' || value)) AS form (token)
     GROUP BY 1, 2";

/// A column of a temporary table that holds ids, the one beside it that holds identifiers, and what they refer to.
type Target<'a> = (&'a str, &'a str, &'a str, &'a str);

const OF_CONTACTS: [Target<'_>; 2] = [
    (
        "encounters",
        "part_of_id",
        "part_of_identifier",
        "Encounter",
    ),
    ("encounters", "patient_id", "patient_identifier", "Patient"),
];
const OF_CONDITIONS: [Target<'_>; 2] = [
    ("conditions", "patient_id", "patient_identifier", "Patient"),
    (
        "conditions",
        "encounter_fhir_id",
        "encounter_identifier",
        "Encounter",
    ),
];
const OF_OBSERVATIONS: [Target<'_>; 2] = [
    (
        "observations",
        "patient_id",
        "patient_identifier",
        "Patient",
    ),
    (
        "observations",
        "encounter_fhir_id",
        "encounter_identifier",
        "Encounter",
    ),
];

/// Resolves the references of contacts and of the diagnoses that they name.
///
/// # Errors
/// When a statement fails.
pub fn of_contacts(conn: &mut Connection, clinic: i64) -> Result<()> {
    resolve_all(conn, clinic, &OF_CONTACTS)?;
    name_patients(conn, "encounters")?;
    resolve(
        conn,
        clinic,
        (
            "diagnoses",
            "condition_id",
            "condition_identifier",
            "Condition",
        ),
    )
}

/// Resolves the references of conditions.
///
/// # Errors
/// When a statement fails.
pub fn of_conditions(conn: &mut Connection, clinic: i64) -> Result<()> {
    resolve_all(conn, clinic, &OF_CONDITIONS)?;
    name_patients(conn, "conditions")
}

/// Resolves the references of observations.
///
/// # Errors
/// When a statement fails.
pub fn of_observations(conn: &mut Connection, clinic: i64) -> Result<()> {
    resolve_all(conn, clinic, &OF_OBSERVATIONS)?;
    name_patients(conn, "observations")
}

fn resolve_all(conn: &mut Connection, clinic: i64, targets: &[Target<'_>]) -> Result<()> {
    for target in targets {
        resolve(conn, clinic, *target)?;
    }
    Ok(())
}

/// An identifier without a system matches those of every system. Of several resources the first counts, parts last.
fn resolve(
    conn: &mut Connection,
    clinic: i64,
    (table, id, identifier, kind): Target<'_>,
) -> Result<()> {
    execute_for(
        conn,
        clinic,
        &format!(
            "UPDATE staged_{table} x SET {id} = t.fhir_id
             FROM ({targets}) t WHERE x.{id} IS NULL AND x.{identifier} = t.token",
            targets = targets(
                &format!(
                    "SELECT {identifier} AS token FROM staged_{table} WHERE {id} IS NULL AND {identifier} IS NOT NULL"
                ),
                kind,
            )
        ),
    )?;
    Ok(())
}

/// The query of (token, `fhir_id`) for a query of tokens.
pub fn targets(tokens: &str, kind: &str) -> String {
    format!(
        "SELECT DISTINCT ON (q.token) q.token, i.fhir_id
         FROM (SELECT DISTINCT token FROM ({tokens}) tokens) q
         JOIN fhir.identifiers i ON i.clinic_id = $1 AND i.resource_type = '{kind}'
          AND i.value = substr(q.token, strpos(q.token, '|') + 1)
          AND (q.token LIKE '|%' OR i.system = left(q.token, strpos(q.token, '|') - 1))
         ORDER BY q.token, i.nested, i.fhir_id"
    )
}

/// Patients that stay unknown keep the value of their identifier as pseudonym.
fn name_patients(conn: &mut Connection, table: &str) -> Result<()> {
    execute(
        conn,
        &format!(
            "UPDATE staged_{table} SET patient_id = substr(patient_identifier, strpos(patient_identifier, '|') + 1)
             WHERE patient_id IS NULL AND patient_identifier IS NOT NULL"
        ),
    )?;
    Ok(())
}
