//! The pages of single events at three sizes: whether they stay as fast when the country grows.
//!
//! The database is filled anew for each size and removed at the end: the largest takes more disk than anything else here.

use std::path::Path;

use diesel::{Connection as _, connection::SimpleConnection, prelude::*, sql_types::Text};
use domain::event::EventKind;
use indicatif::ProgressBar;
use storage::{
    Connection,
    generate::{self, Volume},
    migrate, pool,
};

use crate::{
    Result,
    database::{Preset, number, with_own_cluster},
    pages::{self, Ground},
    report::{Report, grouped, megabytes, ms, seconds},
    timing::{MANY, Timing, once},
};

/// Fills, measures, and reports.
pub fn measure(report: &mut Report, folder: &Path, preset: Preset) -> Result<()> {
    let sizes: [i64; 3] = match preset {
        Preset::Seed => [1_300_000, 12_600_000, 40_000_000],
        Preset::Demo => [13_000, 126_000, 400_000],
    };
    with_own_cluster(&folder.join("growth"), |url| {
        measure_sizes(report, url, preset, sizes)
    })
}

/// What a page took at each size; `None` when it was given up or when the list was too short for it.
struct Row {
    page: &'static str,
    units: &'static str,
    timings: [Option<Timing>; 3],
}

fn measure_sizes(report: &mut Report, url: &str, preset: Preset, sizes: [i64; 3]) -> Result<()> {
    report.heading(2, "Growth");
    let mut conn = pages::patient(url)?;
    prepare(&mut pool::connect(url)?, preset)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut notes = Vec::new();
    for (place, size) in sizes.into_iter().enumerate() {
        eprintln!("  {} events …", grouped(size));
        let ((), time) = once(|| fill(&mut pool::connect(url)?, size))?;
        let bytes = number(
            &mut conn,
            "SELECT pg_total_relation_size('singleevent') AS number",
        )?;
        notes.push(format!("{} in {}", megabytes(bytes), seconds(time)));
        let ground = Ground::find(&mut pool::connect(url)?, EventKind::Single)?;
        for case in pages::cases(&ground, &mut conn)? {
            let (page, units) = (case.question.name, case.scope.name);
            eprintln!("    {page}, {units} …");
            let (found, timing) = Timing::with_value(MANY, || pages::list(&mut conn, &case))?;
            let known = rows
                .iter()
                .position(|row| row.page == page && row.units == units);
            let known = known.unwrap_or_else(|| {
                rows.push(Row {
                    page,
                    units,
                    timings: [const { None }; 3],
                });
                rows.len() - 1
            });
            rows[known].timings[place] = found.map(|_| timing);
        }
    }
    tell(report, sizes, &rows, &notes);
    Ok(())
}

/// Everything but events.
fn prepare(conn: &mut Connection, preset: Preset) -> Result<()> {
    migrate::run(conn)?;
    let volume = Volume {
        single_events: 0,
        tracker_events: 0,
        patients: 0,
        stays: 0,
        conditions: 0,
        observations: 0,
        ..preset.volume()
    };
    let today = chrono::Utc::now().date_naive();
    generate::run(conn, &volume, 1, today, &ProgressBar::hidden())?;
    conn.batch_execute(include_str!("steps.sql"))?;
    Ok(conn.batch_execute(include_str!("growth/prepare.sql"))?)
}

#[derive(QueryableByName)]
struct Definition {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    text: String,
}

/// Replaces the events by `size` others. Indexes are built behind the rows. Rows that come into a table in the transaction
/// that emptied it need no log.
fn fill(conn: &mut Connection, size: i64) -> Result<()> {
    conn.batch_execute("TRUNCATE singleevent CASCADE")?;
    // No check of references, no notice of changes: each would run once a row.
    conn.batch_execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")?;
    conn.transaction(|conn| -> Result<()> {
        conn.batch_execute("TRUNCATE singleevent CASCADE")?;
        let indexes: Vec<Definition> = diesel::sql_query(
            "SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS text
               FROM pg_index i
              WHERE i.indrelid = 'singleevent'::regclass
                AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        )
        .load(conn)?;
        for index in &indexes {
            conn.batch_execute(&format!("DROP INDEX {}", index.name))?;
        }
        conn.batch_execute("ALTER TABLE singleevent DROP CONSTRAINT singleevent_uid_key")?;
        conn.batch_execute(&include_str!("growth/fill.sql").replace("$events", &size.to_string()))?;
        conn.batch_execute(
            "ALTER TABLE singleevent ADD CONSTRAINT singleevent_uid_key UNIQUE (uid)",
        )?;
        for index in &indexes {
            conn.batch_execute(&index.text)?;
        }
        Ok(())
    })?;
    conn.batch_execute("SET session_replication_role = origin")?;
    Ok(conn.batch_execute("VACUUM (ANALYZE) singleevent")?)
}

fn tell(report: &mut Report, sizes: [i64; 3], rows: &[Row], notes: &[String]) {
    report.paragraph(&format!(
        "The pages of single events again, ours alone, with {} events of the same six years, units and skew, each in a database \
         of its own: p50 / p95 in ms. Rows are narrower than the generator's (`bench/growth/fill.sql`). The table with its \
         indexes, and the time to fill it: {}.",
        sizes.map(grouped).join(", "),
        notes.join("; ")
    ));
    let head: Vec<String> = ["page", "units"]
        .map(str::to_owned)
        .into_iter()
        .chain(sizes.map(grouped))
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cell = |timing: &Option<Timing>| match timing {
                Some(timing) => format!("{} / {}", ms(timing.median()), ms(timing.percentile(95))),
                None => "–".to_owned(),
            };
            let names = [row.page.to_owned(), row.units.to_owned()];
            names
                .into_iter()
                .chain(row.timings.iter().map(cell))
                .collect()
        })
        .collect();
    report.table(&head, &table);
}
