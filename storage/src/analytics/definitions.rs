//! The analytics views are code, not history: each file says what a view is today, and the whole set is dropped and built
//! anew when one text changed.

use std::sync::Arc;

use diesel::{
    Connection as _,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Bool, Integer, Text},
};
use sha2::{Digest, Sha256};

use crate::{Connection, Error, Result};

/// A materialized view: its name and its text.
struct Definition {
    name: &'static str,
    text: &'static str,
}

/// All views in the order in which they build on each other.
const DEFINITIONS: [Definition; 1] = [Definition {
    name: "stay_facts",
    text: include_str!("../../../migrations/analytics/stay_facts.sql"),
}];

/// Names of the views in the order of their refresh.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().map(|definition| definition.name)
}

/// Builds the set, empty, unless it stands as it is written. Returns whether it was built.
///
/// # Errors
/// [`Error::Migration`] when a text is refused; the old set stays.
pub(crate) fn build(conn: &mut Connection) -> Result<bool> {
    if is_current(conn)? {
        return Ok(false);
    }
    conn.transaction(|conn| {
        conn.batch_execute("DROP SCHEMA IF EXISTS analytics CASCADE; CREATE SCHEMA analytics;")?;
        conn.batch_execute("COMMENT ON SCHEMA analytics IS 'Views built from the base tables; nothing else may depend on them.'")?;
        diesel::sql_query("DELETE FROM analytics_definitions").execute(conn)?;
        for (position, definition) in DEFINITIONS.iter().enumerate() {
            conn.batch_execute(definition.text)?;
            diesel::sql_query("INSERT INTO analytics_definitions (name, definition_hash, position) VALUES ($1, $2, $3)")
                .bind::<Text, _>(definition.name)
                .bind::<Text, _>(hash(definition.text))
                .bind::<Integer, _>(position as i32)
                .execute(conn)?;
        }
        Ok(true)
    })
    .map_err(|error: diesel::result::Error| Error::Migration(Arc::new(error)))
}

/// Whether the database holds exactly the set as it is written.
///
/// # Errors
/// When the query fails.
pub(crate) fn is_current(conn: &mut Connection) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        definition_hash: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT name, definition_hash FROM analytics_definitions ORDER BY position",
    )
    .load(conn)?;
    let stored = rows
        .iter()
        .map(|row| (row.name.as_str(), row.definition_hash.clone()));
    Ok(stored.eq(DEFINITIONS
        .iter()
        .map(|definition| (definition.name, hash(definition.text)))))
}

/// Whether a materialized view holds data.
///
/// # Errors
/// When the query fails.
pub(crate) fn is_populated(conn: &mut Connection, name: &str) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_populated: bool,
    }
    let row: Row = diesel::sql_query(
        "SELECT coalesce(bool_and(ispopulated), false) AS is_populated
           FROM pg_matviews WHERE schemaname = 'analytics' AND matviewname = $1",
    )
    .bind::<Text, _>(name)
    .get_result(conn)?;
    Ok(row.is_populated)
}

fn hash(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
