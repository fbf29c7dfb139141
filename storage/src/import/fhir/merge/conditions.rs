//! Diagnoses: paired with stays from both directions, one row per stay and code.

use super::{counts, execute, execute_for, references::by_admission_number};
use crate::{Connection, Result, import::Report};

/// Merges the diagnoses and the titles of their codes.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    execute_for(conn, clinic, LINKS_OF_ENCOUNTERS)?;
    execute(conn, "ANALYZE staged_links")?;
    recall(conn, clinic)?;
    execute_for(conn, clinic, LINKS_OF_CONDITIONS)?;
    execute_for(conn, clinic, LINKS_KEPT)?;
    execute(conn, ROWS)?;
    execute(conn, "CREATE INDEX ON staged_condition_rows (fhir_id)")?;
    execute(conn, "ANALYZE staged_condition_rows")?;
    let total = super::total(conn, "SELECT count(*) FROM staged_condition_rows")?;
    execute_for(conn, clinic, LINK)?;
    let removed = execute_for(conn, clinic, REMOVE)?;
    let updated = execute_for(conn, clinic, UPDATE)?;
    let created = execute_for(conn, clinic, INSERT)?;
    report.add("Condition", created, updated, total - created - updated);
    if removed > 0 {
        report.notices.push(format!(
            "{removed} diagnoses were withdrawn or moved and their rows removed"
        ));
    }
    let left_out = counts(
        conn,
        "SELECT left_out AS label, count(*) AS count FROM staged_conditions WHERE NOT is_kept GROUP BY left_out ORDER BY left_out",
    )?;
    for row in left_out {
        report.notices.push(format!(
            "{} diagnoses were left out by their status {}",
            row.count, row.label
        ));
    }
    execute(conn, TITLES)?;
    Ok(())
}

/// What contacts say: each diagnosis belongs to the stay of the contact that names it.
const LINKS_OF_ENCOUNTERS: &str = "INSERT INTO staged_links
     SELECT d.condition_id, b.encounter_id, d.roles, d.is_main
     FROM staged_diagnoses d
     JOIN staged_encounters e USING (seq)
     JOIN staged_tree t ON t.fhir_id = e.fhir_id
     JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = t.root_id
     WHERE d.condition_id IS NOT NULL AND e.status IN ('in-progress', 'onleave', 'finished', 'unknown')";

/// Takes stored diagnoses that the delivery touches without sending them back into staging, so that they are linked
/// and unlinked like the others: those that a contact names, those of delivered stays, those that wait for a stay.
fn recall(conn: &mut Connection, clinic: i64) -> Result<()> {
    execute_for(
        conn,
        clinic,
        "WITH touched AS (
             SELECT l.resource_id
             FROM staged_links l JOIN conditions c ON c.clinic_id = $1 AND split_part(c.fhir_id, '#', 1) = l.resource_id
             UNION
             SELECT split_part(c.fhir_id, '#', 1)
             FROM conditions c
             JOIN encounters b USING (encounter_id)
             JOIN staged_tree t ON t.fhir_id = b.fhir_id AND t.is_stay
             WHERE c.clinic_id = $1
             UNION
             SELECT split_part(c.fhir_id, '#', 1)
             FROM conditions c JOIN staged_tree t ON 'Encounter/' || t.fhir_id = c.encounter_reference
             WHERE c.clinic_id = $1
             UNION
             SELECT split_part(c.fhir_id, '#', 1)
             FROM conditions c
             WHERE c.clinic_id = $1 AND c.encounter_reference LIKE 'Encounter?identifier=%'
               AND EXISTS (SELECT FROM staged_tree)
             EXCEPT SELECT resource_id FROM staged_conditions
         ), rows AS (
             SELECT DISTINCT ON (c.fhir_id) c.*, touched.resource_id
             FROM conditions c JOIN touched ON split_part(c.fhir_id, '#', 1) = touched.resource_id
             WHERE c.clinic_id = $1 ORDER BY c.fhir_id, c.condition_id
         ), versions AS (
             INSERT INTO staged_resources
             SELECT -condition_id, 'Condition', fhir_id, fhir_updated_at, fhir_version, 0 FROM rows
         )
         INSERT INTO staged_conditions
         SELECT -condition_id, resource_id, fhir_id, true, NULL, patient_pseudo_id, NULL,
                CASE WHEN encounter_reference LIKE 'Encounter/%' THEN substr(encounter_reference, 11) END,
                CASE WHEN encounter_reference LIKE 'Encounter?%' THEN substr(encounter_reference, 22) END,
                icd10_code, excluded_icd10_code, icd10_chapter, marker, certainty, code_version, display, recorded_on
         FROM rows",
    )?;
    super::references::by_identifier(
        conn,
        "conditions",
        "encounter_fhir_id",
        "encounter_identifier",
        "Encounter",
    )?;
    by_admission_number(
        conn,
        clinic,
        "conditions",
        "encounter_fhir_id",
        "encounter_identifier",
    )?;
    execute(conn, "CREATE INDEX ON staged_conditions (resource_id)")?;
    execute(conn, "ANALYZE staged_conditions, staged_links")?;
    Ok(())
}

/// What diagnoses say: each belongs to the stay of the contact that it names.
const LINKS_OF_CONDITIONS: &str = "INSERT INTO staged_links
     SELECT DISTINCT c.resource_id, b.encounter_id, '{}'::text[], false
     FROM staged_conditions c
     LEFT JOIN staged_tree t ON t.fhir_id = c.encounter_fhir_id
     JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = coalesce(t.root_id, c.encounter_fhir_id)
     WHERE c.is_kept";

/// What is stored and still holds. A delivered stay says anew which roles its diagnoses have; of a diagnosis that was
/// delivered without its stay, the stored link holds when it came from the stay or no other known contact is named.
const LINKS_KEPT: &str = "INSERT INTO staged_links
     SELECT c.resource_id, s.encounter_id, CASE WHEN t.is_stay THEN '{}'::text[] ELSE s.roles END,
            s.is_main AND t.is_stay IS NOT TRUE
     FROM (SELECT DISTINCT ON (resource_id) * FROM staged_conditions WHERE is_kept ORDER BY resource_id, fhir_id) c
     JOIN conditions s ON s.clinic_id = $1 AND split_part(s.fhir_id, '#', 1) = c.resource_id
     JOIN encounters b ON b.encounter_id = s.encounter_id
     LEFT JOIN staged_tree t ON t.fhir_id = b.fhir_id AND t.is_stay
     WHERE c.seq < 0
        OR t.is_stay IS NOT TRUE
           AND (s.roles <> '{}' OR s.is_main OR c.encounter_fhir_id IS NULL
                OR NOT EXISTS (SELECT FROM staged_tree n WHERE n.fhir_id = c.encounter_fhir_id)
                   AND NOT EXISTS (SELECT FROM encounters n
                                   WHERE n.clinic_id = $1 AND n.fhir_id = c.encounter_fhir_id))";

/// The rows as they shall be stored, roles of all directions merged.
const ROWS: &str = "WITH pairs AS (
         SELECT l.resource_id, l.encounter_id, bool_or(l.is_main) AS is_main,
                coalesce(array_agg(DISTINCT role ORDER BY role) FILTER (WHERE role IS NOT NULL), '{}') AS roles
         FROM staged_links l LEFT JOIN LATERAL unnest(l.roles) AS role ON true
         GROUP BY l.resource_id, l.encounter_id
     )
     INSERT INTO staged_condition_rows
     SELECT c.seq, c.fhir_id, p.encounter_id, coalesce(p.roles, '{}'),
            coalesce(p.is_main, false) AND coalesce(c.marker, '') NOT IN ('ASTERISK', 'EXCLAMATION'),
            CASE WHEN p.encounter_id IS NOT NULL THEN NULL
                 WHEN c.encounter_fhir_id IS NOT NULL THEN 'Encounter/' || c.encounter_fhir_id
                 ELSE 'Encounter?identifier=' || c.encounter_identifier END
     FROM staged_conditions c LEFT JOIN pairs p USING (resource_id)
     WHERE c.is_kept";

/// A row that waited for its stay takes it over. Its reference is emptied, so that the update finds and counts it.
const LINK: &str = "UPDATE conditions s SET encounter_id = d.encounter_id, encounter_reference = ''
     FROM (SELECT fhir_id, min(encounter_id) AS encounter_id FROM staged_condition_rows GROUP BY fhir_id) d
     WHERE s.clinic_id = $1 AND s.fhir_id = d.fhir_id AND s.encounter_id IS NULL AND d.encounter_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM conditions o WHERE o.clinic_id = $1 AND o.fhir_id = d.fhir_id
                       AND o.encounter_id = d.encounter_id)";

const REMOVE: &str = "DELETE FROM conditions s
     WHERE s.clinic_id = $1
       AND EXISTS (SELECT FROM staged_conditions c WHERE c.resource_id = split_part(s.fhir_id, '#', 1))
       AND NOT EXISTS (SELECT FROM staged_condition_rows d
                       WHERE d.fhir_id = s.fhir_id AND d.encounter_id IS NOT DISTINCT FROM s.encounter_id)";

const UPDATE: &str = "UPDATE conditions s
     SET patient_pseudo_id = c.patient_id, icd10_code = c.icd10_code, excluded_icd10_code = c.excluded_icd10_code,
         icd10_chapter = c.icd10_chapter, marker = c.marker,
         certainty = c.certainty, is_main = d.is_main, roles = d.roles, code_version = c.code_version, display = c.display,
         recorded_on = c.recorded_on, encounter_reference = d.encounter_reference, fhir_updated_at = r.updated_at,
         fhir_version = r.version
     FROM staged_condition_rows d
     JOIN staged_conditions c ON (c.seq, c.fhir_id) = (d.seq, d.fhir_id)
     JOIN staged_resources r ON r.seq = d.seq
     WHERE s.clinic_id = $1 AND s.fhir_id = d.fhir_id AND s.encounter_id IS NOT DISTINCT FROM d.encounter_id
       AND (s.patient_pseudo_id, s.icd10_code, s.excluded_icd10_code, s.icd10_chapter, s.marker, s.certainty, s.is_main, s.roles, s.code_version,
            s.display, s.recorded_on, s.encounter_reference, s.fhir_updated_at, s.fhir_version)
           IS DISTINCT FROM
           (c.patient_id, c.icd10_code, c.excluded_icd10_code, c.icd10_chapter, c.marker, c.certainty, d.is_main, d.roles, c.code_version,
            c.display, c.recorded_on, d.encounter_reference, r.updated_at, r.version)";

const INSERT: &str = "INSERT INTO conditions (clinic_id, encounter_id, patient_pseudo_id, fhir_id, icd10_code, excluded_icd10_code, icd10_chapter,
         marker, certainty, is_main, roles, code_version, display, recorded_on, encounter_reference, fhir_updated_at, fhir_version)
     SELECT $1, d.encounter_id, c.patient_id, c.fhir_id, c.icd10_code, c.excluded_icd10_code, c.icd10_chapter, c.marker, c.certainty, d.is_main,
         d.roles, c.code_version, c.display, c.recorded_on, d.encounter_reference, r.updated_at, r.version
     FROM staged_condition_rows d
     JOIN staged_conditions c ON (c.seq, c.fhir_id) = (d.seq, d.fhir_id)
     JOIN staged_resources r ON r.seq = d.seq
     ON CONFLICT DO NOTHING";

/// The most frequent display of each delivered code, over all clinics.
const TITLES: &str = "INSERT INTO icd10_titles (code, title, occurrences)
     SELECT DISTINCT ON (icd10_code) icd10_code, display, count(*)
     FROM conditions
     WHERE display IS NOT NULL AND icd10_code IN (SELECT icd10_code FROM staged_conditions)
     GROUP BY icd10_code, display
     ORDER BY icd10_code, count(*) DESC, display
     ON CONFLICT (code) DO UPDATE SET title = excluded.title, occurrences = excluded.occurrences
     WHERE (icd10_titles.title, icd10_titles.occurrences) IS DISTINCT FROM (excluded.title, excluded.occurrences)";
