//! Observations over time, and the quality of the data, against plain SQL.

use rand::{Rng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::{
    cases::{Case, between, generator, times},
    support::Server,
};

const TREND: &str = "query ($code: String!, $filter: StayFilter!, $bucket: Bucket!) {
  observationTrend(code: $code, filter: $filter, bucket: $bucket) {
    series { unit points { startsOn count { value suppressed } patients { value } numbers { value } mean min max percentile10 percentile25 median percentile75 percentile90 } } } }";

#[actix_web::test]
async fn buckets_equal_plain_sql() {
    let server = Server::start();
    let controller = server.user("controller");
    let codes = server.ids("SELECT DISTINCT code AS id FROM observations ORDER BY 1");
    let mut random = generator(31);
    let mut points = 0;
    for _ in 0..times(40) {
        let case = Case::random(&server, &mut random);
        let code = codes.choose(&mut random).expect("a code");
        let bucket = ["WEEK", "MONTH", "QUARTER", "YEAR"][random.random_range(0..4)];
        let variables = json!({ "code": code, "filter": case.filter, "bucket": bucket });
        let mut data = controller.data(TREND, variables.clone()).await;
        let found = data["observationTrend"]["series"].take();
        // A stay is asked for where a property is; without one every observation of the clinics counts.
        let is_plain = case.properties == case.clinics;
        let stays = match is_plain {
            true => case.clinics.replace("e.clinic_id", "o.clinic_id"),
            false => format!(
                "EXISTS (SELECT FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id) WHERE e.encounter_id = o.encounter_id AND {} AND {})",
                case.properties,
                case.clinics.replace("e.clinic_id", "o.clinic_id")
            ),
        };
        let expected = server.rows(&format!(
            "SELECT date_trunc('{bucket}', observed_on)::date AS day, unit, count(*) AS n, count(DISTINCT patient_pseudo_id) AS patients, avg(value_number) AS mean,
                    min(value_number) AS min, max(value_number) AS max, percentile_cont(0.5) WITHIN GROUP (ORDER BY value_number) AS median,
                    percentile_cont(0.9) WITHIN GROUP (ORDER BY value_number) AS p90
               FROM observations o WHERE code = '{code}' AND {} AND {stays} GROUP BY 1, 2 ORDER BY 1, 2",
            between("observed_on", case.period)
        ));
        let mut met = 0;
        for series in found.as_array().expect("series") {
            for point in series["points"].as_array().expect("points") {
                let row = expected
                    .iter()
                    .find(|row| row["day"] == point["startsOn"] && row["unit"] == series["unit"])
                    .unwrap_or_else(|| panic!("{point} {variables}"));
                assert_eq!(
                    (&point["count"]["value"], &point["patients"]["value"]),
                    (&row["n"], &row["patients"]),
                    "{variables}"
                );
                for (name, column) in [
                    ("mean", "mean"),
                    ("min", "min"),
                    ("max", "max"),
                    ("median", "median"),
                    ("percentile90", "p90"),
                ] {
                    let (found, expected) = (point[name].as_f64(), row[column].as_f64());
                    let is_equal = found.zip(expected).map_or(found == expected, |(a, b)| {
                        (a - b).abs() < 1e-9 * b.abs().max(1.0)
                    });
                    assert!(is_equal, "{name} {point} {row}");
                }
                met += 1;
            }
        }
        assert_eq!(met, expected.len(), "{variables}");
        points += met;
    }
    assert!(points > 50, "{points}");
}

#[actix_web::test]
async fn few_patients_behind_a_bucket_hide_its_values() {
    let server = Server::with_minimum_cell(5);
    let controller = server.user("controller");
    let code =
        server.id("SELECT code AS id FROM observations GROUP BY 1 ORDER BY count(*) DESC LIMIT 1");
    let filter = json!({ "period": { "from": "2020-01-01", "to": "2026-12-31" } });
    let variables = json!({ "code": code, "filter": filter, "bucket": "WEEK" });
    let data = controller.data(TREND, variables).await;
    let (mut hidden, mut shown) = (0, 0);
    for series in data["observationTrend"]["series"]
        .as_array()
        .expect("series")
    {
        for point in series["points"].as_array().expect("points") {
            if point["count"]["suppressed"] == true {
                hidden += 1;
                for name in ["mean", "min", "max", "median", "percentile10"] {
                    assert_eq!(point[name], Value::Null, "{point}");
                }
            } else {
                shown += 1;
                assert!(point["patients"]["value"].as_i64() >= Some(5), "{point}");
            }
        }
    }
    assert!(hidden > 1 && shown > 0, "{hidden} {shown}");
    let filter = json!({ "period": { "from": "2000-01-01", "to": "2026-12-31" } });
    let variables = json!({ "code": code, "filter": filter, "bucket": "DAY" });
    let (_, message) = controller.refusal(TREND, variables).await;
    assert!(message.contains("buckets"), "{message}");
    let filter = json!({ "period": { "from": "2025-01-01", "to": "2025-12-31" } });
    let variables = json!({ "code": " ", "filter": filter, "bucket": "YEAR" });
    let (_, message) = controller.refusal(TREND, variables).await;
    assert_eq!(message, "code is empty");
}

#[actix_web::test]
async fn faults_and_deliveries_are_those_of_the_clinics() {
    let server = Server::start();
    server.execute(
        "INSERT INTO import_runs (kind, source, clinic_id, status, finished_at, quarantined_rows) SELECT 'FHIR', 'night', min(clinic_id), 'DONE', now(), 3 FROM clinics;
         INSERT INTO quarantine (import_run_id, file, line, resource_type, rule, message) SELECT max(import_run_id), 'a', n, 'Encounter', CASE n WHEN 1 THEN 'JSON_SYNTAX' ELSE 'NO_START' END, 'x' FROM import_runs, generate_series(1, 3) n GROUP BY n",
    );
    let controller = server.user("controller");
    let document = "query ($clinic: ID) { dataQuality(clinic: $clinic) { clinics { clinic { id } faults { fault rows { value } ofRows } quarantine { rule resourceType lines } deliveries { status quarantined } } ageHours asOf { id } } }";
    let data = controller.data(document, json!({})).await;
    let rows = data["dataQuality"]["clinics"].as_array().expect("clinics");
    assert_eq!(rows.len(), crate::cases::clinics(&server).len());
    for (uid, key) in crate::cases::clinics(&server) {
        let row = rows
            .iter()
            .find(|row| row["clinic"]["id"] == *uid)
            .expect("a row");
        let fault = |name: &str| {
            let faults = row["faults"].as_array().expect("faults");
            let fault = faults.iter().find(|fault| fault["fault"] == name);
            fault.unwrap_or_else(|| panic!("{name}"))["rows"]["value"].clone()
        };
        for (name, sql) in [
            ("OPEN_STAY", "encounters e WHERE discharge_date IS NULL"),
            (
                "DISCHARGE_WITHOUT_REASON",
                "encounters e WHERE discharge_type = 'UNKNOWN'",
            ),
            (
                "STAY_WITHOUT_MAIN_DIAGNOSIS",
                "encounters e WHERE NOT EXISTS (SELECT FROM conditions c WHERE c.encounter_id = e.encounter_id AND is_main AND icd10_code IS NOT NULL)",
            ),
            (
                "DIAGNOSIS_WITHOUT_STAY",
                "conditions e WHERE encounter_id IS NULL",
            ),
            (
                "DIAGNOSIS_WITHOUT_CODE",
                "conditions e WHERE icd10_code IS NULL AND excluded_icd10_code IS NULL",
            ),
            (
                "OBSERVATION_WITHOUT_STAY",
                "observations e WHERE encounter_id IS NULL",
            ),
        ] {
            let counted = server
                .rows(&format!(
                    "SELECT count(*) AS n FROM {sql} AND e.clinic_id = {key}"
                ))
                .remove(0);
            assert_eq!(fault(name), counted["n"], "{name}");
        }
    }
    let first = &crate::cases::clinics(&server)[0].0;
    let data = controller.data(document, json!({ "clinic": first })).await;
    let row = &data["dataQuality"]["clinics"][0];
    assert_eq!(
        row["quarantine"],
        json!([{ "rule": "NO_START", "resourceType": "Encounter", "lines": 2 }, { "rule": "JSON_SYNTAX", "resourceType": "Encounter", "lines": 1 }])
    );
    assert_eq!(
        row["deliveries"][0],
        json!({ "status": "DONE", "quarantined": 3 })
    );
    let (_, message) = controller
        .refusal(document, json!({ "clinic": "Nowhere0001" }))
        .await;
    assert!(message.starts_with("clinic:"), "{message}");
}

#[actix_web::test]
async fn what_a_delivery_met_and_why_one_was_refused_is_told() {
    let server = Server::with_minimum_cell(5);
    server.execute(
        "INSERT INTO import_runs (kind, source, clinic_id, status, finished_at) SELECT 'FHIR', 'night', min(clinic_id), 'DONE', now() FROM clinics;
         INSERT INTO quarantine (import_run_id, file, line, resource_type, rule, message) SELECT max(import_run_id), 'a', 1, 'Encounter', 'NO_START', 'x' FROM import_runs;
         INSERT INTO import_findings SELECT max(import_run_id), rule, n FROM import_runs, (VALUES ('STATION_GAP', 7), ('COMPANION', 2), ('NO_START', 1)) f (rule, n) GROUP BY rule, n;
         INSERT INTO import_runs (kind, source, clinic_id, status, is_full, refused_because) SELECT 'FHIR', 'wrong', min(clinic_id), 'FAILED', true, 'too few' FROM clinics",
    );
    let document = "query ($clinic: ID) { dataQuality(clinic: $clinic) { clinics { findings { rule count { value suppressed } } deliveries { status isFull refusedBecause } } } }";
    let first = &crate::cases::clinics(&server)[0].0;
    let controller = server.user("controller");
    let data = controller.data(document, json!({ "clinic": first })).await;
    let row = &data["dataQuality"]["clinics"][0];
    // What so few have would tell of somebody; lines put aside stand elsewhere.
    assert_eq!(
        row["findings"],
        json!([{ "rule": "COMPANION", "count": { "value": null, "suppressed": true } }, { "rule": "STATION_GAP", "count": { "value": 7, "suppressed": false } }])
    );
    assert_eq!(
        (&row["deliveries"][0], &row["deliveries"][1]),
        (
            &json!({ "status": "FAILED", "isFull": true, "refusedBecause": "too few" }),
            &json!({ "status": "DONE", "isFull": false, "refusedBecause": null })
        )
    );
}
