//! The connection of the crate's tests.

use std::sync::OnceLock;

use diesel::Connection as _;

use crate::{Connection, migrate, pool};

/// A connection to the migrated test database, inside a transaction that is never committed.
pub(crate) fn connection() -> Connection {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    let url = MIGRATED.get_or_init(|| {
        let url = std::env::var("DATABASE_URL").expect("run ./dev test");
        let mut conn = pool::connect(&url).expect("the test database answers");
        migrate::run(&mut conn).expect("the migrations apply");
        url
    });
    let mut conn = pool::connect(url).expect("the test database answers");
    conn.begin_test_transaction().expect("a transaction begins");
    conn
}
