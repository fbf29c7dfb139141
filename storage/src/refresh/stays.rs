//! The published state of the stays: only what changed since it was published is taken out and put in anew.

use std::time::Instant;

use diesel::{connection::SimpleConnection, prelude::*, sql_types::Bool};

use crate::{
    Connection, Result,
    analytics::definitions::{CHANGED_STAYS, COMPANION_STAYS, NEW_STAY_FACTS, STAY_WRITERS},
};

/// Made after the first rows, which is faster, and kept from then on.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS stay_facts_person ON analytics.stay_facts (person);
    CREATE INDEX IF NOT EXISTS stay_facts_admission ON analytics.stay_facts (admission_date, clinic_id);
    CREATE INDEX IF NOT EXISTS stay_facts_discharge ON analytics.stay_facts (discharge_date, clinic_id)";

/// Brings the stays up to the base tables as the transaction sees them. Readers see the former state until it commits.
///
/// # Errors
/// When a statement fails.
pub(super) fn update(conn: &mut Connection) -> Result<()> {
    let started = Instant::now();
    conn.batch_execute("DROP TABLE IF EXISTS pg_temp.changed_stays, pg_temp.stay_writers")?;
    conn.batch_execute(STAY_WRITERS)?;
    conn.batch_execute("ANALYZE stay_writers")?;
    conn.batch_execute(CHANGED_STAYS)?;
    conn.batch_execute("ANALYZE changed_stays")?;
    if !is_empty(conn)? {
        conn.batch_execute(COMPANION_STAYS)?;
        conn.batch_execute("ANALYZE changed_stays")?;
    }
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
