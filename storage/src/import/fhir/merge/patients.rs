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
             fhir_updated_at = r.updated_at, fhir_version = r.version
         FROM staged_patients s JOIN staged_resources r USING (seq)
         WHERE b.clinic_id = $1 AND b.patient_pseudo_id = s.fhir_id
           AND (b.sex, b.birth_year, b.birth_month, b.deceased_on, b.fhir_updated_at, b.fhir_version)
               IS DISTINCT FROM (s.sex, s.birth_year, s.birth_month, s.deceased_on, r.updated_at, r.version)",
    )?;
    let created = execute_for(
        conn,
        clinic,
        "INSERT INTO patients (clinic_id, patient_pseudo_id, sex, birth_year, birth_month, deceased_on, fhir_id,
                               fhir_updated_at, fhir_version)
         SELECT $1, s.fhir_id, s.sex, s.birth_year, s.birth_month, s.deceased_on, s.fhir_id, r.updated_at, r.version
         FROM staged_patients s JOIN staged_resources r USING (seq)
         ON CONFLICT (clinic_id, patient_pseudo_id) DO NOTHING",
    )?;
    let stubs = execute_for(
        conn,
        clinic,
        "INSERT INTO patients (clinic_id, patient_pseudo_id, fhir_id)
         SELECT DISTINCT $1, e.patient_id, e.patient_id
         FROM staged_encounters e JOIN staged_tree t USING (fhir_id) WHERE t.is_stay
         ON CONFLICT (clinic_id, patient_pseudo_id) DO NOTHING",
    )?;
    if stubs > 0 {
        report.notices.push(format!(
            "{stubs} patients were not delivered: their stays have a patient without data"
        ));
    }
    report.add(
        "Patient",
        created + stubs,
        updated,
        total - created - updated,
    );
    Ok(())
}
