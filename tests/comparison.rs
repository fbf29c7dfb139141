//! The comparison of clinics: every KPI equals plain SQL over the base tables, and nothing hidden follows from what is shown.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::{
    cases::{Case, between, generator, period, times},
    support::Server,
};

const COMPARISON: &str = "query ($filter: StayFilter!, $current: DateRange!, $previous: DateRange!) {
  clinicComparison(filter: $filter, current: $current, previous: $previous) {
    group { ...row } clinics { clinic { id } ...row }
    currentDays previousDays lengthsDiffer isIncomplete
  }
}
fragment row on ComparisonRow { kpis { kpi unit current { value suppressed } previous { value suppressed } difference change perDay { current previous change } } }";

/// Every KPI of the stays under a condition, by plain SQL. `all` are the clinics of the question, where patients may come
/// back to.
pub fn counted(
    server: &Server,
    case: &Case,
    days: (NaiveDate, NaiveDate),
    clinic: &str,
) -> BTreeMap<String, Option<f64>> {
    let (from, to) = days;
    let basis = match case.filter["basis"] == "DISCHARGE" {
        true => "e.discharge_date",
        false => "e.admission_date",
    };
    let sql = format!(
        "WITH last AS (SELECT max(admission_date) AS day FROM encounters),
         e AS (SELECT e.*, {in_basis} AS is_stay, {admitted} AS is_admission, coalesce({discharged}, false) AS is_discharge,
                      e.admission_date < '{from}' AND coalesce(e.discharge_date >= '{from}', true) AS is_before,
                      e.admission_date <= '{to}' AND coalesce(e.discharge_date > '{to}', true) AS is_after,
                      (SELECT count(*) FROM station_transfers t WHERE t.encounter_id = e.encounter_id) AS stations,
                      EXISTS (SELECT FROM station_transfers t JOIN stations USING (station_id) WHERE t.encounter_id = e.encounter_id AND department_key LIKE '36%') AS is_intensive,
                      (SELECT count(DISTINCT icd10_code) FROM conditions c WHERE c.encounter_id = e.encounter_id)
                    - (SELECT count(DISTINCT icd10_code) FROM conditions c WHERE c.encounter_id = e.encounter_id AND is_main) AS secondary,
                      EXISTS (SELECT FROM conditions c WHERE c.encounter_id = e.encounter_id AND is_main AND icd10_code IS NOT NULL) AS has_main,
                      (SELECT count(*) FROM generate_series(greatest('{from}', e.admission_date), least('{to}', coalesce(e.discharge_date, last.day)), '1 day') d
                        WHERE d = e.admission_date OR d > e.admission_date AND CASE WHEN e.discharge_date IS NULL THEN d <= last.day ELSE d < e.discharge_date END) AS occupied,
                      coalesce({discharged}, false) AND e.case_kind = 'FULL' AND e.discharge_type IN ('REGULAR', 'REHABILITATION', 'NURSING', 'HOSPICE', 'UNKNOWN')
                        AND e.discharge_date + 30 <= last.day AS is_index,
                      EXISTS (SELECT FROM encounters n WHERE n.patient_pseudo_id = e.patient_pseudo_id AND n.case_kind = 'FULL'
                                 AND n.admission_date - e.discharge_date BETWEEN 1 AND 30 AND {returning}) AS is_followed
                 FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id) CROSS JOIN last
                WHERE {properties} AND {clinic} AND e.admission_date <= '{to}' AND coalesce(e.discharge_date >= '{from}', true)),
         s AS (SELECT count(*) FILTER (WHERE is_admission) AS admissions, count(*) FILTER (WHERE is_discharge) AS discharges,
                      count(*) FILTER (WHERE is_stay) AS stays, count(DISTINCT patient_pseudo_id) FILTER (WHERE is_stay) AS patients,
                      coalesce(sum(occupied), 0) AS bed_days, sum(length_of_stay) FILTER (WHERE is_discharge) AS days,
                      percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY length_of_stay) FILTER (WHERE is_discharge) AS lengths,
                      count(*) FILTER (WHERE is_before) AS before, count(*) FILTER (WHERE is_after) AS after,
                      count(*) FILTER (WHERE is_admission AND admission_type = 'EMERGENCY') AS emergencies,
                      count(*) FILTER (WHERE is_discharge AND discharge_type = 'DEATH') AS deaths,
                      count(*) FILTER (WHERE is_index AND is_followed) AS readmissions, count(*) FILTER (WHERE is_index) AS indexes,
                      count(*) FILTER (WHERE is_admission AND admission_type = 'TRANSFER') AS transfers_in,
                      count(*) FILTER (WHERE is_discharge AND discharge_type = 'TRANSFER') AS transfers_out,
                      sum(greatest(stations - 1, 0)) FILTER (WHERE is_stay) AS changes, count(*) FILTER (WHERE is_stay AND is_intensive) AS intensive,
                      count(*) FILTER (WHERE is_discharge AND discharge_date = admission_date) AS hour_cases,
                      count(*) FILTER (WHERE is_discharge AND discharge_date = admission_date + 1) AS one_night,
                      sum(secondary) FILTER (WHERE is_stay) AS secondary, count(*) FILTER (WHERE is_stay AND NOT has_main) AS without_main,
                      count(*) FILTER (WHERE is_discharge AND discharge_type = 'UNKNOWN') AS unknown FROM e)
         SELECT admissions AS \"ADMISSIONS\", discharges AS \"DISCHARGES\", (admissions + discharges) / 2.0 AS \"CASES\", stays AS \"STAYS\",
                patients AS \"PATIENTS\", bed_days AS \"BED_DAYS\", days::float8 / nullif(discharges, 0) AS \"AVERAGE_LENGTH_OF_STAY\",
                lengths[1] AS \"MEDIAN_LENGTH_OF_STAY\", lengths[2] AS \"LENGTH_OF_STAY_PERCENTILE_90\", before AS \"CARRIED_OVER\", after AS \"MIDNIGHT_CENSUS\",
                emergencies::float8 / nullif(admissions, 0) AS \"EMERGENCY_SHARE\", deaths AS \"DEATHS\", deaths::float8 / nullif(discharges, 0) AS \"MORTALITY\",
                CASE WHEN indexes > 0 THEN readmissions END AS \"READMISSIONS\", readmissions::float8 / nullif(indexes, 0) AS \"READMISSION_RATE\", transfers_in AS \"TRANSFERS_IN\",
                transfers_out AS \"TRANSFERS_OUT\", changes::float8 / nullif(stays, 0) AS \"INTERNAL_TRANSFERS_PER_STAY\", intensive AS \"INTENSIVE_STAYS\",
                hour_cases AS \"HOUR_CASES\", one_night AS \"ONE_NIGHT_CASES\", secondary::float8 / nullif(stays, 0) AS \"SECONDARY_DIAGNOSES_PER_STAY\",
                without_main::float8 / nullif(stays, 0) AS \"WITHOUT_MAIN_DIAGNOSIS\", unknown::float8 / nullif(discharges, 0) AS \"UNKNOWN_DISCHARGE_REASON\" FROM s",
        in_basis = format_args!("coalesce({}, false)", between(basis, days)),
        admitted = between("e.admission_date", days),
        discharged = between("e.discharge_date", days),
        returning = match clinic {
            "true" => case.clinics.replace("e.clinic_id", "n.clinic_id"),
            _ => "n.clinic_id = e.clinic_id".to_owned(),
        },
        properties = case.properties,
    );
    let row = server.rows(&sql).remove(0);
    let figures = row.as_object().expect("a row");
    figures
        .iter()
        .map(|(name, value)| (name.clone(), value.as_f64()))
        .collect()
}

/// Compares one side of a row's KPIs with plain SQL; returns how many were compared.
pub fn check(
    row: &Value,
    side: &str,
    expected: &BTreeMap<String, Option<f64>>,
    about: &str,
) -> usize {
    let mut checked = 0;
    for kpi in row["kpis"].as_array().expect("kpis") {
        let name = kpi["kpi"].as_str().expect("a name");
        if name == "OCCUPANCY" {
            continue;
        }
        let expected = expected.get(name).unwrap_or_else(|| panic!("{name}"));
        let found = kpi[side]["value"].as_f64();
        assert!(
            is_close(found, *expected),
            "{name}: {found:?}, plain SQL {expected:?}: {about}"
        );
        checked += 1;
    }
    checked
}

/// Whether two numbers are the same but for the last digits that JSON may lose.
fn is_close(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    }
}

/// KPIs that are told per day too.
const OF_DAYS: [&str; 12] = [
    "ADMISSIONS",
    "DISCHARGES",
    "CASES",
    "STAYS",
    "BED_DAYS",
    "DEATHS",
    "READMISSIONS",
    "TRANSFERS_IN",
    "TRANSFERS_OUT",
    "INTENSIVE_STAYS",
    "HOUR_CASES",
    "ONE_NIGHT_CASES",
];

/// Holds what a KPI says of both periods together against its two numbers.
fn check_sides(kpi: &Value, current: (NaiveDate, NaiveDate), previous: (NaiveDate, NaiveDate)) {
    let value = |side: &str| kpi[side]["value"].as_f64();
    let change = |now: Option<f64>, then: Option<f64>| {
        let both = now.zip(then.filter(|then| *then != 0.0));
        both.map(|(now, then)| (now - then) / then)
    };
    let (now, then) = (value("current"), value("previous"));
    let difference = now.zip(then).map(|(now, then)| now - then);
    assert!(is_close(kpi["difference"].as_f64(), difference), "{kpi}");
    assert!(is_close(kpi["change"].as_f64(), change(now, then)), "{kpi}");
    let name = kpi["kpi"].as_str().expect("a name");
    assert_eq!(kpi["perDay"].is_object(), OF_DAYS.contains(&name), "{kpi}");
    if kpi["perDay"].is_object() {
        let days = |(from, to): (NaiveDate, NaiveDate)| (to - from).num_days() as f64 + 1.0;
        let (now, then) = (
            now.map(|now| now / days(current)),
            then.map(|then| then / days(previous)),
        );
        let found = |name: &str| kpi["perDay"][name].as_f64();
        assert!(is_close(found("current"), now), "{kpi}");
        assert!(is_close(found("previous"), then), "{kpi}");
        assert!(is_close(found("change"), change(now, then)), "{kpi}");
    }
}

async fn compare(server: &Server, cases: usize, seed: u64) {
    let controller = server.user("controller");
    let mut random = generator(seed);
    let keys: BTreeMap<String, i64> = crate::cases::clinics(server).into_iter().collect();
    let mut checked = 0;
    for number in 0..cases {
        let case = Case::random(server, &mut random);
        let (current, previous) = (case.period, period(&mut random, number % 2 == 0));
        let range = |days: (NaiveDate, NaiveDate)| json!({ "from": days.0, "to": days.1 });
        let variables = json!({ "filter": case.filter, "current": range(current), "previous": range(previous) });
        let mut data = controller.data(COMPARISON, variables.clone()).await;
        let found = data["clinicComparison"].take();
        let lengths = (previous.1 - previous.0).num_days() != (current.1 - current.0).num_days();
        assert_eq!(found["lengthsDiffer"], lengths);
        for (side, days) in [("current", current), ("previous", previous)] {
            let about = variables.to_string();
            checked += check(
                &found["group"],
                side,
                &counted(server, &case, days, "true"),
                &about,
            );
            for row in found["clinics"].as_array().expect("clinics") {
                let key = keys[row["clinic"]["id"].as_str().expect("a clinic")];
                let clinic = format!("e.clinic_id = {key}");
                checked += check(row, side, &counted(server, &case, days, &clinic), &about);
            }
        }
        for kpi in found["group"]["kpis"].as_array().expect("kpis") {
            check_sides(kpi, current, previous);
        }
    }
    assert!(checked > cases * 100);
}

#[actix_web::test]
async fn every_kpi_equals_plain_sql_from_columns() {
    compare(&Server::with_columns(0).await, times(30), 11).await;
}

#[actix_web::test]
async fn every_kpi_equals_plain_sql_from_the_database() {
    compare(&Server::start(), times(6), 12).await;
}

#[actix_web::test]
async fn clinics_and_group_do_not_tell_of_few_patients() {
    let (open, guarded) = (Server::with_columns(0).await, Server::with_columns(5).await);
    let (truth, client) = (open.user("controller"), guarded.user("controller"));
    let mut random = generator(13);
    let (mut hidden, mut shown) = (0, 0);
    for _ in 0..times(20) {
        let case = Case::random(&open, &mut random);
        let range = json!({ "from": case.period.0, "to": case.period.1 });
        let variables = json!({ "filter": case.filter, "current": range, "previous": range });
        let rows = |data: Value| -> Vec<Value> {
            let found = &data["clinicComparison"];
            let clinics = found["clinics"].as_array().expect("clinics").clone();
            [vec![found["group"].clone()], clinics].concat()
        };
        let true_rows = rows(truth.data(COMPARISON, variables.clone()).await);
        let shown_rows = rows(client.data(COMPARISON, variables.clone()).await);
        let count = true_rows[0]["kpis"].as_array().expect("kpis").len();
        for place in 0..count {
            let of = |rows: &[Value], row: usize| rows[row]["kpis"][place].clone();
            let mut hidden_in_margin = 0;
            for row in 0..true_rows.len() {
                let (guarded, real) = (of(&shown_rows, row), of(&true_rows, row));
                if guarded["current"]["suppressed"] == true {
                    hidden += 1;
                    hidden_in_margin += usize::from(real["current"]["value"].as_f64() != Some(0.0));
                    assert_eq!(guarded["current"]["value"], Value::Null);
                    assert_eq!(
                        (&guarded["difference"], &guarded["change"]),
                        (&Value::Null, &Value::Null)
                    );
                    continue;
                }
                shown += 1;
                assert_eq!(guarded["current"], real["current"], "{guarded} {variables}");
                let is_count = guarded["unit"] == "NUMBER" && guarded["kpi"] != "CASES";
                let value = real["current"]["value"].as_f64().unwrap_or_default();
                assert!(
                    !is_count || value == 0.0 || value >= 5.0,
                    "{guarded} {variables}"
                );
            }
            let is_sum = [
                "ADMISSIONS",
                "DISCHARGES",
                "STAYS",
                "DEATHS",
                "TRANSFERS_IN",
            ]
            .contains(&of(&true_rows, 0)["kpi"].as_str().expect("a name"));
            assert!(
                !is_sum || hidden_in_margin != 1,
                "{} {variables}",
                of(&true_rows, 0)
            );
        }
    }
    assert!(hidden > 100 && shown > 100, "{hidden} {shown}");
}
