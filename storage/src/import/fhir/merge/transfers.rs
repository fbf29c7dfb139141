//! Station contacts of stays as chains: sorted, cut to the stay, equal neighbours merged.

use super::execute_for;
use crate::{Connection, Result, import::Report};

/// Merges the chains of all stays that the delivery touches.
///
/// A delivery may hold only the newest contacts of a stay: stored contacts stay, unless one of the same station and
/// start was delivered.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    execute_for(conn, clinic, CHAIN)?;
    let total = super::total(conn, "SELECT count(*) FROM staged_chain")?;
    super::execute(conn, "ANALYZE staged_chain")?;
    let removed = execute_for(conn, clinic, SURPLUS)?;
    let updated = super::execute(conn, UPDATE)?;
    let created = super::execute(conn, INSERT)?;
    report.add(
        "StationTransfer",
        created,
        updated + removed,
        total - created - updated,
    );
    Ok(())
}

const CHAIN: &str = "WITH zone AS (
         SELECT time_zone FROM clinics WHERE clinic_id = $1
     ), touched AS (
         SELECT encounter_id FROM staged_moves
         UNION
         SELECT b.encounter_id FROM encounters b JOIN staged_tree t ON t.fhir_id = b.fhir_id AND t.is_stay
         WHERE b.clinic_id = $1
     ), delivered AS (
         SELECT m.encounter_id, s.station_id, m.started_at, m.ended_at
         FROM staged_moves m
         JOIN stations s ON s.clinic_id = $1
          AND (s.identifier_system, s.identifier_value) = (m.identifier_system, m.identifier_value)
     ), contacts AS (
         SELECT * FROM delivered
         UNION ALL
         SELECT s.encounter_id, s.station_id, s.started_at, s.ended_at
         FROM station_transfers s JOIN touched USING (encounter_id)
         WHERE NOT EXISTS (SELECT FROM delivered d
                           WHERE (d.encounter_id, d.station_id) = (s.encounter_id, s.station_id)
                             AND greatest(d.started_at, s.started_at) = s.started_at
                             AND s.started_at <= coalesce(d.ended_at, 'infinity'))
     ), bounds AS (
         SELECT b.encounter_id,
                coalesce(b.admitted_at, b.admission_date::timestamp AT TIME ZONE time_zone) AS opens_at,
                coalesce(b.discharged_at, (b.discharge_date + 1)::timestamp AT TIME ZONE time_zone) AS closes_at
         FROM encounters b JOIN touched USING (encounter_id) CROSS JOIN zone
     ), cut AS (
         SELECT c.encounter_id, c.station_id, greatest(c.started_at, opens_at) AS started_at,
                least(c.ended_at, closes_at) AS ended_at
         FROM contacts c JOIN bounds USING (encounter_id)
         WHERE (c.ended_at IS NULL OR c.ended_at >= opens_at) AND (closes_at IS NULL OR c.started_at <= closes_at)
     ), marked AS (
         SELECT *, (lag(station_id) OVER stay IS DISTINCT FROM station_id)::integer AS is_new
         FROM cut WINDOW stay AS (PARTITION BY encounter_id ORDER BY started_at, ended_at NULLS LAST, station_id)
     ), grouped AS (
         SELECT *, sum(is_new) OVER (PARTITION BY encounter_id ORDER BY started_at, ended_at NULLS LAST, station_id) AS sequence
         FROM marked
     )
     INSERT INTO staged_chain
     SELECT encounter_id, sequence, station_id, min(started_at),
            CASE WHEN count(*) = count(ended_at) THEN max(ended_at) END
     FROM grouped WHERE sequence <= 32767
     GROUP BY encounter_id, sequence, station_id";

const SURPLUS: &str = "DELETE FROM station_transfers s
     USING encounters b JOIN staged_tree t ON t.root_id = b.fhir_id
     WHERE b.clinic_id = $1 AND s.encounter_id = b.encounter_id
       AND NOT EXISTS (SELECT FROM staged_chain c WHERE (c.encounter_id, c.sequence) = (s.encounter_id, s.sequence))
       AND (t.is_stay OR EXISTS (SELECT FROM staged_chain c WHERE c.encounter_id = s.encounter_id))";

const UPDATE: &str = "UPDATE station_transfers s
     SET station_id = c.station_id, started_at = c.started_at, ended_at = c.ended_at
     FROM staged_chain c
     WHERE (c.encounter_id, c.sequence) = (s.encounter_id, s.sequence)
       AND (s.station_id, s.started_at, s.ended_at) IS DISTINCT FROM (c.station_id, c.started_at, c.ended_at)";

const INSERT: &str =
    "INSERT INTO station_transfers (encounter_id, sequence, station_id, started_at, ended_at)
     SELECT encounter_id, sequence, station_id, started_at, ended_at FROM staged_chain
     ON CONFLICT (encounter_id, sequence) DO NOTHING";
