//! Observations and their month partitions.

use chrono::{Months, NaiveDate};
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Date, Nullable, Text},
};

use super::{counts, execute_for};
use crate::{Connection, Result, import::Report};

/// Merges the observations. One whose day changed moves to the partition of its new day.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    create_partitions(conn)?;
    let total = super::total(
        conn,
        "SELECT count(*) FROM staged_observations WHERE is_kept",
    )?;
    let removed = execute_for(conn, clinic, REMOVE)?;
    let updated = execute_for(conn, clinic, &format!("{ROWS} {UPDATE}"))?;
    let created = execute_for(conn, clinic, &format!("{ROWS} {INSERT}"))?;
    report.add("Observation", created, updated, total - created - updated);
    if removed > 0 {
        report
            .notices
            .push(format!("{removed} observations were withdrawn and removed"));
    }
    let left_out = counts(
        conn,
        "SELECT status AS label, count(*) AS count FROM staged_observations WHERE NOT is_kept GROUP BY status ORDER BY status",
    )?;
    for row in left_out {
        report.notices.push(format!(
            "{} observations were left out by their status {}",
            row.count, row.label
        ));
    }
    Ok(())
}

/// Rows as they shall be stored. One that names a contact nobody knows keeps the stay it has.
const ROWS: &str = "WITH s AS (
         SELECT o.*, coalesce(o.observed_on, '-infinity') AS day, b.encounter_id, r.updated_at, r.version,
                o.encounter_fhir_id IS NOT NULL AND t.fhir_id IS NULL AND b.encounter_id IS NULL AS keeps_stay
         FROM staged_observations o
         JOIN staged_resources r USING (seq)
         LEFT JOIN staged_tree t ON t.fhir_id = o.encounter_fhir_id
         LEFT JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = coalesce(t.root_id, o.encounter_fhir_id)
         WHERE o.is_kept
     )";

const UPDATE: &str = "UPDATE observations b
     SET observed_on = s.day, observed_at = s.observed_at, patient_pseudo_id = s.patient_id,
         encounter_id = CASE WHEN s.keeps_stay THEN b.encounter_id ELSE s.encounter_id END,
         code_system = s.code_system, code = s.code, value_number = s.value_number, value_text = s.value_text,
         unit = s.unit, status = s.status, fhir_updated_at = s.updated_at, fhir_version = s.version
     FROM s WHERE b.clinic_id = $1 AND b.fhir_id = s.fhir_id
       AND (b.observed_on, b.observed_at, b.patient_pseudo_id, b.encounter_id, b.code_system, b.code, b.value_number,
            b.value_text, b.unit, b.status, b.fhir_updated_at, b.fhir_version)
           IS DISTINCT FROM
           (s.day, s.observed_at, s.patient_id, CASE WHEN s.keeps_stay THEN b.encounter_id ELSE s.encounter_id END,
            s.code_system, s.code, s.value_number, s.value_text, s.unit, s.status, s.updated_at, s.version)";

const INSERT: &str = "INSERT INTO observations (clinic_id, fhir_id, observed_on, observed_at, patient_pseudo_id, encounter_id,
         code_system, code, value_number, value_text, unit, status, fhir_updated_at, fhir_version)
     SELECT $1, s.fhir_id, s.day, s.observed_at, s.patient_id, s.encounter_id, s.code_system, s.code, s.value_number,
         s.value_text, s.unit, s.status, s.updated_at, s.version
     FROM s WHERE NOT EXISTS (SELECT FROM observations b WHERE b.clinic_id = $1 AND b.fhir_id = s.fhir_id)";

/// Stored rows of delivered resources that the delivery no longer holds.
const REMOVE: &str = "DELETE FROM observations b
     WHERE b.clinic_id = $1
       AND EXISTS (SELECT FROM staged_observations s WHERE s.resource_id = split_part(b.fhir_id, '#', 1))
       AND NOT EXISTS (SELECT FROM staged_observations s WHERE s.fhir_id = b.fhir_id AND s.is_kept)";

#[derive(QueryableByName)]
struct Month {
    #[diesel(sql_type = Date)]
    month: NaiveDate,
    #[diesel(sql_type = Nullable<Text>)]
    taken: Option<String>,
}

/// Makes the partitions of the delivered months, from 1990 to the next year.
fn create_partitions(conn: &mut Connection) -> Result<()> {
    let months: Vec<Month> = diesel::sql_query(
        "SELECT month, to_regclass('observations_' || to_char(month, 'YYYY_MM'))::text AS taken
         FROM (SELECT DISTINCT date_trunc('month', observed_on)::date AS month FROM staged_observations
               WHERE is_kept AND observed_on >= date '1990-01-01'
                 AND observed_on < date_trunc('year', current_date) + interval '2 years') months
         ORDER BY month",
    )
    .load(conn)?;
    for month in months.iter().filter(|month| month.taken.is_none()) {
        create_partition(conn, month.month)?;
    }
    Ok(())
}

/// Makes the partition of a month: filled from the default partition first, because the database refuses one
/// whose rows lie there.
fn create_partition(conn: &mut Connection, first: NaiveDate) -> Result<()> {
    let next = first + Months::new(1);
    let name = format!("observations_{}", first.format("%Y_%m"));
    conn.batch_execute(&format!(
        "CREATE TABLE {name} (LIKE observations INCLUDING ALL);
         COMMENT ON TABLE {name} IS 'Observations of {month}.';
         WITH moved AS (
             DELETE FROM observations_default WHERE observed_on >= '{first}' AND observed_on < '{next}' RETURNING *
         )
         INSERT INTO {name} SELECT * FROM moved;
         ALTER TABLE observations ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{next}')",
        month = first.format("%Y-%m"),
    ))?;
    Ok(())
}
