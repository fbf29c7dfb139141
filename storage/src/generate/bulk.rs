//! Loading large tables: without their secondary indexes, foreign keys and triggers, which are rebuilt from their own
//! definitions.

use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Array, Text},
};

use crate::{Connection, Result};

/// Tables that grow with the volume. All of them are empty before a run.
pub(super) const TABLES: [&str; 17] = [
    "singleevent",
    "singleevent_notes",
    "trackedentity",
    "trackedentityattributevalue",
    "enrollment",
    "trackedentityprogramowner",
    "programownershiphistory",
    "trackerevent",
    "trackerevent_notes",
    "note",
    "relationship",
    "relationshipitem",
    "patients",
    "encounters",
    "conditions",
    "station_transfers",
    "observations",
];

/// An index, a constraint or a trigger as the catalogue describes it.
#[derive(Debug, QueryableByName)]
pub(super) struct Definition {
    #[diesel(sql_type = Text)]
    drop: String,
    #[diesel(sql_type = Text)]
    create: String,
}

/// Unique constraints come before foreign keys. An index of a partitioned table is described with `ON ONLY`, which
/// would leave its partitions without one.
const DEFINITIONS: &str = "
SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop,
       replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS create, 0 AS turn, indexrelid::regclass::text AS name
  FROM pg_index
 WHERE indrelid = ANY ($1::regclass[])
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
       CASE contype WHEN 'u' THEN 1 ELSE 2 END, conname
  FROM pg_constraint
 WHERE conrelid = ANY ($1::regclass[]) AND contype IN ('u', 'f') AND conparentid = 0
UNION ALL
SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass), pg_get_triggerdef(oid), 3, tgname
  FROM pg_trigger
 WHERE tgrelid = ANY ($1::regclass[]) AND NOT tgisinternal
 ORDER BY turn, name";

/// Drops what slows the copying down, and returns how to rebuild it. Primary keys stay: other tables refer to them and
/// rows come in their order.
///
/// The tables are truncated, empty as they are, so that rows can be copied frozen in this transaction.
pub(super) fn prepare(conn: &mut Connection) -> Result<Vec<Definition>> {
    let definitions: Vec<Definition> = diesel::sql_query(DEFINITIONS)
        .bind::<Array<Text>, _>(TABLES.as_slice())
        .load(conn)?;
    for definition in definitions.iter().rev() {
        conn.batch_execute(&definition.drop)?;
    }
    conn.batch_execute(&format!("TRUNCATE {} CASCADE", TABLES.join(", ")))?;
    conn.batch_execute("SET LOCAL maintenance_work_mem = '512MB'")?;
    Ok(definitions)
}

/// Rebuilds one of the dropped objects.
pub(super) fn restore(conn: &mut Connection, definition: &Definition) -> Result<()> {
    Ok(conn.batch_execute(&definition.create)?)
}
