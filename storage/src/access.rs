//! Callers with their scopes, and the sharing settings that decide what they may read.

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text},
};
use domain::access::{Caller, Sharing};
use serde_json::Value;

use crate::{Connection, Result};

#[derive(QueryableByName)]
struct CallerRow {
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Array<Text>)]
    authorities: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    groups: Vec<String>,
    #[diesel(sql_type = Array<BigInt>)]
    capture: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    search: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    data_view: Vec<i64>,
}

/// A person with authorities, groups and scopes, in one statement; `None` when there is no such person.
///
/// # Errors
/// When the query fails.
pub fn caller(conn: &mut Connection, user_id: i64) -> Result<Option<Caller>> {
    let row: Option<CallerRow> = diesel::sql_query(
        "SELECT u.uid, u.username,
                ARRAY(SELECT DISTINCT a.authority FROM userrolemembers m JOIN userroleauthorities a USING (userroleid)
                       WHERE m.userinfoid = u.userinfoid) AS authorities,
                ARRAY(SELECT g.uid FROM usergroupmembers m JOIN usergroup g USING (usergroupid)
                       WHERE m.userinfoid = u.userinfoid) AS groups,
                ARRAY(SELECT organisationunitid FROM usermembership m WHERE m.userinfoid = u.userinfoid) AS capture,
                ARRAY(SELECT organisationunitid FROM userteisearchorgunits m
                       WHERE m.userinfoid = u.userinfoid) AS search,
                ARRAY(SELECT organisationunitid FROM userdatavieworgunits m
                       WHERE m.userinfoid = u.userinfoid) AS data_view
           FROM userinfo u WHERE u.userinfoid = $1",
    )
    .bind::<BigInt, _>(user_id)
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| Caller {
        id: user_id,
        uid: row.uid,
        username: row.username,
        authorities: row.authorities.into_iter().collect(),
        groups: row.groups,
        capture: row.capture,
        search: row.search,
        data_view: row.data_view,
    }))
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
pub(crate) fn sharing(json: &Value) -> Sharing {
    let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
    let grants = |key: &str| {
        let entries = json
            .get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let access = |entry: &Value| Some(entry.get("access")?.as_str()?.to_owned());
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

#[derive(QueryableByName)]
struct ComboOptionRow {
    #[diesel(sql_type = BigInt)]
    combo: i64,
    #[diesel(sql_type = Jsonb)]
    sharing: Value,
}

/// Option combinations of a category combination (`None`: the default one) whose every option the caller may read, with
/// the default combination, which everybody may read; `None` when that is all of them, so that the page query needs no
/// condition.
///
/// # Errors
/// When the query fails.
pub fn readable_option_combos(
    conn: &mut Connection,
    caller: &Caller,
    combo: Option<i64>,
) -> Result<Option<Vec<i64>>> {
    if caller.is_superuser() {
        return Ok(None);
    }
    let rows: Vec<ComboOptionRow> = diesel::sql_query(
        "SELECT oc.categoryoptioncomboid AS combo,
                CASE WHEN o.code = 'default' THEN '{}' ELSE o.sharing END AS sharing
           FROM categorycombos_optioncombos oc
           JOIN categorycombo c USING (categorycomboid)
           JOIN categoryoptioncombos_categoryoptions USING (categoryoptioncomboid)
           JOIN categoryoption o USING (categoryoptionid)
          WHERE c.categorycomboid = $1 OR c.code = 'default'
          ORDER BY combo",
    )
    .bind::<Nullable<BigInt>, _>(combo)
    .load(conn)?;
    let hidden: std::collections::BTreeSet<i64> = rows
        .iter()
        .filter(|row| !sharing(&row.sharing).may_read_option(caller))
        .map(|row| row.combo)
        .collect();
    if hidden.is_empty() {
        return Ok(None);
    }
    let mut readable: Vec<i64> = rows
        .iter()
        .map(|row| row.combo)
        .filter(|combo| !hidden.contains(combo))
        .collect();
    readable.dedup();
    Ok(Some(readable))
}
