//! On what was measured: machine, PostgreSQL, sizes, and what filling took.

use diesel::{prelude::*, sql_types::Text};

use crate::{
    Result,
    database::{Database, Preset, number},
    report::{Report, grouped, megabytes, seconds},
};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The head of the report.
pub fn describe(report: &mut Report, database: &mut Database, preset: Preset) -> Result<()> {
    let conn = &mut database.conn;
    let setting: Setting = diesel::sql_query(
        "SELECT format('PostgreSQL %s, shared_buffers %s, jit %s, max_wal_size %s, data checksums %s',
                       split_part(current_setting('server_version'), ' ', 1), current_setting('shared_buffers'),
                       current_setting('jit'), current_setting('max_wal_size'), current_setting('data_checksums')) AS text",
    )
    .get_result(conn)?;
    report.heading(1, "Measurements");
    report.paragraph(&format!(
        "{}, preset `{}`, {}, {}. All sides of a table ran one after the other on this machine, data in memory, each \
         statement once before it was timed. p50 and p95 are over the runs given.",
        chrono::Utc::now().date_naive(),
        preset.name(),
        machine(),
        setting.text
    ));
    Ok(())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kilobytes = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            text.lines()
                .find_map(|line| line.strip_prefix("MemTotal:"))?
                .trim()
                .strip_suffix(" kB")?
                .parse::<f64>()
                .ok()
        });
    let memory = kilobytes.map_or_else(String::new, |kb| format!(", {:.0} GB", kb / 1_048_576.0));
    format!("{cores} cores{memory}")
}

/// Tables whose rows are counted.
const COUNTED: [&str; 9] = [
    "singleevent",
    "trackerevent",
    "enrollment",
    "organisationunit",
    "patients",
    "encounters",
    "conditions",
    "station_transfers",
    "observations",
];

/// Rows, sizes, and the time of everything that is done once.
pub fn sizes(report: &mut Report, database: &mut Database) -> Result<()> {
    report.heading(2, "Filling and refreshing");
    let steps: Vec<Step> =
        diesel::sql_query("SELECT name AS text, milliseconds FROM bench.steps ORDER BY position")
            .load(&mut database.conn)?;
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| {
            let time = std::time::Duration::from_millis(step.milliseconds.unsigned_abs());
            vec![step.text.clone(), seconds(time)]
        })
        .collect();
    report.table(&["step", "time"], &rows);

    let mut rows = Vec::new();
    for table in COUNTED {
        let count = number(
            &mut database.conn,
            &format!("SELECT count(*) AS number FROM {table}"),
        )?;
        let size = number(&mut database.conn, &size_of("public", table))?;
        rows.push(vec![format!("`{table}`"), grouped(count), megabytes(size)]);
    }
    for (name, schema) in [
        ("all of it", "public"),
        ("analytics", "analytics"),
        ("legacy comparison", "legacy"),
        ("seed's views", "seed"),
    ] {
        let size = number(&mut database.conn, &size_of(schema, "%"))?;
        rows.push(vec![name.to_owned(), String::new(), megabytes(size)]);
    }
    report.table(&["table with its indexes", "rows", "size"], &rows);
    Ok(())
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    milliseconds: i64,
}

/// Size of the tables and views of a schema whose names match, their partitions and indexes included.
fn size_of(schema: &str, pattern: &str) -> String {
    format!(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS number
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'm')
            AND (c.relname LIKE '{pattern}'
                 OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass('public.{pattern}'))))"
    )
}
