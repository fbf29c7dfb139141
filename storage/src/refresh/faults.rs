//! The published faults of diagnoses and observations, counted anew by each refresh: they belong to the state that it reads.

use std::time::Instant;

use diesel::connection::SimpleConnection;

use crate::{
    Connection, Result,
    analytics::definitions::{DIAGNOSIS_FAULTS, OBSERVATION_FAULTS},
};

/// Counts the faults as the transaction sees the base tables. Readers see the former ones until it commits.
///
/// # Errors
/// When a statement fails.
pub(super) fn count(conn: &mut Connection) -> Result<()> {
    let started = Instant::now();
    // Truncating would wait for readers, and hide the former faults from them.
    conn.batch_execute("DELETE FROM analytics.row_faults")?;
    conn.batch_execute(DIAGNOSIS_FAULTS)?;
    conn.batch_execute(OBSERVATION_FAULTS)?;
    tracing::info!(
        milliseconds = started.elapsed().as_millis() as u64,
        "faults of rows counted"
    );
    Ok(())
}
