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
    let (mut same, mut known) = (0, 0);
    for case in places.cases(conn)? {
        eprintln!("  {} …", case.name);
        let measured = Measured::of(conn, &mut legacy, &case)?;
        same += usize::from(measured.is_same == Some(true));
        known += usize::from(measured.is_same.is_some());
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
        "Both sides returned the same events in the same order for {same} of the {known} pages that legacy answered; it \
         was given up after {} s.",
        legacy::PATIENCE.as_secs()
    ));
    Ok(())
}

struct Measured {
    found: usize,
    split: Timing,
    inside: Timing,
    /// `None` when it was given up.
    legacy: Option<Timing>,
    is_same: Option<bool>,
}

impl Measured {
    fn of(conn: &mut Connection, legacy: &mut Connection, case: &Case) -> Result<Self> {
        let list = |conn: &mut Connection| Ok(events::list(conn, &case.listing, &case.page)?);
        let (found, more) = list(conn)?;
        let ours: Vec<String> = found.into_iter().map(|event| event.uid).collect();

        let statement = case.question.statement(ROWS as usize);
        let theirs = legacy::run(legacy, &statement)?;
        let is_same = theirs.as_deref().map(|theirs| {
            theirs.len() == ours.len() + usize::from(more) && theirs.starts_with(&ours)
        });
        let texts = page::literal_texts(conn, &case.listing, &case.page)?;
        let in_time = |_| Timing::of(SLOW, || legacy::run(legacy, &statement));
        Ok(Measured {
            found: ours.len(),
            is_same,
            split: Timing::of(FAST, || list(conn))?,
            inside: inside(conn, &texts)?,
            legacy: is_same.map(in_time).transpose()?,
        })
    }

    fn row(&self, name: &str) -> Vec<String> {
        let split = self.split.median();
        let mut row = vec![
            name.to_owned(),
            self.found.to_string(),
            ms(split),
            ms(self.split.percentile(95)),
            ms(self.inside.median()),
        ];
        row.extend(match &self.legacy {
            Some(legacy) => [
                ms(legacy.median()),
                ms(legacy.percentile(95)),
                format!("{} / {}", self.split.runs(), legacy.runs()),
                times(legacy.median(), split),
            ],
            None => [
                format!("> {}", ms(legacy::PATIENCE)),
                String::new(),
                format!("{} / 0", self.split.runs()),
                format!("> {}", times(legacy::PATIENCE, split)),
            ],
        });
        row.push(
            match self.is_same {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "not known",
            }
            .to_owned(),
        );
        row
    }
}

#[derive(QueryableByName)]
struct Execution {
    #[diesel(sql_type = Double)]
    milliseconds: f64,
}

/// Execution time of statements, one after the other.
pub fn inside(conn: &mut Connection, texts: &[String]) -> Result<Timing> {
    let mut runs = Vec::new();
    for _ in 0..=25 {
        let mut sum = 0.0;
        for text in texts {
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
