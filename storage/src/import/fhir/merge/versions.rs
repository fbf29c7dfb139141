//! Which version of a resource counts: the newest, by `meta.lastUpdated`, then `meta.versionId`, then file order.

use super::{counts, execute, execute_for, total};
use crate::{Connection, Result, import::Report};

/// Leaves in the temporary tables what is new: the winning version of each resource, unless it or a newer one is stored.
///
/// # Errors
/// When a statement fails.
pub fn settle(
    conn: &mut Connection,
    clinic: i64,
    is_first: bool,
    is_full: bool,
    report: &mut Report,
) -> Result<()> {
    execute(conn, DATE_DELETIONS)?;
    let mut conflicts = remove_repeated(conn)?;
    if is_full {
        execute_for(conn, clinic, ABSENT)?;
    }
    if !is_first {
        execute_for(conn, clinic, OBSERVATIONS_OF_DAY)?;
        find_moved_observations(conn, clinic)?;
    }
    execute_for(conn, clinic, STORED)?;
    execute(conn, "ANALYZE staged_stored, staged_former_observations")?;
    execute(conn, DATE_DELETIONS_OF_STORED)?;
    conflicts += total(conn, CONFLICTS)?;
    execute(conn, LOSERS)?;
    remove_losers(conn)?;
    report.find("VERSION_CONFLICT", conflicts, "resources came more than once with the same version and different content: the last one counts");
    for row in counts(
        conn,
        "SELECT resource_type AS label, count(*) AS count FROM staged_losers WHERE reason = 'UNCHANGED' GROUP BY 1 ORDER BY 1",
    )? {
        report.add(&row.label, 0, 0, row.count.cast_unsigned());
    }
    let outdated = total(
        conn,
        "SELECT count(*) FROM staged_losers WHERE reason = 'OUTDATED'",
    )?;
    report.find(
        "VERSION_OUTDATED",
        outdated,
        "resources are older than what is stored, or than their deletion, and were left out",
    );
    let deleted = total(
        conn,
        "SELECT count(*) FROM staged_resources WHERE is_deleted AND seq > 0",
    )?;
    report.find("DELETED", deleted, "resources were deleted");
    let absent = total(
        conn,
        "SELECT count(*) FROM staged_resources WHERE is_deleted AND seq < 0",
    )?;
    report.find(
        "ABSENT",
        absent,
        "resources are not in the full delivery and were removed",
    );
    for row in counts(
        conn,
        "SELECT resource_type || ' ' || left_out AS label, count(*) AS count FROM staged_resources WHERE left_out IS NOT NULL GROUP BY 1 ORDER BY 1",
    )? {
        report.notices.push(format!(
            "{} resources were left out by their status: {}",
            row.count, row.label
        ));
    }
    bury(conn, clinic)
}

/// A deletion without a time happened after all versions that are known.
const DATE_DELETIONS: &str = "UPDATE staged_resources d SET updated_at = o.updated_at, version = o.version
     FROM (SELECT resource_type, fhir_id, max(updated_at) AS updated_at, max(version) AS version
           FROM staged_resources r WHERE NOT is_deleted
             AND EXISTS (SELECT FROM staged_resources WHERE is_deleted AND updated_at IS NULL)
           GROUP BY resource_type, fhir_id) o
     WHERE d.is_deleted AND d.updated_at IS NULL AND (d.resource_type, d.fhir_id) = (o.resource_type, o.fhir_id)";

/// The same for versions that are stored.
const DATE_DELETIONS_OF_STORED: &str =
    "UPDATE staged_resources d SET updated_at = s.updated_at, version = s.version
     FROM staged_stored s WHERE d.is_deleted AND d.updated_at IS NULL AND s.seq = d.seq";

/// Removes all versions but the winners; how many resources have two equal keys with different bodies.
fn remove_repeated(conn: &mut Connection) -> Result<u64> {
    let rows = counts(
        conn,
        "WITH repeated AS (
             SELECT resource_type, fhir_id FROM staged_resources GROUP BY resource_type, fhir_id HAVING count(*) > 1
         ), ranked AS (
             SELECT r.*, row_number() OVER (PARTITION BY resource_type, fhir_id
                        ORDER BY updated_at DESC NULLS LAST, version DESC NULLS LAST, is_deleted DESC, seq DESC) AS place
             FROM staged_resources r JOIN repeated USING (resource_type, fhir_id)
         ), losers AS (
             INSERT INTO staged_losers SELECT seq, resource_type, fhir_id, 'REPEATED' FROM ranked WHERE place > 1
         )
         SELECT '' AS label, count(DISTINCT (winner.resource_type, winner.fhir_id)) AS count
         FROM ranked winner JOIN ranked other USING (resource_type, fhir_id)
         WHERE winner.place = 1 AND other.place > 1 AND other.body <> winner.body AND NOT (winner.is_deleted OR other.is_deleted)
           AND other.updated_at IS NOT DISTINCT FROM winner.updated_at
           AND other.version IS NOT DISTINCT FROM winner.version",
    )?;
    remove_losers(conn)?;
    Ok(rows.first().map_or(0, |row| row.count.cast_unsigned()))
}

/// What a full delivery does not hold, of the types that it holds: a deletion that no tombstone remembers.
const ABSENT: &str = "INSERT INTO staged_resources
     SELECT -row_number() OVER (), b.resource_type, b.fhir_id, NULL, NULL, 0, true, NULL
     FROM (
         SELECT 'Patient' AS resource_type, fhir_id FROM patients WHERE clinic_id = $1 AND NOT is_stub
         UNION ALL SELECT 'Encounter', fhir_id FROM fhir.contacts WHERE clinic_id = $1
         UNION SELECT 'Condition', split_part(fhir_id, '#', 1) FROM conditions WHERE clinic_id = $1
         UNION SELECT 'Observation', split_part(fhir_id, '#', 1) FROM observations WHERE clinic_id = $1
         UNION ALL SELECT resource_type, fhir_id FROM fhir.places WHERE clinic_id = $1
     ) b
     WHERE resource_type IN (SELECT resource_type FROM staged_resources WHERE NOT is_deleted)
       AND NOT EXISTS (SELECT FROM staged_resources r WHERE (r.resource_type, r.fhir_id) = (b.resource_type, b.fhir_id))
       AND NOT EXISTS (SELECT FROM staged_bad r WHERE (r.resource_type, r.fhir_id) = (b.resource_type, b.fhir_id))";

/// Stored rows of delivered observations that keep their day, which all rows of a resource have in common: each is looked
/// up in the partition of that day alone. The rows of a resource are called as it is, or that with `#` and a number
/// behind it, and in the order of bytes nothing else that an id may hold comes before `$`.
const OBSERVATIONS_OF_DAY: &str = "INSERT INTO staged_former_observations
     SELECT o.seq, b.fhir_id, b.observed_on, b.fhir_updated_at, b.fhir_version, b.fhir_body
     FROM (SELECT DISTINCT seq, resource_id, coalesce(observed_on, '-infinity') AS day FROM staged_observations) o
     CROSS JOIN LATERAL (SELECT * FROM observations b
                          WHERE b.clinic_id = $1 AND b.fhir_id >= o.resource_id AND b.fhir_id < o.resource_id || '$'
                            AND b.observed_on = o.day AND split_part(b.fhir_id, '#', 1) = o.resource_id OFFSET 0) b";

/// Those of the others may lie in any month, so all are looked through, in the index alone; what they hold is looked up
/// for those that are found. Every processor looks, which takes a table that other processes can read.
fn find_moved_observations(conn: &mut Connection, clinic: i64) -> Result<()> {
    let sought = execute(
        conn,
        "CREATE UNLOGGED TABLE fhir.sought_observations AS
         SELECT seq, fhir_id FROM staged_resources
          WHERE resource_type = 'Observation' AND seq NOT IN (SELECT seq FROM staged_former_observations)",
    )?;
    if sought > 0 {
        execute(conn, "ANALYZE fhir.sought_observations")?;
        execute(
            conn,
            "DROP TABLE IF EXISTS pg_temp.staged_places_of_observations",
        )?;
        // No statistics know the first part of an id: the planner takes every stored row for one that is sought, and rows
        // that workers hand over cost it more than what they save.
        execute(conn, "SET LOCAL parallel_tuple_cost = 0")?;
        execute_for(conn, clinic, PLACES_OF_SOUGHT)?;
        execute(conn, "SET LOCAL parallel_tuple_cost TO DEFAULT")?;
        execute_for(conn, clinic, OBSERVATIONS_OF_PLACES)?;
    }
    execute(conn, "DROP TABLE fhir.sought_observations")?;
    Ok(())
}

const PLACES_OF_SOUGHT: &str = "CREATE TEMP TABLE staged_places_of_observations ON COMMIT DROP AS
     SELECT r.seq, b.fhir_id, b.observed_on
     FROM fhir.sought_observations r JOIN observations b ON b.clinic_id = $1 AND split_part(b.fhir_id, '#', 1) = r.fhir_id";

const OBSERVATIONS_OF_PLACES: &str = "INSERT INTO staged_former_observations
     SELECT p.seq, b.fhir_id, b.observed_on, b.fhir_updated_at, b.fhir_version, b.fhir_body
     FROM staged_places_of_observations p
     CROSS JOIN LATERAL (SELECT * FROM observations b
                          WHERE b.clinic_id = $1 AND b.fhir_id = p.fhir_id AND b.observed_on = p.observed_on LIMIT 1) b";

/// The stored version of each delivered resource.
const STORED: &str = "INSERT INTO staged_stored
     SELECT r.seq, b.fhir_updated_at, b.fhir_version, b.fhir_body, false
     FROM staged_resources r JOIN patients b ON b.clinic_id = $1 AND b.fhir_id = r.fhir_id
     WHERE r.resource_type = 'Patient' AND NOT b.is_stub
     UNION ALL
     SELECT r.seq, b.updated_at, b.version, b.body, false
     FROM staged_resources r JOIN fhir.contacts b ON b.clinic_id = $1 AND b.fhir_id = r.fhir_id
     WHERE r.resource_type = 'Encounter'
     UNION ALL
     SELECT DISTINCT r.seq, b.fhir_updated_at, b.fhir_version, b.fhir_body, false
     FROM staged_resources r JOIN conditions b ON b.clinic_id = $1 AND b.fhir_id = r.fhir_id
     WHERE r.resource_type = 'Condition'
     UNION ALL
     SELECT DISTINCT seq, updated_at, version, body, false FROM staged_former_observations
     UNION ALL
     SELECT r.seq, b.updated_at, b.version, b.body, false
     FROM staged_resources r JOIN fhir.places b ON b.clinic_id = $1 AND (b.resource_type, b.fhir_id) = (r.resource_type, r.fhir_id)
     UNION ALL
     SELECT r.seq, b.updated_at, b.version, b.body, b.is_deleted
     FROM staged_resources r JOIN fhir.tombstones b ON b.clinic_id = $1 AND (b.resource_type, b.fhir_id) = (r.resource_type, r.fhir_id)";

/// Delivered resources whose version is stored with other content.
const CONFLICTS: &str = "SELECT count(*) FROM staged_resources r JOIN staged_stored s USING (seq)
     WHERE NOT r.is_deleted AND NOT s.is_deleted AND r.body <> s.body
       AND (r.updated_at IS NOT NULL OR r.version IS NOT NULL)
       AND r.updated_at IS NOT DISTINCT FROM s.updated_at AND r.version IS NOT DISTINCT FROM s.version";

/// Delivered resources that are stored as they are, and those that are older than what is stored. A deletion outweighs
/// the version that it deleted, a resource only an older one.
const LOSERS: &str = "INSERT INTO staged_losers
     SELECT seq, resource_type, fhir_id, CASE WHEN is_same THEN 'UNCHANGED' ELSE 'OUTDATED' END
     FROM (
         SELECT r.*,
                CASE WHEN r.is_deleted THEN s.is_deleted AND r.updated_at IS NOT DISTINCT FROM s.updated_at
                     ELSE NOT s.is_deleted AND r.body IS NOT DISTINCT FROM s.body END AS is_same,
                r.updated_at < s.updated_at
                OR r.updated_at IS NOT DISTINCT FROM s.updated_at
                   AND (r.version < s.version
                        OR s.is_deleted AND NOT r.is_deleted
                           AND (r.version = s.version OR s.version IS NULL AND s.updated_at IS NOT NULL)) AS is_older
         FROM staged_resources r JOIN staged_stored s USING (seq) WHERE seq > 0
     ) compared
     WHERE is_same OR is_older";

/// Removes the rows of losers.
fn remove_losers(conn: &mut Connection) -> Result<()> {
    if total(conn, "SELECT count(*) FROM staged_losers")? == 0 {
        return Ok(());
    }
    execute(conn, "ANALYZE staged_losers")?;
    for table in [
        "resources",
        "identifiers",
        "places",
        "patients",
        "encounters",
        "diagnoses",
        "contacts",
        "conditions",
        "observations",
    ] {
        execute(
            conn,
            &format!("DELETE FROM staged_{table} x USING staged_losers l WHERE l.seq = x.seq"),
        )?;
    }
    Ok(())
}

/// Remembers what was deleted or left out, and forgets it of what came back.
fn bury(conn: &mut Connection, clinic: i64) -> Result<()> {
    execute_for(
        conn,
        clinic,
        "INSERT INTO fhir.tombstones
         SELECT $1, resource_type, fhir_id, updated_at, version, body, is_deleted
         FROM staged_resources WHERE seq > 0 AND (is_deleted OR left_out IS NOT NULL)
         ON CONFLICT (clinic_id, resource_type, fhir_id) DO UPDATE
         SET updated_at = excluded.updated_at, version = excluded.version, body = excluded.body, is_deleted = excluded.is_deleted",
    )?;
    execute_for(
        conn,
        clinic,
        "DELETE FROM fhir.tombstones t USING staged_resources r
         WHERE t.clinic_id = $1 AND (t.resource_type, t.fhir_id) = (r.resource_type, r.fhir_id)
           AND NOT r.is_deleted AND r.left_out IS NULL",
    )?;
    Ok(())
}
