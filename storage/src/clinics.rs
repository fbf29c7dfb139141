//! Clinics: the org units that deliver clinical data.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Integer, Nullable, Text},
};

use crate::{Connection, Result};

/// A clinic.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Clinic {
    /// Key; the org unit's.
    #[diesel(sql_type = BigInt)]
    pub clinic_id: i64,
    /// DHIS2 identifier of the org unit.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// Name of the org unit.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// IANA zone in which days are counted.
    #[diesel(sql_type = Text)]
    pub time_zone: String,
    /// Beds in operation; `None` when not known.
    #[diesel(sql_type = Nullable<Integer>)]
    pub beds: Option<i32>,
}

/// All clinics, by name.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut Connection) -> Result<Vec<Clinic>> {
    Ok(diesel::sql_query(
        "SELECT c.clinic_id, u.uid, u.name, c.time_zone, c.beds
           FROM clinics c JOIN organisationunit u ON u.organisationunitid = c.clinic_id ORDER BY u.name, u.uid",
    )
    .load(conn)?)
}
