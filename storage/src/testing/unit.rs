//! What the tests of this crate share: the database and the fixtures.

use std::{
    env,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

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

/// A file or folder that is removed when the test ends.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    /// A file.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path =
            env::temp_dir().join(format!("clinigraph-{}-{number}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a file can be written");
        Scratch(path)
    }

    /// A folder of files, by their paths in it.
    pub(crate) fn folder(files: &[(&str, &[u8])]) -> Self {
        let folder = Scratch::new("folder", "");
        std::fs::remove_file(&folder.0).expect("a file can be removed");
        std::fs::create_dir(&folder.0).expect("a folder can be made");
        for (name, bytes) in files {
            let file = folder.0.join(name);
            std::fs::create_dir_all(file.parent().expect("a folder"))
                .expect("a folder can be made");
            std::fs::write(file, bytes).expect("a file can be written");
        }
        folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0).or_else(|_| std::fs::remove_dir_all(&self.0));
    }
}
