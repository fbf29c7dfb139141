//! Conditions on the enrolment and the tracked entity.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Jsonb, Nullable},
};
use domain::{
    access::Caller,
    event::{ListRequest, Refusal, filter::EnrollmentFilter, refusal::Part},
    org_unit::Tree,
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
    tree: &Tree,
    request: &ListRequest,
) -> Result<EnrollmentFilter> {
    let asked = &request.enrollment;
    let entity = match &request.tracked_entity {
        None => None,
        Some(uid) => Some(find_entity(conn, scope, (caller, tree), request, uid)?),
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
    /// Unit that registered it.
    #[diesel(sql_type = BigInt)]
    unit: i64,
    /// Unit that owns it within the program; `None` when it was never enrolled there.
    #[diesel(sql_type = Nullable<BigInt>)]
    owner: Option<i64>,
    /// Whether the caller holds it by temporary ownership.
    #[diesel(sql_type = Bool)]
    is_lent: bool,
}

impl Entity {
    /// Whether the caller may know of it: by the unit that registered or owns it, or by temporary ownership.
    fn is_known(&self, scope: &ProgramScope, (caller, tree): (&Caller, &Tree)) -> bool {
        let visible = domain::access::visible_units(tree, caller, scope.access_level);
        let searched = tree.below(caller.effective_search());
        caller.may_search_everywhere()
            || self.is_lent
            || tree.contains(&searched, self.unit)
            || self
                .owner
                .is_some_and(|owner| tree.contains(&visible, owner))
    }
}

/// Key of a tracked entity. One that the caller may not know of does not exist for them.
fn find_entity(
    conn: &mut Connection,
    scope: &ProgramScope,
    (caller, tree): (&Caller, &Tree),
    request: &ListRequest,
    uid: &str,
) -> Result<i64> {
    let mut query = Statement::new(
        "SELECT e.trackedentityid, t.sharing, e.organisationunitid AS unit, o.organisationunitid AS owner,
                EXISTS (SELECT FROM programtempowner l WHERE l.trackedentityid = e.trackedentityid AND l.programid = ",
    );
    query
        .bind(Value::Int(scope.programid))
        .push(" AND l.userid = ")
        .bind(Value::Int(caller.id))
        .push(
            " AND l.validtill > localtimestamp) AS is_lent
           FROM trackedentity e JOIN trackedentitytype t USING (trackedentitytypeid)
           LEFT JOIN trackedentityprogramowner o ON o.trackedentityid = e.trackedentityid AND o.programid = ",
        )
        .bind(Value::Int(scope.programid))
        .push(" WHERE e.uid = ")
        .bind(Value::Text(uid.to_owned()));
    if !request.include_deleted {
        query.push(" AND NOT e.deleted");
    }
    let entity: Option<Entity> = query.get_result(conn).optional()?;
    let entity = entity.filter(|entity| entity.is_known(scope, (caller, tree)));
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
