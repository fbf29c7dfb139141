//! How far a primary has written and a replica has read, as positions in the write-ahead log.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable},
};

use crate::{Connection, Result};

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Nullable<BigInt>)]
    position: Option<i64>,
}

/// How far the primary has written, bytes: whatever was committed before lies before it.
///
/// # Errors
/// When the query fails, on a replica for one.
pub fn written(conn: &mut Connection) -> Result<i64> {
    let place: Place =
        diesel::sql_query("SELECT (pg_current_wal_lsn() - '0/0')::bigint AS position")
            .get_result(conn)?;
    Ok(place.position.unwrap_or(i64::MAX))
}

/// How far a replica has replayed, bytes; `None` when the server is no replica, and so holds everything.
///
/// # Errors
/// When the query fails.
pub fn replayed(conn: &mut Connection) -> Result<Option<i64>> {
    let place: Place = diesel::sql_query(
        "SELECT CASE WHEN pg_is_in_recovery() THEN coalesce((pg_last_wal_replay_lsn() - '0/0')::bigint, 0) END AS position",
    )
    .get_result(conn)?;
    Ok(place.position)
}
