//! The tree of contacts: which stay each contact belongs to, and which top-level contacts are stays.

use super::{execute, execute_for};
use crate::{Connection, Result};

/// Builds the tree. Contacts whose parent was not delivered hang below what is stored; those of a circle are left out.
///
/// # Errors
/// When a statement fails.
pub fn build(conn: &mut Connection, clinic: i64) -> Result<()> {
    execute(
        conn,
        "INSERT INTO staged_tree (fhir_id, depth, root_id)
         WITH RECURSIVE tree AS (
             SELECT e.fhir_id,
                    CASE WHEN e.part_of_id IS NULL OR e.level = 'FACILITY' THEN 1 ELSE 2 END AS depth,
                    CASE WHEN e.part_of_id IS NULL OR e.level = 'FACILITY' THEN e.fhir_id ELSE e.part_of_id END AS root_id
             FROM staged_encounters e
             WHERE e.part_of_id IS NULL OR e.level = 'FACILITY'
                OR NOT EXISTS (SELECT FROM staged_encounters p WHERE p.fhir_id = e.part_of_id)
             UNION ALL
             SELECT e.fhir_id, tree.depth + 1, tree.root_id
             FROM tree JOIN staged_encounters e ON e.part_of_id = tree.fhir_id
             WHERE e.level IS DISTINCT FROM 'FACILITY'
         )
         SELECT fhir_id, depth, root_id FROM tree",
    )?;
    execute(
        conn,
        "UPDATE staged_tree t SET is_stay = true FROM staged_encounters e
         WHERE e.fhir_id = t.fhir_id AND t.depth = 1
           AND (e.level = 'FACILITY' OR e.level IS NULL AND e.part_of_identifier IS NULL)
           AND e.setting = 'INPATIENT' AND e.admission_date IS NOT NULL",
    )?;
    adopt(conn, clinic)?;
    execute(conn, "CREATE INDEX ON staged_tree (fhir_id)")?;
    execute(conn, "ANALYZE staged_tree")?;
    Ok(())
}

/// Department and ward contacts without a known parent join the stay of their admission number and patient.
fn adopt(conn: &mut Connection, clinic: i64) -> Result<()> {
    execute_for(
        conn,
        clinic,
        "WITH stays AS (
             SELECT e.admission_number, e.patient_id, e.fhir_id
             FROM staged_encounters e JOIN staged_tree t ON t.fhir_id = e.fhir_id AND t.is_stay
             WHERE e.admission_number IS NOT NULL
             UNION
             SELECT admission_number, patient_pseudo_id, fhir_id FROM encounters
             WHERE clinic_id = $1 AND admission_number IS NOT NULL
         ), orphans AS (
             SELECT t.root_id, min(s.fhir_id) AS stay_id
             FROM staged_tree t
             JOIN staged_encounters e ON e.fhir_id = t.fhir_id
             JOIN stays s ON s.admission_number = e.admission_number AND s.patient_id = e.patient_id
             WHERE t.root_id = e.fhir_id AND e.level IN ('DEPARTMENT', 'CARE')
             GROUP BY t.root_id HAVING count(DISTINCT s.fhir_id) = 1
         )
         UPDATE staged_tree t SET root_id = o.stay_id, depth = t.depth + 1 FROM orphans o WHERE t.root_id = o.root_id",
    )?;
    Ok(())
}
