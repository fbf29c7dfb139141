//! What is wrong with the delivered data, clinic by clinic.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamptz},
};

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

/// Faults of stays, as conditions on `s`.
const STAYS: &str = "SELECT s.clinic_id, f.fault, s.person FROM analytics.stay_facts s CROSS JOIN LATERAL (VALUES
        ('OPEN_STAY', s.discharge_date IS NULL),
        ('OPEN_LONGER_THAN_90_DAYS', s.discharge_date IS NULL AND s.admission_date < current_date - 90),
        ('STAY_WITHOUT_CODE', s.codes = '{}'),
        ('STAY_WITHOUT_MAIN_DIAGNOSIS', s.main_codes = '{}'),
        ('STAY_WITHOUT_STATION', s.stations = '{}'),
        ('DISCHARGE_WITHOUT_REASON', s.discharge_type = 'UNKNOWN'),
        ('ADMISSION_WITHOUT_SOURCE', s.admission_type = 'UNKNOWN'),
        ('AGE_NOT_KNOWN', s.age_at_admission IS NULL),
        ('SEX_NOT_KNOWN', s.sex = 'UNKNOWN')) AS f (fault, has) WHERE f.has AND s.clinic_id = ANY(";
const STAY_FAULTS: [&str; 9] = [
    "OPEN_STAY",
    "OPEN_LONGER_THAN_90_DAYS",
    "STAY_WITHOUT_CODE",
    "STAY_WITHOUT_MAIN_DIAGNOSIS",
    "STAY_WITHOUT_STATION",
    "DISCHARGE_WITHOUT_REASON",
    "ADMISSION_WITHOUT_SOURCE",
    "AGE_NOT_KNOWN",
    "SEX_NOT_KNOWN",
];

/// Faults of diagnoses, as conditions on `c`.
const CONDITIONS: &str = "SELECT c.clinic_id, f.fault, c.patient_pseudo_id AS person FROM conditions c CROSS JOIN LATERAL (VALUES
        ('DIAGNOSIS_WITHOUT_STAY', c.encounter_id IS NULL),
        ('DIAGNOSIS_WITHOUT_CODE', c.icd10_code IS NULL AND c.excluded_icd10_code IS NULL),
        ('DIAGNOSIS_RULED_OUT', c.excluded_icd10_code IS NOT NULL),
        ('CODE_OUTSIDE_EVERY_CHAPTER', c.icd10_code IS NOT NULL AND c.icd10_chapter IS NULL)) AS f (fault, has)
  WHERE f.has AND c.clinic_id = ANY(";
const CONDITION_FAULTS: [&str; 4] = [
    "DIAGNOSIS_WITHOUT_STAY",
    "DIAGNOSIS_WITHOUT_CODE",
    "DIAGNOSIS_RULED_OUT",
    "CODE_OUTSIDE_EVERY_CHAPTER",
];

/// Only what an index finds: the table is the largest.
const OBSERVATIONS: &str = "SELECT u.clinic_id, f.fault, f.rows, f.patients, 0::bigint AS of_rows
   FROM unnest(";
const OBSERVATION_FAULTS: &str = ") AS u (clinic_id) CROSS JOIN LATERAL (
        SELECT 'OBSERVATION_WITHOUT_STAY' AS fault, count(*) AS rows, count(DISTINCT o.patient_pseudo_id) AS patients
          FROM observations o WHERE o.encounter_id IS NULL AND o.clinic_id = u.clinic_id
        UNION ALL SELECT 'OBSERVATION_WITHOUT_DAY', count(*), count(DISTINCT o.patient_pseudo_id)
          FROM observations o WHERE o.observed_on = '-infinity' AND o.clinic_id = u.clinic_id
        UNION ALL SELECT 'OBSERVATION_IN_THE_FUTURE', count(*), count(DISTINCT o.patient_pseudo_id)
          FROM observations o WHERE o.observed_on > current_date + 1 AND o.clinic_id = u.clinic_id) f";

/// Faults of the rows that are stored, which change with a data version. A fault that no row has is listed with 0.
///
/// # Errors
/// When a query fails.
pub fn faults(conn: &mut Connection, clinics: &[i64]) -> Result<Vec<Fault>> {
    let clinics = Value::Ints(clinics.to_vec());
    let stays = counted("analytics.stay_facts", STAYS, &STAY_FAULTS, &clinics);
    let conditions = counted("conditions", CONDITIONS, &CONDITION_FAULTS, &clinics);
    let mut observations = Statement::new(OBSERVATIONS);
    observations.bind(clinics).push(OBSERVATION_FAULTS);
    let mut faults: Vec<Fault> = Vec::new();
    for query in [stays, conditions, observations] {
        faults.extend(query.load::<Fault>(conn)?);
    }
    Ok(faults)
}

/// Faults of the rows of a table. `found` gives a row for each row of it and each fault that it has.
fn counted(table: &'static str, found: &'static str, names: &[&str], clinics: &Value) -> Statement {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let mut query = Statement::new(
        "SELECT n.clinic_id, f.fault, coalesce(h.rows, 0) AS rows, coalesce(h.patients, 0) AS patients, n.of_rows FROM (SELECT clinic_id, count(*) AS of_rows FROM ",
    );
    query
        .push(table)
        .push(" WHERE clinic_id = ANY(")
        .bind(clinics.clone())
        .push(") GROUP BY 1) n CROSS JOIN unnest(")
        .bind(Value::Texts(names))
        .push(") AS f (fault) LEFT JOIN (SELECT clinic_id, fault, count(*) AS rows, count(DISTINCT person) AS patients FROM (")
        .push(found)
        .bind(clinics.clone())
        .push(")) AS found GROUP BY 1, 2) h USING (clinic_id, fault) ORDER BY 1, 2");
    query
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
