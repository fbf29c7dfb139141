//! Diagnoses are exact: each figure of each node equals plain `COUNT(DISTINCT …)` over the base tables.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::{
    cases::{Case, between, clinics, generator, period, times},
    support::{Client, Server, texts},
};

const LEVELS: [&str; 5] = ["CHAPTER", "BLOCK", "THREE", "FOUR", "FIVE"];

pub const DIAGNOSES: &str = "query ($filter: StayFilter!, $level: DiagnosisLevel!, $under: String, $first: Int!, $after: String) {
  diagnoses(filter: $filter, level: $level, under: $under, first: $first, after: $after) {
    rows { code kind level patients { value } stays { value } averageLengthOfStay shareOfPatients }
    total { code patients { value } stays { value } averageLengthOfStay }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}";

/// Patients, stays and thousandths of the average stay by code; the code of all stays is empty.
pub type Figures = BTreeMap<String, (i64, i64, Option<i64>)>;

pub fn figures(rows: &[Value]) -> Figures {
    let figure = |row: &Value| {
        let count = |name: &str| {
            row[name]["value"]
                .as_i64()
                .or(row[name].as_i64())
                .expect("a count")
        };
        let average = row["averageLengthOfStay"]
            .as_f64()
            .map(|days| (days * 1000.0).round() as i64);
        let code = row["code"].as_str().expect("a code").to_owned();
        (code, (count("patients"), count("stays"), average))
    };
    rows.iter().map(figure).collect()
}

/// The rows of a kind.
pub fn of_kind(found: &Value, kind: &str) -> Vec<Value> {
    let rows = found["rows"].as_array().expect("rows").iter();
    rows.filter(|row| row["kind"] == kind).cloned().collect()
}

/// What the server says.
async fn answered(
    client: &Client<'_>,
    filter: &Value,
    level: &str,
    under: Option<&str>,
) -> (Figures, Figures) {
    let mut after = Value::Null;
    let mut nodes = Figures::new();
    loop {
        let variables = json!({ "filter": filter, "level": level, "under": under, "first": 1000, "after": after });
        let data = client.data(DIAGNOSES, variables).await;
        let found = &data["diagnoses"];
        nodes.extend(figures(&of_kind(found, "NODE")));
        if found["pageInfo"]["hasNextPage"] == false {
            return (nodes, figures(&[found["total"].clone()]));
        }
        after = found["pageInfo"]["endCursor"].clone();
    }
}

/// What plain SQL says of the stays under `stays`, a condition on `e` and its patient `p`; `codes` is one on `c`.
fn counted(server: &Server, level: &str, stays: &str, codes: &str) -> (Figures, Figures) {
    let node = match level {
        "CHAPTER" => "c.icd10_chapter",
        "BLOCK" => {
            "(SELECT block FROM icd10_blocks b WHERE left(c.icd10_code, 3) BETWEEN b.first_category AND b.last_category)"
        }
        "THREE" => "left(c.icd10_code, 3)",
        "FOUR" => {
            "CASE WHEN c.icd10_code LIKE '____.%' OR c.icd10_code LIKE '___.%' THEN left(c.icd10_code, 5) END"
        }
        _ => "CASE WHEN c.icd10_code LIKE '___.__%' THEN left(c.icd10_code, 6) END",
    };
    let count = |code: &str, from: &str| {
        server.rows(&format!(
            "SELECT {code} AS code, count(DISTINCT patient) AS patients, count(*) AS stays, avg(days)::float8 AS \"averageLengthOfStay\" FROM ({from}) n GROUP BY 1"
        ))
    };
    let stay = "e.encounter_id, e.patient_pseudo_id AS patient, CASE WHEN e.discharge_date > e.admission_date THEN e.discharge_date - e.admission_date WHEN e.discharge_date IS NOT NULL THEN 1 END AS days";
    let from = "FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id)";
    let nodes = format!(
        "SELECT DISTINCT {node} AS node, {stay} {from} JOIN conditions c USING (encounter_id)
          WHERE c.icd10_code IS NOT NULL AND {node} IS NOT NULL AND ({stays}) AND ({codes})"
    );
    let mut total = figures(&count("''", &format!("SELECT {stay} {from} WHERE {stays}")));
    if total.is_empty() {
        total.insert(String::new(), (0, 0, None));
    }
    (figures(&count("node", &nodes)), total)
}

#[actix_web::test]
async fn random_periods_and_clinics_are_counted_exactly_from_columns() {
    random_periods_and_clinics(&Server::with_columns(0).await, times(40)).await;
}

#[actix_web::test]
async fn random_periods_and_clinics_are_counted_exactly_from_the_database() {
    random_periods_and_clinics(&Server::start(), times(8)).await;
}

async fn random_periods_and_clinics(server: &Server, cases: usize) {
    let controller = server.user("controller");
    let clinics = clinics(server);
    let mut random = generator(7);
    let mut nodes = 0;
    for case in 0..cases {
        let period = period(&mut random, case % 2 == 0);
        let chosen: Vec<_> = clinics
            .choose_multiple(&mut random, case % (clinics.len() + 1))
            .collect();
        let uids: Vec<&str> = chosen.iter().map(|(uid, _)| uid.as_str()).collect();
        let keys: Vec<String> = chosen.iter().map(|(_, key)| key.to_string()).collect();
        let filter = json!({ "period": { "from": period.0, "to": period.1 }, "clinics": uids });
        let condition = match keys.as_slice() {
            [] => between("e.admission_date", period),
            keys => format!(
                "{} AND e.clinic_id IN ({})",
                between("e.admission_date", period),
                keys.join(", ")
            ),
        };
        for level in LEVELS {
            let found = answered(&controller, &filter, level, None).await;
            nodes += found.0.len();
            assert_eq!(
                found,
                counted(server, level, &condition, "true"),
                "{level} {filter}"
            );
        }
    }
    assert!(nodes > cases * 100, "{nodes}");
}

#[actix_web::test]
async fn columns_and_the_database_answer_alike() {
    let (columns, database) = (Server::with_columns(0).await, Server::start());
    let (columns_user, database_user) = (columns.user("controller"), database.user("controller"));
    let mut random = generator(8);
    for _ in 0..times(10) {
        let case = Case::random(&database, &mut random);
        for level in LEVELS {
            let variables = json!({ "filter": case.filter, "level": level, "first": 1000 });
            let from_columns = columns_user.data(DIAGNOSES, variables.clone()).await;
            let from_database = database_user.data(DIAGNOSES, variables).await;
            assert_eq!(from_columns, from_database, "{level} {}", case.filter);
        }
    }
}

#[actix_web::test]
async fn random_filters_select_as_plain_sql_does() {
    let server = Server::with_columns(0).await;
    let controller = server.user("controller");
    let mut random = generator(9);
    let mut stays = 0;
    for _ in 0..times(100) {
        let case = Case::random(&server, &mut random);
        let level = LEVELS.choose(&mut random).expect("a level");
        let found = answered(&controller, &case.filter, level, None).await;
        let expected = counted(&server, level, &case.stays(), case.codes());
        stays += expected.1[""].1;
        assert_eq!(found, expected, "{level} {}", case.filter);
    }
    assert!(stays > 500, "{stays}");
}

#[actix_web::test]
async fn each_filter_selects_as_plain_sql_does() {
    let server = Server::with_columns(0).await;
    let controller = server.user("controller");
    let station = server.rows(
        "SELECT u.uid, station_id FROM station_transfers JOIN organisationunit u ON u.organisationunitid = station_id
          GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1",
    ).remove(0);
    let under = |codes: &str, and: &str| {
        format!(
            "EXISTS (SELECT FROM conditions c WHERE c.encounter_id = e.encounter_id AND c.icd10_code IS NOT NULL AND {codes} {and})"
        )
    };
    let heart = "left(c.icd10_code, 3) BETWEEN 'I00' AND 'I99'";
    let cases = [
        (
            json!({ "sexes": ["FEMALE"] }),
            "p.sex = 'FEMALE'".to_owned(),
            "true",
        ),
        (
            json!({ "sexes": ["MALE", "UNKNOWN"] }),
            "p.sex IN ('MALE', 'UNKNOWN')".to_owned(),
            "true",
        ),
        (
            json!({ "ageGroups": ["AGE_65_TO_74", "AGE_85_PLUS"] }),
            "e.age_at_admission BETWEEN 65 AND 74 OR e.age_at_admission >= 85".to_owned(),
            "true",
        ),
        (
            json!({ "ageGroups": ["AGE_0"] }),
            "e.age_at_admission = 0".to_owned(),
            "true",
        ),
        (
            json!({ "admissionTypes": ["EMERGENCY", "BIRTH"] }),
            "e.admission_type IN ('EMERGENCY', 'BIRTH')".to_owned(),
            "true",
        ),
        (
            json!({ "dischargeTypes": ["DEATH", "OPEN"] }),
            "e.discharge_type IN ('DEATH', 'OPEN')".to_owned(),
            "true",
        ),
        (
            json!({ "caseKind": "DAY" }),
            "e.case_kind = 'DAY'".to_owned(),
            "true",
        ),
        (json!({ "role": "MAIN" }), "true".to_owned(), "c.is_main"),
        (json!({ "diagnosis": "IX" }), under(heart, ""), "true"),
        (
            json!({ "diagnosis": "I10-I15" }),
            under("left(c.icd10_code, 3) BETWEEN 'I10' AND 'I15'", ""),
            "true",
        ),
        (
            json!({ "diagnosis": "I50" }),
            under("c.icd10_code LIKE 'I50%'", ""),
            "true",
        ),
        (
            json!({ "diagnosis": "I50.0" }),
            under("c.icd10_code LIKE 'I50.0%'", ""),
            "true",
        ),
        (
            json!({ "diagnosis": "IX", "role": "MAIN" }),
            under(heart, "AND c.is_main"),
            "c.is_main",
        ),
        (
            json!({ "stations": [station["uid"]] }),
            format!(
                "EXISTS (SELECT FROM station_transfers t WHERE t.encounter_id = e.encounter_id AND t.station_id = {})",
                station["station_id"]
            ),
            "true",
        ),
        (
            json!({ "sexes": ["FEMALE"], "ageGroups": ["AGE_75_TO_84"], "diagnosis": "IX", "admissionTypes": ["EMERGENCY"] }),
            format!(
                "p.sex = 'FEMALE' AND e.age_at_admission BETWEEN 75 AND 84 AND e.admission_type = 'EMERGENCY' AND {}",
                under(heart, "")
            ),
            "true",
        ),
    ];
    let days = (
        NaiveDate::from_ymd_opt(2022, 3, 1).expect("a day"),
        NaiveDate::from_ymd_opt(2025, 8, 31).expect("a day"),
    );
    for (case, condition, codes) in cases {
        for (basis, column) in [
            ("ADMISSION", "e.admission_date"),
            ("DISCHARGE", "e.discharge_date"),
        ] {
            let mut filter = case.clone();
            filter["period"] = json!({ "from": days.0, "to": days.1 });
            filter["basis"] = json!(basis);
            let condition = format!("({condition}) AND {}", between(column, days));
            for level in ["CHAPTER", "BLOCK", "FOUR"] {
                let found = answered(&controller, &filter, level, None).await;
                assert_eq!(
                    found,
                    counted(&server, level, &condition, codes),
                    "{level} {filter}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn a_drill_down_holds_what_lies_below_and_nothing_else() {
    let server = Server::with_columns(0).await;
    let controller = server.user("controller");
    let cases = [
        ("IX", "CHAPTER", "BLOCK", "c.icd10_chapter = 'IX'"),
        ("IX", "FOUR", "FOUR", "c.icd10_chapter = 'IX'"),
        (
            "I20-I25",
            "CHAPTER",
            "THREE",
            "left(c.icd10_code, 3) BETWEEN 'I20' AND 'I25'",
        ),
        ("I50", "CHAPTER", "FOUR", "c.icd10_code LIKE 'I50%'"),
        ("I50.0", "CHAPTER", "FIVE", "c.icd10_code LIKE 'I50.0%'"),
        ("II", "FIVE", "FIVE", "c.icd10_chapter = 'II'"),
    ];
    for days in [("2021-01-01", "2025-12-31"), ("2021-01-02", "2025-12-30")] {
        let filter = json!({ "period": { "from": days.0, "to": days.1 } });
        let condition = format!("e.admission_date BETWEEN '{}' AND '{}'", days.0, days.1);
        for (under, asked, level, codes) in cases {
            let found = answered(&controller, &filter, asked, Some(under)).await;
            let expected = counted(&server, level, &condition, codes);
            assert!(!expected.0.is_empty(), "nothing below {under}");
            assert_eq!(found, expected, "{under} {asked} {days:?}");
        }
    }
}

#[actix_web::test]
async fn pages_of_rows_follow_the_tree_and_miss_nothing() {
    let server = Server::with_columns(0).await;
    let controller = server.user("controller");
    let chapters = server.ids(
        "SELECT chapter AS id FROM icd10_chapters h WHERE EXISTS (SELECT FROM conditions c JOIN encounters e USING (encounter_id) WHERE c.icd10_chapter = h.chapter) ORDER BY position",
    );
    let codes = server.ids(
        "SELECT DISTINCT left(icd10_code, 3) COLLATE \"C\" AS id FROM conditions JOIN encounters USING (encounter_id) WHERE icd10_code IS NOT NULL ORDER BY 1",
    );
    let filter = json!({ "period": { "from": "2020-01-01", "to": "2026-12-31" } });
    for (level, expected) in [("CHAPTER", chapters), ("THREE", codes)] {
        let (mut met, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "filter": filter, "level": level, "first": 7, "after": after });
            let page = controller.data(DIAGNOSES, variables).await["diagnoses"].take();
            assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
            met.extend(texts(&json!(of_kind(&page, "NODE")), "code"));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        assert_eq!(met, expected, "{level}");
    }
}

#[actix_web::test]
async fn a_comparison_shows_what_a_request_for_each_period_shows() {
    let server = Server::with_columns(0).await;
    let controller = server.user("controller");
    let document = "query ($now: DateRange!, $then: DateRange!) {
      now: diagnoses(filter: { period: $now }, compareWith: $then) { rows { code patients { value } stays { value } change {
        previousPatients { value } previousStays { value } patientsDifference patientsChange staysDifference } } }
      then: diagnoses(filter: { period: $then }) { rows { code patients { value } stays { value } } }
    }";
    let variables = json!({ "now": { "from": "2025-01-01", "to": "2025-12-31" }, "then": { "from": "2024-01-01", "to": "2024-12-30" } });
    let data = controller.data(document, variables).await;
    let then = data["then"]["rows"].as_array().expect("rows");
    let rows = data["now"]["rows"].as_array().expect("rows");
    assert!(rows.len() > 10);
    for row in rows {
        let other = then.iter().find(|other| other["code"] == row["code"]);
        let before =
            |name: &str| other.map_or(0, |other| other[name]["value"].as_i64().expect("a count"));
        let now = |name: &str| row[name]["value"].as_i64().expect("a count");
        let change = &row["change"];
        assert_eq!(change["previousPatients"]["value"], before("patients"));
        assert_eq!(change["previousStays"]["value"], before("stays"));
        assert_eq!(
            change["patientsDifference"],
            now("patients") - before("patients")
        );
        assert_eq!(change["staysDifference"], now("stays") - before("stays"));
        let share = change["patientsChange"].as_f64().unwrap_or_default();
        let expected = (now("patients") - before("patients")) as f64;
        assert!(
            (share * before("patients") as f64 - expected * f64::from(before("patients") > 0))
                .abs()
                < 1e-9
        );
    }
}
