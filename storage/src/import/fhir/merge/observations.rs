//! Observations and their stays.

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types::Date};

use super::{Count, execute_for, references};
use crate::{Connection, Result, import::Report, partitions};

/// Merges the observations. One whose day changed moves to the partition of its new day.
///
/// # Errors
/// When a statement fails.
pub fn merge(
    conn: &mut Connection,
    clinic: i64,
    is_first: bool,
    report: &mut Report,
) -> Result<()> {
    create_partitions(conn)?;
    references::of_observations(conn, clinic)?;
    let total = super::total(conn, "SELECT count(*) FROM staged_observations")?;
    let (mut updated, mut linked) = (0, 0);
    if !is_first {
        linked = relink(conn, clinic)?;
        let days = former_days(conn)?;
        let removed = execute_for(conn, clinic, &format!("{REMOVE} {days}"))?;
        if removed > 0 {
            report
                .notices
                .push(format!("{removed} observations were withdrawn and removed"));
        }
        updated = execute_for(conn, clinic, &format!("{ROWS} {UPDATE} {days}"))?;
    }
    let new = if super::total(conn, "SELECT count(*) FROM staged_former_observations")? > 0 {
        NEW
    } else {
        ""
    };
    let created = execute_for(conn, clinic, &format!("{ROWS} {INSERT} {new}"))?;
    report.add(
        "Observation",
        created,
        updated + linked,
        total - created - updated,
    );
    let without_day = super::total(
        conn,
        "SELECT count(*) FROM staged_observations WHERE observed_on IS NULL",
    )?;
    report.find(
        "OBSERVATION_WITHOUT_DAY",
        without_day,
        "observations state no day",
    );
    Ok(())
}

/// Bounds of the days of stored observations that were delivered again, as a condition: partitions outside are not read.
fn former_days(conn: &mut Connection) -> Result<String> {
    let days: Vec<Count> = super::counts(
        conn,
        "SELECT format('AND b.observed_on BETWEEN %L AND %L', min(observed_on), max(observed_on)) AS label, count(*) AS count
         FROM staged_former_observations",
    )?;
    let days = days.into_iter().find(|days| days.count > 0);
    Ok(days.map_or_else(|| "AND false".to_owned(), |days| days.label))
}

/// Rows as they shall be stored. The reference is kept unless it is the stay itself.
const ROWS: &str = "WITH s AS (
         SELECT o.*, coalesce(o.observed_on, '-infinity') AS day, b.encounter_id,
                CASE WHEN o.encounter_identifier IS NOT NULL THEN 'Encounter?identifier=' || o.encounter_identifier
                     WHEN b.fhir_id IS DISTINCT FROM o.encounter_fhir_id THEN 'Encounter/' || o.encounter_fhir_id
                END AS encounter_reference
         FROM staged_observations o
         LEFT JOIN fhir.contacts k ON k.clinic_id = $1 AND k.fhir_id = o.encounter_fhir_id
         LEFT JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = coalesce(k.root_id, o.encounter_fhir_id)
     )";

const UPDATE: &str = "UPDATE observations b
     SET observed_on = s.day, observed_at = s.observed_at, patient_pseudo_id = s.patient_id, encounter_id = s.encounter_id,
         code_system = s.code_system, code = s.code, value_number = s.value_number, value_text = s.value_text,
         unit = s.unit, status = s.status, fhir_updated_at = s.updated_at, fhir_version = s.version,
         encounter_reference = s.encounter_reference, patient_reference = s.patient_identifier, fhir_body = s.body
     FROM s JOIN staged_former_observations f USING (fhir_id)
     WHERE b.clinic_id = $1 AND (b.fhir_id, b.observed_on) = (f.fhir_id, f.observed_on)";

const INSERT: &str = "INSERT INTO observations (clinic_id, fhir_id, observed_on, observed_at, patient_pseudo_id, encounter_id,
         code_system, code, value_number, value_text, unit, status, fhir_updated_at, fhir_version, encounter_reference,
         patient_reference, fhir_body)
     SELECT $1, s.fhir_id, s.day, s.observed_at, s.patient_id, s.encounter_id, s.code_system, s.code, s.value_number,
         s.value_text, s.unit, s.status, s.updated_at, s.version, s.encounter_reference, s.patient_identifier, s.body
     FROM s";

const NEW: &str =
    "WHERE NOT EXISTS (SELECT FROM staged_former_observations f WHERE f.fhir_id = s.fhir_id)";

/// Stored rows of delivered resources that the newest version no longer holds.
const REMOVE: &str = "DELETE FROM observations b
     USING staged_former_observations f
     WHERE b.clinic_id = $1 AND (b.fhir_id, b.observed_on) = (f.fhir_id, f.observed_on)
       AND f.seq IN (SELECT seq FROM staged_resources WHERE resource_type = 'Observation')
       AND NOT EXISTS (SELECT FROM staged_observations s WHERE s.fhir_id = f.fhir_id)";

/// Gives stored observations that name a touched contact its stay, and resolves references by identifiers anew.
fn relink(conn: &mut Connection, clinic: i64) -> Result<u64> {
    let by_id = execute_for(
        conn,
        clinic,
        "WITH touched AS (
             SELECT fhir_id FROM staged_tree
             UNION SELECT fhir_id FROM staged_resources WHERE resource_type = 'Encounter' AND is_deleted
         ), target AS (
             SELECT t.fhir_id, b.encounter_id, b.fhir_id AS stay
             FROM touched t
             LEFT JOIN fhir.contacts k ON k.clinic_id = $1 AND k.fhir_id = t.fhir_id
             LEFT JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = coalesce(k.root_id, t.fhir_id)
         )
         UPDATE observations o
         SET encounter_id = t.encounter_id,
             encounter_reference = CASE WHEN t.stay = t.fhir_id THEN NULL ELSE o.encounter_reference END
         FROM target t
         WHERE o.clinic_id = $1 AND o.encounter_reference = 'Encounter/' || t.fhir_id
           AND o.encounter_id IS DISTINCT FROM t.encounter_id",
    )?;
    let by_identifier = execute_for(
        conn,
        clinic,
        &format!(
            "WITH tokens AS (SELECT token FROM staged_tokens WHERE resource_type = 'Encounter'),
             found AS ({}), target AS (
                 SELECT tokens.token, b.encounter_id
                 FROM tokens
                 LEFT JOIN found f USING (token)
                 LEFT JOIN fhir.contacts k ON k.clinic_id = $1 AND k.fhir_id = f.fhir_id
                 LEFT JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = coalesce(k.root_id, f.fhir_id)
             )
             UPDATE observations o SET encounter_id = t.encounter_id FROM target t
             WHERE o.clinic_id = $1 AND o.encounter_reference = 'Encounter?identifier=' || t.token
               AND o.encounter_id IS DISTINCT FROM t.encounter_id",
            references::targets("SELECT token FROM tokens", "Encounter")
        ),
    )?;
    let patients = execute_for(
        conn,
        clinic,
        &format!(
            "WITH tokens AS (SELECT token FROM staged_tokens WHERE resource_type = 'Patient'),
             found AS ({}), target AS (
                 SELECT token, coalesce(f.fhir_id, substr(token, strpos(token, '|') + 1)) AS patient_id
                 FROM tokens LEFT JOIN found f USING (token)
             )
             UPDATE observations o SET patient_pseudo_id = t.patient_id FROM target t
             WHERE o.clinic_id = $1 AND o.patient_reference = t.token
               AND o.patient_pseudo_id IS DISTINCT FROM t.patient_id",
            references::targets("SELECT token FROM tokens", "Patient")
        ),
    )?;
    Ok(by_id + by_identifier + patients)
}

#[derive(QueryableByName)]
struct Month {
    #[diesel(sql_type = Date)]
    month: NaiveDate,
}

/// Makes the partitions of the delivered months, from 1990 to the next year.
fn create_partitions(conn: &mut Connection) -> Result<()> {
    let months: Vec<Month> = diesel::sql_query(
        "SELECT month
         FROM (SELECT DISTINCT date_trunc('month', observed_on)::date AS month FROM staged_observations
               WHERE observed_on >= date '1990-01-01'
                 AND observed_on < date_trunc('year', current_date) + interval '2 years') months
         WHERE to_regclass('observations_' || to_char(month, 'YYYY_MM')) IS NULL
         ORDER BY month",
    )
    .load(conn)?;
    for month in months {
        partitions::attach_month(conn, month.month)?;
    }
    partitions::make_ahead(conn)
}
