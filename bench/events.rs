//! Pages of events: the split store beside the shared table.

use std::time::Duration;

use diesel::{
    prelude::*,
    sql_types::{Double, Text},
};
use storage::{
    Connection,
    events::{self, page},
};

use crate::{
    Result,
    cases::{Case, Places, ROWS},
    database::Database,
    legacy,
    report::{Report, ms, times},
    timing::{FAST, SLOW, Timing},
};

/// Measures every page and reports it.
pub fn measure(report: &mut Report, database: &mut Database, places: &Places) -> Result<()> {
    let mut legacy = legacy::open(database)?;
    let conn = &mut database.conn;
    report.heading(2, "Pages of events");
    report.paragraph(
        "15 rows, newest first, no date range. *Split* is `storage::events::list` on the split tables as the server \
         calls it, client and decoding included; *inside* is the execution time that `EXPLAIN (ANALYZE)` states for it. \
         *Legacy* is the statement of DHIS2 2.41 and 2.42 on the shared table (`bench/legacy_page.sql`), as the client \
         sees it; one that took longer than 10 s was timed once, after an earlier run for its rows.",
    );
    let mut rows = Vec::new();
    let mut same = 0;
    for case in places.cases(conn)? {
        eprintln!("  {} …", case.name);
        let measured = Measured::of(conn, &mut legacy, &case)?;
        same += usize::from(measured.is_same);
        rows.push(measured.row(&case.name));
    }
    report.table(
        &[
            "page",
            "rows",
            "split p50, ms",
            "split p95",
            "inside p50",
            "legacy p50, ms",
            "legacy p95",
            "runs",
            "legacy ÷ split",
            "same events",
        ],
        &rows,
    );
    report.paragraph(&format!(
        "Both sides returned the same events in the same order in {same} of {} pages.",
        rows.len()
    ));
    Ok(())
}

struct Measured {
    found: usize,
    split: Timing,
    inside: Timing,
    legacy: Timing,
    is_same: bool,
}

impl Measured {
    fn of(conn: &mut Connection, legacy: &mut Connection, case: &Case) -> Result<Self> {
        let list = |conn: &mut Connection| Ok(events::list(conn, &case.listing, &case.page)?);
        let (found, more) = list(conn)?;
        let ours: Vec<String> = found.into_iter().map(|event| event.uid).collect();

        let statement = case.question.statement(ROWS as usize);
        let mut theirs = legacy::run(legacy, &statement)?;
        let theirs_more = theirs.len() > ROWS as usize;
        theirs.truncate(ROWS as usize);
        Ok(Measured {
            found: ours.len(),
            is_same: ours == theirs && more == theirs_more,
            split: Timing::of(FAST, || list(conn))?,
            inside: inside(conn, case)?,
            legacy: Timing::of(SLOW, || legacy::run(legacy, &statement))?,
        })
    }

    fn row(&self, name: &str) -> Vec<String> {
        let split = self.split.median();
        vec![
            name.to_owned(),
            self.found.to_string(),
            ms(split),
            ms(self.split.percentile(95)),
            ms(self.inside.median()),
            ms(self.legacy.median()),
            ms(self.legacy.percentile(95)),
            format!("{} / {}", self.split.runs(), self.legacy.runs()),
            times(self.legacy.median(), split),
            if self.is_same { "yes" } else { "**no**" }.to_owned(),
        ]
    }
}

#[derive(QueryableByName)]
struct Execution {
    #[diesel(sql_type = Double)]
    milliseconds: f64,
}

/// Execution time of the statements that answer a page.
fn inside(conn: &mut Connection, case: &Case) -> Result<Timing> {
    let texts = page::literal_texts(conn, &case.listing, &case.page)?;
    let mut runs = Vec::new();
    for _ in 0..=25 {
        let mut sum = 0.0;
        for text in &texts {
            let execution: Execution =
                diesel::sql_query("SELECT bench.execution_milliseconds($1) AS milliseconds")
                    .bind::<Text, _>(text)
                    .get_result(conn)?;
            sum += execution.milliseconds;
        }
        runs.push(Duration::from_secs_f64(sum / 1_000.0));
    }
    // The first one warms up.
    Ok(Timing::new(runs.split_off(1)))
}
