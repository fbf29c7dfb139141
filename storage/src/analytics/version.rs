//! Data versions: what readers see is the state that the newest refresh published.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamptz},
};

use crate::{Connection, Result};

/// A published state of the analytics views.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct DataVersion {
    /// Number, rising.
    #[diesel(sql_type = BigInt)]
    pub data_version_id: i64,
    /// When it was published.
    #[diesel(sql_type = Timestamptz)]
    pub refreshed_at: DateTime<Utc>,
    /// Everything until this moment is in it, as its newest delivery says; `None` when none says.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub imported_through: Option<DateTime<Utc>>,
    /// Whether something was imported since.
    #[diesel(sql_type = Bool)]
    pub stale: bool,
    /// Newest catalogue that titles of diagnoses come from, such as `ICD-10-GM 2026, BfArM`; `None` when none was loaded.
    #[diesel(sql_type = Nullable<Text>)]
    pub title_source: Option<String>,
}

/// The newest version; `None` before the first refresh, also of tables that a migration built anew.
///
/// # Errors
/// When the query fails.
pub fn current(conn: &mut Connection) -> Result<Option<DataVersion>> {
    Ok(diesel::sql_query(
        "SELECT v.data_version_id, v.refreshed_at, v.imported_through,
                EXISTS (SELECT FROM import_runs r
                         WHERE r.status = 'DONE' AND r.kind IN ('FHIR', 'GENERATE', 'ICD10')
                           AND r.import_run_id > coalesce(v.last_import_run_id, 0)) AS stale,
                (SELECT concat('ICD-10-GM ', year, ', ', source) FROM icd10_catalogues ORDER BY year DESC LIMIT 1) AS title_source
           FROM data_versions v
          WHERE v.is_readable
          ORDER BY v.data_version_id DESC LIMIT 1",
    )
    .get_result(conn)
    .optional()?)
}

/// Runs several reads on one state of the database, so that they see one data version.
///
/// # Errors
/// What `work` returned, or when the transaction could not be opened.
pub fn snapshot<T>(
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    match is_in_transaction(conn) {
        true => work(conn),
        false => conn
            .build_transaction()
            .repeatable_read()
            .read_only()
            .run(work),
    }
}

/// Whether a transaction is open: a test's, since no other encloses what asks.
pub(crate) fn is_in_transaction(conn: &mut Connection) -> bool {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    AnsiTransactionManager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .is_ok_and(|depth| depth.is_some())
}
