//! Which version of a resource counts: the newest, by `meta.lastUpdated`, then `meta.versionId`, then file order.

use super::{counts, execute, execute_for};
use crate::{Connection, Result, import::Report};

/// Leaves the winning version of each resource, unless a newer one is stored.
///
/// # Errors
/// When a statement fails.
pub fn settle(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    let conflicts = remove_repeated(conn)?;
    if conflicts > 0 {
        report.notices.push(format!(
            "{conflicts} resources were sent more than once with the same version and different content: the last one counts"
        ));
    }
    let mut outdated = 0;
    for sql in [
        OUTDATED_PATIENTS,
        OUTDATED_ENCOUNTERS,
        OUTDATED_CONDITIONS,
        OUTDATED_OBSERVATIONS,
    ] {
        outdated += execute_for(conn, clinic, sql)?;
    }
    if outdated > 0 {
        report.notices.push(format!(
            "{outdated} resources are older than what is stored and were left out"
        ));
    }
    for table in [
        "identifiers",
        "places",
        "patients",
        "encounters",
        "diagnoses",
        "contacts",
        "conditions",
        "observations",
    ] {
        execute(
            conn,
            &format!(
                "DELETE FROM staged_{table} x WHERE NOT EXISTS (SELECT FROM staged_resources r WHERE r.seq = x.seq)"
            ),
        )?;
    }
    Ok(())
}

/// Removes all versions but the winners; how many resources have two equal keys with different bodies.
fn remove_repeated(conn: &mut Connection) -> Result<i64> {
    let rows = counts(
        conn,
        "WITH repeated AS (
             SELECT resource_type, fhir_id FROM staged_resources GROUP BY resource_type, fhir_id HAVING count(*) > 1
         ), ranked AS (
             SELECT r.*, row_number() OVER (PARTITION BY resource_type, fhir_id
                        ORDER BY updated_at DESC NULLS LAST, version DESC NULLS LAST, seq DESC) AS place
             FROM staged_resources r JOIN repeated USING (resource_type, fhir_id)
         ), removed AS (
             DELETE FROM staged_resources s USING ranked r WHERE s.seq = r.seq AND r.place > 1
         )
         SELECT '' AS label, count(DISTINCT (winner.resource_type, winner.fhir_id)) AS count
         FROM ranked winner JOIN ranked other USING (resource_type, fhir_id)
         WHERE winner.place = 1 AND other.place > 1 AND other.body <> winner.body
           AND other.updated_at IS NOT DISTINCT FROM winner.updated_at
           AND other.version IS NOT DISTINCT FROM winner.version",
    )?;
    Ok(rows.first().map_or(0, |row| row.count))
}

const OUTDATED_PATIENTS: &str = "DELETE FROM staged_resources r USING patients b
     WHERE b.clinic_id = $1 AND r.resource_type = 'Patient' AND b.fhir_id = r.fhir_id
       AND (r.updated_at < b.fhir_updated_at
            OR r.updated_at IS NOT DISTINCT FROM b.fhir_updated_at AND r.version < b.fhir_version)";

const OUTDATED_ENCOUNTERS: &str = "DELETE FROM staged_resources r USING encounters b
     WHERE b.clinic_id = $1 AND r.resource_type = 'Encounter' AND b.fhir_id = r.fhir_id
       AND (r.updated_at < b.fhir_updated_at
            OR r.updated_at IS NOT DISTINCT FROM b.fhir_updated_at AND r.version < b.fhir_version)";

const OUTDATED_CONDITIONS: &str = "DELETE FROM staged_resources r USING conditions b
     WHERE b.clinic_id = $1 AND r.resource_type = 'Condition' AND split_part(b.fhir_id, '#', 1) = r.fhir_id
       AND (r.updated_at < b.fhir_updated_at
            OR r.updated_at IS NOT DISTINCT FROM b.fhir_updated_at AND r.version < b.fhir_version)";

const OUTDATED_OBSERVATIONS: &str = "DELETE FROM staged_resources r USING observations b
     WHERE b.clinic_id = $1 AND r.resource_type = 'Observation' AND split_part(b.fhir_id, '#', 1) = r.fhir_id
       AND (r.updated_at < b.fhir_updated_at
            OR r.updated_at IS NOT DISTINCT FROM b.fhir_updated_at AND r.version < b.fhir_version)";
