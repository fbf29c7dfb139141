//! Data elements and attributes as lists filter and order by them.

use std::collections::HashMap;

use diesel::{prelude::*, sql_types::Jsonb};
use domain::{
    access::Caller,
    event::{ValueType, filter::Column, request::Operator},
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::scope::read;
use crate::{
    Connection, Error, Result, access,
    sql::{Statement, Value},
};

/// A data element.
#[derive(Debug, Clone)]
pub struct Element {
    /// Key, identifier and type.
    pub column: Column,
    /// Whether the caller may see it.
    pub is_readable: bool,
}

/// An attribute of tracked entities.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Key, identifier and type.
    pub column: Column,
    /// Whether the caller may see it.
    pub is_readable: bool,
    /// Fewest characters that a search must give.
    pub least_characters: usize,
    /// Operators that may not be used on it.
    pub blocked: Vec<Operator>,
}

#[derive(Deserialize)]
struct ColumnJson {
    id: i64,
    uid: String,
    #[serde(rename = "type")]
    kind: String,
    sharing: Json,
    #[serde(default)]
    least: usize,
    #[serde(default)]
    blocked: Vec<String>,
}

impl ColumnJson {
    fn column(&self, table: &'static str) -> Result<Column> {
        let value_type = ValueType::parse(&self.kind).ok_or_else(|| Error::Corrupt {
            table,
            detail: format!("{} has type {}", self.uid, self.kind),
        })?;
        Ok(Column {
            id: self.id,
            uid: self.uid.clone(),
            value_type,
        })
    }
}

/// Data elements by identifier, from the JSON of a statement.
pub(super) fn read_elements(caller: &Caller, json: Json) -> Result<HashMap<String, Element>> {
    let rows: Vec<ColumnJson> = read("dataelement", json)?;
    let element = |row: ColumnJson| {
        Ok((
            row.uid.clone(),
            Element {
                column: row.column("dataelement")?,
                is_readable: access::sharing(&row.sharing).may_read(caller),
            },
        ))
    };
    rows.into_iter().map(element).collect()
}

/// Attributes by identifier, from the JSON of a statement.
pub(super) fn read_attributes(caller: &Caller, json: Json) -> Result<HashMap<String, Attribute>> {
    let rows: Vec<ColumnJson> = read("trackedentityattribute", json)?;
    let attribute = |row: ColumnJson| {
        Ok((
            row.uid.clone(),
            Attribute {
                column: row.column("trackedentityattribute")?,
                is_readable: access::sharing(&row.sharing).may_read(caller),
                least_characters: row.least,
                blocked: row
                    .blocked
                    .iter()
                    .filter_map(|name| Operator::parse(name))
                    .collect(),
            },
        ))
    };
    rows.into_iter().map(attribute).collect()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Jsonb)]
    found: Json,
}

fn find(conn: &mut Connection, query: &'static str, uids: Vec<String>) -> Result<Json> {
    let mut statement = Statement::new(query);
    statement.bind(Value::Texts(uids)).push(")");
    let found: Found = statement.get_result(conn)?;
    Ok(found.found)
}

/// Data elements of any program.
pub(super) fn find_elements(
    conn: &mut Connection,
    caller: &Caller,
    uids: Vec<String>,
) -> Result<HashMap<String, Element>> {
    let query = "SELECT coalesce(jsonb_agg(jsonb_build_object('id', dataelementid, 'uid', uid, 'type', valuetype,
                                                              'sharing', sharing)), '[]') AS found
                   FROM dataelement WHERE uid = ANY(";
    read_elements(caller, find(conn, query, uids)?)
}

/// Attributes of any kind of tracked entity.
pub(super) fn find_attributes(
    conn: &mut Connection,
    caller: &Caller,
    uids: Vec<String>,
) -> Result<HashMap<String, Attribute>> {
    let query = "SELECT coalesce(jsonb_agg(jsonb_build_object('id', trackedentityattributeid, 'uid', uid, 'type', valuetype,
                                                              'sharing', sharing, 'least', mincharacterstosearch,
                                                              'blocked', blockedsearchoperators)), '[]') AS found
                   FROM trackedentityattribute WHERE uid = ANY(";
    read_attributes(caller, find(conn, query, uids)?)
}
