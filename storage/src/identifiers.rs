//! Codes, names and attribute values of metadata by identifier: what answers show instead of identifiers when asked.

use diesel::{
    prelude::*,
    sql_types::{Nullable, Text},
};
use domain::id_scheme::{IdScheme, Kind};

use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// How one object is named.
#[derive(Debug, Clone, QueryableByName)]
pub struct Named {
    /// Identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// What the scheme calls it; `None` when it has no such name.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
}

/// Objects of a kind as a scheme names them, in no order; unknown identifiers are absent.
///
/// # Errors
/// When the query fails.
pub fn by_uids(
    conn: &mut Connection,
    kind: Kind,
    scheme: &IdScheme,
    uids: &[String],
) -> Result<Vec<Named>> {
    let mut query = Statement::new("SELECT uid, ");
    match scheme {
        IdScheme::Uid => query.push("uid"),
        IdScheme::Code => query.push("code"),
        IdScheme::Name => query.push("name"),
        IdScheme::Attribute(attribute) => query
            .push("attributevalues -> ")
            .bind(Value::Text(attribute.clone()))
            .push(" ->> 'value'"),
    };
    query.push(match kind {
        Kind::Program => " AS name FROM program",
        Kind::ProgramStage => " AS name FROM programstage",
        Kind::OrganisationUnit => " AS name FROM organisationunit",
        Kind::CategoryOptionCombo => " AS name FROM categoryoptioncombo",
        Kind::CategoryOption => " AS name FROM categoryoption",
        Kind::DataElement => " AS name FROM dataelement",
    });
    query
        .push(" WHERE uid = ANY(")
        .bind(Value::Texts(uids.to_vec()))
        .push(")");
    Ok(query.load(conn)?)
}
