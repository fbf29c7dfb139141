//! Support for the tests of this crate: the database and the fixtures.

use std::{env, path::PathBuf, sync::OnceLock};

use diesel::{Connection as _, QueryableByName, RunQueryDsl, sql_types::Text};

use crate::{Connection, import::Report, migrate, pool};

/// A connection to the migrated test database. Begin a test transaction on it.
///
/// # Panics
/// When `DATABASE_URL` is not set, or the database cannot be reached or migrated.
pub(crate) fn connection() -> Connection {
    static URL: OnceLock<String> = OnceLock::new();
    let url = URL.get_or_init(|| {
        let url = env::var("DATABASE_URL").expect("no DATABASE_URL: run ./dev test");
        let mut conn = pool::connect(&url).expect("the test database");
        migrate::run(&mut conn).expect("the migrations");
        url
    });
    pool::connect(url).expect("the test database")
}

/// A connection inside a transaction that is never committed. One at a time: tests use the same uids, and would else
/// wait for each other in a circle.
pub(crate) fn transaction() -> Connection {
    let mut conn = connection();
    conn.begin_test_transaction().expect("a test transaction");
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('clinigraph tests'))")
        .execute(&mut conn)
        .expect("the lock of the tests");
    conn
}

/// The first column of a query as text, in its order.
pub(crate) fn texts(conn: &mut Connection, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Cell {
        #[diesel(sql_type = Text)]
        cell: String,
    }
    let sql = format!("SELECT q.c::text AS cell FROM ({sql}) AS q (c)");
    let cells: Vec<Cell> = diesel::sql_query(sql).load(conn).expect("a query");
    cells.into_iter().map(|row| row.cell).collect()
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
