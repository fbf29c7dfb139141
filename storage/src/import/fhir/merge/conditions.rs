//! Diagnoses: paired with stays from both directions, one row per stay and code.

use super::{analyze_grown, execute, execute_for, references};
use crate::{Connection, Result, import::Report};

/// Takes stored diagnoses that the delivery touches without sending them back into staging, so that they are linked and
/// unlinked like the others: those that touched contacts name or named, those that name one, those whose references may
/// now be resolved otherwise, and the main ones of touched stays, since another one may be stronger now.
///
/// # Errors
/// When a statement fails.
pub fn recall(conn: &mut Connection, clinic: i64, is_first: bool) -> Result<()> {
    if !is_first {
        execute_for(conn, clinic, &rename_named())?;
        execute_for(conn, clinic, TOUCHED)?;
        execute(conn, "ANALYZE staged_touched")?;
        execute_for(conn, clinic, &recalled())?;
        execute_for(conn, clinic, &displays("-"))?;
    }
    references::of_conditions(conn, clinic)?;
    execute(conn, "CREATE INDEX ON staged_conditions (resource_id)")?;
    execute(conn, "ANALYZE staged_conditions")?;
    Ok(())
}

/// Merges the diagnoses and the titles of their codes.
///
/// # Errors
/// When a statement fails.
pub fn merge(
    conn: &mut Connection,
    clinic: i64,
    is_first: bool,
    report: &mut Report,
) -> Result<()> {
    execute_for(conn, clinic, &links_of_contacts())?;
    execute_for(conn, clinic, LINKS_OF_CONDITIONS)?;
    execute(conn, "ANALYZE staged_links")?;
    execute(conn, ROWS)?;
    execute(conn, "CREATE INDEX ON staged_condition_rows (fhir_id)")?;
    execute(conn, "ANALYZE staged_condition_rows")?;
    let total = super::total(conn, "SELECT count(*) FROM staged_condition_rows")?;
    let (mut removed, mut updated) = (0, 0);
    if !is_first {
        execute_for(conn, clinic, LINK)?;
        removed = execute_for(conn, clinic, &surplus())?;
        updated = execute_for(conn, clinic, &format!("{SOURCE} {UPDATE}"))?;
    }
    let created = execute_for(conn, clinic, &format!("{SOURCE} {INSERT}"))?;
    report.add("Condition", created, updated, total - created - updated);
    if removed > 0 {
        report.notices.push(format!(
            "{removed} diagnoses were withdrawn or moved and their rows removed"
        ));
    }
    let unlinked = super::total(
        conn,
        "SELECT count(*) FROM staged_condition_rows WHERE encounter_id IS NULL",
    )?;
    report.find(
        "DIAGNOSIS_WITHOUT_STAY",
        unlinked,
        "diagnoses belong to no stay that is known",
    );
    analyze_grown(conn, "conditions")?;
    if is_first {
        execute(conn, DELIVERED_CODES)?;
    } else {
        execute_for(conn, clinic, &displays("+"))?;
        execute(conn, CHANGED_CODES)?;
    }
    execute(conn, UNTITLED)?;
    execute(conn, TITLES)?;
    Ok(())
}

/// Diagnoses that stored contacts name by an identifier that came or went.
fn rename_named() -> String {
    format!(
        "WITH tokens AS (SELECT token FROM staged_tokens WHERE resource_type = 'Condition'),
         found AS ({}), gone AS (
             INSERT INTO staged_touched
             SELECT d.condition_id FROM fhir.contact_diagnoses d JOIN tokens ON token = d.condition_identifier
             WHERE d.clinic_id = $1 AND d.condition_id IS NOT NULL
         )
         UPDATE fhir.contact_diagnoses d SET condition_id = f.fhir_id
         FROM tokens LEFT JOIN found f USING (token)
         WHERE d.clinic_id = $1 AND d.condition_identifier = tokens.token AND d.condition_id IS DISTINCT FROM f.fhir_id",
        references::targets("SELECT token FROM tokens", "Condition")
    )
}

const TOUCHED: &str = "INSERT INTO staged_touched
     SELECT d.condition_id
     FROM fhir.contact_diagnoses d JOIN staged_tree t ON t.fhir_id = d.contact_id
     WHERE d.clinic_id = $1 AND d.condition_id IS NOT NULL
     UNION
     SELECT d.condition_id
     FROM staged_roots r
     JOIN fhir.contacts k ON k.clinic_id = $1 AND k.root_id = r.root_id
     CROSS JOIN LATERAL (SELECT condition_id FROM fhir.contact_diagnoses
                          WHERE clinic_id = $1 AND contact_id = k.fhir_id AND is_main AND condition_id IS NOT NULL OFFSET 0) d
     UNION
     SELECT d.condition_id FROM fhir.contact_diagnoses d JOIN staged_tokens t ON t.token = d.condition_identifier
     WHERE d.clinic_id = $1 AND t.resource_type = 'Condition' AND d.condition_id IS NOT NULL
     UNION
     SELECT split_part(c.fhir_id, '#', 1)
     FROM conditions c
     JOIN (SELECT fhir_id FROM staged_tree
           UNION SELECT fhir_id FROM staged_resources WHERE resource_type = 'Encounter' AND is_deleted) t
       ON c.contact_reference = 'Encounter/' || t.fhir_id
     WHERE c.clinic_id = $1
     UNION
     SELECT split_part(c.fhir_id, '#', 1)
     FROM conditions c JOIN staged_tokens t ON c.contact_reference = 'Encounter?identifier=' || t.token
     WHERE c.clinic_id = $1 AND t.resource_type = 'Encounter'
     UNION
     SELECT split_part(c.fhir_id, '#', 1)
     FROM conditions c JOIN staged_tokens t ON c.patient_reference = t.token
     WHERE c.clinic_id = $1 AND t.resource_type = 'Patient'";

/// `CROSS JOIN LATERAL …` of the stored rows `c` of a resource, each looked up by the index of ids, in whose order of bytes
/// nothing that an id may hold comes between the id, what begins with it and `#`, and `$`.
fn rows_of(id: &str) -> String {
    format!(
        "CROSS JOIN LATERAL (SELECT * FROM conditions
                              WHERE clinic_id = $1 AND fhir_id >= {id} AND fhir_id < {id} || '$'
                                AND split_part(fhir_id, '#', 1) = {id} OFFSET 0) c"
    )
}

fn recalled() -> String {
    format!(
        "INSERT INTO staged_conditions
     SELECT DISTINCT ON (c.fhir_id) -condition_id, t.resource_id, c.fhir_id,
            CASE WHEN patient_reference IS NULL THEN patient_pseudo_id END, patient_reference,
            CASE WHEN contact_reference LIKE 'Encounter/%' THEN substr(contact_reference, 11) END,
            CASE WHEN contact_reference LIKE 'Encounter?%' THEN substr(contact_reference, 22) END,
            icd10_code, excluded_icd10_code, icd10_chapter, marker, certainty, code_version, display, recorded_on,
            fhir_updated_at, fhir_version, fhir_body
     FROM (SELECT DISTINCT resource_id FROM staged_touched) t
     {}
     WHERE c.fhir_body IS NOT NULL
       AND NOT EXISTS (SELECT FROM staged_resources r WHERE r.resource_type = 'Condition' AND r.fhir_id = t.resource_id)
     ORDER BY c.fhir_id, c.condition_id",
        rows_of("t.resource_id")
    )
}

/// How much a contact `k` makes its diagnosis `d` the main one of the stay, the least the most: by its role, then by the
/// level of the contact. Null for others.
const STRENGTH: &str = "CASE WHEN d.is_main THEN least(k.depth, 99)
         + CASE WHEN 'principle-DRG' = ANY(d.roles) THEN 100 WHEN 'hospital-main-diagnosis' = ANY(d.roles) THEN 200
                WHEN 'CC' = ANY(d.roles) THEN 300 ELSE 400 END END";

/// What contacts say: each diagnosis belongs to the stay of the contact that names it. The main one of the stay is the
/// strongest of all its contacts: what a department calls the main one is not when the hospital names another.
fn links_of_contacts() -> String {
    format!(
        "INSERT INTO staged_links
         WITH linked AS (
             SELECT d.condition_id, b.encounter_id, b.fhir_id AS root_id, d.roles, {STRENGTH} AS strength
             FROM (SELECT DISTINCT resource_id FROM staged_conditions) c
             JOIN fhir.contact_diagnoses d ON d.clinic_id = $1 AND d.condition_id = c.resource_id
             JOIN fhir.contacts k ON k.clinic_id = $1 AND k.fhir_id = d.contact_id AND k.status IN ({ACCEPTED})
             JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = k.root_id
         ), strongest AS (
             SELECT k.root_id, min({STRENGTH}) AS strength
             FROM (SELECT DISTINCT root_id FROM linked WHERE strength IS NOT NULL) r
             JOIN fhir.contacts k ON k.clinic_id = $1 AND k.root_id = r.root_id AND k.status IN ({ACCEPTED})
             JOIN fhir.contact_diagnoses d ON d.clinic_id = $1 AND d.contact_id = k.fhir_id
             GROUP BY k.root_id
         )
         SELECT l.condition_id, l.encounter_id, l.roles, coalesce(l.strength = s.strength, false)
         FROM linked l LEFT JOIN strongest s USING (root_id)"
    )
}

/// Statuses of contacts that happened or happen.
const ACCEPTED: &str = "'in-progress', 'onleave', 'finished', 'unknown'";

/// What diagnoses say: each belongs to the stay of the contact that it names.
const LINKS_OF_CONDITIONS: &str = "INSERT INTO staged_links
     SELECT DISTINCT c.resource_id, b.encounter_id, '{}'::text[], false
     FROM staged_conditions c
     LEFT JOIN fhir.contacts k ON k.clinic_id = $1 AND k.fhir_id = c.encounter_fhir_id
     JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = coalesce(k.root_id, c.encounter_fhir_id)";

/// The rows as they shall be stored, roles of all directions merged.
const ROWS: &str = "WITH pairs AS (
         SELECT l.resource_id, l.encounter_id, bool_or(l.is_main) AS is_main,
                coalesce(array_agg(DISTINCT role ORDER BY role) FILTER (WHERE role IS NOT NULL), '{}') AS roles
         FROM staged_links l LEFT JOIN LATERAL unnest(l.roles) AS role ON true
         GROUP BY l.resource_id, l.encounter_id
     )
     INSERT INTO staged_condition_rows
     SELECT c.seq, c.fhir_id, p.encounter_id, coalesce(p.roles, '{}'),
            coalesce(p.is_main, false) AND coalesce(c.marker, '') NOT IN ('ASTERISK', 'EXCLAMATION')
     FROM staged_conditions c LEFT JOIN pairs p USING (resource_id)";

/// A row that waited for its stay takes it over. Its reference is emptied, so that the update finds and counts it.
const LINK: &str = "UPDATE conditions s SET encounter_id = d.encounter_id, encounter_reference = ''
     FROM (SELECT fhir_id, min(encounter_id) AS encounter_id FROM staged_condition_rows GROUP BY fhir_id) d
     WHERE s.clinic_id = $1 AND s.fhir_id = d.fhir_id AND s.encounter_id IS NULL AND d.encounter_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM conditions o WHERE o.clinic_id = $1 AND o.fhir_id = d.fhir_id
                       AND o.encounter_id = d.encounter_id)";

/// Rows of delivered and recalled diagnoses that shall be no more.
fn surplus() -> String {
    format!(
        "DELETE FROM conditions s
         USING (SELECT c.condition_id FROM ({KNOWN}) known {}
                WHERE NOT EXISTS (SELECT FROM staged_condition_rows d
                                  WHERE d.fhir_id = c.fhir_id AND d.encounter_id IS NOT DISTINCT FROM c.encounter_id)
                OFFSET 0) x
         WHERE s.condition_id = x.condition_id",
        rows_of("known.resource_id")
    )
}

/// Diagnoses that were delivered or recalled.
const KNOWN: &str = "SELECT resource_id FROM staged_conditions
     UNION SELECT fhir_id FROM staged_resources WHERE resource_type = 'Condition'";

const SOURCE: &str = "WITH d AS (
         SELECT c.*, d.encounter_id, d.roles, d.is_main, reference.contact_reference,
                CASE WHEN d.encounter_id IS NULL THEN reference.contact_reference END AS encounter_reference
         FROM staged_condition_rows d
         JOIN staged_conditions c ON (c.seq, c.fhir_id) = (d.seq, d.fhir_id)
         CROSS JOIN LATERAL (SELECT coalesce('Encounter?identifier=' || c.encounter_identifier,
                                             'Encounter/' || c.encounter_fhir_id) AS contact_reference) reference
     )";

const UPDATE: &str = "UPDATE conditions s
     SET patient_pseudo_id = d.patient_id, icd10_code = d.icd10_code, excluded_icd10_code = d.excluded_icd10_code,
         icd10_chapter = d.icd10_chapter, marker = d.marker, certainty = d.certainty, is_main = d.is_main, roles = d.roles,
         code_version = d.code_version, display = d.display, recorded_on = d.recorded_on,
         encounter_reference = d.encounter_reference, fhir_updated_at = d.updated_at, fhir_version = d.version,
         contact_reference = d.contact_reference, patient_reference = d.patient_identifier, fhir_body = d.body
     FROM d
     WHERE s.clinic_id = $1 AND s.fhir_id = d.fhir_id AND s.encounter_id IS NOT DISTINCT FROM d.encounter_id
       AND (s.patient_pseudo_id, s.is_main, s.roles, s.encounter_reference, s.fhir_body)
           IS DISTINCT FROM (d.patient_id, d.is_main, d.roles, d.encounter_reference, d.body)";

const INSERT: &str = "INSERT INTO conditions (clinic_id, encounter_id, patient_pseudo_id, fhir_id, icd10_code, excluded_icd10_code,
         icd10_chapter, marker, certainty, is_main, roles, code_version, display, recorded_on, encounter_reference,
         fhir_updated_at, fhir_version, contact_reference, patient_reference, fhir_body)
     SELECT $1, encounter_id, patient_id, fhir_id, icd10_code, excluded_icd10_code, icd10_chapter, marker, certainty, is_main,
         roles, code_version, display, recorded_on, encounter_reference, updated_at, version, contact_reference,
         patient_identifier, body
     FROM d
     ON CONFLICT DO NOTHING";

/// How often each display of a code is stored of the diagnoses that the delivery may change: asked before, with a minus,
/// and afterwards.
fn displays(sign: &str) -> String {
    format!(
        "INSERT INTO staged_displays
         SELECT c.icd10_code, c.display, {sign}count(*)
         FROM ({KNOWN}) known {}
         WHERE c.icd10_code IS NOT NULL AND c.display IS NOT NULL
         GROUP BY 1, 2",
        rows_of("known.resource_id")
    )
}

const DELIVERED_CODES: &str = "INSERT INTO staged_codes
     SELECT DISTINCT icd10_code FROM staged_conditions WHERE icd10_code IS NOT NULL";

/// Codes whose title may be another one now, which takes a count of all their diagnoses: those without one, and those
/// whose title is said less often or another display more often.
const CHANGED_CODES: &str = "INSERT INTO staged_codes
     SELECT DISTINCT code
     FROM (SELECT code, display, sum(change) AS change FROM staged_displays GROUP BY code, display) d
     LEFT JOIN icd10_titles t USING (code)
     WHERE change <> 0 AND (t.title = d.display) IS DISTINCT FROM (change > 0)";

/// Titles that no diagnosis says any more.
const UNTITLED: &str = "DELETE FROM icd10_titles t
     WHERE code IN (SELECT code FROM staged_codes)
       AND NOT EXISTS (SELECT FROM conditions c WHERE c.icd10_code = t.code AND c.display IS NOT NULL)";

/// The most frequent display of codes, over all clinics.
const TITLES: &str = "INSERT INTO icd10_titles (code, title)
     SELECT DISTINCT ON (icd10_code) icd10_code, display
     FROM conditions
     WHERE display IS NOT NULL AND icd10_code IN (SELECT code FROM staged_codes)
     GROUP BY icd10_code, display
     ORDER BY icd10_code, count(*) DESC, display
     ON CONFLICT (code) DO UPDATE SET title = excluded.title
     WHERE icd10_titles.title <> excluded.title";
