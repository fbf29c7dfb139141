//! Stations: the places of stays, each an organisation unit below its clinic.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use sha2::{Digest, Sha256};

use super::{super::clinic::raise_metadata_version, execute_for};
use crate::{Connection, Result, import::Report};

/// Finds out which places are stations, and makes those that are new.
///
/// # Errors
/// When a statement fails.
pub fn merge(
    conn: &mut Connection,
    clinic: i64,
    clinic_uid: &str,
    report: &mut Report,
) -> Result<()> {
    execute_for(conn, clinic, MOVES)?;
    let total = super::total(
        conn,
        "SELECT count(DISTINCT (identifier_system, identifier_value)) FROM staged_moves",
    )?;
    let new: Vec<Station> = diesel::sql_query(NEW)
        .bind::<BigInt, _>(clinic)
        .load(conn)?;
    for station in &new {
        create(conn, clinic, clinic_uid, station)?;
    }
    if !new.is_empty() {
        raise_metadata_version(conn)?;
    }
    let created = new.len() as u64;
    report.add("Station", created, 0, total - created);
    Ok(())
}

/// The station contacts of stays, by preference: ward contacts, locations with a period, departments. Within a contact:
/// its locations, the organisation in charge, the department key.
const MOVES: &str = "WITH zone AS (
         SELECT time_zone FROM clinics WHERE clinic_id = $1
     ), placed AS (
         SELECT c.*, b.encounter_id, p.name AS place_name,
                CASE WHEN p.identifier_value IS NOT NULL THEN coalesce(p.identifier_system, '')
                     WHEN c.identifier_value IS NOT NULL THEN coalesce(c.identifier_system, '') ELSE '' END AS system,
                coalesce(p.identifier_value, c.identifier_value, c.place_id, c.display) AS value,
                CASE WHEN e.level IS NOT NULL THEN e.level WHEN t.depth = 1 THEN 'FACILITY'
                     WHEN t.depth = 2 THEN 'DEPARTMENT' ELSE 'CARE' END AS contact_level,
                coalesce(e.admitted_at, e.admission_date::timestamp AT TIME ZONE zone.time_zone) AS contact_start,
                coalesce(e.discharged_at, e.discharge_date::timestamp AT TIME ZONE zone.time_zone) AS contact_end
         FROM staged_contacts c
         JOIN staged_encounters e USING (seq)
         JOIN staged_tree t ON t.fhir_id = e.fhir_id
         JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = t.root_id
         LEFT JOIN staged_places p ON p.resource_type = c.place_type AND p.fhir_id = c.place_id
         CROSS JOIN zone
         WHERE coalesce(c.physical_type, p.physical_type, 'wa') = 'wa'
     ), chosen AS (
         SELECT *,
                CASE WHEN contact_level = 'CARE' THEN 1
                     WHEN source = 'LOCATION' AND started_at IS NOT NULL THEN 2
                     WHEN contact_level = 'DEPARTMENT' AND source <> 'LOCATION' THEN 3 END AS preference,
                CASE WHEN source = 'LOCATION' AND started_at IS NOT NULL THEN '1'
                     WHEN source = 'LOCATION' THEN '2' || to_char(position, 'FM0000000000')
                     WHEN source = 'PROVIDER' THEN '3' ELSE '4' END AS choice
         FROM placed WHERE value IS NOT NULL
     ), best AS (
         SELECT *, min(preference) OVER (PARTITION BY encounter_id) AS best_preference,
                min(choice) OVER (PARTITION BY encounter_id, seq, preference) AS best_choice
         FROM chosen WHERE preference IS NOT NULL
     )
     INSERT INTO staged_moves
     SELECT encounter_id, system, value, coalesce(place_name, display, value), department_key,
            coalesce(started_at, contact_start), CASE WHEN started_at IS NULL THEN contact_end ELSE ended_at END
     FROM best
     WHERE preference = best_preference AND choice = best_choice AND coalesce(started_at, contact_start) IS NOT NULL";

#[derive(QueryableByName)]
struct Station {
    #[diesel(sql_type = Text)]
    identifier_system: String,
    #[diesel(sql_type = Text)]
    identifier_value: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    department_key: Option<String>,
}

const NEW: &str = "SELECT m.identifier_system, m.identifier_value,
            mode() WITHIN GROUP (ORDER BY m.name) AS name, max(m.department_key) AS department_key
     FROM staged_moves m
     WHERE NOT EXISTS (SELECT FROM stations s WHERE s.clinic_id = $1
                       AND (s.identifier_system, s.identifier_value) = (m.identifier_system, m.identifier_value))
     GROUP BY m.identifier_system, m.identifier_value ORDER BY 1, 2";

fn create(conn: &mut Connection, clinic: i64, clinic_uid: &str, station: &Station) -> Result<()> {
    let uid = free_uid(conn, clinic_uid, station)?;
    diesel::sql_query(
        "WITH unit AS (
             INSERT INTO organisationunit (uid, name, shortname, parentid, path, hierarchylevel, openingdate)
             SELECT $2, left($3, 230), left($3, 50), organisationunitid, path || '/' || $2, hierarchylevel + 1, openingdate
             FROM organisationunit WHERE organisationunitid = $1
             RETURNING organisationunitid
         )
         INSERT INTO stations (station_id, clinic_id, identifier_system, identifier_value, department_key)
         SELECT organisationunitid, $1, $4, $5, $6 FROM unit",
    )
    .bind::<BigInt, _>(clinic)
    .bind::<Text, _>(&uid)
    .bind::<Text, _>(&station.name)
    .bind::<Text, _>(&station.identifier_system)
    .bind::<Text, _>(&station.identifier_value)
    .bind::<Nullable<Text>, _>(station.department_key.as_deref())
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

/// The uid of a station: the same in every database, because it is made of its key.
fn free_uid(conn: &mut Connection, clinic_uid: &str, station: &Station) -> Result<String> {
    let mut attempt = 0;
    loop {
        let uid = uid(clinic_uid, station, attempt);
        let found: Taken = diesel::sql_query(
            "SELECT EXISTS (SELECT FROM organisationunit WHERE uid = $1) AS taken",
        )
        .bind::<Text, _>(&uid)
        .get_result(conn)?;
        if !found.taken {
            return Ok(uid);
        }
        attempt += 1;
    }
}

fn uid(clinic_uid: &str, station: &Station, attempt: u32) -> String {
    let key = [
        clinic_uid,
        &station.identifier_system,
        &station.identifier_value,
        &attempt.to_string(),
    ]
    .join("\u{1f}");
    let hash = Sha256::digest(key);
    let number = hash
        .iter()
        .take(8)
        .fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
    domain::uid::from_number(number)
}
