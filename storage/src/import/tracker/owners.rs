//! Which unit owns a tracked entity within a program: the unit of its first enrolment there, until it is transferred.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Text, Timestamp},
};

use crate::{Connection, Result};

/// Gives the entities of enrolments an owner in their programs, where they have none.
pub(super) fn establish(
    conn: &mut Connection,
    enrollments: &[i64],
    username: &str,
    now: NaiveDateTime,
) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO trackedentityprogramowner (trackedentityid, programid, organisationunitid, created, lastupdated, createdby)
         SELECT DISTINCT ON (first.trackedentityid, first.programid)
                first.trackedentityid, first.programid, first.organisationunitid, $2, $2, $3
         FROM enrollment e JOIN enrollment first USING (trackedentityid, programid)
         WHERE e.enrollmentid = ANY($1)
         ORDER BY first.trackedentityid, first.programid, first.enrollmentid
         ON CONFLICT (trackedentityid, programid) DO NOTHING",
    )
    .bind::<Array<BigInt>, _>(enrollments)
    .bind::<Timestamp, _>(now)
    .bind::<Text, _>(username)
    .execute(conn)?;
    Ok(())
}

/// Owner unit of each enrolment. It is not transferred before the transaction ends, so that events are not stored with the
/// former one.
pub(super) fn of_enrollments(
    conn: &mut Connection,
    enrollments: &[i64],
) -> Result<HashMap<i64, i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        enrollmentid: i64,
        #[diesel(sql_type = BigInt)]
        organisationunitid: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT e.enrollmentid, o.organisationunitid
         FROM enrollment e JOIN trackedentityprogramowner o USING (trackedentityid, programid) WHERE e.enrollmentid = ANY($1)
         ORDER BY o.trackedentityprogramownerid FOR SHARE OF o",
    )
    .bind::<Array<BigInt>, _>(enrollments)
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.enrollmentid, row.organisationunitid))
        .collect())
}

/// Owner unit of each tracked entity and program that has one.
pub(super) fn of_entities(
    conn: &mut Connection,
    entities: &[i64],
) -> Result<HashMap<(i64, i64), i64>> {
    use crate::schema::trackedentityprogramowner as owner;
    let rows: Vec<(i64, i64, i64)> = owner::table
        .filter(owner::trackedentityid.eq_any(entities))
        .select((
            owner::trackedentityid,
            owner::programid,
            owner::organisationunitid,
        ))
        .load(conn)?;
    let owners = rows
        .into_iter()
        .map(|(entity, program, unit)| ((entity, program), unit));
    Ok(owners.collect())
}
