//! What is wrong with the delivered data, clinic by clinic.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamptz},
};

use domain::columns::{
    day_number,
    faults::{self, LONG_OPEN_DAYS, STAY_FAULTS, StayFaults},
};

use super::Source;
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// A group of faults of a clinic.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Fault {
    /// Key of the clinic.
    #[diesel(sql_type = BigInt)]
    pub clinic_id: i64,
    /// Which; a stable name in capitals.
    #[diesel(sql_type = Text)]
    pub fault: String,
    /// Rows that have it.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    /// Distinct patients of these rows.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Rows that could have it.
    #[diesel(sql_type = BigInt)]
    pub of_rows: i64,
}

/// Lines that the newest delivery of a clinic put aside by one rule.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Quarantined {
    /// Key of the clinic.
    #[diesel(sql_type = BigInt)]
    pub clinic_id: i64,
    /// The rule.
    #[diesel(sql_type = Text)]
    pub rule: String,
    /// Type of the objects; `None` when it could not be read.
    #[diesel(sql_type = Nullable<Text>)]
    pub resource_type: Option<String>,
    /// Lines.
    #[diesel(sql_type = BigInt)]
    pub lines: i64,
}

/// What the newest delivery of a clinic met, by rule.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Finding {
    /// Key of the clinic.
    #[diesel(sql_type = BigInt)]
    pub clinic_id: i64,
    /// The rule; a stable name in capitals.
    #[diesel(sql_type = Text)]
    pub rule: String,
    /// How often.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Load {
    /// Key of the clinic.
    #[diesel(sql_type = BigInt)]
    pub clinic_id: i64,
    /// When it began.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` while it runs or after a crash.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub finished_at: Option<DateTime<Utc>>,
    /// RUNNING, DONE or FAILED.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// The delivery holds everything until then; `None` when it does not say.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub data_through: Option<DateTime<Utc>>,
    /// Rows added.
    #[diesel(sql_type = BigInt)]
    pub created_rows: i64,
    /// Rows changed.
    #[diesel(sql_type = BigInt)]
    pub updated_rows: i64,
    /// Lines put aside.
    #[diesel(sql_type = BigInt)]
    pub quarantined_rows: i64,
    /// Whether it stood for all data of the clinic.
    #[diesel(sql_type = Bool)]
    pub is_full: bool,
    /// Why it was refused, without patient data; `None` when it was not.
    #[diesel(sql_type = Nullable<Text>)]
    pub refused_because: Option<String>,
}

/// Faults of stays of every clinic that has any; `today` is the day up to which open stays are long. A fault that no stay
/// has is listed with 0.
///
/// # Errors
/// When the query fails.
pub fn of_stays(source: &mut Source<'_>, today: NaiveDate) -> Result<Vec<Fault>> {
    match source {
        Source::Memory { columns, .. } => {
            let found = faults::count(columns, day_number(today));
            let clinics = columns.clinic_keys().iter().zip(&found);
            let mut listed: Vec<Fault> = clinics
                .flat_map(|(clinic_id, found)| of_clinic(*clinic_id, found))
                .collect();
            listed.sort_by(|a, b| (a.clinic_id, &a.fault).cmp(&(b.clinic_id, &b.fault)));
            Ok(listed)
        }
        Source::Database(conn) => {
            let long_ago = today.checked_sub_days(Days::new(LONG_OPEN_DAYS));
            let mut query = Statement::new(STAYS);
            query
                .bind(Value::Day(long_ago.unwrap_or(today)))
                .push(STAYS_OF_CLINICS);
            Ok(query.load(conn)?)
        }
    }
}

fn of_clinic(clinic_id: i64, found: &StayFaults) -> impl Iterator<Item = Fault> {
    let faults = STAY_FAULTS.iter().zip(&found.faults);
    faults.map(move |(fault, amount)| Fault {
        clinic_id,
        fault: (*fault).to_owned(),
        rows: amount.amount as i64,
        patients: amount.patients.into(),
        of_rows: found.stays as i64,
    })
}

/// The same without columns: one scan that puts the stays of each person together first, so that nothing is sorted.
const STAYS: &str = "
    SELECT clinic_id, fault, rows, patients, stays AS of_rows
      FROM (SELECT clinic_id, sum(stays)::bigint AS stays,
                   sum(open)::bigint AS open, count(*) FILTER (WHERE open > 0) AS open_patients,
                   sum(long_open)::bigint AS long_open, count(*) FILTER (WHERE long_open > 0) AS long_open_patients,
                   sum(without_code)::bigint AS without_code, count(*) FILTER (WHERE without_code > 0) AS without_code_patients,
                   sum(without_main)::bigint AS without_main, count(*) FILTER (WHERE without_main > 0) AS without_main_patients,
                   sum(without_station)::bigint AS without_station, count(*) FILTER (WHERE without_station > 0) AS without_station_patients,
                   sum(without_reason)::bigint AS without_reason, count(*) FILTER (WHERE without_reason > 0) AS without_reason_patients,
                   sum(without_source)::bigint AS without_source, count(*) FILTER (WHERE without_source > 0) AS without_source_patients,
                   sum(without_age)::bigint AS without_age, count(*) FILTER (WHERE without_age > 0) AS without_age_patients,
                   sum(without_sex)::bigint AS without_sex, count(*) FILTER (WHERE without_sex > 0) AS without_sex_patients
              FROM (SELECT clinic_id, count(*) AS stays,
                           count(*) FILTER (WHERE discharge_date IS NULL) AS open,
                           count(*) FILTER (WHERE discharge_date IS NULL AND admission_date < ";
const STAYS_OF_CLINICS: &str = ") AS long_open,
                           count(*) FILTER (WHERE codes = '{}') AS without_code,
                           count(*) FILTER (WHERE main_codes = '{}') AS without_main,
                           count(*) FILTER (WHERE stations = '{}') AS without_station,
                           count(*) FILTER (WHERE discharge_type = 'UNKNOWN') AS without_reason,
                           count(*) FILTER (WHERE admission_type = 'UNKNOWN') AS without_source,
                           count(*) FILTER (WHERE age_at_admission IS NULL) AS without_age,
                           count(*) FILTER (WHERE sex = 'UNKNOWN') AS without_sex
                      FROM analytics.stay_facts
                     GROUP BY clinic_id, person) persons
             GROUP BY clinic_id) clinics
     CROSS JOIN LATERAL (VALUES
           ('OPEN_STAY', open, open_patients),
           ('OPEN_LONGER_THAN_90_DAYS', long_open, long_open_patients),
           ('STAY_WITHOUT_CODE', without_code, without_code_patients),
           ('STAY_WITHOUT_MAIN_DIAGNOSIS', without_main, without_main_patients),
           ('STAY_WITHOUT_STATION', without_station, without_station_patients),
           ('DISCHARGE_WITHOUT_REASON', without_reason, without_reason_patients),
           ('ADMISSION_WITHOUT_SOURCE', without_source, without_source_patients),
           ('AGE_NOT_KNOWN', without_age, without_age_patients),
           ('SEX_NOT_KNOWN', without_sex, without_sex_patients)) AS faults (fault, rows, patients)
     ORDER BY clinic_id, fault COLLATE \"C\"";

/// Faults of diagnoses and observations of every clinic, as the newest data version holds them.
///
/// # Errors
/// When the query fails.
pub fn of_rows(conn: &mut Connection) -> Result<Vec<Fault>> {
    Ok(diesel::sql_query(
        "SELECT clinic_id, fault, rows, patients, of_rows FROM analytics.row_faults ORDER BY clinic_id, fault COLLATE \"C\"",
    )
    .load(conn)?)
}

/// Deliveries and what they put aside, which change with every import.
///
/// # Errors
/// When a query fails.
pub fn deliveries(conn: &mut Connection, clinics: &[i64]) -> Result<(Vec<Quarantined>, Vec<Load>)> {
    let clinics = Value::Ints(clinics.to_vec());
    let mut query = Statement::new(
        "SELECT r.clinic_id, q.rule, q.resource_type, count(*) AS lines
           FROM (SELECT clinic_id, max(import_run_id) AS import_run_id FROM import_runs
                  WHERE kind = 'FHIR' AND clinic_id = ANY(",
    );
    query.bind(clinics.clone()).push(
        ") GROUP BY 1) r JOIN quarantine q USING (import_run_id) GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3",
    );
    let quarantined = query.load(conn)?;
    let mut query = Statement::new(
        "SELECT r.clinic_id, r.started_at, r.finished_at, r.status, r.data_through, r.created_rows, r.updated_rows, r.quarantined_rows, r.is_full, r.refused_because
           FROM unnest(",
    );
    query.bind(clinics).push(
        ") AS u (clinic_id) CROSS JOIN LATERAL (
                SELECT * FROM import_runs i WHERE i.clinic_id = u.clinic_id AND i.kind = 'FHIR' ORDER BY i.import_run_id DESC LIMIT 10) r
          ORDER BY r.clinic_id, r.import_run_id DESC",
    );
    Ok((quarantined, query.load(conn)?))
}

/// What the newest deliveries that were taken met, without the rules of lines put aside.
///
/// # Errors
/// When a query fails.
pub fn findings(conn: &mut Connection, clinics: &[i64]) -> Result<Vec<Finding>> {
    let mut query = Statement::new(
        "SELECT r.clinic_id, f.rule, f.count
           FROM (SELECT clinic_id, max(import_run_id) AS import_run_id FROM import_runs
                  WHERE kind = 'FHIR' AND status = 'DONE' AND clinic_id = ANY(",
    );
    query.bind(Value::Ints(clinics.to_vec())).push(
        ") GROUP BY 1) r JOIN import_findings f USING (import_run_id)
          WHERE NOT EXISTS (SELECT FROM quarantine q WHERE q.import_run_id = f.import_run_id AND q.rule = f.rule)
          ORDER BY r.clinic_id, f.rule",
    );
    Ok(query.load(conn)?)
}
