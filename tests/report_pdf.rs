//! The report as PDF: tagged, with its fonts, and with the numbers of GraphQL. Texts are read with `pdftotext`; where that is
//! not installed, the tests that need it say so.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use actix_web::http::StatusCode;
use serde_json::Value;

use crate::{report::report, report_files::file, support::Server};

async fn pdf(server: &Server, path: &str) -> Vec<u8> {
    let answer = file(server, "controller", path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/pdf");
    answer.body
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|part| part == text.as_bytes())
}

/// The text of each page as it is laid out; `None` where no program reads it.
fn pages(body: &[u8]) -> Option<Vec<String>> {
    let reading = Command::new("pdftotext")
        .args(["-layout", "-enc", "UTF-8", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut reading) = reading else {
        eprintln!("pdftotext is not installed: the text of the PDF is not checked");
        return None;
    };
    let mut input = reading.stdin.take().expect("a pipe");
    let body = body.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&body));
    let text = reading.wait_with_output().expect("an output").stdout;
    writing.join().expect("a thread").expect("all was read");
    let text = String::from_utf8(text).expect("UTF-8");
    Some(
        text.trim_end_matches('\u{c}')
            .split('\u{c}')
            .map(str::to_owned)
            .collect(),
    )
}

/// What stands behind the name of a key figure, without any space: narrow ones are read in several ways.
fn line(page: &str, name: &str) -> String {
    let line = page
        .lines()
        .find(|line| line.trim_start().starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no line \"{name}\": {page}"));
    without_space(&line.trim_start()[name.len()..])
}

fn without_space(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}

/// A number as a language writes it.
fn written(cell: &Value, kpi: &Value, is_german: bool) -> String {
    let Some(value) = cell["value"].as_f64() else {
        return match (
            cell["suppressed"] == true,
            kpi["unit"] == "SHARE",
            is_german,
        ) {
            (true, _, _) => "< 5".to_owned(),
            (false, true, true) => "n. v.".to_owned(),
            (false, true, false) => "n/a".to_owned(),
            _ => "–".to_owned(),
        };
    };
    let text = match (
        kpi["unit"].as_str().expect("a unit"),
        kpi["kpi"].as_str().expect("a name"),
    ) {
        ("SHARE", _) => format!("{:.1} %", value * 100.0),
        ("PER_STAY", _) => format!("{value:.2}"),
        (_, "AVERAGE_LENGTH_OF_STAY") => format!("{value:.1}"),
        (_, "CASES") if value.fract() != 0.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    assert!(
        value < 1_000.0 || !text.contains('.'),
        "thousands are for whole numbers here"
    );
    let text = match value >= 1_000.0 {
        true => format!("{},{}", &text[..text.len() - 3], &text[text.len() - 3..]),
        false => text,
    };
    match is_german {
        true => text.replace(',', ";").replace('.', ",").replace(';', "."),
        false => text,
    }
}

#[actix_web::test]
async fn a_pdf_shows_the_numbers_of_graphql_in_both_languages() {
    for minimum in [0, 5] {
        both_languages(&Server::with_minimum_cell(minimum)).await;
    }
}

async fn both_languages(server: &Server) {
    let found = report(server, "2025-05", Value::Null).await;
    for (language, title) in [("de", "Kennzahlen"), ("en", "Key figures")] {
        let body = pdf(server, &format!("2025-05.pdf?language={language}")).await;
        let Some(pages) = pages(&body) else {
            return;
        };
        assert_eq!(pages.len(), 9);
        let version = found["asOf"]["id"].as_str().expect("an id");
        let words = match language {
            "de" => ["Datenversion", "Seite", "von"],
            _ => ["Data version", "Page", "of"],
        };
        for (number, page) in pages.iter().enumerate() {
            assert!(page.contains(&format!("{} {version}", words[0])), "{page}");
            let place = format!("{} {} {} 9", words[1], number + 1, words[2]);
            assert!(page.contains(&place), "{page}");
        }
        let page = pages
            .iter()
            .find(|page| page.lines().any(|line| line.trim() == title));
        let page = page.expect("a page of key figures");
        for (kpi, definition) in found["kpis"]
            .as_array()
            .expect("kpis")
            .iter()
            .zip(found["definitions"].as_array().expect("definitions"))
        {
            let name = definition["name"][language].as_str().expect("a name");
            let shown = line(page, name);
            let first = without_space(&written(&kpi["month"], kpi, language == "de"));
            let last = without_space(&written(&kpi["yearToDate"], kpi, language == "de"));
            assert!(shown.starts_with(&first), "{name}: {shown}, not {first}");
            assert!(shown.ends_with(&last), "{name}: {shown}, not {last}");
        }
    }
}

#[actix_web::test]
async fn a_pdf_is_tagged_has_a_language_a_title_and_its_fonts() {
    let server = Server::with_columns(5).await;
    for (language, title) in [("de", "Monatsbericht"), ("en", "Monthly report")] {
        let body = pdf(&server, &format!("2025-05.pdf?language={language}")).await;
        assert!(body.starts_with(b"%PDF-1.7"));
        for part in [
            "/StructTreeRoot",
            "/MarkInfo",
            "/FontFile2",
            "OpenSans",
            "/Count 9",
        ] {
            assert!(contains(&body, part), "{part}");
        }
        assert!(contains(&body, &format!("/Lang({language})")), "{language}");
        let metadata = format!("<rdf:li xml:lang=\"x-default\">{title}");
        assert!(
            contains(&body, &metadata) || contains(&body, title),
            "{title}"
        );
    }
}

#[actix_web::test]
async fn a_pdf_of_one_clinic_and_of_few_stays_is_written() {
    for minimum in [0, 5] {
        one_clinic(&Server::with_minimum_cell(minimum), minimum).await;
    }
}

async fn one_clinic(server: &Server, minimum: u32) {
    let uid = server.id("SELECT uid AS id FROM organisationunit WHERE code = 'KNH_3'");
    server.execute(
        "UPDATE organisationunit SET name = '#panic() *a* $x$ \\ <b>' WHERE code = 'KNH_3'",
    );
    server.execute("UPDATE clinics SET beds = NULL");
    let body = pdf(server, &format!("2021-01.pdf?clinics={uid}&language=en")).await;
    let Some(pages) = pages(&body) else {
        return;
    };
    assert!(
        pages[0].contains("#panic() *a* $x$ \\ <b>"),
        "names are never markup: {}",
        pages[0]
    );
    let hidden = without_space(&pages[1]).contains("<5");
    assert_eq!(hidden, minimum == 5, "{}", pages[1]);
    assert!(hidden || line(&pages[1], "Bed occupancy").starts_with("n/a"));
}
