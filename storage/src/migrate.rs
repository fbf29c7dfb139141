//! Brings a database up to date: the base tables by migrations, then the analytics tables by their current text.

use std::{collections::BTreeSet, sync::Arc};

use diesel::{
    connection::SimpleConnection,
    migration::MigrationSource,
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Connection, Error, Result, analytics::definitions};

pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/tables");

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations of base tables that were applied.
    pub applied: usize,
    /// Whether the analytics tables were built anew and are empty until the next refresh.
    pub rebuilt_analytics: bool,
}

/// Applies what is missing. Two programs may call it at once: the second waits for the first.
///
/// # Errors
/// [`Error::Migration`] when a migration fails; the database is left at the last one that worked. [`Error::Input`] for a
/// database that a newer program migrated.
pub fn run(conn: &mut Connection) -> Result<Migrated> {
    conn.batch_execute("SELECT pg_advisory_lock(hashtext('clinigraph migrate'))")?;
    let outcome = match standing(conn) {
        Ok(Standing::Ahead) => Err(Error::Input(
            "the database was migrated by a newer program; use that one".to_owned(),
        )),
        Ok(_) => apply(conn),
        Err(error) => Err(error),
    };
    conn.batch_execute("SELECT pg_advisory_unlock(hashtext('clinigraph migrate'))")?;
    outcome
}

fn apply(conn: &mut Connection) -> Result<Migrated> {
    let failed = |error| Error::Migration(Arc::from(error));
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(failed)?
        .len();
    let rebuilt_analytics = definitions::build(conn)?;
    Ok(Migrated {
        applied,
        rebuilt_analytics,
    })
}

/// How a database stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is as this program wants it.
    Current,
    /// Migrations or views of this program are missing.
    Behind,
    /// It has migrations that this program does not know, and is left alone.
    Ahead,
}

/// How the database stands to this program. Reads only, so a replica can be asked.
///
/// # Errors
/// When a query fails.
pub fn standing(conn: &mut Connection) -> Result<Standing> {
    let applied = applied(conn)?;
    let known: BTreeSet<String> = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .map_err(|error| Error::Migration(Arc::from(error)))?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    if !applied.is_subset(&known) {
        return Ok(Standing::Ahead);
    }
    Ok(match applied == known && definitions::is_current(conn)? {
        true => Standing::Current,
        false => Standing::Behind,
    })
}

/// Versions of the migrations that were applied; none in a new database.
fn applied(conn: &mut Connection) -> Result<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        version: String,
    }
    #[derive(QueryableByName)]
    struct Exists {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let table: Exists =
        diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found")
            .get_result(conn)?;
    if !table.found {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<Row> =
        diesel::sql_query("SELECT version::text AS version FROM __diesel_schema_migrations")
            .load(conn)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}
