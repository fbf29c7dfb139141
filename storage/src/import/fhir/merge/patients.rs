//! Patients, and stubs for those that a stay names and nobody delivered.

use super::execute_for;
use crate::{Connection, Result, import::Report};

/// Merges the patients.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    let total = super::total(conn, "SELECT count(*) FROM staged_patients")?;
    let updated = execute_for(
        conn,
        clinic,
        "UPDATE patients b
         SET sex = s.sex, birth_year = s.birth_year, birth_month = s.birth_month, deceased_on = s.deceased_on,
             fhir_updated_at = s.updated_at, fhir_version = s.version, fhir_body = s.body, is_stub = false
         FROM staged_patients s
         WHERE b.clinic_id = $1 AND b.patient_pseudo_id = s.fhir_id",
    )?;
    let created = execute_for(
        conn,
        clinic,
        "INSERT INTO patients (clinic_id, patient_pseudo_id, sex, birth_year, birth_month, deceased_on, fhir_id,
                               fhir_updated_at, fhir_version, fhir_body)
         SELECT $1, s.fhir_id, s.sex, s.birth_year, s.birth_month, s.deceased_on, s.fhir_id, s.updated_at, s.version, s.body
         FROM staged_patients s
         ON CONFLICT (clinic_id, patient_pseudo_id) DO NOTHING",
    )?;
    let stubs = execute_for(
        conn,
        clinic,
        "INSERT INTO patients (clinic_id, patient_pseudo_id, fhir_id, is_stub)
         SELECT DISTINCT $1, e.patient_id, e.patient_id, true
         FROM staged_encounters e JOIN staged_tree t USING (fhir_id) WHERE t.is_stay
         ON CONFLICT (clinic_id, patient_pseudo_id) DO NOTHING",
    )?;
    execute_for(
        conn,
        clinic,
        "UPDATE patients b
         SET sex = 'UNKNOWN', birth_year = NULL, birth_month = NULL, deceased_on = NULL, fhir_updated_at = NULL,
             fhir_version = NULL, fhir_body = NULL, is_stub = true
         FROM staged_resources r
         WHERE b.clinic_id = $1 AND b.patient_pseudo_id = r.fhir_id AND r.resource_type = 'Patient' AND r.is_deleted",
    )?;
    super::analyze_grown(conn, "patients")?;
    let conflicts = super::total_for(conn, clinic, CONFLICTS)?;
    report.find(
        "PSEUDONYM_CONFLICT",
        conflicts,
        "patients have another sex or year of birth in another clinic: their pseudonym may stand for two people",
    );
    report.find(
        "PATIENT_UNKNOWN",
        stubs,
        "patients were not delivered: their stays have a patient without data",
    );
    report.add(
        "Patient",
        created + stubs,
        updated,
        total - created - updated,
    );
    Ok(())
}

/// Delivered patients who cannot be the one of the same pseudonym in another clinic.
const CONFLICTS: &str = "SELECT count(DISTINCT s.fhir_id)
     FROM staged_patients s JOIN patients p ON p.patient_pseudo_id = s.fhir_id
     WHERE p.clinic_id <> $1
       AND (p.birth_year <> s.birth_year OR p.sex <> s.sex AND 'UNKNOWN' NOT IN (p.sex, s.sex))";

/// Removes the stubs that no stay names any more.
///
/// # Errors
/// When a statement fails.
pub fn remove_stubs(conn: &mut Connection, clinic: i64) -> Result<()> {
    execute_for(
        conn,
        clinic,
        "DELETE FROM patients p
         WHERE p.clinic_id = $1 AND p.is_stub
           AND p.patient_pseudo_id IN (SELECT patient_id FROM staged_former_patients)
           AND NOT EXISTS (SELECT FROM encounters e
                           WHERE e.clinic_id = $1 AND e.patient_pseudo_id = p.patient_pseudo_id)",
    )?;
    Ok(())
}
