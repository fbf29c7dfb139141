//! A hundred thousand events as a file over REST: rows a second, and the server's memory.

use std::time::Instant;

use diesel::{prelude::*, sql_types::Text};
use domain::event::EventKind;
use storage::tokens;

use crate::{
    Result,
    database::Database,
    http::{client, server::Server},
    pages::Ground,
    report::{Report, grouped, megabytes, seconds, significant},
};

/// Rows that are asked for, or all that the country has.
const ROWS: i64 = 100_000;

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Text)]
    moment: String,
}

/// Measures and reports.
pub fn measure(report: &mut Report, database: &mut Database) -> Result<()> {
    report.heading(2, "Exports over REST");
    let token = tokens::create(&mut database.conn, "admin")?;
    let mut rows = Vec::new();
    for kind in [EventKind::Single, EventKind::Tracker] {
        let ground = Ground::find(&mut database.conn, kind)?;
        let table = ground.table();
        // The instant since which so many events happened.
        let since: Moment = diesel::sql_query(format!(
            "SELECT to_char(min(occurreddate), 'YYYY-MM-DD\"T\"HH24:MI:SS') AS moment
               FROM (SELECT occurreddate FROM {table}
                      WHERE programstageid = {} AND NOT deleted AND occurreddate IS NOT NULL
                      ORDER BY occurreddate DESC LIMIT {ROWS}) newest",
            ground.stage
        ))
        .get_result(&mut database.conn)?;
        for (name, suffix) in [("CSV", ".csv"), ("JSON", "")] {
            let server = Server::start(&database.url)?;
            let path = |suffix: &str, rest: &str| {
                format!(
                    "/api/tracker/events{suffix}?program={}&programStage={}&orgUnit={}&orgUnitMode=DESCENDANTS&{rest}",
                    ground.program.uid, ground.stage_uid, ground.country.uid
                )
            };
            // Only JSON comes in pages; a file is always the whole list.
            client::once(
                &server.address,
                &token,
                &path("", "page=1&pageSize=15"),
                None,
            )?;
            let idle = server.resident_bytes()?;
            let path = path(
                suffix,
                &format!("paging=false&occurredAfter={}", since.moment),
            );
            let begun = Instant::now();
            let body = client::once(&server.address, &token, &path, None)?;
            let time = begun.elapsed();
            let found = match name {
                "CSV" => events_of_csv(&body),
                _ => count(&body, b"\"event\":\""),
            };
            rows.push(vec![
                format!("{table}, {name}"),
                grouped(i64::try_from(found)?),
                megabytes(i64::try_from(body.len())?),
                seconds(time),
                significant(found as f64 / time.as_secs_f64()),
                format!("{} / {}", megabytes(idle), megabytes(server.peak_bytes()?)),
            ]);
        }
    }
    report.paragraph(
        "CSV has a line for each value. All members of the newest events of the country with paging=false, read to the end by one client on the same machine. \
         Memory is the server's: resident before, and the most that was ever resident.",
    );
    report.table(
        &["export", "events", "bytes", "time", "events/s", "memory"],
        &rows,
    );
    Ok(())
}

/// Lines below the head whose first cell, the event, is not that of the line before.
fn events_of_csv(body: &[u8]) -> usize {
    let mut before: &[u8] = b"";
    let lines = body.split(|byte| *byte == b'\n').skip(1);
    let events = lines.filter_map(|line| line.split(|byte| *byte == b',').next());
    events
        .filter(|event| !event.is_empty() && std::mem::replace(&mut before, event) != *event)
        .count()
}

fn count(text: &[u8], mark: &[u8]) -> usize {
    text.windows(mark.len())
        .filter(|part| *part == mark)
        .count()
}
