//! What is wrong with the delivered data, clinic by clinic.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text, Timestamptz},
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
}

const STAYS: &str = "SELECT clinic_id, f.fault, count(*) FILTER (WHERE f.has) AS rows, count(*) AS of_rows
   FROM analytics.stay_facts s CROSS JOIN LATERAL (VALUES
        ('OPEN_STAY', s.discharge_date IS NULL),
        ('OPEN_LONGER_THAN_90_DAYS', s.discharge_date IS NULL AND s.admission_date < current_date - 90),
        ('STAY_WITHOUT_CODE', s.codes = '{}'),
        ('STAY_WITHOUT_MAIN_DIAGNOSIS', s.main_codes = '{}'),
        ('STAY_WITHOUT_STATION', s.stations = '{}'),
        ('DISCHARGE_WITHOUT_REASON', s.discharge_type = 'UNKNOWN'),
        ('ADMISSION_WITHOUT_SOURCE', s.admission_type = 'UNKNOWN'),
        ('AGE_NOT_KNOWN', s.age_at_admission IS NULL),
        ('SEX_NOT_KNOWN', s.sex = 'UNKNOWN')) AS f (fault, has)
  WHERE s.clinic_id = ANY(";

const CONDITIONS: &str = "SELECT clinic_id, f.fault, count(*) FILTER (WHERE f.has) AS rows, count(*) AS of_rows
   FROM conditions c CROSS JOIN LATERAL (VALUES
        ('DIAGNOSIS_WITHOUT_STAY', c.encounter_id IS NULL),
        ('DIAGNOSIS_WITHOUT_CODE', c.icd10_code IS NULL AND c.excluded_icd10_code IS NULL),
        ('DIAGNOSIS_RULED_OUT', c.excluded_icd10_code IS NOT NULL),
        ('CODE_OUTSIDE_EVERY_CHAPTER', c.icd10_code IS NOT NULL AND c.icd10_chapter IS NULL)) AS f (fault, has)
  WHERE c.clinic_id = ANY(";

/// Only what an index finds: the table is the largest.
const OBSERVATIONS: &str = "SELECT u.clinic_id, f.fault, f.rows, 0::bigint AS of_rows
   FROM unnest(";
const OBSERVATION_FAULTS: &str = ") AS u (clinic_id) CROSS JOIN LATERAL (
        SELECT 'OBSERVATION_WITHOUT_STAY' AS fault, count(*) AS rows FROM observations o WHERE o.encounter_id IS NULL AND o.clinic_id = u.clinic_id
        UNION ALL SELECT 'OBSERVATION_WITHOUT_DAY', count(*) FROM observations o WHERE o.observed_on = '-infinity' AND o.clinic_id = u.clinic_id
        UNION ALL SELECT 'OBSERVATION_IN_THE_FUTURE', count(*) FROM observations o WHERE o.observed_on > current_date + 1 AND o.clinic_id = u.clinic_id) f";

/// Faults of the rows that are stored, which change with a data version.
///
/// # Errors
/// When a query fails.
pub fn faults(conn: &mut Connection, clinics: &[i64]) -> Result<Vec<Fault>> {
    let clinics = Value::Ints(clinics.to_vec());
    let mut faults: Vec<Fault> = Vec::new();
    for text in [STAYS, CONDITIONS] {
        let mut query = Statement::new(text);
        query
            .bind(clinics.clone())
            .push(") GROUP BY 1, 2 ORDER BY 1, 2");
        faults.extend(query.load::<Fault>(conn)?);
    }
    let mut query = Statement::new(OBSERVATIONS);
    query.bind(clinics).push(OBSERVATION_FAULTS);
    faults.extend(query.load::<Fault>(conn)?);
    Ok(faults)
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
        "SELECT r.clinic_id, r.started_at, r.finished_at, r.status, r.data_through, r.created_rows, r.updated_rows, r.quarantined_rows
           FROM unnest(",
    );
    query.bind(clinics).push(
        ") AS u (clinic_id) CROSS JOIN LATERAL (
                SELECT * FROM import_runs i WHERE i.clinic_id = u.clinic_id AND i.kind = 'FHIR' ORDER BY i.import_run_id DESC LIMIT 10) r
          ORDER BY r.clinic_id, r.import_run_id DESC",
    );
    Ok((quarantined, query.load(conn)?))
}
