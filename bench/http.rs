//! The first page over HTTP, from the release server, as a share of what PostgreSQL alone answers.

pub mod client;
mod collector;
mod safety;
pub mod server;

use std::time::Duration;

use serde_json::json;
use storage::{events::page, tokens};

use self::{client::Request, server::Server};
use crate::{
    Result,
    cases::{FIRST_PAGE, Places, ROWS},
    database::Database,
    pgbench,
    report::{Report, megabytes, ms, percent, significant},
    timing::Timing,
};

const CONNECTIONS: usize = 8;

const SECONDS: u64 = 10;

/// Measures both and reports them.
pub fn measure(report: &mut Report, database: &mut Database, places: &Places) -> Result<()> {
    report.heading(2, "The first page over HTTP");
    let token = tokens::create(&mut database.conn, "admin")?;
    let columns = storage::programs::columns_of(&mut database.conn, &places.main.stages)?;
    let columns: Vec<&str> = columns
        .iter()
        .take(3)
        .map(|column| column.uid.as_str())
        .collect();
    let body = |unit: &str| {
        json!({ "query": QUERY, "variables": {
            "program": places.main.uid, "unit": unit, "columns": columns,
        }})
    };
    let mut rows = Vec::new();
    for (name, unit) in [
        ("large unit", &places.large),
        ("median unit", &places.median),
    ] {
        let statement = page::explain_text(&places.first_page(unit), &FIRST_PAGE);
        let values = [unit.id, places.main.stages[0], i64::from(ROWS) + 1];
        let alone = pgbench::run(&database.url, &statement, &values, CONNECTIONS, SECONDS)?;

        let server = Server::start(&database.url)?;
        let body = body(&unit.uid);
        server.settle(&mut database.conn, &token)?;
        check(&server.address, &token, &body)?;
        let idle = server.resident_bytes()?;
        let time = Duration::from_secs(SECONDS);
        let request = Request::graphql(&server.address, &token, &body);
        let timing = Timing::new(request.again_and_again(CONNECTIONS, time)?);
        let per_second = timing.runs() as f64 / time.as_secs_f64();
        rows.push(vec![
            name.to_owned(),
            significant(per_second),
            ms(timing.median()),
            ms(timing.percentile(99)),
            significant(alone.per_second),
            significant(alone.mean_ms),
            percent(per_second / alone.per_second),
            format!(
                "{} / {}",
                megabytes(idle),
                megabytes(server.resident_bytes()?)
            ),
        ]);
    }
    report.paragraph(&format!(
        "15 rows with three values each at {CONNECTIONS} keep-alive connections for {SECONDS} s, beside `pgbench -M prepared \
         -c {CONNECTIONS} -j 2` with the statement of the page. Server, PostgreSQL and the load share the cores; the load has one \
         thread. A request also checks its token and names units. Resident memory is the server's, before and after."
    ));
    report.table(
        &[
            "page",
            "requests/s",
            "p50, ms",
            "p99",
            "pgbench, 1/s",
            "its mean, ms",
            "share",
            "resident",
        ],
        &rows,
    );
    safety::measure(report, database, &token, &body(&places.large.uid))
}

const QUERY: &str = "query ($program: ID!, $unit: ID!, $columns: [ID!]!) {
  events(program: $program, scope: {mode: SELECTED, orgUnit: $unit}, first: 15) {
    nodes { id status occurredAt orgUnit { name } cells(columns: $columns) { column raw } }
  }
}";

/// Makes sure that the answer is the page.
fn check(address: &str, token: &str, body: &serde_json::Value) -> Result<()> {
    let body = body.to_string();
    let answer = client::once(address, token, "/graphql", Some(body.as_bytes()))?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    match answer["data"]["events"]["nodes"].as_array() {
        Some(nodes) if nodes.len() == ROWS as usize => Ok(()),
        _ => Err(format!("the server answered {answer}").into()),
    }
}
