//! Events by identifier, and the enrolments that tracker events belong to.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp},
};
use domain::event::EventKind;

use super::row::{self, EventRow};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// The event with an identifier, whichever table holds it, with its option combination unchecked; `None` when there is
/// none or it is deleted.
///
/// # Errors
/// When a query fails.
pub fn by_uid(conn: &mut Connection, uid: &str) -> Result<Option<(EventKind, EventRow)>> {
    for (kind, from) in [
        (
            EventKind::Single,
            " FROM singleevent e WHERE NOT e.deleted AND e.uid = ",
        ),
        (
            EventKind::Tracker,
            " FROM trackerevent e WHERE NOT e.deleted AND e.uid = ",
        ),
    ] {
        let mut query = Statement::new("SELECT ");
        query
            .push(row::columns(kind))
            .push(from)
            .bind(Value::Text(uid.to_owned()));
        if let Some(row) = query.get_result(conn).optional()? {
            return Ok(Some((kind, row)));
        }
    }
    Ok(None)
}

/// An enrolment with its tracked entity.
#[derive(Debug, Clone, QueryableByName)]
pub struct Enrollment {
    /// Internal key.
    #[diesel(sql_type = BigInt)]
    pub enrollmentid: i64,
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// ACTIVE, COMPLETED or CANCELLED.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Day of enrolment.
    #[diesel(sql_type = Timestamp)]
    pub enrollmentdate: chrono::NaiveDateTime,
    /// Identifier of the tracked entity.
    #[diesel(sql_type = Text)]
    pub tracked_entity: String,
}

/// Enrolments by key.
///
/// # Errors
/// When the query fails.
pub fn enrollments_by_ids(conn: &mut Connection, ids: &[i64]) -> Result<Vec<Enrollment>> {
    let mut query = Statement::new(
        "SELECT e.enrollmentid, e.uid, e.status, e.enrollmentdate, t.uid AS tracked_entity
           FROM enrollment e JOIN trackedentity t USING (trackedentityid) WHERE e.enrollmentid = ANY(",
    );
    query.bind(Value::Ints(ids.to_vec())).push(")");
    Ok(query.load(conn)?)
}
