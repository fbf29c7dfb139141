//! References by identifier become references by id: within the delivery first, then by what is stored.

use super::{execute, execute_for};
use crate::{Connection, Result};

/// Resolves what can be resolved. Patients that stay unknown keep the value of their identifier as pseudonym.
///
/// # Errors
/// When a statement fails.
pub fn resolve(conn: &mut Connection, clinic: i64) -> Result<()> {
    execute(
        conn,
        "INSERT INTO staged_targets
         SELECT DISTINCT ON (resource_type, token) resource_type, token, fhir_id
         FROM staged_identifiers
         CROSS JOIN LATERAL (VALUES (identifier), (substr(identifier, strpos(identifier, '|')))) AS form (token)
         ORDER BY resource_type, token, nested, fhir_id",
    )?;
    execute(conn, "ANALYZE staged_targets")?;
    for (table, id, identifier, kind) in [
        (
            "encounters",
            "part_of_id",
            "part_of_identifier",
            "Encounter",
        ),
        ("encounters", "patient_id", "patient_identifier", "Patient"),
        (
            "encounters",
            "provider_id",
            "provider_identifier",
            "Organization",
        ),
        (
            "diagnoses",
            "condition_id",
            "condition_identifier",
            "Condition",
        ),
        ("conditions", "patient_id", "patient_identifier", "Patient"),
        (
            "conditions",
            "encounter_fhir_id",
            "encounter_identifier",
            "Encounter",
        ),
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
    ] {
        by_identifier(conn, table, id, identifier, kind)?;
    }
    execute(
        conn,
        "UPDATE staged_contacts c SET place_id = t.fhir_id FROM staged_targets t
         WHERE c.place_id IS NULL AND t.resource_type = c.place_type
           AND t.identifier = coalesce(c.identifier_system, '') || '|' || c.identifier_value",
    )?;
    by_admission_number(
        conn,
        clinic,
        "encounters",
        "part_of_id",
        "part_of_identifier",
    )?;
    by_admission_number(
        conn,
        clinic,
        "conditions",
        "encounter_fhir_id",
        "encounter_identifier",
    )?;
    by_admission_number(
        conn,
        clinic,
        "observations",
        "encounter_fhir_id",
        "encounter_identifier",
    )?;
    for table in ["encounters", "conditions", "observations"] {
        execute(
            conn,
            &format!(
                "UPDATE staged_{table} SET patient_id = substr(patient_identifier, strpos(patient_identifier, '|') + 1)
                 WHERE patient_id IS NULL AND patient_identifier IS NOT NULL"
            ),
        )?;
    }
    Ok(())
}

/// Within the delivery.
pub fn by_identifier(
    conn: &mut Connection,
    table: &str,
    id: &str,
    identifier: &str,
    kind: &str,
) -> Result<u64> {
    execute(
        conn,
        &format!(
            "UPDATE staged_{table} x SET {id} = t.fhir_id FROM staged_targets t
             WHERE x.{id} IS NULL AND t.resource_type = '{kind}' AND t.identifier = x.{identifier}"
        ),
    )
}

/// Stored stays are known by their admission number.
pub fn by_admission_number(
    conn: &mut Connection,
    clinic: i64,
    table: &str,
    id: &str,
    identifier: &str,
) -> Result<u64> {
    execute_for(
        conn,
        clinic,
        &format!(
            "UPDATE staged_{table} x SET {id} = b.fhir_id FROM encounters b
             WHERE b.clinic_id = $1 AND x.{id} IS NULL
               AND b.admission_number = substr(x.{identifier}, strpos(x.{identifier}, '|') + 1)"
        ),
    )
}
