//! Whom events are assigned to.

use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    access::Caller,
    event::{ListRequest, Refusal, filter::Assignee, refusal::Part, request::AssigneeMode},
};

use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

#[derive(QueryableByName)]
struct Person {
    #[diesel(sql_type = BigInt)]
    userinfoid: i64,
}

/// The condition on the assignee; `None` when any will do. People that nobody knows have no events.
pub(super) fn assignee(
    conn: &mut Connection,
    caller: &Caller,
    request: &ListRequest,
) -> Result<Option<Assignee>> {
    let users = &request.assigned_users;
    let mode = request.assignee_mode.unwrap_or(if users.is_empty() {
        AssigneeMode::All
    } else {
        AssigneeMode::Provided
    });
    if mode == AssigneeMode::Provided && users.is_empty() {
        let text = "is required with assignedUserMode PROVIDED";
        return Err(Refusal::conflict(Part::AssignedUsers, None, text).into());
    }
    if mode != AssigneeMode::Provided && !users.is_empty() {
        let text = "can only be given with assignedUserMode PROVIDED";
        return Err(Refusal::conflict(Part::AssignedUsers, None, text).into());
    }
    Ok(match mode {
        AssigneeMode::Current => Some(Assignee::OneOf(vec![caller.id])),
        AssigneeMode::Provided => Some(Assignee::OneOf(find(conn, users)?)),
        AssigneeMode::None => Some(Assignee::Nobody),
        AssigneeMode::Any => Some(Assignee::Anybody),
        AssigneeMode::All => None,
    })
}

fn find(conn: &mut Connection, uids: &[String]) -> Result<Vec<i64>> {
    let mut query = Statement::new("SELECT userinfoid FROM userinfo WHERE uid = ANY(");
    query
        .bind(Value::Texts(uids.to_vec()))
        .push(") ORDER BY userinfoid");
    let people: Vec<Person> = query.load(conn)?;
    Ok(people.into_iter().map(|person| person.userinfoid).collect())
}
