//! The report as CSV and XLSX: the numbers of GraphQL, safe for spreadsheets, refused like GraphQL.

use std::{collections::BTreeMap, io::Cursor};

use actix_web::{http::StatusCode, test::TestRequest};
use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use crate::{
    report::report,
    support::{Answer, Server},
};

/// Asks for a file of the report as somebody.
pub async fn file(server: &Server, username: &str, path: &str) -> Answer {
    let request = TestRequest::get().uri(&format!("/reports/monthly/{path}"));
    server.send(server.user(username).sign(request)).await
}

async fn good(server: &Server, path: &str) -> Answer {
    let answer = file(server, "controller", path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text());
    answer
}

/// Rows of CSV without quotes inside.
fn rows(text: &str, separator: char) -> Vec<Vec<String>> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    lines
        .map(|line| line.split(separator).map(str::to_owned).collect())
        .collect()
}

/// What a number must look like in a file.
fn expected(cell: &Value) -> String {
    match (cell["value"].as_f64(), cell["suppressed"] == true) {
        (Some(value), false) => value.to_string(),
        (None, true) => "< 5".to_owned(),
        (value, _) => {
            assert_eq!(value, None);
            String::new()
        }
    }
}

/// Columns of the table of KPIs, and where GraphQL has them.
const SIDES: [(usize, &str); 4] = [
    (3, "month"),
    (4, "previousMonth"),
    (7, "lastYear"),
    (10, "yearToDate"),
];

#[actix_web::test]
async fn every_kpi_is_the_same_in_graphql_csv_and_xlsx() {
    let server = Server::with_minimum_cell(5);
    let found = report(&server, "2025-05", Value::Null).await;
    let english = good(&server, "2025-05.csv?table=kpis&language=en").await;
    let german = good(&server, "2025-05.csv?table=kpis").await;
    assert_eq!(english.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        english.header("x-data-version"),
        found["asOf"]["id"].as_str().expect("an id")
    );
    assert!(german.text().starts_with('\u{feff}') && !english.text().starts_with('\u{feff}'));
    let (english, german) = (rows(&english.text(), ','), rows(&german.text(), ';'));
    assert_eq!((&*english[0][1], &*german[0][1]), ("KPI", "Kennzahl"));
    let workbook = good(&server, "2025-05.xlsx?language=en").await;
    let mut workbook = Xlsx::new(Cursor::new(workbook.body)).expect("a workbook");
    let sheet = workbook.worksheet_range("KPIs").expect("a sheet");
    let sheet: Vec<&[Data]> = sheet.rows().collect();
    let kpis = found["kpis"].as_array().expect("kpis");
    assert_eq!((english.len(), german.len(), sheet.len()), (27, 27, 27));
    let (mut hidden, mut numbers) = (0, 0);
    for (place, kpi) in kpis.iter().enumerate() {
        let (english, german, sheet) = (&english[place + 1], &german[place + 1], sheet[place + 1]);
        assert_eq!(english[0], kpi["kpi"].as_str().expect("a name"));
        for (column, side) in SIDES {
            let text = expected(&kpi[side]);
            assert_eq!(english[column], text, "{kpi} {side}");
            assert_eq!(german[column], text.replace('.', ","), "{kpi} {side}");
            match &sheet[column] {
                Data::Float(value) => {
                    numbers += 1;
                    assert_eq!(Some(*value), kpi[side]["value"].as_f64(), "{kpi} {side}");
                }
                Data::String(text) => {
                    hidden += 1;
                    assert!(
                        text == "< 5" && kpi[side]["suppressed"] == true,
                        "{kpi} {text}"
                    );
                }
                Data::Empty => assert_eq!(text, ""),
                other => panic!("{kpi} {side} {other:?}"),
            }
        }
    }
    assert!(hidden > 3 && numbers > 10, "{hidden} {numbers}");
}

#[actix_web::test]
async fn every_table_is_in_the_archive_and_in_the_workbook() {
    let server = Server::with_minimum_cell(5);
    let archive = good(&server, "2025-05.csv.zip?language=de&bom=false").await;
    let mut archive = zip::ZipArchive::new(Cursor::new(archive.body)).expect("an archive");
    let mut tables = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).expect("a file");
        let text = std::io::read_to_string(&mut file).expect("a text");
        tables.insert(file.name().to_owned(), text);
    }
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "comparison.csv",
            "definitions.csv",
            "deliveries.csv",
            "diagnoses.csv",
            "divisions.csv",
            "filter.csv",
            "flow.csv",
            "kpis.csv",
            "quality.csv",
            "trend.csv"
        ]
    );
    for name in names {
        let path = format!(
            "2025-05.csv?table={}&bom=false",
            name.trim_end_matches(".csv")
        );
        assert_eq!(good(&server, &path).await.text(), tables[name], "{name}");
    }
    let workbook = good(&server, "2025-05.xlsx").await;
    let mut workbook = Xlsx::new(Cursor::new(workbook.body)).expect("a workbook");
    let sheets = workbook.sheet_names();
    assert_eq!(
        sheets,
        [
            "Filter",
            "Kennzahlen",
            "Verlauf",
            "Klinikvergleich",
            "Struktur",
            "Hauptdiagnosen",
            "Patientenfluss",
            "Datenqualität",
            "Lieferungen",
            "Definitionen"
        ]
    );
    let of = |name: &str| rows(&tables[name], ';').len();
    for (sheet, table) in sheets.iter().zip([
        "filter.csv",
        "kpis.csv",
        "trend.csv",
        "comparison.csv",
        "divisions.csv",
        "diagnoses.csv",
    ]) {
        let sheet = workbook.worksheet_range(sheet).expect("a sheet");
        assert_eq!(sheet.rows().len(), of(table), "{table}");
    }
    assert!(
        tables["filter.csv"].contains("Datenversion;1\r\n"),
        "{}",
        tables["filter.csv"]
    );
    // Where diagnoses are few, nothing of 1 to 4 patients stands anywhere.
    for row in rows(&tables["diagnoses.csv"], ';').iter().skip(1) {
        let patients = &row[row.len() - 5];
        let is_many = patients.parse().is_ok_and(|count: i64| count >= 5);
        assert!(patients == "< 5" || is_many, "{row:?}");
    }
}

#[actix_web::test]
async fn no_name_is_a_formula() {
    let server = Server::start();
    server.execute(
        "UPDATE organisationunit SET name = '=HYPERLINK(\"http://x\")' WHERE code = 'KNH_1'",
    );
    let text = good(&server, "2025-05.csv?table=comparison&language=en")
        .await
        .text();
    assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{text}");
    let workbook = good(&server, "2025-05.xlsx?language=en").await;
    let mut workbook = Xlsx::new(Cursor::new(workbook.body)).expect("a workbook");
    for sheet in workbook.sheet_names() {
        let formulas = workbook.worksheet_formula(&sheet).expect("a sheet");
        assert!(formulas.is_empty(), "{sheet}");
    }
    let sheet = workbook
        .worksheet_range("Clinic comparison")
        .expect("a sheet");
    let mut cells = sheet.rows().flatten();
    assert!(cells.any(|cell| *cell == "=HYPERLINK(\"http://x\")"));
}

#[actix_web::test]
async fn a_report_is_refused_with_the_rule_that_is_broken() {
    let server = Server::start();
    let uid = |code: &str| {
        server.id(&format!(
            "SELECT uid AS id FROM organisationunit WHERE code = '{code}'"
        ))
    };
    let (own, other) = (uid("KNH_1"), uid("KNH_2"));
    for (path, status, text) in [
        ("2025-13.pdf", 400, "month"),
        ("May.pdf", 400, "month"),
        ("2027-01.pdf", 400, "month 2027-01 lies after"),
        (
            "2025-05.pdf?clinics=nowhere",
            403,
            "clinics: nowhere is not a clinic",
        ),
        (
            &*format!("2025-05.pdf?clinics={own},{other}"),
            403,
            "data-view scope",
        ),
        ("2025-05.pdf?language=fr", 400, "language must be de or en"),
        ("2025-05.csv", 400, "table must be one of filter, kpis"),
        (
            "2025-05.csv?table=all",
            400,
            "table must be one of filter, kpis",
        ),
        ("2025-05.csv?table=kpis&bom=perhaps", 400, "bom"),
        ("2025-05.docx", 404, ".pdf"),
    ] {
        let answer = file(&server, "director", path).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {}", answer.text());
        let message = answer.json()["message"]
            .as_str()
            .expect("a message")
            .to_owned();
        assert!(message.contains(text), "{path} {message}");
    }
    for name in ["pdf", "xlsx", "csv.zip"] {
        let request = TestRequest::get().uri(&format!("/reports/monthly/2025-05.{name}"));
        assert_eq!(server.send(request).await.status, StatusCode::UNAUTHORIZED);
        let answer = file(&server, "clerk", &format!("2025-05.{name}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    }
    let mine = file(&server, "director", "2025-05.csv?table=comparison").await;
    let asked = file(
        &server,
        "controller",
        &format!("2025-05.csv?table=comparison&clinics={own}"),
    )
    .await;
    assert_eq!(mine.text(), asked.text());
}
