//! What the imports of DHIS2 metadata and of tracker data share: the recorded run, reading objects one by one, dates,
//! value types, and the set-based statements. Knows no list of either payload.

pub(super) mod object;
pub(super) mod timestamp;
pub(super) mod upsert;
pub(super) mod value_type;

use diesel::Connection as _;

use super::Report;
use crate::{Connection, Result};

/// Does an import in one transaction, and records it as done or failed.
pub(super) fn record(
    conn: &mut Connection,
    kind: &str,
    source: &str,
    work: impl FnOnce(&mut Connection, i64) -> Result<Report>,
) -> Result<Report> {
    let run = super::begin(conn, kind, source, None)?;
    let outcome = conn.transaction(|conn| {
        let report = work(conn, run)?;
        super::finish(conn, &report)?;
        Ok(report)
    });
    if outcome.is_err()
        && let Err(error) = super::fail(conn, run)
    {
        tracing::warn!(run, %error, "the failed import could not be recorded");
    }
    outcome
}
