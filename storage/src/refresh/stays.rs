//! The published state of the stays: only what changed since it was published is taken out and put in anew.

use std::time::Instant;

use diesel::{connection::SimpleConnection, prelude::*, sql_types::Bool};

use super::Extent;
use crate::{
    Connection, Result,
    analytics::definitions::{ALL_STAYS, CHANGED_STAYS, NEW_STAY_FACTS},
};

/// Made after the first rows, which is faster, and kept from then on.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS stay_facts_person ON analytics.stay_facts (person);
    CREATE INDEX IF NOT EXISTS stay_facts_admission ON analytics.stay_facts (admission_date, clinic_id);
    CREATE INDEX IF NOT EXISTS stay_facts_discharge ON analytics.stay_facts (discharge_date, clinic_id)";

/// Brings the stays of the extent up to the base tables as the transaction sees them. Readers see the former state until it commits.
///
/// # Errors
/// When a statement fails.
pub(super) fn update(conn: &mut Connection, extent: Extent) -> Result<()> {
    let started = Instant::now();
    conn.batch_execute(
        "DROP TABLE IF EXISTS pg_temp.changed_stays;
         CREATE TEMPORARY TABLE changed_stays (encounter_id bigint not null) ON COMMIT DROP",
    )?;
    if matches!(extent, Extent::All) {
        conn.batch_execute("DELETE FROM analytics.stay_facts")?;
    }
    // What is noted ranges from nothing to every stay, and no statistics know how much it is now.
    conn.batch_execute("ANALYZE stay_changes")?;
    let noted = match is_empty(conn)? {
        true => ALL_STAYS,
        false => CHANGED_STAYS,
    };
    conn.batch_execute(noted)?;
    conn.batch_execute("ANALYZE changed_stays")?;
    let removed = diesel::sql_query(
        "DELETE FROM analytics.stay_facts f USING changed_stays c WHERE c.encounter_id = f.encounter_id",
    )
    .execute(conn)?;
    let added = diesel::sql_query(NEW_STAY_FACTS).execute(conn)?;
    if removed + added > 0 {
        conn.batch_execute(INDEXES)?;
        conn.batch_execute("ANALYZE analytics.stay_facts")?;
    }
    tracing::info!(
        removed,
        added,
        milliseconds = started.elapsed().as_millis() as u64,
        "stays brought up to date"
    );
    Ok(())
}

/// Notes every stay as changed, after a load that went past the triggers. Where none is published, all are built anyway.
///
/// # Errors
/// When the statement fails.
pub(crate) fn note_all(conn: &mut Connection) -> Result<()> {
    Ok(conn.batch_execute(
        "INSERT INTO stay_changes (encounter_id)
         SELECT encounter_id FROM encounters WHERE EXISTS (SELECT FROM analytics.stay_facts)",
    )?)
}

fn is_empty(conn: &mut Connection) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_empty: bool,
    }
    let row: Row =
        diesel::sql_query("SELECT NOT EXISTS (SELECT FROM analytics.stay_facts) AS is_empty")
            .get_result(conn)?;
    Ok(row.is_empty)
}
