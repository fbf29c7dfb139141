//! Brings a database up to date: the base tables by migrations, then the analytics views by their current text.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Connection, Error, Result, analytics::definitions};

pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/tables");

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations of base tables that were applied.
    pub applied: usize,
    /// Whether the analytics views were built anew and are empty until the next refresh.
    pub rebuilt_views: bool,
}

/// Applies what is missing. Two programs may call it at once: the second waits for the first.
///
/// # Errors
/// [`Error::Migration`] when a migration fails; the database is left at the last one that worked.
pub fn run(conn: &mut Connection) -> Result<Migrated> {
    conn.batch_execute("SELECT pg_advisory_lock(hashtext('clinigraph migrate'))")?;
    let outcome = apply(conn);
    conn.batch_execute("SELECT pg_advisory_unlock(hashtext('clinigraph migrate'))")?;
    outcome
}

fn apply(conn: &mut Connection) -> Result<Migrated> {
    let failed = |error| Error::Migration(Arc::from(error));
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(failed)?
        .len();
    let rebuilt_views = definitions::build(conn)?;
    Ok(Migrated {
        applied,
        rebuilt_views,
    })
}

/// Whether nothing is missing.
///
/// # Errors
/// When the query fails.
pub fn is_current(conn: &mut Connection) -> Result<bool> {
    let has_pending = conn
        .has_pending_migration(MIGRATIONS)
        .map_err(|error| Error::Migration(Arc::from(error)))?;
    Ok(!has_pending && definitions::is_current(conn)?)
}
