//! The first page over HTTP, from the release server, as a share of what PostgreSQL alone answers.

pub mod client;
pub mod server;

use std::time::{Duration, Instant};

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

/// Threads that load, as many as pgbench is given.
const THREADS: usize = 2;
const SECONDS: u64 = 10;

/// Most requests of one connection, whatever the time.
const MOST_REQUESTS: usize = 100_000;

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
    let mut rows = Vec::new();
    for (name, unit) in [
        ("large unit", &places.large),
        ("median unit", &places.median),
    ] {
        let statement = page::explain_text(&places.first_page(unit), &FIRST_PAGE);
        let values = [unit.id, places.main.stages[0], i64::from(ROWS) + 1];
        let alone = pgbench::run(&database.url, &statement, &values, CONNECTIONS, SECONDS)?;

        let server = Server::start(&database.url)?;
        let request = Request::graphql(
            &server.address,
            &token,
            &json!({ "query": QUERY, "variables": {
                "program": places.main.uid, "unit": unit.uid, "columns": columns,
            }}),
        );
        check(&request)?;
        let idle = server.resident_bytes()?;
        let (timing, wall) = load(&request)?;
        let per_second = timing.runs() as f64 / wall.as_secs_f64();
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
         -c {CONNECTIONS} -j 2` with the statement of the page. Server, PostgreSQL and the load share the cores. A request \
         also checks its token and loads the names of units. Resident memory is the server's, before and after."
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
    Ok(())
}

const QUERY: &str = "query ($program: ID!, $unit: ID!, $columns: [ID!]!) {
  events(program: $program, scope: {mode: SELECTED, orgUnit: $unit}, first: 15) {
    nodes { id status occurredAt orgUnit { name } cells(columns: $columns) { column raw } }
  }
}";

/// Makes sure that the answer is the page.
fn check(request: &Request) -> Result<()> {
    let mut connection = request.connect()?;
    connection.send()?;
    let body = connection.receive()?;
    let answer: serde_json::Value = serde_json::from_slice(&body)?;
    match answer["data"]["events"]["nodes"].as_array() {
        Some(nodes) if nodes.len() == ROWS as usize => Ok(()),
        _ => Err(format!("the server answered {answer}").into()),
    }
}

/// Latencies of all requests, and the time that they took together.
fn load(request: &Request) -> Result<(Timing, Duration)> {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(SECONDS);
    // As few threads as pgbench has: each keeps its connections busy and takes their answers in turn.
    let work = || -> std::result::Result<Vec<Duration>, String> {
        let text = |error: Box<dyn std::error::Error>| error.to_string();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS / THREADS {
            let mut connection = request.connect().map_err(text)?;
            connection.send().map_err(text)?;
            connections.push((connection, Instant::now()));
        }
        let mut runs = Vec::new();
        while Instant::now() < until && runs.len() < MOST_REQUESTS {
            for (connection, sent) in &mut connections {
                connection.receive().map_err(text)?;
                runs.push(sent.elapsed());
                *sent = Instant::now();
                connection.send().map_err(text)?;
            }
        }
        Ok(runs)
    };
    let runs = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a connection's thread ended".to_owned()))
            })
            .collect::<std::result::Result<Vec<_>, _>>()
    })?;
    Ok((Timing::new(runs.concat()), begun.elapsed()))
}
