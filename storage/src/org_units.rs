//! Organisation units: the tree that scopes are answered from, and the rows that are shown.

use diesel::{prelude::*, sql_types::BigInt};
use domain::org_unit::{Tree, Unit};

use crate::{
    Connection, Result,
    schema::organisationunit,
    sql::{Statement, Value},
};

/// A unit as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = organisationunit)]
pub struct OrgUnit {
    /// Internal key.
    pub organisationunitid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Code; `None` when not given.
    pub code: Option<String>,
    /// Name.
    pub name: String,
    /// Key of the unit above; `None` for a root.
    pub parentid: Option<i64>,
    /// Identifiers from the root down.
    pub path: String,
    /// Depth, a root has 1.
    pub hierarchylevel: i32,
    /// Last day of operation; `None` while open.
    pub closeddate: Option<chrono::NaiveDate>,
}

/// Every unit.
///
/// # Errors
/// When the query fails.
pub fn all(conn: &mut Connection) -> Result<Vec<OrgUnit>> {
    Ok(OrgUnit::query().load(conn)?)
}

/// The tree of units.
#[must_use]
pub fn tree_of<'a>(units: impl IntoIterator<Item = &'a OrgUnit>) -> Tree {
    let unit = |unit: &OrgUnit| Unit {
        id: unit.organisationunitid,
        uid: unit.uid.clone(),
        path: unit.path.clone(),
        level: unit.hierarchylevel,
    };
    Tree::new(units.into_iter().map(unit).collect())
}

/// The whole tree.
///
/// # Errors
/// When the query fails.
pub fn tree(conn: &mut Connection) -> Result<Tree> {
    Ok(tree_of(&all(conn)?))
}

fn by_ids(conn: &mut Connection, ids: &[i64]) -> Result<Vec<OrgUnit>> {
    Ok(OrgUnit::query()
        .filter(organisationunit::organisationunitid.eq_any(ids))
        .load(conn)?)
}

/// What a search of units keeps.
#[derive(Debug, Clone, Default)]
pub struct OrgUnitFilter {
    /// Part of the name, any case; `None` keeps all.
    pub search: Option<String>,
    /// Depth in the tree; `None` keeps all.
    pub level: Option<i32>,
    /// Key of the unit directly above; `None` keeps all.
    pub parent: Option<i64>,
    /// Keys of the units below which the caller searches.
    pub roots: Vec<i64>,
}

/// Units of a search in the order of (name, uid), after a given (name, uid), at most `limit`.
///
/// # Errors
/// When the query fails.
pub fn list(
    conn: &mut Connection,
    filter: &OrgUnitFilter,
    after: Option<(String, String)>,
    limit: i64,
) -> Result<Vec<OrgUnit>> {
    let mut keys = Statement::new(
        "SELECT u.organisationunitid FROM organisationunit u
          WHERE EXISTS (SELECT FROM organisationunit root
                         WHERE (u.path = root.path OR u.path LIKE root.path || '/%')
                           AND root.organisationunitid = ANY(",
    );
    keys.bind(Value::Ints(filter.roots.clone())).push("))");
    if let Some(search) = &filter.search {
        keys.push(" AND position(lower(")
            .bind(Value::Text(search.clone()))
            .push(") IN lower(u.name)) > 0");
    }
    if let Some(level) = filter.level {
        keys.push(" AND u.hierarchylevel = ")
            .bind(Value::Int(level.into()));
    }
    if let Some(parent) = filter.parent {
        keys.push(" AND u.parentid = ").bind(Value::Int(parent));
    }
    if let Some((name, uid)) = after {
        keys.push(" AND (u.name, u.uid) > (")
            .bind(Value::Text(name))
            .push(", ")
            .bind(Value::Text(uid))
            .push(")");
    }
    keys.push(" ORDER BY u.name, u.uid LIMIT ")
        .bind(Value::Int(limit));
    let ids: Vec<KeyRow> = keys.load(conn)?;
    let ids: Vec<i64> = ids.into_iter().map(|row| row.organisationunitid).collect();
    let mut units = by_ids(conn, &ids)?;
    units.sort_by_key(|unit| ids.iter().position(|id| *id == unit.organisationunitid));
    Ok(units)
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = BigInt)]
    organisationunitid: i64,
}
