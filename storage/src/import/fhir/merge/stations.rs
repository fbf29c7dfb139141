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
    super::execute(conn, "ANALYZE staged_moves")?;
    let total = super::total(
        conn,
        "SELECT count(DISTINCT (identifier_system, identifier_value)) FROM staged_moves",
    )?;
    let new: Vec<Station> = diesel::sql_query(new())
        .bind::<BigInt, _>(clinic)
        .load(conn)?;
    for station in &new {
        create(conn, clinic, clinic_uid, station)?;
    }
    execute_for(conn, clinic, &format!("WITH {NAMES} {DEPARTMENTS}"))?;
    let renamed = execute_for(conn, clinic, &rename())?;
    if !new.is_empty() || renamed > 0 {
        raise_metadata_version(conn)?;
    }
    let created = new.len() as u64;
    // A station may be renamed without a stay of it in the delivery.
    let unchanged = total.saturating_sub(created + renamed);
    report.add("Station", created, renamed, unchanged);
    Ok(())
}

/// The station contacts of stays, by preference: ward contacts, locations with a period, departments, the ward that the
/// stay names without a period. Within a contact: its locations, the organisation in charge, the department key.
/// The department of a ward is the one that its contact names, else that of the department contact above.
const MOVES: &str = "WITH zone AS (
         SELECT time_zone FROM clinics WHERE clinic_id = $1
     ), placed AS (
         SELECT c.*, b.encounter_id, e.level, e.depth, e.parent_id,
                coalesce(e.admitted_at, e.admission_date::timestamp AT TIME ZONE zone.time_zone) AS contact_start,
                coalesce(e.discharged_at, e.discharge_date::timestamp AT TIME ZONE zone.time_zone) AS contact_end
         FROM (SELECT DISTINCT root_id FROM staged_roots) r
         JOIN encounters b ON b.clinic_id = $1 AND b.fhir_id = r.root_id
         JOIN fhir.contacts e ON e.clinic_id = $1 AND e.root_id = r.root_id
         JOIN fhir.contact_places c ON c.clinic_id = $1 AND c.contact_id = e.fhir_id
         CROSS JOIN zone
     ), sought AS (
         SELECT DISTINCT place_type, identifier_system, identifier_value FROM placed
         WHERE place_id IS NULL AND place_type IS NOT NULL AND identifier_value IS NOT NULL
     ), found AS (
         SELECT DISTINCT ON (s.place_type, s.identifier_system, s.identifier_value) s.*, i.fhir_id
         FROM sought s
         JOIN fhir.identifiers i ON i.clinic_id = $1 AND i.resource_type = s.place_type AND i.value = s.identifier_value
          AND (coalesce(s.identifier_system, '') = '' OR i.system = s.identifier_system)
         ORDER BY s.place_type, s.identifier_system, s.identifier_value, i.nested, i.fhir_id
     ), named AS (
         SELECT c.*, p.name AS place_name,
                CASE WHEN p.identifier_value IS NOT NULL THEN coalesce(p.identifier_system, '')
                     WHEN c.identifier_value IS NOT NULL THEN coalesce(c.identifier_system, '') ELSE '' END AS system,
                coalesce(p.identifier_value, c.identifier_value, c.place_id, c.display) AS value,
                CASE WHEN c.level IS NOT NULL THEN c.level WHEN c.depth = 1 THEN 'FACILITY'
                     WHEN c.depth = 2 THEN 'DEPARTMENT' ELSE 'CARE' END AS contact_level
         FROM placed c
         LEFT JOIN found f ON c.place_id IS NULL AND f.place_type = c.place_type AND f.identifier_value = c.identifier_value
          AND f.identifier_system IS NOT DISTINCT FROM c.identifier_system
         LEFT JOIN fhir.places p ON p.clinic_id = $1 AND p.resource_type = c.place_type
          AND p.fhir_id = coalesce(c.place_id, f.fhir_id)
         WHERE coalesce(c.physical_type, p.physical_type, 'wa') = 'wa'
     ), departments AS (
         SELECT contact_id, contact_level, max(department_key) AS department_key FROM named
         WHERE source = 'DEPARTMENT' AND contact_level <> 'FACILITY' GROUP BY contact_id, contact_level
     ), chosen AS (
         SELECT *,
                CASE WHEN contact_level = 'CARE' THEN 1
                     WHEN source = 'LOCATION' AND started_at IS NOT NULL THEN 2
                     WHEN contact_level = 'DEPARTMENT' AND source <> 'LOCATION' THEN 3
                     WHEN contact_level = 'FACILITY' AND source = 'LOCATION' AND physical_type = 'wa' THEN 4 END AS preference,
                CASE WHEN source = 'LOCATION' AND started_at IS NOT NULL THEN '1'
                     WHEN source = 'LOCATION' THEN '2' || to_char(position, 'FM0000000000')
                     WHEN source = 'PROVIDER' THEN '3' ELSE '4' END AS choice
         FROM named WHERE value IS NOT NULL
     ), best AS (
         SELECT *, min(preference) OVER (PARTITION BY encounter_id) AS best_preference,
                min(choice) OVER (PARTITION BY encounter_id, contact_id, preference) AS best_choice
         FROM chosen WHERE preference IS NOT NULL
     )
     INSERT INTO staged_moves
     SELECT encounter_id, system, value, coalesce(place_name, CASE WHEN source = 'DEPARTMENT' THEN 'Fachabteilung ' || display ELSE display END, value),
            coalesce(b.department_key, own.department_key, above.department_key),
            coalesce(started_at, contact_start), CASE WHEN started_at IS NULL THEN contact_end ELSE ended_at END
     FROM best b
     LEFT JOIN departments own ON own.contact_id = b.contact_id
     LEFT JOIN departments above ON above.contact_id = b.parent_id AND above.contact_level = 'DEPARTMENT'
     WHERE preference = best_preference AND choice = best_choice AND coalesce(started_at, contact_start) IS NOT NULL";

/// Names by key of a station: what its place is called, else what contacts call it.
const NAMES: &str = "places AS (
         SELECT DISTINCT ON (1, 2) CASE WHEN identifier_value IS NULL THEN '' ELSE coalesce(identifier_system, '') END AS system,
                coalesce(identifier_value, fhir_id) AS value, name
         FROM fhir.places WHERE clinic_id = $1 AND name IS NOT NULL
         ORDER BY 1, 2, resource_type, fhir_id
     ), moved AS (
         SELECT identifier_system AS system, identifier_value AS value, mode() WITHIN GROUP (ORDER BY department_key) AS department_key,
                mode() WITHIN GROUP (ORDER BY name) FILTER (WHERE name <> identifier_value) AS name
         FROM staged_moves GROUP BY 1, 2
     )";

/// Stations whose department was not known take the one of most of their contacts. A known one stays: wards lend beds to
/// other departments, and one night of those does not move the ward.
const DEPARTMENTS: &str = "UPDATE stations s SET department_key = m.department_key
     FROM moved m
     WHERE s.clinic_id = $1 AND (s.identifier_system, s.identifier_value) = (m.system, m.value)
       AND s.department_key IS NULL AND m.department_key IS NOT NULL";

/// Stations take the name that their place has now; those known by their identifier alone take what contacts call them.
/// A unit that somebody else renamed keeps its name.
fn rename() -> String {
    format!(
        "WITH {NAMES}, wanted AS (
             SELECT s.station_id, coalesce(s.delivered_name, s.identifier_value) AS former, coalesce(p.name, m.name) AS name
             FROM stations s
             LEFT JOIN places p ON (p.system, p.value) = (s.identifier_system, s.identifier_value)
             LEFT JOIN moved m ON (m.system, m.value) = (s.identifier_system, s.identifier_value)
              AND coalesce(s.delivered_name, s.identifier_value) = s.identifier_value
             WHERE s.clinic_id = $1
         ), noted AS (
             UPDATE stations s SET delivered_name = w.name FROM wanted w
             WHERE s.station_id = w.station_id AND w.name <> w.former
         )
         UPDATE organisationunit u SET name = left(w.name, 230), shortname = left(w.name, 50)
         FROM wanted w
         WHERE u.organisationunitid = w.station_id AND w.name <> w.former AND u.name = left(w.former, 230)"
    )
}

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

fn new() -> String {
    format!(
        "WITH {NAMES}
         SELECT m.system AS identifier_system, m.value AS identifier_value, coalesce(p.name, m.name, m.value) AS name,
                m.department_key
         FROM moved m LEFT JOIN places p USING (system, value)
         WHERE NOT EXISTS (SELECT FROM stations s WHERE s.clinic_id = $1
                           AND (s.identifier_system, s.identifier_value) = (m.system, m.value))
         ORDER BY 1, 2"
    )
}

fn create(conn: &mut Connection, clinic: i64, clinic_uid: &str, station: &Station) -> Result<()> {
    let uid = free_uid(conn, clinic_uid, station)?;
    diesel::sql_query(
        "WITH unit AS (
             INSERT INTO organisationunit (uid, name, shortname, parentid, path, hierarchylevel, openingdate)
             SELECT $2, left($3, 230), left($3, 50), organisationunitid, path || '/' || $2, hierarchylevel + 1, openingdate
             FROM organisationunit WHERE organisationunitid = $1
             RETURNING organisationunitid
         )
         INSERT INTO stations (station_id, clinic_id, identifier_system, identifier_value, department_key, delivered_name)
         SELECT organisationunitid, $1, $4, $5, $6, $3 FROM unit",
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
