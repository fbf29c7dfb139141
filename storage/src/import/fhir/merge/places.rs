//! Locations and Organizations, whose names and identifiers make stations.

use super::execute_for;
use crate::{Connection, Result};

/// Stores the places, and notes the stays whose stations they may change.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, is_first: bool) -> Result<()> {
    execute_for(
        conn,
        clinic,
        "INSERT INTO fhir.places
         SELECT $1, resource_type, fhir_id, identifier_system, identifier_value, name, physical_type, updated_at, version, body
         FROM staged_places
         ON CONFLICT (clinic_id, resource_type, fhir_id) DO UPDATE
         SET identifier_system = excluded.identifier_system, identifier_value = excluded.identifier_value,
             name = excluded.name, physical_type = excluded.physical_type, updated_at = excluded.updated_at,
             version = excluded.version, body = excluded.body",
    )?;
    super::execute(conn, "ANALYZE fhir.places")?;
    if is_first {
        return Ok(());
    }
    execute_for(
        conn,
        clinic,
        "DELETE FROM fhir.places p USING staged_resources r
         WHERE p.clinic_id = $1 AND (p.resource_type, p.fhir_id) = (r.resource_type, r.fhir_id) AND r.is_deleted",
    )?;
    execute_for(
        conn,
        clinic,
        "INSERT INTO staged_roots
         SELECT DISTINCT c.root_id
         FROM (SELECT p.contact_id FROM fhir.contact_places p
               JOIN staged_resources r ON r.resource_type = p.place_type AND r.fhir_id = p.place_id
               WHERE p.clinic_id = $1 AND r.resource_type IN ('Location', 'Organization')
               UNION
               SELECT p.contact_id FROM fhir.contact_places p
               JOIN staged_tokens t ON t.resource_type = p.place_type
                AND t.token = coalesce(p.identifier_system, '') || '|' || p.identifier_value
               WHERE p.clinic_id = $1) changed
         JOIN fhir.contacts c ON c.clinic_id = $1 AND c.fhir_id = changed.contact_id
         WHERE c.root_id IS NOT NULL",
    )?;
    Ok(())
}
