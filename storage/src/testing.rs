//! What the tests of this crate share.

use std::sync::OnceLock;

use diesel::Connection as _;

use crate::{Connection, migrate, pool};

/// A connection to the test database, migrated, inside a transaction that is never committed.
pub(crate) fn connection() -> Connection {
    static MIGRATED: OnceLock<()> = OnceLock::new();
    let url = std::env::var("DATABASE_URL").expect("run ./dev test");
    let mut conn = pool::connect(&url).expect("the test database answers");
    MIGRATED.get_or_init(|| migrate::run(&mut conn).expect("the test database can be migrated"));
    conn.begin_test_transaction()
        .expect("a transaction can begin");
    conn
}
