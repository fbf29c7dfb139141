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
pub fn merge(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    let total = super::total(conn, "SELECT count(*) FROM staged_tree WHERE is_stay")?;
    withdraw(conn, clinic, report)?;
    age(conn, clinic)?;
    let updated = execute_for(conn, clinic, &format!("{} {UPDATE}", stays()))?;
    let created = execute_for(conn, clinic, &format!("{} {INSERT}", stays()))?;
    report.add("Encounter", created, updated, total - created - updated);
    notices(conn, clinic, report)
}

/// The delivered stays as they shall be stored.
fn stays() -> String {
    format!(
        "WITH s AS (
             SELECT e.*, r.updated_at, r.version,
                    (SELECT {age} FROM patients p
                     WHERE p.clinic_id = $1 AND p.patient_pseudo_id = e.patient_id) AS age_at_admission
             FROM staged_encounters e
             JOIN staged_tree t ON t.fhir_id = e.fhir_id AND t.is_stay
             JOIN staged_resources r ON r.seq = e.seq
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

/// Stored stays that were cancelled, deleted or turned out to be no stays. Their diagnoses are kept without a stay.
fn withdraw(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    execute_for(
        conn,
        clinic,
        "UPDATE conditions c SET encounter_id = NULL, encounter_reference = 'Encounter/' || b.fhir_id
         FROM encounters b
         WHERE c.encounter_id = b.encounter_id AND b.clinic_id = $1
           AND EXISTS (SELECT FROM staged_encounters e WHERE e.fhir_id = b.fhir_id)
           AND NOT EXISTS (SELECT FROM staged_tree t WHERE t.fhir_id = b.fhir_id AND t.is_stay)
           AND NOT EXISTS (SELECT FROM conditions o WHERE o.clinic_id = $1 AND o.fhir_id = c.fhir_id
                           AND o.condition_id <> c.condition_id)",
    )?;
    let removed = execute_for(
        conn,
        clinic,
        "DELETE FROM encounters b
         WHERE b.clinic_id = $1 AND EXISTS (SELECT FROM staged_encounters e WHERE e.fhir_id = b.fhir_id)
           AND NOT EXISTS (SELECT FROM staged_tree t WHERE t.fhir_id = b.fhir_id AND t.is_stay)",
    )?;
    if removed > 0 {
        report
            .notices
            .push(format!("{removed} stays were withdrawn and removed"));
    }
    Ok(())
}

/// Stored stays of patients whose birth became known or was corrected.
fn age(conn: &mut Connection, clinic: i64) -> Result<()> {
    let age = age_on("b.admission_date");
    execute_for(
        conn,
        clinic,
        &format!(
            "UPDATE encounters b SET age_at_admission = {age}
             FROM patients p JOIN staged_patients s ON s.fhir_id = p.patient_pseudo_id
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
    report.notices.extend(
        rows.into_iter()
            .map(|row| format!("{} {}", row.count, row.label)),
    );
    let open = super::total(
        conn,
        "SELECT count(*) FROM staged_encounters e JOIN staged_tree t USING (fhir_id)
         WHERE t.is_stay AND e.status = 'finished' AND e.discharge_date IS NULL",
    )?;
    if open > 0 {
        report.notices.push(format!(
            "{open} finished stays have no end and count as open"
        ));
    }
    Ok(())
}

const NO_STAYS: &str = "SELECT CASE WHEN e.setting = 'DELETED' THEN 'contacts were deleted'
            WHEN t.fhir_id IS NULL THEN 'contacts are part of each other in a circle and were left out'
            WHEN e.setting = 'OUTPATIENT' THEN 'ambulatory contacts are no stays'
            WHEN e.setting = 'COMPANION' THEN 'companions are no stays'
            WHEN e.setting = 'SECONDARY' THEN 'consultations and operations on their own are no stays'
            WHEN e.status NOT IN ('in-progress', 'onleave', 'finished', 'unknown')
            THEN 'inpatient contacts were left out by their status ' || e.status
            ELSE 'department and ward contacts belong to no known stay' END AS label,
        count(*) AS count
     FROM staged_encounters e LEFT JOIN staged_tree t USING (fhir_id)
     WHERE t.is_stay IS NOT TRUE
       AND (t.fhir_id IS NULL OR t.root_id = e.fhir_id
            OR t.depth = 2 AND NOT EXISTS (SELECT FROM staged_encounters p WHERE p.fhir_id = t.root_id)
               AND NOT EXISTS (SELECT FROM encounters b WHERE b.clinic_id = $1 AND b.fhir_id = t.root_id))
     GROUP BY label ORDER BY label";
