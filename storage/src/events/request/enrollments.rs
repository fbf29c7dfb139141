//! Conditions on the enrolment and the tracked entity.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Jsonb},
};
use domain::{
    access::Caller,
    event::{ListRequest, Refusal, filter::EnrollmentFilter, refusal::Part},
};

use super::super::scope::ProgramScope;
use crate::{
    Connection, Result, access,
    sql::{Statement, Value},
};

/// The conditions with keys in place of identifiers. Enrolments that nobody knows have no events.
pub(super) fn resolve(
    conn: &mut Connection,
    scope: &ProgramScope,
    caller: &Caller,
    request: &ListRequest,
) -> Result<EnrollmentFilter> {
    let asked = &request.enrollment;
    let entity = match &request.tracked_entity {
        None => None,
        Some(uid) => Some(find_entity(conn, caller, uid, request.include_deleted)?),
    };
    let ids = if entity.is_none() && asked.uids.is_empty() {
        None
    } else {
        Some(find(conn, scope, entity, &asked.uids)?)
    };
    Ok(EnrollmentFilter {
        ids,
        status: asked.status,
        follow_up: asked.follow_up,
        enrolled: asked.enrolled,
        occurred: asked.occurred,
    })
}

#[derive(QueryableByName)]
struct Entity {
    #[diesel(sql_type = BigInt)]
    trackedentityid: i64,
    #[diesel(sql_type = Jsonb)]
    sharing: serde_json::Value,
}

fn find_entity(
    conn: &mut Connection,
    caller: &Caller,
    uid: &str,
    include_deleted: bool,
) -> Result<i64> {
    let mut query = Statement::new(
        "SELECT e.trackedentityid, t.sharing FROM trackedentity e JOIN trackedentitytype t USING (trackedentitytypeid)
          WHERE e.uid = ",
    );
    query.bind(Value::Text(uid.to_owned()));
    if !include_deleted {
        query.push(" AND NOT e.deleted");
    }
    let entity: Option<Entity> = query.get_result(conn).optional()?;
    let unknown = || Refusal::bad(Part::TrackedEntity, format!("{uid} does not exist"));
    let entity = entity.ok_or_else(unknown)?;
    if !access::sharing(&entity.sharing).may_read_data(caller) {
        let text = format!("{uid}: you may not read entities of its kind");
        return Err(Refusal::forbidden(Part::TrackedEntity, text).into());
    }
    Ok(entity.trackedentityid)
}

#[derive(QueryableByName)]
struct Enrollment {
    #[diesel(sql_type = BigInt)]
    enrollmentid: i64,
}

/// Keys of the program's enrolments with these identifiers (empty: any) and of this entity (`None`: any).
fn find(
    conn: &mut Connection,
    scope: &ProgramScope,
    entity: Option<i64>,
    uids: &[String],
) -> Result<Vec<i64>> {
    let mut query = Statement::new("SELECT enrollmentid FROM enrollment WHERE programid = ");
    query.bind(Value::Int(scope.programid));
    if let Some(entity) = entity {
        query
            .push(" AND trackedentityid = ")
            .bind(Value::Int(entity));
    }
    if !uids.is_empty() {
        query
            .push(" AND uid = ANY(")
            .bind(Value::Texts(uids.to_vec()))
            .push(")");
    }
    query.push(" ORDER BY enrollmentid");
    let rows: Vec<Enrollment> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| row.enrollmentid).collect())
}
