//! What safety costs: the first page with the audit log, limits and traces, and without.

use std::time::Duration;

use serde_json::Value;

use super::{
    CONNECTIONS,
    client::Request,
    collector,
    server::{FAR, MANY, Server},
};
use crate::{
    Result,
    database::Database,
    report::{Report, percent, significant},
    timing::Timing,
};

/// Rounds, in each of which every server is asked once.
const ROUNDS: usize = 5;
/// Length of a turn.
const TURN: Duration = Duration::from_secs(4);

/// Requests a second of one server, round by round.
struct Row {
    name: &'static str,
    server: Server,
    rates: Vec<f64>,
}

impl Row {
    fn median(&mut self) -> f64 {
        self.rates.sort_by(f64::total_cmp);
        self.rates[ROUNDS / 2]
    }
}

/// Measures and reports.
pub fn measure(
    report: &mut Report,
    database: &mut Database,
    token: &str,
    body: &Value,
) -> Result<()> {
    report.heading(2, "The cost of safety");
    let collector = format!("http://{}", collector::start()?);
    let without = [
        "--audit",
        "off",
        "--rate-limit",
        "0",
        "--max-concurrent",
        "0",
        "--slow-statement",
        "0",
    ];
    let limits = ["--rate-limit", FAR, "--max-concurrent", MANY];
    let traced = [&limits[..], &["--otlp-endpoint", &collector]].concat();
    let mut rows = Vec::new();
    for (name, options) in [
        ("without", &without[..]),
        ("with audit log, limits, slow-query log", &limits[..]),
        ("with these and every request traced", &traced[..]),
    ] {
        let server = Server::with(&database.url, options)?;
        server.settle(&mut database.conn, token)?;
        let rates = Vec::new();
        rows.push(Row {
            name,
            server,
            rates,
        });
    }
    for _ in 0..ROUNDS {
        for row in &mut rows {
            let request = Request::graphql(&row.server.address, token, body);
            let timing = Timing::new(request.again_and_again(CONNECTIONS, TURN)?);
            row.rates.push(timing.runs() as f64 / TURN.as_secs_f64());
        }
    }
    let without = rows[0].median();
    let cells = |row: &mut Row| {
        let rate = row.median();
        vec![
            row.name.to_owned(),
            significant(rate),
            percent(1.0 - rate / without),
        ]
    };
    let cells: Vec<_> = rows.iter_mut().map(cells).collect();
    report.paragraph(&format!(
        "The page above of the large unit, {CONNECTIONS} connections, one server after the other in turns of {} s; medians of {ROUNDS} \
         rounds. Tokens are checked in all of them. Traces go to a collector on the same machine that keeps nothing.",
        TURN.as_secs()
    ));
    report.table(&["server", "requests/s", "lost"], &cells);
    Ok(())
}
