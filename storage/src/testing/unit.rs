//! What the tests of this crate share: the database and the fixtures.

use std::{env, path::PathBuf, sync::OnceLock};

use diesel::Connection as _;

use super::{execute, rows, server_url};
use crate::{Connection, import::Report, migrate, pool};

/// A connection to the migrated, empty test database, inside a transaction that is never committed. One at a time: tests
/// use the same identifiers, and would else wait for each other in a circle.
pub(crate) fn connection() -> Connection {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    let url = MIGRATED.get_or_init(|| {
        let url = server_url();
        let mut conn = pool::connect(&url).expect("the test database answers");
        migrate::run(&mut conn).expect("the migrations apply");
        url
    });
    let mut conn = pool::connect(url).expect("the test database answers");
    conn.begin_test_transaction().expect("a transaction begins");
    execute(
        &mut conn,
        "SELECT pg_advisory_xact_lock(hashtext('clinigraph tests'))",
    );
    conn
}

/// The first column of a query as text, in its order.
pub(crate) fn texts(conn: &mut Connection, sql: &str) -> Vec<String> {
    let sql = format!("SELECT q.c::text AS cell FROM ({sql}) AS q (c)");
    let cells = rows(conn, &sql);
    let text = |row: serde_json::Value| row["cell"].as_str().unwrap_or("null").to_owned();
    cells.into_iter().map(text).collect()
}

/// The quarantine of an import: "kind line uid rule", in the order in which it was filled.
pub(crate) fn quarantine(conn: &mut Connection, report: &Report) -> Vec<String> {
    let run = report.run;
    texts(
        conn,
        &format!(
            "SELECT concat_ws(' ', resource_type, line, resource_id, rule) FROM quarantine
              WHERE import_run_id = {run} ORDER BY quarantine_id"
        ),
    )
}

/// A file of the fixtures, which are not part of the project; `None`, with a printed line, when they are absent.
pub(crate) fn fixture(name: &str) -> Option<PathBuf> {
    let root = env::var_os("CLINIGRAPH_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let file = root.join(name);
    if file.is_file() {
        return Some(file);
    }
    eprintln!("skipped: no fixture {}", file.display());
    None
}
