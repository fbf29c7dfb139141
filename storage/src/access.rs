//! Callers with their scopes, and the sharing settings that decide what they may read.

use std::collections::BTreeSet;

use diesel::{prelude::*, sql_types::Text};
use domain::access::{Caller, Sharing};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::{
    Connection, Result,
    sql::{Statement, Value, read_json},
};

/// A person `u` with authorities, groups and scopes, as JSON.
pub(crate) const CALLER: &str = "
json_build_object('id', u.userinfoid, 'uid', u.uid, 'username', u.username,
    'authorities', ARRAY(SELECT DISTINCT a.authority FROM userrolemembers m JOIN userroleauthorities a USING (userroleid)
                          WHERE m.userinfoid = u.userinfoid),
    'groups', ARRAY(SELECT g.uid FROM usergroupmembers m JOIN usergroup g USING (usergroupid)
                     WHERE m.userinfoid = u.userinfoid),
    'capture', ARRAY(SELECT organisationunitid FROM usermembership m WHERE m.userinfoid = u.userinfoid),
    'search', ARRAY(SELECT organisationunitid FROM userteisearchorgunits m WHERE m.userinfoid = u.userinfoid),
    'data_view', ARRAY(SELECT organisationunitid FROM userdatavieworgunits m WHERE m.userinfoid = u.userinfoid))::text";

/// Reads what [`CALLER`] puts together.
pub(crate) fn read_caller(json: &str) -> Result<Caller> {
    #[derive(Deserialize)]
    struct Read {
        id: i64,
        uid: String,
        username: String,
        authorities: BTreeSet<String>,
        groups: Vec<String>,
        capture: Vec<i64>,
        search: Vec<i64>,
        data_view: Vec<i64>,
    }
    let read: Read = read_json(json, "userinfo")?;
    Ok(Caller {
        id: read.id,
        uid: read.uid,
        username: read.username,
        authorities: read.authorities,
        groups: read.groups,
        capture: read.capture,
        search: read.search,
        data_view: read.data_view,
    })
}

/// A person with authorities, groups and scopes, in one statement; `None` when there is no such person.
///
/// # Errors
/// When the query fails.
pub fn caller(conn: &mut Connection, user_id: i64) -> Result<Option<Caller>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        caller: String,
    }
    let mut query = Statement::new("SELECT");
    query
        .push(CALLER)
        .push(" AS caller FROM userinfo u WHERE u.userinfoid = ")
        .bind(Value::Int(user_id));
    let row: Option<Row> = query.get_result(conn).optional()?;
    row.map(|row| read_caller(&row.caller)).transpose()
}

/// A person by username; `None` when there is no such person.
///
/// # Errors
/// When a query fails.
pub fn caller_named(conn: &mut Connection, username: &str) -> Result<Option<Caller>> {
    use crate::schema::userinfo;
    let id: Option<i64> = userinfo::table
        .filter(userinfo::username.eq(username))
        .select(userinfo::userinfoid)
        .first(conn)
        .optional()?;
    id.map_or(Ok(None), |id| caller(conn, id))
}

/// Reads DHIS2's sharing JSON: `{owner, public, users: {uid: {access}}, userGroups: {uid: {access}}}`.
pub(crate) fn sharing(json: &Json) -> Sharing {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let grants = |key: &str| {
        let entries = json
            .get(key)
            .and_then(Json::as_object)
            .into_iter()
            .flatten();
        let access = |entry: &Json| Some(entry.get("access")?.as_str()?.to_owned());
        entries
            .filter_map(|(uid, entry)| Some((uid.clone(), access(entry)?)))
            .collect()
    };
    Sharing {
        owner: text("owner"),
        public: text("public"),
        users: grants("users"),
        groups: grants("userGroups"),
    }
}

/// Reads the same within JSON that a statement put together.
pub(crate) fn read_sharing<'de, D: Deserializer<'de>>(from: D) -> Result<Sharing, D::Error> {
    Json::deserialize(from).map(|json| sharing(&json))
}
