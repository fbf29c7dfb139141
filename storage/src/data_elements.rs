//! Data elements and the options that name their values.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use crate::{
    Connection, Result,
    schema::{dataelement, optionset, optionvalue},
    sql::{Statement, Value},
};

/// A data element.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = dataelement)]
pub struct DataElement {
    /// DHIS2 identifier; the key in an event's values.
    pub uid: String,
    /// Name.
    pub name: String,
    /// Name used in forms and list heads; `None` means the name.
    pub formname: Option<String>,
    /// DHIS2 value type.
    pub valuetype: String,
    /// Key of the option set; `None` for free values.
    pub optionsetid: Option<i64>,
}

/// An option set.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = optionset)]
pub struct OptionSet {
    /// Internal key.
    pub optionsetid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Name.
    pub name: String,
}

/// An option of an option set.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = optionvalue)]
pub struct OptionValue {
    /// Key of the option set.
    pub optionsetid: i64,
    /// Value as it is stored.
    pub code: String,
    /// Name shown to people.
    pub name: String,
}

/// Data elements by identifier.
///
/// # Errors
/// When the query fails.
pub fn by_uids(conn: &mut Connection, uids: &[String]) -> Result<Vec<DataElement>> {
    Ok(DataElement::query()
        .filter(dataelement::uid.eq_any(uids))
        .load(conn)?)
}

/// Option sets by key.
///
/// # Errors
/// When the query fails.
pub fn option_sets_by_ids(conn: &mut Connection, ids: &[i64]) -> Result<Vec<OptionSet>> {
    Ok(OptionSet::query()
        .filter(optionset::optionsetid.eq_any(ids))
        .load(conn)?)
}

/// All options of option sets, in the order of each set.
///
/// # Errors
/// When the query fails.
pub fn options_of(conn: &mut Connection, option_sets: &[i64]) -> Result<Vec<OptionValue>> {
    Ok(OptionValue::query()
        .filter(optionvalue::optionsetid.eq_any(option_sets))
        .order((
            optionvalue::sort_order.asc().nulls_last(),
            optionvalue::optionvalueid,
        ))
        .load(conn)?)
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = BigInt)]
    optionsetid: i64,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Names of the given (option set, code) pairs.
///
/// # Errors
/// When the query fails.
pub fn option_names(conn: &mut Connection, pairs: &[(i64, String)]) -> Result<Vec<OptionValue>> {
    let mut statement = Statement::new(
        "SELECT optionsetid, code, name FROM optionvalue WHERE (optionsetid, code) IN (SELECT * FROM unnest(",
    );
    statement
        .bind(Value::Ints(
            pairs.iter().map(|(option_set, _)| *option_set).collect(),
        ))
        .push(", ")
        .bind(Value::Texts(
            pairs.iter().map(|(_, code)| code.clone()).collect(),
        ))
        .push("))");
    let rows: Vec<NameRow> = statement.load(conn)?;
    let option = |row: NameRow| OptionValue {
        optionsetid: row.optionsetid,
        code: row.code,
        name: row.name,
    };
    Ok(rows.into_iter().map(option).collect())
}
