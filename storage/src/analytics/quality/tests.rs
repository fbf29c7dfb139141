//! Faults from columns, from the published stays and from what a refresh counted, against plain SQL over the base tables.

use indicatif::ProgressBar;

use super::{Fault, of_rows, of_stays};
use crate::{
    Connection,
    analytics::{Source, source},
    generate::{self, Volume},
    pool::connect,
    refresh,
    testing::{execute, fresh_database, rows},
};

/// Stays of encounters, with the sex of their patients.
const STAYS: &str = "encounters JOIN patients USING (clinic_id, patient_pseudo_id)";
const CODES: &str =
    "FROM conditions c WHERE c.encounter_id = encounters.encounter_id AND c.icd10_code IS NOT NULL";

/// Every fault with its table and its condition.
fn definitions() -> Vec<(&'static str, &'static str, String)> {
    let is = |condition: &str| condition.to_owned();
    vec![
        ("OPEN_STAY", STAYS, is("discharge_date IS NULL")),
        (
            "OPEN_LONGER_THAN_90_DAYS",
            STAYS,
            is("discharge_date IS NULL AND admission_date < date '2026-11-20' - 90"),
        ),
        (
            "STAY_WITHOUT_CODE",
            STAYS,
            format!("NOT EXISTS (SELECT {CODES})"),
        ),
        (
            "STAY_WITHOUT_MAIN_DIAGNOSIS",
            STAYS,
            format!("NOT EXISTS (SELECT {CODES} AND c.is_main)"),
        ),
        (
            "STAY_WITHOUT_STATION",
            STAYS,
            is("encounter_id NOT IN (SELECT encounter_id FROM station_transfers)"),
        ),
        (
            "DISCHARGE_WITHOUT_REASON",
            STAYS,
            is("discharge_type = 'UNKNOWN'"),
        ),
        (
            "ADMISSION_WITHOUT_SOURCE",
            STAYS,
            is("admission_type = 'UNKNOWN'"),
        ),
        ("AGE_NOT_KNOWN", STAYS, is("age_at_admission IS NULL")),
        ("SEX_NOT_KNOWN", STAYS, is("sex = 'UNKNOWN'")),
        (
            "DIAGNOSIS_WITHOUT_STAY",
            "conditions",
            is("encounter_id IS NULL"),
        ),
        (
            "DIAGNOSIS_WITHOUT_CODE",
            "conditions",
            is("icd10_code IS NULL AND excluded_icd10_code IS NULL"),
        ),
        (
            "DIAGNOSIS_RULED_OUT",
            "conditions",
            is("excluded_icd10_code IS NOT NULL"),
        ),
        (
            "CODE_OUTSIDE_EVERY_CHAPTER",
            "conditions",
            is("icd10_code IS NOT NULL AND icd10_chapter IS NULL"),
        ),
        (
            "OBSERVATION_WITHOUT_STAY",
            "observations",
            is("encounter_id IS NULL"),
        ),
        (
            "OBSERVATION_WITHOUT_DAY",
            "observations",
            is("observed_on = '-infinity'"),
        ),
        (
            "OBSERVATION_IN_THE_FUTURE",
            "observations",
            is("observed_on > current_date + 1"),
        ),
    ]
}

/// What the definitions find now.
fn twin(conn: &mut Connection) -> Vec<Fault> {
    let mut found = Vec::new();
    for (fault, table, condition) in definitions() {
        let of_rows = match table {
            "observations" => "0",
            _ => "count(*)",
        };
        let counted = rows(
            conn,
            &format!(
                "SELECT clinic_id, count(*) FILTER (WHERE {condition}) AS rows,
                        count(DISTINCT patient_pseudo_id) FILTER (WHERE {condition}) AS patients, {of_rows} AS of_rows
                   FROM {table} GROUP BY clinic_id"
            ),
        );
        let number = |row: &serde_json::Value, name: &str| row[name].as_i64().expect("a number");
        found.extend(counted.iter().map(|row| Fault {
            clinic_id: number(row, "clinic_id"),
            fault: fault.to_owned(),
            rows: number(row, "rows"),
            patients: number(row, "patients"),
            of_rows: number(row, "of_rows"),
        }));
    }
    sorted(found)
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by(|a, b| (a.clinic_id, &a.fault).cmp(&(b.clinic_id, &b.fault)));
    faults
}

/// All faults, those of stays from columns and from the database alike.
fn published(conn: &mut Connection) -> Vec<Fault> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
    let columns = source::load(conn, usize::MAX).expect("they are read");
    let columns = columns.expect("they fit");
    let mut faults = of_stays(&mut Source::memory(&columns), today).expect("columns answer");
    let from_database = of_stays(&mut Source::Database(conn), today).expect("it answers");
    assert_eq!(faults, from_database);
    faults.extend(of_rows(conn).expect("it answers"));
    sorted(faults)
}

#[test]
fn faults_are_what_plain_sql_counts_and_those_of_the_published_state() {
    let mut conn = connect(&fresh_database("clinigraph_quality")).expect("it answers");
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
    let hidden = ProgressBar::hidden();
    generate::run(&mut conn, &Volume::tiny(), 1, today, &hidden).expect("data");
    refresh::run(&mut conn, |_| {}).expect("the first refresh");
    let first = twin(&mut conn);
    assert_eq!(published(&mut conn), first);

    execute(
        &mut conn,
        "UPDATE encounters SET discharge_date = NULL, discharged_at = NULL, discharge_type = 'OPEN' WHERE encounter_id % 7 = 0;
         UPDATE encounters SET discharge_type = 'UNKNOWN' WHERE encounter_id % 5 = 0;
         UPDATE encounters SET admission_type = 'UNKNOWN', age_at_admission = NULL WHERE encounter_id % 11 = 0;
         UPDATE patients SET sex = 'UNKNOWN' WHERE hashtext(patient_pseudo_id) % 9 = 0;
         UPDATE conditions SET icd10_code = NULL, icd10_chapter = NULL WHERE encounter_id % 13 = 0;
         UPDATE conditions SET is_main = false WHERE encounter_id % 17 = 0;
         UPDATE conditions SET icd10_code = 'E91.1', icd10_chapter = NULL WHERE condition_id % 19 = 0 AND certainty IS DISTINCT FROM 'EXCLUDED';
         UPDATE conditions SET encounter_id = NULL WHERE condition_id % 23 = 0;
         UPDATE conditions SET patient_pseudo_id = NULL WHERE condition_id % 46 = 0;
         DELETE FROM station_transfers WHERE encounter_id % 29 = 0;
         UPDATE observations SET encounter_id = NULL WHERE hashtext(fhir_id) % 31 = 0;
         UPDATE observations SET observed_on = '2090-01-01' WHERE hashtext(fhir_id) % 37 = 0;
         UPDATE observations SET observed_on = '-infinity' WHERE hashtext(fhir_id) % 41 = 0",
    );
    let second = twin(&mut conn);
    for fault in &second {
        assert!(fault.rows > 0, "{fault:?} is not tried");
    }
    assert_eq!(published(&mut conn), first, "until the next refresh");
    refresh::run(&mut conn, |_| {}).expect("a refresh");
    assert_eq!(published(&mut conn), second);
    assert!(second.iter().any(|fault| fault.patients < fault.rows));
}
