//! Data elements and attributes as lists filter and order by them.

use std::collections::HashMap;

use domain::{
    access::Caller,
    event::{ValueType, filter::Column, request::Operator},
};

use crate::{
    Connection, Error, Result,
    attributes::{self, ATTRIBUTE},
    data_elements::{DATA_ELEMENT, DataElement},
    sql::{JsonRow, Statement, Value},
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

impl Element {
    /// A data element as a caller may see it.
    pub(super) fn of(caller: &Caller, element: &DataElement) -> Result<Self> {
        let (id, uid) = (element.dataelementid, &element.uid);
        Ok(Element {
            column: column("dataelement", id, uid, &element.valuetype)?,
            is_readable: element.sharing.may_read(caller),
        })
    }
}

impl Attribute {
    /// An attribute as a caller may see it.
    pub(super) fn of(caller: &Caller, attribute: &attributes::Attribute) -> Result<Self> {
        let (id, uid) = (attribute.trackedentityattributeid, &attribute.uid);
        let blocked = attribute.blockedsearchoperators.iter();
        Ok(Attribute {
            column: column("trackedentityattribute", id, uid, &attribute.valuetype)?,
            is_readable: attribute.sharing.may_read(caller),
            least_characters: attribute.mincharacterstosearch,
            blocked: blocked.filter_map(|name| Operator::parse(name)).collect(),
        })
    }
}

fn column(table: &'static str, id: i64, uid: &str, kind: &str) -> Result<Column> {
    let value_type = ValueType::parse(kind).ok_or_else(|| Error::Corrupt {
        table,
        detail: format!("{uid} has type {kind}"),
    })?;
    Ok(Column {
        id,
        uid: uid.to_owned(),
        value_type,
    })
}

/// Data elements of any program, by identifier.
pub(super) fn find_elements(
    conn: &mut Connection,
    caller: &Caller,
    uids: Vec<String>,
) -> Result<HashMap<String, Element>> {
    let mut query = Statement::new("SELECT");
    query
        .push(DATA_ELEMENT)
        .push("::text AS json FROM dataelement d WHERE d.uid = ANY(")
        .bind(Value::Texts(uids))
        .push(")");
    let found: Vec<DataElement> = JsonRow::read_all(conn, query, "dataelement")?;
    let element = |found: &DataElement| Ok((found.uid.clone(), Element::of(caller, found)?));
    found.iter().map(element).collect()
}

/// Attributes of any kind of tracked entity, by identifier.
pub(super) fn find_attributes(
    conn: &mut Connection,
    caller: &Caller,
    uids: Vec<String>,
) -> Result<HashMap<String, Attribute>> {
    let mut query = Statement::new("SELECT");
    query
        .push(ATTRIBUTE)
        .push("::text AS json FROM trackedentityattribute a WHERE a.uid = ANY(")
        .bind(Value::Texts(uids))
        .push(")");
    let found: Vec<attributes::Attribute> =
        JsonRow::read_all(conn, query, "trackedentityattribute")?;
    let attribute =
        |found: &attributes::Attribute| Ok((found.uid.clone(), Attribute::of(caller, found)?));
    found.iter().map(attribute).collect()
}
