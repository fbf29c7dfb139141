//! The tree of contacts: which stay each contact belongs to, and which top-level contacts are stays.

use super::{analyze_grown, execute, execute_for, references};
use crate::{Connection, Result};

/// Stores the delivered contacts and works out the place in the tree of each contact that the delivery touches.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, is_first: bool) -> Result<()> {
    if !is_first {
        for sql in [FORMER_PATIENTS, FORMER_DIAGNOSES, NUMBERS] {
            execute_for(conn, clinic, sql)?;
        }
        execute(conn, "ANALYZE staged_numbers")?;
        execute_for(conn, clinic, MOVED)?;
        execute(conn, "ANALYZE staged_moved")?;
        execute_for(conn, clinic, RECALL)?;
        execute_for(conn, clinic, FORMER_ROOTS)?;
        execute(conn, "ANALYZE staged_encounters")?;
        for table in ["contact_diagnoses", "contact_places"] {
            execute_for(
                conn,
                clinic,
                &format!(
                    "DELETE FROM fhir.{table} d USING staged_resources r
                     WHERE d.clinic_id = $1 AND d.contact_id = r.fhir_id AND r.resource_type = 'Encounter'"
                ),
            )?;
        }
        execute_for(
            conn,
            clinic,
            "DELETE FROM fhir.contacts c USING staged_resources r
             WHERE c.clinic_id = $1 AND c.fhir_id = r.fhir_id AND r.resource_type = 'Encounter' AND r.is_deleted",
        )?;
    }
    references::of_contacts(conn, clinic)?;
    execute(conn, PARENTS)?;
    execute_for(conn, clinic, ADOPT)?;
    execute(conn, "CREATE INDEX ON staged_parents (parent_id)")?;
    execute(conn, "ANALYZE staged_parents")?;
    execute_for(conn, clinic, TREE)?;
    execute(conn, "ANALYZE staged_tree")?;
    execute_for(conn, clinic, STORE)?;
    execute_for(conn, clinic, STORE_DIAGNOSES)?;
    execute_for(conn, clinic, STORE_PLACES)?;
    for table in [
        "fhir.contacts",
        "fhir.contact_diagnoses",
        "fhir.contact_places",
    ] {
        analyze_grown(conn, table)?;
    }
    execute(
        conn,
        "INSERT INTO staged_roots SELECT DISTINCT root_id FROM staged_tree WHERE root_id IS NOT NULL",
    )?;
    execute(conn, "ANALYZE staged_roots")?;
    if !is_first {
        execute_for(conn, clinic, TOKENS)?;
        execute(conn, "ANALYZE staged_tokens")?;
    }
    Ok(())
}

const FORMER_ROOTS: &str = "INSERT INTO staged_roots
     SELECT DISTINCT c.root_id
     FROM fhir.contacts c
     JOIN (SELECT fhir_id FROM staged_encounters
           UNION SELECT fhir_id FROM staged_resources WHERE resource_type = 'Encounter') r USING (fhir_id)
     WHERE c.clinic_id = $1 AND c.root_id IS NOT NULL";

/// Who refers to a touched contact by an identifier may belong elsewhere now.
const TOKENS: &str = "INSERT INTO staged_tokens
     SELECT 'Encounter', token
     FROM fhir.identifiers i JOIN staged_tree USING (fhir_id)
     CROSS JOIN LATERAL (VALUES (system || '|' || value), ('|' || value)) AS form (token)
     WHERE i.clinic_id = $1 AND i.resource_type = 'Encounter'
     EXCEPT
     SELECT resource_type, token FROM staged_tokens";

const FORMER_PATIENTS: &str = "INSERT INTO staged_former_patients
     SELECT DISTINCT c.patient_id
     FROM fhir.contacts c JOIN staged_resources r ON r.resource_type = 'Encounter' AND r.fhir_id = c.fhir_id
     WHERE c.clinic_id = $1 AND c.patient_id IS NOT NULL
     UNION
     SELECT patient_id FROM fhir.contacts JOIN staged_tokens ON token = patient_identifier
     WHERE clinic_id = $1 AND resource_type = 'Patient'
     UNION
     SELECT fhir_id FROM staged_resources WHERE resource_type = 'Patient' AND is_deleted";

const FORMER_DIAGNOSES: &str = "INSERT INTO staged_touched
     SELECT DISTINCT d.condition_id
     FROM fhir.contact_diagnoses d JOIN staged_resources r ON r.resource_type = 'Encounter' AND r.fhir_id = d.contact_id
     WHERE d.clinic_id = $1 AND d.condition_id IS NOT NULL";

/// Admission numbers that came, went or have another patient now: they decide where contacts without a parent belong.
const NUMBERS: &str = "INSERT INTO staged_numbers
     SELECT admission_number FROM staged_encounters WHERE admission_number IS NOT NULL
     UNION
     SELECT c.admission_number
     FROM fhir.contacts c JOIN staged_resources r ON r.resource_type = 'Encounter' AND r.fhir_id = c.fhir_id
     WHERE c.clinic_id = $1 AND c.admission_number IS NOT NULL
     UNION
     SELECT c.admission_number
     FROM fhir.contacts c JOIN staged_tokens t ON t.token = c.patient_identifier
     WHERE c.clinic_id = $1 AND c.patient_identifier IS NOT NULL AND c.admission_number IS NOT NULL
       AND t.resource_type = 'Patient'";

/// Stored contacts that were not delivered and whose place the delivery may change: those below the delivered ones, and
/// those whose references may now be resolved otherwise.
const MOVED: &str = "INSERT INTO staged_moved
     WITH RECURSIVE touched AS (
         (SELECT fhir_id FROM staged_resources WHERE resource_type = 'Encounter'
          UNION
          SELECT c.fhir_id FROM fhir.contacts c JOIN staged_tokens t ON t.resource_type = 'Encounter' AND t.token = c.part_of_identifier
          WHERE c.clinic_id = $1 AND c.part_of_identifier IS NOT NULL
          UNION
          SELECT c.fhir_id FROM fhir.contacts c JOIN staged_tokens t ON t.resource_type = 'Patient' AND t.token = c.patient_identifier
          WHERE c.clinic_id = $1 AND c.patient_identifier IS NOT NULL
          UNION
          SELECT c.fhir_id FROM fhir.contacts c JOIN staged_numbers n USING (admission_number)
          WHERE c.clinic_id = $1 AND c.level IN ('DEPARTMENT', 'CARE'))
         UNION
         SELECT c.fhir_id FROM touched
         CROSS JOIN LATERAL (SELECT fhir_id FROM fhir.contacts WHERE clinic_id = $1 AND parent_id = touched.fhir_id OFFSET 0) c
     )
     SELECT fhir_id FROM touched
     EXCEPT
     SELECT fhir_id FROM staged_resources WHERE resource_type = 'Encounter'";

/// Takes them back into staging. They are counted first: they are few as a rule, which no plan for both steps would know.
const RECALL: &str = "INSERT INTO staged_encounters
     SELECT 0, c.fhir_id, CASE WHEN c.part_of_identifier IS NULL THEN c.part_of_id END, c.part_of_identifier,
            CASE WHEN c.patient_identifier IS NULL THEN c.patient_id END, c.patient_identifier,
            CASE WHEN c.provider_identifier IS NULL THEN c.provider_id END, c.provider_identifier,
            c.level, c.setting, c.status, c.case_kind, c.admission_number, c.admission_date, c.discharge_date, c.admitted_at,
            c.discharged_at, c.admission_type, c.admission_source_code, c.admission_reason_code, c.discharge_type,
            c.discharge_reason_code, c.updated_at, c.version, c.body
     FROM fhir.contacts c JOIN staged_moved USING (fhir_id)
     WHERE c.clinic_id = $1";

const PARENTS: &str = "INSERT INTO staged_parents
     SELECT fhir_id, CASE WHEN level IS DISTINCT FROM 'FACILITY' THEN part_of_id END,
            (level IS NOT DISTINCT FROM 'FACILITY' OR level IS NULL AND part_of_id IS NULL AND part_of_identifier IS NULL)
            AND setting = 'INPATIENT' AND admission_date IS NOT NULL
     FROM staged_encounters";

/// Department and ward contacts without a known parent join the stay of their admission number and patient.
const ADOPT: &str = "WITH orphans AS (
         SELECT fhir_id, admission_number, patient_id FROM staged_encounters
         WHERE level IN ('DEPARTMENT', 'CARE') AND part_of_id IS NULL AND admission_number IS NOT NULL
     ), stays AS (
         SELECT e.admission_number, e.patient_id, e.fhir_id
         FROM staged_encounters e JOIN staged_parents p USING (fhir_id)
         WHERE p.may_be_stay AND e.admission_number IN (SELECT admission_number FROM orphans)
         UNION
         SELECT c.admission_number, c.patient_id, c.fhir_id FROM fhir.contacts c
         WHERE c.clinic_id = $1 AND c.is_stay AND c.admission_number IN (SELECT admission_number FROM orphans)
           AND NOT EXISTS (SELECT FROM staged_encounters e WHERE e.fhir_id = c.fhir_id)
     ), found AS (
         SELECT o.fhir_id, min(s.fhir_id) AS stay_id
         FROM orphans o JOIN stays s USING (admission_number, patient_id)
         GROUP BY o.fhir_id HAVING count(*) = 1
     )
     UPDATE staged_parents p SET parent_id = f.stay_id FROM found f WHERE f.fhir_id = p.fhir_id";

/// From the top down. A contact whose parent is not known hangs below its id; those of a circle have no root. Those at the
/// top are found by a join: `OR NOT EXISTS` would ask for the parent of each contact once they outgrow `work_mem`.
const TREE: &str = "INSERT INTO staged_tree
     WITH RECURSIVE down AS (
         SELECT s.fhir_id,
                CASE WHEN s.parent_id IS NULL THEN s.fhir_id WHEN p.fhir_id IS NULL THEN s.parent_id ELSE p.root_id END AS root_id,
                CASE WHEN s.parent_id IS NULL THEN 1 WHEN p.fhir_id IS NULL THEN 2 ELSE p.depth + 1 END AS depth
         FROM staged_parents s
         LEFT JOIN staged_parents x ON x.fhir_id = s.parent_id
         LEFT JOIN fhir.contacts p ON p.clinic_id = $1 AND p.fhir_id = s.parent_id
         WHERE x.fhir_id IS NULL
         UNION ALL
         SELECT s.fhir_id, down.root_id, down.depth + 1 FROM down JOIN staged_parents s ON s.parent_id = down.fhir_id
     )
     SELECT s.fhir_id, s.parent_id, d.root_id, d.depth, s.may_be_stay AND d.depth IS NOT DISTINCT FROM 1
     FROM staged_parents s LEFT JOIN down d USING (fhir_id)";

const STORE: &str = "INSERT INTO fhir.contacts
     SELECT $1, e.fhir_id, e.part_of_id, e.part_of_identifier, e.patient_id, e.patient_identifier, e.provider_id,
            e.provider_identifier, e.level, e.setting, e.status, e.case_kind, e.admission_number, e.admission_date,
            e.discharge_date, e.admitted_at, e.discharged_at, e.admission_type, e.admission_source_code,
            e.admission_reason_code, e.discharge_type, e.discharge_reason_code, e.updated_at, e.version, e.body,
            t.parent_id, t.root_id, t.depth, t.is_stay
     FROM staged_encounters e JOIN staged_tree t USING (fhir_id)
     ON CONFLICT (clinic_id, fhir_id) DO UPDATE
     SET part_of_id = excluded.part_of_id, part_of_identifier = excluded.part_of_identifier, patient_id = excluded.patient_id,
         patient_identifier = excluded.patient_identifier, provider_id = excluded.provider_id,
         provider_identifier = excluded.provider_identifier, level = excluded.level, setting = excluded.setting,
         status = excluded.status, case_kind = excluded.case_kind, admission_number = excluded.admission_number,
         admission_date = excluded.admission_date, discharge_date = excluded.discharge_date,
         admitted_at = excluded.admitted_at, discharged_at = excluded.discharged_at,
         admission_type = excluded.admission_type, admission_source_code = excluded.admission_source_code,
         admission_reason_code = excluded.admission_reason_code, discharge_type = excluded.discharge_type,
         discharge_reason_code = excluded.discharge_reason_code, updated_at = excluded.updated_at,
         version = excluded.version, body = excluded.body, parent_id = excluded.parent_id, root_id = excluded.root_id,
         depth = excluded.depth, is_stay = excluded.is_stay";

const STORE_DIAGNOSES: &str = "INSERT INTO fhir.contact_diagnoses
     SELECT $1, encounter_fhir_id, condition_id, condition_identifier, roles, is_main FROM staged_diagnoses";

const STORE_PLACES: &str = "INSERT INTO fhir.contact_places
     SELECT $1, encounter_fhir_id, position, source, place_type, place_id, identifier_system, identifier_value, display,
            department_key, physical_type, started_at, ended_at
     FROM staged_contacts";

#[cfg(test)]
mod tests {
    use diesel::{prelude::*, sql_types::Text};

    use super::*;
    use crate::{
        import::fhir::stage,
        testing::{connection, execute},
    };

    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }

    #[test]
    fn no_contact_is_looked_for_one_by_one_however_many_there_are() {
        let mut conn = connection();
        stage::create(&mut conn).expect("tables");
        execute(
            &mut conn,
            "INSERT INTO staged_parents
             SELECT 'c' || n, CASE WHEN n % 4 > 0 THEN 'c' || n - n % 4 END, n % 4 = 0 FROM generate_series(0, 19999) n;
             ANALYZE staged_parents; SET LOCAL work_mem = '64kB'",
        );
        let lines: Vec<Line> = diesel::sql_query(format!("EXPLAIN {}", TREE.replace("$1", "1")))
            .load(&mut conn)
            .expect("a plan");
        let plan: Vec<String> = lines.into_iter().map(|line| line.line).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("Join") && !plan.contains("SubPlan"), "{plan}");
    }
}
