//! What the database knows of the work that is done on it, for those who watch over the server.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    Connection, Result,
    sql::{JsonRow, Statement},
};

/// Figures at one moment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Figures {
    /// The newest data version; 0 before the first refresh.
    pub version: i64,
    /// When it was published; `None` before the first refresh.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// Until when deliveries are in it; `None` when unknown.
    pub imported_through: Option<DateTime<Utc>>,
    /// How long the refresh that published it took, milliseconds.
    pub refresh_milliseconds: i64,
    /// Refreshes that failed so far.
    pub refresh_failures: i64,
    /// Whether the newest refresh that ended failed.
    pub is_refresh_failed: bool,
    /// Imports by kind.
    pub imports: Vec<Imports>,
}

/// What imports of one kind did so far.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Imports {
    /// `METADATA`, `TRACKER`, `FHIR`, `ICD10` or `GENERATE`.
    pub kind: String,
    /// Imports that worked.
    pub done: i64,
    /// Imports that failed.
    pub failed: i64,
    /// When the last one that worked ended; `None` when there is none.
    pub finished_at: Option<DateTime<Utc>>,
    /// Rows added.
    pub created: i64,
    /// Rows changed.
    pub updated: i64,
    /// Rows equal to what was stored.
    pub unchanged: i64,
    /// Lines put aside.
    pub quarantined: i64,
}

/// The figures of now, in one statement over small tables.
///
/// # Errors
/// When the query fails.
pub fn read(conn: &mut Connection) -> Result<Figures> {
    let query = Statement::new(
        "SELECT jsonb_build_object(
            'version', coalesce(v.data_version_id, 0), 'refreshed_at', v.refreshed_at, 'imported_through', v.imported_through,
            'refresh_milliseconds', coalesce(v.duration_ms, 0),
            'refresh_failures', (SELECT count(*) FROM refresh_runs WHERE status = 'FAILED'),
            'is_refresh_failed', coalesce((SELECT status = 'FAILED' FROM refresh_runs WHERE finished_at IS NOT NULL
                                            ORDER BY finished_at DESC, refresh_run_id DESC LIMIT 1), false),
            'imports', (SELECT coalesce(jsonb_agg(to_jsonb(i)), '[]') FROM (
                SELECT kind, count(*) FILTER (WHERE status = 'DONE') AS done, count(*) FILTER (WHERE status = 'FAILED') AS failed,
                       max(finished_at) FILTER (WHERE status = 'DONE') AS finished_at, sum(created_rows) AS created,
                       sum(updated_rows) AS updated, sum(unchanged_rows) AS unchanged, sum(quarantined_rows) AS quarantined
                  FROM import_runs GROUP BY kind ORDER BY kind) i))::text AS json
          FROM (SELECT 1) one LEFT JOIN (SELECT * FROM data_versions ORDER BY data_version_id DESC LIMIT 1) v ON true",
    );
    JsonRow::read_one(conn, query, "refresh_runs")
}
