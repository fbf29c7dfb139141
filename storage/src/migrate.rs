//! Brings a database up to date: the base tables by migrations, then the analytics views by their current text.

use std::sync::Arc;

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Connection, Error, Result};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Applies what is missing. Two programs may call it at once: the second waits for the first.
///
/// # Errors
/// [`Error::Migration`] when a migration fails; the database is left at the last one that worked.
pub fn run(conn: &mut Connection) -> Result<()> {
    use diesel::connection::SimpleConnection;
    conn.batch_execute("SELECT pg_advisory_lock(hashtext('clinigraph migrate'))")?;
    let outcome = conn
        .run_pending_migrations(MIGRATIONS)
        .map(|_| ())
        .map_err(|error| Error::Migration(Arc::from(error)));
    conn.batch_execute("SELECT pg_advisory_unlock(hashtext('clinigraph migrate'))")?;
    outcome
}
