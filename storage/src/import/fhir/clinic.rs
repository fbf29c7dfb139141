//! The clinic that a delivery belongs to: an organisation unit, made when there is none.

use chrono_tz::Tz;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{Connection, Error, Result, import::Report};

/// The clinic before its data is merged.
#[derive(Debug)]
pub struct Clinic {
    /// Uid of its organisation unit.
    pub uid: String,
    /// Its organisation unit; `None` until it is created.
    unit: Option<i64>,
    /// Its key; `None` until the unit is made a clinic.
    pub id: Option<i64>,
    /// Zone in which its days are counted.
    pub zone: Tz,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    organisationunitid: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    clinic_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
}

#[derive(QueryableByName)]
struct Unit {
    #[diesel(sql_type = BigInt)]
    organisationunitid: i64,
}

/// Looks the clinic up. `zone` is its zone from now on, when given.
///
/// # Errors
/// [`Error::Input`] when there is none and the uid is malformed.
pub fn find(conn: &mut Connection, uid: &str, zone: Option<Tz>) -> Result<Clinic> {
    let row: Option<Row> = diesel::sql_query(
        "SELECT organisationunitid, clinic_id, time_zone
         FROM organisationunit LEFT JOIN clinics ON clinic_id = organisationunitid WHERE uid = $1",
    )
    .bind::<Text, _>(uid)
    .get_result(conn)
    .optional()?;
    if row.is_none() && !domain::uid::is_valid(uid) {
        return Err(Error::Input(
            "the clinic must be a DHIS2 uid: 11 letters and digits, a letter first".to_owned(),
        ));
    }
    let stored = match row.as_ref().and_then(|row| row.time_zone.as_deref()) {
        Some(name) => name.parse().map_err(|_| Error::Corrupt {
            table: "clinics",
            detail: format!("time_zone {name} is no IANA zone"),
        })?,
        None => Tz::Europe__Berlin,
    };
    Ok(Clinic {
        uid: uid.to_owned(),
        unit: row.as_ref().map(|row| row.organisationunitid),
        id: row.and_then(|row| row.clinic_id),
        zone: zone.unwrap_or(stored),
    })
}

/// The key of the clinic, which is created first when it has to be. Needs the staged contacts for its name.
///
/// # Errors
/// When a statement fails.
pub fn ensure(conn: &mut Connection, clinic: &Clinic, report: &mut Report) -> Result<i64> {
    if let Some(id) = clinic.id {
        diesel::sql_query(
            "UPDATE clinics SET time_zone = $2 WHERE clinic_id = $1 AND time_zone <> $2",
        )
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(clinic.zone.name())
        .execute(conn)?;
        return Ok(id);
    }
    let unit = match clinic.unit {
        Some(unit) => unit,
        None => create_unit(conn, &clinic.uid, report)?,
    };
    diesel::sql_query("INSERT INTO clinics (clinic_id, time_zone) VALUES ($1, $2)")
        .bind::<BigInt, _>(unit)
        .bind::<Text, _>(clinic.zone.name())
        .execute(conn)?;
    Ok(unit)
}

/// A new root unit, named after the Organization that most stays refer to.
fn create_unit(conn: &mut Connection, uid: &str, report: &mut Report) -> Result<i64> {
    let unit: Unit = diesel::sql_query(
        "WITH named AS (
             SELECT o.name, count(*) AS stays
             FROM staged_encounters e
             JOIN staged_places o ON o.resource_type = 'Organization'
              AND (o.fhir_id = e.provider_id
                   OR coalesce(o.identifier_system, '') || '|' || o.identifier_value = e.provider_identifier)
             WHERE e.part_of_id IS NULL AND e.setting = 'INPATIENT' AND coalesce(e.level, 'FACILITY') = 'FACILITY'
               AND o.name IS NOT NULL
             GROUP BY o.name
         ), best AS (
             SELECT coalesce((SELECT name FROM named ORDER BY stays DESC, name LIMIT 1), $1) AS name
         )
         INSERT INTO organisationunit (uid, name, shortname, path, hierarchylevel, openingdate)
         SELECT $1, left(name, 230), left(name, 50), '/' || $1, 1, current_date FROM best
         RETURNING organisationunitid",
    )
    .bind::<Text, _>(uid)
    .get_result(conn)?;
    raise_metadata_version(conn)?;
    report.notices.push(format!(
        "organisation unit {uid} did not exist and was created as a root"
    ));
    Ok(unit.organisationunitid)
}

/// Tells caches that units were added.
///
/// # Errors
/// When the statement fails.
pub fn raise_metadata_version(conn: &mut Connection) -> Result<()> {
    diesel::sql_query("UPDATE metadataversion SET version = version + 1").execute(conn)?;
    Ok(())
}
