//! The analytics tables are code, not history: files say what a table and its rows are today, and the whole set is dropped
//! and built anew when one text changed.

use std::sync::Arc;

use diesel::{
    Connection as _,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Integer, Text},
};
use sha2::{Digest, Sha256};

use crate::{Connection, Error, Result};

/// A table that is built from the base tables.
struct Definition {
    /// Its name in the schema `analytics`.
    name: &'static str,
    /// The text that makes it, empty.
    table: &'static str,
    /// The texts that a refresh runs.
    rows: &'static [&'static str],
}

/// Which stays changed.
pub(crate) const CHANGED_STAYS: &str =
    include_str!("../../../migrations/analytics/changed_stays.sql");
/// Which there are.
pub(crate) const ALL_STAYS: &str = include_str!("../../../migrations/analytics/all_stays.sql");
/// What they are.
pub(crate) const NEW_STAY_FACTS: &str =
    include_str!("../../../migrations/analytics/new_stay_facts.sql");
/// What is wrong with diagnoses.
pub(crate) const DIAGNOSIS_FAULTS: &str =
    include_str!("../../../migrations/analytics/diagnosis_faults.sql");
/// What is wrong with observations.
pub(crate) const OBSERVATION_FAULTS: &str =
    include_str!("../../../migrations/analytics/observation_faults.sql");

/// All tables, in the order in which they build on each other: one row per stay; one for each clinic and fault of rows.
const DEFINITIONS: [Definition; 2] = [
    Definition {
        name: "stay_facts",
        table: include_str!("../../../migrations/analytics/stay_facts.sql"),
        rows: &[CHANGED_STAYS, ALL_STAYS, NEW_STAY_FACTS],
    },
    Definition {
        name: "row_faults",
        table: include_str!("../../../migrations/analytics/row_faults.sql"),
        rows: &[DIAGNOSIS_FAULTS, OBSERVATION_FAULTS],
    },
];

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
        conn.batch_execute("COMMENT ON SCHEMA analytics IS 'Built from the base tables by each refresh; nothing else may depend on it.'")?;
        conn.batch_execute("DELETE FROM analytics_definitions; UPDATE data_versions SET is_readable = false WHERE is_readable")?;
        for (position, definition) in DEFINITIONS.iter().enumerate() {
            conn.batch_execute(definition.table)?;
            diesel::sql_query("INSERT INTO analytics_definitions (name, definition_hash, position) VALUES ($1, $2, $3)")
                .bind::<Text, _>(definition.name)
                .bind::<Text, _>(hash(definition))
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
        .map(|definition| (definition.name, hash(definition)))))
}

/// Of all texts of a definition.
fn hash(definition: &Definition) -> String {
    let mut digest = Sha256::new();
    for text in std::iter::once(&definition.table).chain(definition.rows) {
        digest.update(text);
    }
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
