//! Station contacts of stays as chains: sorted, cut to the stay, equal neighbours merged.

use super::{execute, execute_for};
use crate::{Connection, Result, import::Report};

/// Builds the chains of all stays that the delivery touches, from all their contacts, and merges them.
///
/// # Errors
/// When a statement fails.
pub fn merge(conn: &mut Connection, clinic: i64, report: &mut Report) -> Result<()> {
    // Without figures of stations, and of what is cut, chains would be a loop in a loop.
    execute(conn, "ANALYZE stations")?;
    execute_for(conn, clinic, &cut())?;
    execute(conn, "ANALYZE staged_cut")?;
    execute(conn, CHAIN)?;
    execute(conn, "ANALYZE staged_chain")?;
    let total = super::total(conn, "SELECT count(*) FROM staged_chain")?;
    let removed = execute_for(conn, clinic, SURPLUS)?;
    let updated = execute(conn, UPDATE)?;
    let created = execute(conn, INSERT)?;
    report.add(
        "StationTransfer",
        created,
        updated + removed,
        total - created - updated,
    );
    for (rule, sql, text) in [
        (
            "STATION_OUTSIDE",
            outside().as_str(),
            "station contacts lie wholly or by more than a day outside their stay and were cut",
        ),
        (
            "STATION_GAP",
            GAPS,
            "stays have gaps between their station contacts",
        ),
        (
            "STATION_PARALLEL",
            PARALLEL,
            "stays have station contacts at the same time",
        ),
    ] {
        let found = super::total_for(conn, clinic, sql)?;
        report.find(rule, found, text);
    }
    Ok(())
}

/// Begin and end of the clinic's stays.
const BOUNDS: &str = "SELECT b.encounter_id,
            coalesce(b.admitted_at, b.admission_date::timestamp AT TIME ZONE z.time_zone) AS opens_at,
            coalesce(b.discharged_at, (b.discharge_date + 1)::timestamp AT TIME ZONE z.time_zone) AS closes_at
     FROM encounters b CROSS JOIN (SELECT time_zone FROM clinics WHERE clinic_id = $1) z
     WHERE b.clinic_id = $1";

/// The contacts, cut to their stays.
fn cut() -> String {
    format!(
        "WITH bounds AS ({BOUNDS})
         INSERT INTO staged_cut
         SELECT m.encounter_id, s.station_id, s.identifier_value || '|' || s.identifier_system, greatest(m.started_at, opens_at),
                least(m.ended_at, closes_at)
         FROM staged_moves m
         JOIN bounds USING (encounter_id)
         JOIN stations s ON s.clinic_id = $1
          AND (s.identifier_system, s.identifier_value) = (m.identifier_system, m.identifier_value)
         WHERE (m.ended_at IS NULL OR m.ended_at >= opens_at) AND (closes_at IS NULL OR m.started_at <= closes_at)
           AND (m.ended_at IS NULL OR m.ended_at >= m.started_at)"
    )
}

/// The chains: contacts by begin, then end. A contact without length counts only where no other covers its moment.
const CHAIN: &str = "WITH kept AS (
         SELECT * FROM staged_cut WHERE ended_at IS DISTINCT FROM started_at
         UNION ALL
         SELECT * FROM staged_cut z WHERE ended_at = started_at
           AND NOT EXISTS (SELECT FROM staged_cut o
                           WHERE o.encounter_id = z.encounter_id AND o.ended_at IS DISTINCT FROM o.started_at
                             AND o.started_at <= z.started_at AND (o.ended_at IS NULL OR o.ended_at >= z.started_at))
     ), marked AS (
         SELECT *, (lag(station_id) OVER stay IS DISTINCT FROM station_id)::integer AS is_new
         FROM kept WINDOW stay AS (PARTITION BY encounter_id ORDER BY started_at, ended_at NULLS LAST, name)
     ), grouped AS (
         SELECT *, sum(is_new) OVER (PARTITION BY encounter_id ORDER BY started_at, ended_at NULLS LAST, name) AS sequence
         FROM marked
     )
     INSERT INTO staged_chain
     SELECT encounter_id, sequence, station_id, min(started_at),
            CASE WHEN count(*) = count(ended_at) THEN max(ended_at) END
     FROM grouped WHERE sequence <= 32767
     GROUP BY encounter_id, sequence, station_id";

/// Contacts that begin after their stay, end before it, or reach a day beyond it.
fn outside() -> String {
    format!(
        "SELECT count(*) FROM staged_moves m JOIN ({BOUNDS}) b USING (encounter_id)
         WHERE m.started_at < opens_at - interval '1 day' OR m.started_at > closes_at OR m.ended_at < opens_at
            OR m.ended_at > closes_at + interval '1 day'"
    )
}

/// Stays with a minute or more between two stations.
const GAPS: &str = "SELECT count(DISTINCT encounter_id)
     FROM (SELECT encounter_id, started_at, max(coalesce(ended_at, 'infinity')) OVER (PARTITION BY encounter_id ORDER BY sequence
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier_end
           FROM staged_chain WHERE $1 IS NOT NULL) chain
     WHERE started_at >= earlier_end + interval '1 minute'";

/// Stays with a station that begins a minute or more before an earlier one ends.
const PARALLEL: &str = "SELECT count(DISTINCT encounter_id)
     FROM (SELECT encounter_id, started_at, lag(coalesce(ended_at, 'infinity')) OVER (PARTITION BY encounter_id ORDER BY sequence) AS earlier_end
           FROM staged_chain WHERE $1 IS NOT NULL) chain
     WHERE started_at <= earlier_end - interval '1 minute'";

const SURPLUS: &str = "DELETE FROM station_transfers s
     USING encounters b
     WHERE b.clinic_id = $1 AND s.encounter_id = b.encounter_id AND b.fhir_id IN (SELECT root_id FROM staged_roots)
       AND NOT EXISTS (SELECT FROM staged_chain c WHERE (c.encounter_id, c.sequence) = (s.encounter_id, s.sequence))";

const UPDATE: &str = "UPDATE station_transfers s
     SET station_id = c.station_id, started_at = c.started_at, ended_at = c.ended_at
     FROM staged_chain c
     WHERE (c.encounter_id, c.sequence) = (s.encounter_id, s.sequence)
       AND (s.station_id, s.started_at, s.ended_at) IS DISTINCT FROM (c.station_id, c.started_at, c.ended_at)";

const INSERT: &str =
    "INSERT INTO station_transfers (encounter_id, sequence, station_id, started_at, ended_at)
     SELECT encounter_id, sequence, station_id, started_at, ended_at FROM staged_chain
     ON CONFLICT (encounter_id, sequence) DO NOTHING";
