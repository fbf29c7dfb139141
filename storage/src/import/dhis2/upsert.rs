//! Set-based inserts and updates. Rows are JSON objects whose members are columns; one statement takes thousands.
//! Table and column names come from the code, never from a file; every value is bound.

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Text},
};
use serde_json::Value;

use crate::{Connection, Result};

/// Rows per statement.
const CHUNK: usize = 2_000;
/// Columns that keep what was stored first.
const KEPT: [&str; 3] = ["created", "createdbyuserinfo", "storedby"];
/// Columns that say when and by whom a row was changed, and are no change by themselves.
const STAMPS: [&str; 2] = ["lastupdated", "lastupdatedbyuserinfo"];

/// A table of objects with a `uid`.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
}

/// A table of what belongs to an owner, one row for each member.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) member: &'static str,
}

/// A row that was added or changed.
#[derive(QueryableByName, Debug)]
pub(crate) struct Stored {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) uid: String,
}

#[derive(QueryableByName)]
struct Owner {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Adds or changes objects by `uid`, in the order given, so that keys ascend. Rows must have the same members and
/// distinct uids. Returns those that are new or differ from what was stored.
pub(crate) fn objects(conn: &mut Connection, table: &Table, rows: &[Value]) -> Result<Vec<Stored>> {
    let mut stored = Vec::new();
    for chunk in rows.chunks(CHUNK) {
        let sql = format!(
            "{} RETURNING {} AS id, uid",
            statement(table.name, &["uid"], &chunk[0]),
            table.key
        );
        stored.extend(
            diesel::sql_query(sql)
                .bind::<Text, _>(json(chunk))
                .load::<Stored>(conn)?,
        );
    }
    Ok(stored)
}

/// Adds or changes members. Rows must have the same members and distinct keys. Returns the owners of changed rows.
pub(crate) fn members(
    conn: &mut Connection,
    relation: &Relation,
    rows: &[Value],
) -> Result<Vec<i64>> {
    let mut changed = Vec::new();
    for chunk in rows.chunks(CHUNK) {
        let sql = format!(
            "{} RETURNING {} AS id",
            statement(relation.name, &[relation.owner, relation.member], &chunk[0]),
            relation.owner
        );
        let owners = diesel::sql_query(sql)
            .bind::<Text, _>(json(chunk))
            .load::<Owner>(conn)?;
        changed.extend(owners.iter().map(|owner| owner.id));
    }
    Ok(changed)
}

/// Takes away members that `rows` does not name. Returns the owners that lost one.
pub(crate) fn prune(
    conn: &mut Connection,
    relation: &Relation,
    owners: &[i64],
    rows: &[Value],
) -> Result<Vec<i64>> {
    let Relation {
        name,
        owner,
        member,
    } = relation;
    let lost = diesel::sql_query(format!(
        "DELETE FROM {name} t WHERE {owner} = ANY($1) AND NOT EXISTS (
             SELECT FROM json_populate_recordset(null::{name}, $2::json) kept
             WHERE kept.{owner} = t.{owner} AND kept.{member} = t.{member})
         RETURNING {owner} AS id"
    ))
    .bind::<Array<BigInt>, _>(owners)
    .bind::<Text, _>(json(rows))
    .load::<Owner>(conn)?;
    Ok(lost.iter().map(|owner| owner.id).collect())
}

/// `INSERT … ON CONFLICT`: a row that is equal to the stored one is not touched.
fn statement(table: &str, key: &[&str], sample: &Value) -> String {
    let columns: Vec<&str> = sample
        .as_object()
        .map(|row| row.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let list = columns.join(", ");
    let compared: Vec<&str> = columns
        .iter()
        .copied()
        .filter(|column| ![key, &KEPT, &STAMPS].iter().any(|set| set.contains(column)))
        .collect();
    let action = if compared.is_empty() {
        "ON CONFLICT DO NOTHING".to_owned()
    } else {
        let stamps = columns.iter().filter(|column| STAMPS.contains(column));
        let assignments: Vec<String> = (compared.iter().chain(stamps))
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let here: Vec<String> = compared.iter().map(|c| format!("{table}.{c}")).collect();
        let there: Vec<String> = compared.iter().map(|c| format!("excluded.{c}")).collect();
        format!(
            "ON CONFLICT ({}) DO UPDATE SET {} WHERE ({}) IS DISTINCT FROM ({})",
            key.join(", "),
            assignments.join(", "),
            here.join(", "),
            there.join(", ")
        )
    };
    format!(
        "INSERT INTO {table} ({list}) SELECT {list} FROM json_populate_recordset(null::{table}, $1::json)
         {action}"
    )
}

fn json(rows: &[Value]) -> String {
    Value::from(rows).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_written_but_not_compared() {
        let row = serde_json::json!({"uid": "", "name": "", "created": "", "lastupdated": ""});
        assert_eq!(
            statement("program", &["uid"], &row),
            "INSERT INTO program (created, lastupdated, name, uid) SELECT created, lastupdated, name, uid FROM json_populate_recordset(null::program, $1::json)
         ON CONFLICT (uid) DO UPDATE SET name = excluded.name, lastupdated = excluded.lastupdated WHERE (program.name) IS DISTINCT FROM (excluded.name)"
        );
        let pair = serde_json::json!({"a": 1, "b": 2});
        assert!(statement("pairs", &["a", "b"], &pair).ends_with("ON CONFLICT DO NOTHING"));
    }
}
