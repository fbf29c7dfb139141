//! Events by identifier, and the enrolments that tracker events belong to.

use chrono::NaiveDate;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp},
};
use domain::{
    access::{Caller, OrgUnitMode},
    event::{ListRequest, refusal::Category, request::Endpoint},
    org_unit::Tree,
    page::Page,
};

use super::{page, request, row::EventRow, scope::ProgramScope};
use crate::{
    Connection, Error, Result,
    sql::{Statement, Value},
};

#[derive(QueryableByName)]
struct ProgramOf {
    #[diesel(sql_type = Text)]
    program: String,
}

/// Identifier of the program of an event, whichever table holds it; `None` when there is no such event or it is deleted.
///
/// # Errors
/// When the query fails.
pub fn program_of_event(conn: &mut Connection, uid: &str) -> Result<Option<String>> {
    let mut query = Statement::new(
        "SELECT p.uid AS program
           FROM (SELECT programstageid FROM singleevent WHERE NOT deleted AND uid = ",
    );
    query
        .bind(Value::Text(uid.to_owned()))
        .push(" UNION ALL SELECT programstageid FROM trackerevent WHERE NOT deleted AND uid = ")
        .bind(Value::Text(uid.to_owned()))
        .push(
            ") e JOIN programstage USING (programstageid) JOIN program p USING (programid) LIMIT 1",
        );
    let row: Option<ProgramOf> = query.get_result(conn).optional()?;
    Ok(row.map(|row| row.program))
}

/// The event with an identifier in a program, under the rules of its list; `None` when a list would not show it.
///
/// # Errors
/// When a query fails.
pub fn find(
    conn: &mut Connection,
    scope: &ProgramScope,
    caller: &Caller,
    tree: &Tree,
    uid: &str,
) -> Result<Option<EventRow>> {
    if !domain::uid::is_valid(uid) {
        return Ok(None);
    }
    // The day tells nothing here: no state is asked for.
    let mut request = ListRequest::new(Endpoint::Typed, NaiveDate::MIN, Some(scope.uid.clone()));
    request.events = Some(vec![uid.to_owned()]);
    if caller.may_search_everywhere() {
        request.org_unit_mode = Some(OrgUnitMode::All);
    }
    let listing = match request::resolve(conn, scope, caller, tree, &request) {
        Err(Error::Refused(refusal)) if refusal.category == Category::Forbidden => return Ok(None),
        listing => listing?,
    };
    let (rows, _) = page::list(conn, &listing, &Page::after(1, None))?;
    Ok(rows.into_iter().next())
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
