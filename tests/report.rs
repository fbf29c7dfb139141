//! The monthly report: every KPI of every period equals plain SQL, its parts equal the other analytics, and nothing hidden
//! follows from what is shown.

use chrono::{Days, Months, NaiveDate};
use serde_json::{Value, json};

use crate::{
    cases::Case,
    comparison::{check, counted},
    support::Server,
};

pub const REPORT: &str = include_str!("queries/monthly_report.graphql");

pub async fn report(server: &Server, month: &str, clinics: Value) -> Value {
    let client = server.user("controller");
    let variables = json!({ "month": month, "clinics": clinics });
    client.data(REPORT, variables).await["monthlyReport"].take()
}

/// First and last day of the month some months before.
fn days(month: &str, back: u32) -> (NaiveDate, NaiveDate) {
    let first: NaiveDate = format!("{month}-01").parse().expect("a day");
    let first = first - Months::new(back);
    (first, first + Months::new(1) - Days::new(1))
}

/// The question of a report as plain SQL asks it.
fn case(period: (NaiveDate, NaiveDate), clinics: &str) -> Case {
    Case {
        filter: json!({ "basis": "DISCHARGE" }),
        period,
        clinics: clinics.to_owned(),
        properties: clinics.to_owned(),
        is_main: false,
    }
}

async fn compare(server: &Server, month: &str, uids: Value, clinics: &str) -> usize {
    let found = report(server, month, uids).await;
    let about = format!("{month} {clinics}");
    let of = |days| counted(server, &case(days, clinics), days, "true");
    let january = days(month, 0).0.format("%Y-01-01").to_string();
    let year = (january.parse().expect("a day"), days(month, 0).1);
    let mut checked = 0;
    for (side, days) in [
        ("month", days(month, 0)),
        ("previousMonth", days(month, 1)),
        ("lastYear", days(month, 12)),
        ("yearToDate", year),
    ] {
        checked += check(&found, side, &of(days), &about);
    }
    assert_eq!(found["days"][3], (year.1 - year.0).num_days() + 1);
    let trend = found["trend"].as_array().expect("a trend");
    assert_eq!(trend.len(), 13);
    for (place, shown) in trend.iter().enumerate() {
        let period = days(month, 12 - place as u32);
        assert_eq!(shown["month"], period.0.format("%Y-%m").to_string());
        checked += check(shown, "value", &of(period), &about);
    }
    for row in found["comparison"].as_array().expect("clinics") {
        let clinic = match row["clinic"]["id"].as_str() {
            None => "true".to_owned(),
            Some(uid) => format!(
                "e.clinic_id = (SELECT organisationunitid FROM organisationunit WHERE uid = '{uid}')"
            ),
        };
        for (side, back) in [("current", 0), ("previous", 1)] {
            let period = days(month, back);
            let expected = counted(server, &case(period, clinics), period, &clinic);
            checked += check(row, side, &expected, &about);
        }
    }
    checked
}

fn clinics(server: &Server) -> Vec<(String, i64)> {
    crate::cases::clinics(server)
}

#[actix_web::test]
async fn every_kpi_of_a_report_equals_plain_sql_from_columns() {
    let server = Server::with_columns(0).await;
    let all = clinics(&server);
    let ids = |count: usize| {
        let keys: Vec<String> = all.iter().take(count).map(|c| c.1.to_string()).collect();
        let uids: Vec<&str> = all.iter().take(count).map(|c| c.0.as_str()).collect();
        (json!(uids), format!("e.clinic_id IN ({})", keys.join(", ")))
    };
    let mut checked = compare(&server, "2026-10", Value::Null, "true").await;
    checked += compare(&server, "2026-11", Value::Null, "true").await;
    let (one, condition) = ids(1);
    checked += compare(&server, "2024-01", one, &condition).await;
    let (two, condition) = ids(2);
    checked += compare(&server, "2023-12", two, &condition).await;
    assert!(checked > 4 * 21 * 25, "{checked}");
}

#[actix_web::test]
async fn every_kpi_of_a_report_equals_plain_sql_from_the_database() {
    compare(&Server::start(), "2025-03", Value::Null, "true").await;
}

#[actix_web::test]
async fn the_parts_of_a_report_equal_the_other_analytics() {
    let server = Server::with_columns(0).await;
    let client = server.user("controller");
    let found = report(&server, "2025-05", Value::Null).await;
    let filter = json!({ "basis": "DISCHARGE", "role": "MAIN", "period": { "from": "2025-05-01", "to": "2025-05-31" } });
    let document = "query ($filter: StayFilter!) {
      diagnoses(filter: $filter, level: THREE, first: 1000) { rows { code kind stays { value suppressed } patients { value suppressed } }
        total { stays { value suppressed } patients { value suppressed } } }
      patientFlow(filter: $filter) { nodes { id stage label stays { value suppressed } } links { source target value patients { value suppressed } } stays { value suppressed } folded }
      dataQuality { clinics { clinic { id } faults { fault rows { value suppressed } ofRows } } }
      dataVersion { id refreshedAt importedThrough } }";
    let data = client.data(document, json!({ "filter": filter })).await;
    assert_eq!(found["allDiagnoses"], data["diagnoses"]["total"]);
    assert_eq!(found["patientFlow"], data["patientFlow"]);
    assert_eq!(found["dataQuality"], data["dataQuality"]);
    assert_eq!(found["asOf"], data["dataVersion"]);
    let mut rows = data["diagnoses"]["rows"].as_array().expect("rows").clone();
    rows.retain(|row| row["kind"] == "NODE");
    rows.sort_by_key(|row| {
        let stays = row["stays"]["value"].as_i64();
        (std::cmp::Reverse(stays), row["code"].to_string())
    });
    let top = found["topDiagnoses"].as_array().expect("rows");
    assert_eq!(top.len(), 10);
    for (shown, expected) in top.iter().zip(&rows) {
        for name in ["code", "stays", "patients"] {
            assert_eq!(shown[name], expected[name]);
        }
    }
    for division in found["divisions"].as_array().expect("divisions") {
        let column = match division["division"].as_str().expect("a name") {
            "ADMISSION_TYPE" => "admission_type",
            "DISCHARGE_TYPE" => "discharge_type",
            "CASE_KIND" => "case_kind",
            "SEX" => "sex",
            _ => continue,
        };
        let day = match column {
            "admission_type" => "admission_date",
            _ => "discharge_date",
        };
        for part in division["parts"].as_array().expect("parts") {
            let category = part["category"].as_str().expect("a name");
            let row = server.rows(&format!(
                "SELECT count(*) AS stays, count(DISTINCT patient_pseudo_id) AS patients
                   FROM encounters e JOIN patients USING (clinic_id, patient_pseudo_id)
                  WHERE {day} BETWEEN '2025-05-01' AND '2025-05-31' AND {column} = '{category}'"
            ));
            assert_eq!(
                part["stays"]["value"], row[0]["stays"],
                "{column} {category}"
            );
            assert_eq!(
                part["patients"]["value"], row[0]["patients"],
                "{column} {category}"
            );
        }
    }
}

/// Of cells that add up to another, the shown and hidden ones: none may be hidden alone, unless nobody stands behind it.
fn hidden_alone(cells: &[(&Value, &Value)]) -> bool {
    let hidden = cells.iter().filter(|(shown, truth)| {
        shown["suppressed"] == true && truth["value"].as_f64() != Some(0.0)
    });
    hidden.count() == 1
}

const SUMS: [&str; 7] = [
    "ADMISSIONS",
    "DISCHARGES",
    "STAYS",
    "DEATHS",
    "TRANSFERS_IN",
    "TRANSFERS_OUT",
    "HOUR_CASES",
];

#[actix_web::test]
async fn no_hidden_figure_of_a_report_follows_from_the_shown_ones() {
    let (open, guarded) = (Server::with_columns(0).await, Server::with_columns(5).await);
    let (mut hidden, mut shown) = (0, 0);
    for month in ["2026-10", "2024-01", "2024-05", "2022-12"] {
        let truth = report(&open, month, Value::Null).await;
        let found = report(&guarded, month, Value::Null).await;
        let months_of_year: usize = month[5..].parse().expect("a number");
        for (place, kpi) in found["kpis"].as_array().expect("kpis").iter().enumerate() {
            let real = &truth["kpis"][place];
            let name = kpi["kpi"].as_str().expect("a name");
            for side in ["month", "previousMonth", "lastYear", "yearToDate"] {
                match kpi[side]["suppressed"] == true {
                    true => hidden += 1,
                    false => {
                        shown += 1;
                        assert_eq!(kpi[side], real[side], "{month} {name} {side}");
                    }
                }
                let is_count = kpi["unit"] == "NUMBER" && name != "CASES";
                let value = kpi[side]["value"].as_f64().unwrap_or(0.0);
                assert!(
                    !is_count || value == 0.0 || value >= 5.0,
                    "{month} {name} {value}"
                );
            }
            for (change, then) in [
                ("fromPreviousMonth", "previousMonth"),
                ("fromLastYear", "lastYear"),
            ] {
                if kpi["month"]["suppressed"] == true || kpi[then]["suppressed"] == true {
                    assert_eq!(kpi[change], json!({ "difference": null, "change": null }));
                }
            }
            if SUMS.contains(&name) {
                let of_trend = |number: usize| {
                    let value =
                        |report: &'_ Value| report["trend"][number]["kpis"][place]["value"].clone();
                    (value(&found), value(&truth))
                };
                let mut cells: Vec<(Value, Value)> =
                    (13 - months_of_year..13).map(of_trend).collect();
                cells.push((kpi["yearToDate"].clone(), real["yearToDate"].clone()));
                let cells: Vec<_> = cells.iter().map(|(a, b)| (a, b)).collect();
                assert!(!hidden_alone(&cells), "{month} {name} over the year");
                for side in ["current", "previous"] {
                    let cell = |report: &'_ Value, row: usize| {
                        report["comparison"][row]["kpis"][place][side].clone()
                    };
                    let rows = truth["comparison"].as_array().expect("rows").len();
                    let cells: Vec<_> = (0..rows)
                        .map(|row| (cell(&found, row), cell(&truth, row)))
                        .collect();
                    let cells: Vec<_> = cells.iter().map(|(a, b)| (a, b)).collect();
                    assert!(!hidden_alone(&cells), "{month} {name} over clinics");
                }
            }
        }
        check_parts(&found, &truth, month);
    }
    assert!(hidden > 50 && shown > 50, "{hidden} {shown}");
}

/// Divisions, diagnoses and flow tell nothing that the KPIs hide.
fn check_parts(found: &Value, truth: &Value, month: &str) {
    let divisions = found["divisions"].as_array().expect("divisions").iter();
    for (division, real) in divisions.zip(truth["divisions"].as_array().expect("divisions")) {
        let parts = division["parts"].as_array().expect("parts").iter();
        let cells: Vec<(&Value, &Value)> = parts
            .zip(real["parts"].as_array().expect("parts"))
            .map(|(part, real)| {
                if part["stays"]["suppressed"] == true {
                    assert_eq!(
                        (&part["patients"]["value"], &part["share"]),
                        (&Value::Null, &Value::Null)
                    );
                } else {
                    let patients = part["patients"]["value"].as_i64().expect("a count");
                    assert!(patients == 0 || patients >= 5, "{part}");
                }
                (&part["stays"], &real["stays"])
            })
            .collect();
        let are_all_hidden = cells.iter().all(|(shown, _)| shown["suppressed"] == true);
        assert!(
            are_all_hidden || !hidden_alone(&cells),
            "{month} {}",
            division["division"]
        );
    }
    let hidden_deaths = found["kpis"].as_array().expect("kpis").iter();
    let mut hidden_deaths =
        hidden_deaths.filter(|kpi| kpi["kpi"] == "DEATHS" && kpi["month"]["suppressed"] == true);
    let nodes = found["patientFlow"]["nodes"].as_array().expect("nodes");
    let shows_deaths = nodes.iter().any(|node| node["id"] == "discharge:DEATH");
    assert!(hidden_deaths.next().is_none() || !shows_deaths, "{month}");
    for link in found["patientFlow"]["links"].as_array().expect("links") {
        assert!(link["patients"]["value"].as_i64() >= Some(5), "{link}");
    }
    for row in found["topDiagnoses"].as_array().expect("rows") {
        assert!(row["patients"]["value"].as_i64() >= Some(5), "{row}");
    }
}

#[actix_web::test]
async fn a_report_shows_the_clinics_of_the_scope_and_refuses_others() {
    let server = Server::start();
    let uid = |code: &str| {
        server.id(&format!(
            "SELECT uid AS id FROM organisationunit WHERE code = '{code}'"
        ))
    };
    let (own, other) = (uid("KNH_1"), uid("KNH_2"));
    let director = server.user("director");
    let ask = |month: &'static str, clinics: Value| json!({ "month": month, "clinics": clinics });
    let mine = director.data(REPORT, ask("2025-05", Value::Null)).await;
    let alone = server
        .user("controller")
        .data(REPORT, ask("2025-05", json!([own])))
        .await;
    assert_eq!(mine, alone);
    assert_eq!(
        mine["monthlyReport"]["clinics"].as_array().map(Vec::len),
        Some(1)
    );
    for (variables, code, text) in [
        (
            ask("2025-05", json!([other])),
            "FORBIDDEN",
            "data-view scope",
        ),
        (
            ask("2025-05", json!(["nowhere"])),
            "FORBIDDEN",
            "clinics: nowhere is not a clinic",
        ),
        (
            ask("2027-01", Value::Null),
            "BAD_USER_INPUT",
            "month 2027-01 lies after",
        ),
        (ask("2025-13", Value::Null), "BAD_USER_INPUT", "month like"),
        (ask("05/2025", Value::Null), "BAD_USER_INPUT", "month like"),
    ] {
        let (found, message) = director.refusal(REPORT, variables.clone()).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(text), "{message}");
    }
    let (code, _) = server
        .user("clerk")
        .refusal(REPORT, ask("2025-05", Value::Null))
        .await;
    assert_eq!(code, "FORBIDDEN");
}
