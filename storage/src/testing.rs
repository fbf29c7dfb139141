//! Support for tests: of this crate, and through the feature `testing` of the program over HTTP. No build that runs has it.
//!
//! Everything here panics with a clear message instead of returning errors: a test has nothing else to do with them.

#[cfg(test)]
mod unit;

use std::sync::{Arc, Mutex};

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection},
    sql_types::Jsonb,
};
use serde_json::Value;

use crate::{Connection, migrate, pool};

#[cfg(test)]
pub(crate) use unit::{Scratch, connection, fixture, quarantine, texts};

/// The URL of the test server: `DATABASE_URL`, which `./dev test` sets.
///
/// # Panics
/// When it is not set.
#[must_use]
pub fn server_url() -> String {
    std::env::var("DATABASE_URL").expect("no DATABASE_URL: run ./dev test")
}

/// Makes a database anew on the test server, empty and migrated, and returns its URL. Whatever the last run left in it is
/// gone, so that a test never sees the schema or the data of yesterday.
///
/// # Panics
/// When the server cannot be reached or a statement fails.
#[must_use]
pub fn fresh_database(name: &str) -> String {
    let server = server_url();
    let mut conn = pool::connect(&server).expect("the test server answers");
    execute(
        &mut conn,
        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    );
    execute(
        &mut conn,
        &format!("CREATE DATABASE {name} TEMPLATE template0"),
    );
    let url = with_database(&server, name);
    let mut conn = pool::connect(&url).expect("the new database answers");
    migrate::run(&mut conn).expect("the migrations apply");
    url
}

/// The rows of a plain query, each as a JSON object of its columns, in the order of the query.
///
/// # Panics
/// When the query fails.
#[must_use]
pub fn rows(conn: &mut Connection, sql: &str) -> Vec<Value> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Jsonb)]
        row: Value,
    }
    let query = format!("SELECT to_jsonb(q) AS row FROM ({sql}) q");
    let rows: Vec<Row> = diesel::sql_query(query)
        .load(conn)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    rows.into_iter().map(|row| row.row).collect()
}

/// Runs statements without parameters.
///
/// # Panics
/// When one of them fails.
pub fn execute(conn: &mut Connection, sql: &str) {
    conn.batch_execute(sql)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

/// Runs statements without parameters. Returns what PostgreSQL says when one of them fails.
///
/// # Errors
/// When one of them fails.
pub fn try_execute(conn: &mut Connection, sql: &str) -> Result<(), String> {
    conn.batch_execute(sql).map_err(|error| error.to_string())
}

/// The texts of the statements that a connection ran.
#[derive(Debug, Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Records every statement that `conn` runs from now on, but the pool's question whether it still lives.
    #[must_use]
    pub fn record(conn: &mut Connection) -> Self {
        let statements = Statements::default();
        let kept = statements.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                if !text.starts_with("SELECT 1") {
                    kept.lock().push(text);
                }
            }
        });
        statements
    }

    /// Hands out what was recorded since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().expect("no test panics while it records")
    }
}

/// A URL with another database name: `postgresql://user@host/name?option=…`.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let authority = address.find("://").map_or(0, |place| place + 3);
    let path = address[authority..]
        .find('/')
        .map_or(address.len(), |place| authority + place);
    let options = match options {
        "" => String::new(),
        options => format!("?{options}"),
    };
    format!("{}/{name}{options}", &address[..path])
}
