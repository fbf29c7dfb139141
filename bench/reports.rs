//! The monthly report over HTTP from the release server: its figures, and each of its forms.

use std::time::Duration;

use chrono::{Days, Months, NaiveDate};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Text},
};
use serde_json::{Value, json};
use storage::{Connection, tokens};

use crate::{
    Result,
    database::{Database, numbers},
    http::{client, server::Server},
    report::{Report, ms, times},
    timing::{Timing, once},
};

/// Months that are asked for, the newest full one first. No answer to one serves another.
const MONTHS: u32 = 12;

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

#[derive(QueryableByName)]
struct Clinic {
    #[diesel(sql_type = Text)]
    uid: String,
}

/// Measures and reports.
pub fn measure(report: &mut Report, database: &mut Database) -> Result<()> {
    report.heading(2, "Monthly report");
    let conn = &mut database.conn;
    let token = tokens::create(conn, "admin")?;
    let last: Last =
        diesel::sql_query("SELECT max(admission_date) AS day FROM encounters").get_result(conn)?;
    let clinic: Clinic = diesel::sql_query(
        "SELECT uid FROM encounters JOIN organisationunit ON organisationunitid = clinic_id GROUP BY uid ORDER BY count(*) DESC LIMIT 1",
    )
    .get_result(conn)?;
    let full = last.day - Months::new(1);
    // The server answers the newest full month before anybody asks, and what all months share with it.
    let months: Vec<NaiveDate> = (1..=MONTHS).map(|back| full - Months::new(back)).collect();
    let server = Server::start(&database.url)?;
    server.settle(&mut database.conn, &token)?;
    let mut rows = Vec::new();
    for (name, clinics) in [("all clinics", None), ("largest clinic", Some(&clinic.uid))] {
        eprintln!("  report, {name} …");
        figures(&server, &token, &full.format("%Y-%m").to_string(), clinics)?;
        let mut forms: Vec<(&str, Vec<Duration>)> = ["figures", ".pdf", ".csv.zip", ".xlsx"]
            .map(|form| (form, Vec::new()))
            .into();
        for month in &months {
            let month = month.format("%Y-%m").to_string();
            for (form, times) in &mut forms {
                let answer = match *form {
                    "figures" => once(|| figures(&server, &token, &month, clinics))?.1,
                    form => {
                        let chosen = clinics.map(|uid| format!("?clinics={uid}"));
                        let chosen = chosen.unwrap_or_default();
                        let path = format!("/reports/monthly/{month}{form}{chosen}");
                        once(|| client::once(&server.address, &token, &path, None))?.1
                    }
                };
                times.push(answer);
            }
        }
        let naive = naive(&mut database.conn, months[0], clinics.is_some())?;
        for (form, runs) in forms {
            let timing = Timing::new(runs);
            rows.push(vec![
                format!("{name}, {form}"),
                ms(timing.median()),
                ms(timing.percentile(95)),
                match form {
                    "figures" => ms(naive),
                    _ => "–".to_owned(),
                },
                match form {
                    "figures" => times(naive, timing.median()),
                    _ => "–".to_owned(),
                },
            ]);
        }
    }
    report.paragraph(&format!(
        "The whole report of each of {MONTHS} months, each asked for the first time. *Figures* is the GraphQL field with all its \
         parts; the other forms are asked for after it and so take what writing them takes. *Naive* is only the plain SQL of the \
         comparison for its seventeen periods and of the flow. p95 of twelve runs is the longest."
    ));
    report.table(
        &["report", "p50, ms", "p95", "naive, ms", "naive ÷ figures"],
        &rows,
    );
    Ok(())
}

const FIGURES: &str = include_str!("../tests/queries/monthly_report.graphql");

/// Asks for all figures of a month.
fn figures(server: &Server, token: &str, month: &str, clinics: Option<&String>) -> Result<()> {
    let clinics = clinics.map(|uid| vec![uid]);
    let body = json!({ "query": FIGURES, "variables": { "month": month, "clinics": clinics } });
    let body = body.to_string();
    let answer = client::once(&server.address, token, "/graphql", Some(body.as_bytes()))?;
    let answer: Value = serde_json::from_slice(&answer)?;
    match answer["data"]["monthlyReport"]["kpis"].as_array() {
        Some(kpis) if !kpis.is_empty() && answer["errors"].is_null() => Ok(()),
        _ => Err(format!("the server answered {answer}").into()),
    }
}

/// How long plain SQL takes for the KPIs of the report's periods and its flow.
fn naive(conn: &mut Connection, month: NaiveDate, is_one: bool) -> Result<Duration> {
    let mut clinics = numbers(
        conn,
        "SELECT clinic_id AS number FROM encounters GROUP BY 1 ORDER BY count(*) DESC",
    )?;
    if is_one {
        clinics.truncate(1);
    }
    let day = |text: String| text.parse::<NaiveDate>();
    let first = day(month.format("%Y-%m-01").to_string())?;
    let mut periods: Vec<(NaiveDate, NaiveDate)> = (0..=12)
        .chain([0, 1, 12])
        .map(|back| first - Months::new(back))
        .map(|from| (from, from + Months::new(1) - Days::new(1)))
        .collect();
    periods.push((
        day(month.format("%Y-01-01").to_string())?,
        first + Months::new(1) - Days::new(1),
    ));
    let kpis = include_str!("naive_comparison.sql").replace(":stays", "true");
    let flow = include_str!("naive_flow.sql").replace(":where", "true");
    let ask =
        |conn: &mut Connection, text: &str, (from, to): (NaiveDate, NaiveDate)| -> Result<()> {
            let question = diesel::sql_query(text)
                .bind::<Date, _>(from)
                .bind::<Date, _>(to)
                .bind::<Array<BigInt>, _>(&clinics);
            question.execute(conn)?;
            Ok(())
        };
    let ((), time) = once(|| {
        for period in &periods {
            ask(conn, &kpis, *period)?;
        }
        ask(conn, &flow, periods[0])
    })?;
    Ok(time)
}
