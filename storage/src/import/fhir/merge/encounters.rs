//! Stays: the top-level inpatient contacts.

use diesel::{prelude::*, sql_types::BigInt};

use super::{Count, execute_for};
use crate::{Connection, Result, import::Report};

/// Completed years of patient `p` on a day, by month.
fn age_on(day: &str) -> String {
    let years = format!(
        "extract(year FROM {day}) - p.birth_year - ((extract(month FROM {day}) < p.birth_month) IS TRUE)::integer"
    );
    format!("CASE WHEN {years} BETWEEN 0 AND 150 THEN ({years})::smallint END")
}

/// Merges the stays, and removes those whose newest version is none.
///
/// # Errors
/// When a statement fails.
pub fn merge(
    conn: &mut Connection,
    clinic: i64,
    is_first: bool,
    report: &mut Report,
) -> Result<()> {
    let total = super::total(conn, "SELECT count(*) FROM staged_tree WHERE is_stay")?;
    let mut updated = 0;
    if !is_first {
        withdraw(conn, clinic, report)?;
        age(conn, clinic)?;
        updated = execute_for(conn, clinic, &format!("{} {UPDATE}", stays()))?;
    }
    let created = execute_for(conn, clinic, &format!("{} {INSERT}", stays()))?;
    super::analyze_grown(conn, "encounters")?;
    report.add("Encounter", created, updated, total - created - updated);
    notices(conn, clinic, report)
}

/// The delivered stays as they shall be stored.
fn stays() -> String {
    format!(
        "WITH s AS (
             SELECT e.*, {age} AS age_at_admission
             FROM staged_encounters e
             JOIN staged_tree t ON t.fhir_id = e.fhir_id AND t.is_stay
             LEFT JOIN patients p ON p.clinic_id = $1 AND p.patient_pseudo_id = e.patient_id
         )",
        age = age_on("e.admission_date")
    )
}

const UPDATE: &str = "UPDATE encounters b
     SET patient_pseudo_id = s.patient_id, admission_number = s.admission_number, admission_date = s.admission_date,
         discharge_date = s.discharge_date, admitted_at = s.admitted_at, discharged_at = s.discharged_at,
         admission_type = s.admission_type, admission_source_code = s.admission_source_code,
         admission_reason_code = s.admission_reason_code, discharge_type = s.discharge_type,
         discharge_reason_code = s.discharge_reason_code, case_kind = s.case_kind,
         age_at_admission = s.age_at_admission, status = s.status, fhir_updated_at = s.updated_at, fhir_version = s.version
     FROM s WHERE b.clinic_id = $1 AND b.fhir_id = s.fhir_id
       AND (b.patient_pseudo_id, b.admission_number, b.admission_date, b.discharge_date, b.admitted_at, b.discharged_at,
            b.admission_type, b.admission_source_code, b.admission_reason_code, b.discharge_type, b.discharge_reason_code,
            b.case_kind, b.age_at_admission, b.status, b.fhir_updated_at, b.fhir_version)
           IS DISTINCT FROM
           (s.patient_id, s.admission_number, s.admission_date, s.discharge_date, s.admitted_at, s.discharged_at,
            s.admission_type, s.admission_source_code, s.admission_reason_code, s.discharge_type, s.discharge_reason_code,
            s.case_kind, s.age_at_admission, s.status, s.updated_at, s.version)";

const INSERT: &str = "INSERT INTO encounters (clinic_id, patient_pseudo_id, fhir_id, admission_number, admission_date,
         discharge_date, admitted_at, discharged_at, admission_type, admission_source_code, admission_reason_code,
         discharge_type, discharge_reason_code, case_kind, age_at_admission, status, fhir_updated_at, fhir_version)
     SELECT $1, s.patient_id, s.fhir_id, s.admission_number, s.admission_date, s.discharge_date, s.admitted_at,
         s.discharged_at, s.admission_type, s.admission_source_code, s.admission_reason_code, s.discharge_type,
         s.discharge_reason_code, s.case_kind, s.age_at_admission, s.status, s.updated_at, s.version
     FROM s ON CONFLICT (clinic_id, fhir_id) DO NOTHING";

/// Stored stays that were cancelled, deleted or turned out to be no stays. Their diagnoses were taken back into staging
/// before, and their observations keep the reference.
fn withdraw(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    execute_for(
        conn,
        clinic,
        &format!(
            "UPDATE observations o SET encounter_reference = coalesce(o.encounter_reference, 'Encounter/' || b.fhir_id)
             FROM ({WITHDRAWN}) b WHERE o.encounter_id = b.encounter_id"
        ),
    )?;
    let removed = execute_for(
        conn,
        clinic,
        &format!(
            "DELETE FROM encounters e USING ({WITHDRAWN}) b WHERE e.encounter_id = b.encounter_id"
        ),
    )?;
    report.find(
        "STAY_WITHDRAWN",
        removed,
        "stays were withdrawn and removed",
    );
    Ok(())
}

const WITHDRAWN: &str = "SELECT b.encounter_id, b.fhir_id
     FROM (SELECT fhir_id FROM staged_tree WHERE NOT is_stay
           UNION SELECT fhir_id FROM staged_resources WHERE resource_type = 'Encounter' AND is_deleted) t
     CROSS JOIN LATERAL (SELECT encounter_id, fhir_id FROM encounters WHERE clinic_id = $1 AND fhir_id = t.fhir_id OFFSET 0) b";

/// Stored stays of patients whose birth became known, was corrected or is no longer known.
fn age(conn: &mut Connection, clinic: i64) -> Result<()> {
    let age = age_on("b.admission_date");
    execute_for(
        conn,
        clinic,
        &format!(
            "UPDATE encounters b SET age_at_admission = {age}
             FROM patients p JOIN staged_resources s ON s.resource_type = 'Patient' AND s.fhir_id = p.patient_pseudo_id
             WHERE p.clinic_id = $1 AND b.clinic_id = $1 AND b.patient_pseudo_id = p.patient_pseudo_id
               AND b.age_at_admission IS DISTINCT FROM {age}"
        ),
    )?;
    Ok(())
}

/// Says what was delivered and is not a stay.
fn notices(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    let rows: Vec<Count> = diesel::sql_query(NO_STAYS)
        .bind::<BigInt, _>(clinic)
        .load(conn)?;
    for row in rows {
        let (rule, text) = match row.label.as_str() {
            "CONTACT_CIRCLE" => (
                "CONTACT_CIRCLE",
                "contacts are part of each other in a circle and were left out",
            ),
            "OUTPATIENT" => ("OUTPATIENT", "ambulatory contacts are no stays"),
            "COMPANION" => ("COMPANION", "companions are no stays"),
            "SECONDARY" => (
                "SECONDARY",
                "consultations and operations on their own are no stays",
            ),
            "CONTACT_UNKNOWN" => (
                "CONTACT_UNKNOWN",
                "department and ward contacts belong to no known stay",
            ),
            status => {
                report.notices.push(format!(
                    "{} inpatient contacts were left out by their status {status}",
                    row.count
                ));
                continue;
            }
        };
        report.find(rule, row.count.cast_unsigned(), text);
    }
    let open = super::total(
        conn,
        "SELECT count(*) FROM staged_encounters e JOIN staged_tree t USING (fhir_id)
         WHERE t.is_stay AND e.status = 'finished' AND e.discharge_date IS NULL",
    )?;
    report.find(
        "FINISHED_WITHOUT_END",
        open,
        "finished stays have no end and count as open",
    );
    Ok(())
}

const NO_STAYS: &str = "SELECT CASE WHEN t.root_id IS NULL THEN 'CONTACT_CIRCLE'
            WHEN e.setting <> 'INPATIENT' THEN e.setting
            WHEN e.status NOT IN ('in-progress', 'onleave', 'finished', 'unknown') THEN e.status
            ELSE 'CONTACT_UNKNOWN' END AS label,
        count(*) AS count
     FROM staged_encounters e JOIN staged_tree t USING (fhir_id)
     WHERE NOT t.is_stay
       AND (t.root_id IS NULL OR t.root_id = e.fhir_id
            OR t.depth = 2 AND NOT EXISTS (SELECT FROM fhir.contacts b WHERE b.clinic_id = $1 AND b.fhir_id = t.root_id))
     GROUP BY label ORDER BY label";
