//! Which unit owns a tracked entity within a program: transfers to another unit, and temporary access for one person.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamp},
};
use domain::{
    access::{AccessLevel, Caller},
    org_unit::Tree,
};
use serde_json::Value;

use crate::{
    Connection, Error, Result,
    access::sharing,
    programs::{self, Program},
};

/// How long a temporary access is valid.
const HOURS: i64 = 3;

/// A transfer that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Key of the unit that owns now.
    pub unit: i64,
    /// Events that moved to its lists.
    pub events: usize,
}

/// A tracked entity as its owner sees it.
#[derive(QueryableByName)]
struct Entity {
    #[diesel(sql_type = BigInt)]
    trackedentityid: i64,
    #[diesel(sql_type = BigInt)]
    organisationunitid: i64,
    #[diesel(sql_type = BigInt)]
    trackedentitytypeid: i64,
    #[diesel(sql_type = Bool)]
    allowauditlog: bool,
    #[diesel(sql_type = Jsonb)]
    sharing: Value,
    /// Unit that owns it within the program; `None` when it was never enrolled there.
    #[diesel(sql_type = Nullable<BigInt>)]
    owner: Option<i64>,
}

fn entity(conn: &mut Connection, uid: &str, program: i64) -> Result<Entity> {
    // The owner's row is locked, so that two transfers follow each other and events find the owner they are stored with.
    diesel::sql_query(
        "SELECT FROM trackedentityprogramowner o JOIN trackedentity t USING (trackedentityid)
                        WHERE t.uid = $1 AND o.programid = $2 FOR UPDATE OF o",
    )
    .bind::<Text, _>(uid)
    .bind::<BigInt, _>(program)
    .execute(conn)?;
    let entity = diesel::sql_query(
        "SELECT t.trackedentityid, t.organisationunitid, t.trackedentitytypeid, k.allowauditlog, k.sharing,
                o.organisationunitid AS owner
           FROM trackedentity t JOIN trackedentitytype k USING (trackedentitytypeid)
           LEFT JOIN trackedentityprogramowner o ON o.trackedentityid = t.trackedentityid AND o.programid = $2
          WHERE t.uid = $1 AND NOT t.deleted",
    )
    .bind::<Text, _>(uid)
    .bind::<BigInt, _>(program)
    .get_result(conn)
    .optional()?;
    entity.ok_or_else(|| unknown(uid))
}

/// What is told of an entity that is not there, and of one outside the caller's scope.
fn unknown(entity: &str) -> Error {
    Error::Input(format!("tracked entity {entity} does not exist"))
}

/// A program with registration, and how open it is.
fn tracker_program(conn: &mut Connection, uid: &str) -> Result<(Program, AccessLevel)> {
    let program = programs::by_uid(conn, uid)?
        .filter(|program| program.kind == "WITH_REGISTRATION")
        .ok_or_else(|| Error::Input(format!("{uid} is no program with registration")))?;
    let level = AccessLevel::parse(&program.accesslevel).ok_or_else(|| Error::Corrupt {
        table: "program",
        detail: format!("{uid} has access level {}", program.accesslevel),
    })?;
    Ok((program, level))
}

/// Moves a tracked entity to another unit within a program: the owner, its history, and the lists of all its events there,
/// in one transaction.
///
/// # Errors
/// [`Error::Input`] when something named does not exist or the unit owns the entity already, [`Error::Forbidden`] when the
/// caller may not, else when a statement fails.
pub fn transfer(
    conn: &mut Connection,
    caller: &Caller,
    tree: &Tree,
    (entity_uid, program_uid, unit_uid): (&str, &str, &str),
) -> Result<Transfer> {
    conn.transaction(|conn| {
        let (program, level) = tracker_program(conn, program_uid)?;
        if !sharing(&program.sharing).may_write_data(caller) {
            return forbidden("you may not write data of the program");
        }
        let unit = tree
            .find(unit_uid)
            .ok_or_else(|| Error::Input(format!("org unit {unit_uid} does not exist")))?;
        if !caller.is_superuser() && !tree.contains(&tree.below(caller.effective_search()), unit.id)
        {
            return forbidden("the org unit is outside your search scope");
        }
        let entity = entity(conn, entity_uid, program.programid)?;
        let owner = entity.owner.unwrap_or(entity.organisationunitid);
        if !reaches(conn, caller, tree, &program, level, &entity, owner)? {
            return Err(unknown(entity_uid));
        }
        if entity.owner.is_none() {
            let message = format!("tracked entity {entity_uid} has no owner in the program");
            return Err(Error::Input(message));
        }
        if !is_assigned(conn, program.programid, unit.id)? {
            return forbidden("the org unit is not assigned to the program");
        }
        if owner == unit.id {
            let message = format!("org unit {unit_uid} owns the tracked entity already");
            return Err(Error::Input(message));
        }
        move_to(conn, caller, &program, &entity, unit.id)
    })
}

fn move_to(
    conn: &mut Connection,
    caller: &Caller,
    program: &Program,
    entity: &Entity,
    unit: i64,
) -> Result<Transfer> {
    let now = now();
    diesel::sql_query(
        "WITH former AS (
             INSERT INTO programownershiphistory (programid, trackedentityid, organisationunitid, startdate, enddate, createdby)
             SELECT programid, trackedentityid, organisationunitid, lastupdated, $4, createdby FROM trackedentityprogramowner
              WHERE trackedentityid = $1 AND programid = $2)
         UPDATE trackedentityprogramowner SET organisationunitid = $3, lastupdated = $4, createdby = $5
          WHERE trackedentityid = $1 AND programid = $2",
    )
    .bind::<BigInt, _>(entity.trackedentityid)
    .bind::<BigInt, _>(program.programid)
    .bind::<BigInt, _>(unit)
    .bind::<Timestamp, _>(now)
    .bind::<Text, _>(&caller.username)
    .execute(conn)?;
    let events = diesel::sql_query(
        "UPDATE trackerevent e SET ownerorganisationunitid = $3 FROM enrollment n
          WHERE n.enrollmentid = e.enrollmentid AND n.trackedentityid = $1 AND n.programid = $2",
    )
    .bind::<BigInt, _>(entity.trackedentityid)
    .bind::<BigInt, _>(program.programid)
    .bind::<BigInt, _>(unit)
    .execute(conn)?;
    Ok(Transfer { unit, events })
}

/// Gives the caller temporary access to a tracked entity of a protected program, for three hours, and records why.
///
/// # Errors
/// [`Error::Input`] when something named does not exist or no reason is given, [`Error::Forbidden`] when the rules do not
/// allow it, else when a statement fails.
pub fn grant_temporarily(
    conn: &mut Connection,
    caller: &Caller,
    tree: &Tree,
    (entity_uid, program_uid, reason): (&str, &str, &str),
) -> Result<NaiveDateTime> {
    if reason.trim().is_empty() {
        return Err(Error::Input("`reason` is required".to_owned()));
    }
    conn.transaction(|conn| {
        let (program, level) = tracker_program(conn, program_uid)?;
        if !sharing(&program.sharing).may_read_data(caller) {
            return forbidden("you may not read data of the program");
        }
        let entity = entity(conn, entity_uid, program.programid)?;
        let owner = entity.owner.unwrap_or(entity.organisationunitid);
        let is_known =
            caller.is_superuser() || tree.contains(&tree.below(caller.effective_search()), owner);
        if !is_known {
            return Err(unknown(entity_uid));
        }
        if !sharing(&entity.sharing).may_read_data(caller) {
            return forbidden("you may not read tracked entities of this type");
        }
        if level != AccessLevel::Protected {
            return forbidden("temporary access is for protected programs only");
        }
        if program.trackedentitytypeid != Some(entity.trackedentitytypeid) {
            return forbidden("the tracked entity is not of the program's type");
        }
        if caller.is_superuser() {
            return forbidden("a superuser needs no temporary access");
        }
        record_access(conn, caller, &program, &entity, reason)
    })
}

fn record_access(
    conn: &mut Connection,
    caller: &Caller,
    program: &Program,
    entity: &Entity,
    reason: &str,
) -> Result<NaiveDateTime> {
    let now = now();
    let until = now + TimeDelta::hours(HOURS);
    diesel::sql_query(
        "INSERT INTO programtempowner (programid, trackedentityid, userid, validtill, reason) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind::<BigInt, _>(program.programid)
    .bind::<BigInt, _>(entity.trackedentityid)
    .bind::<BigInt, _>(caller.id)
    .bind::<Timestamp, _>(until)
    .bind::<Text, _>(reason)
    .execute(conn)?;
    if entity.allowauditlog {
        diesel::sql_query(
            "INSERT INTO programtempownershipaudit (programid, trackedentityid, created, accessedby, reason)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind::<BigInt, _>(program.programid)
        .bind::<BigInt, _>(entity.trackedentityid)
        .bind::<Timestamp, _>(now)
        .bind::<Text, _>(&caller.username)
        .bind::<Text, _>(reason)
        .execute(conn)?;
    }
    Ok(until)
}

/// Whether the caller reaches what `owner` owns: by scope, or for a protected program by temporary access.
fn reaches(
    conn: &mut Connection,
    caller: &Caller,
    tree: &Tree,
    program: &Program,
    level: AccessLevel,
    entity: &Entity,
    owner: i64,
) -> Result<bool> {
    if tree.contains(&domain::access::visible_units(tree, caller, level), owner) {
        return Ok(true);
    }
    if level != AccessLevel::Protected {
        return Ok(false);
    }
    use crate::schema::programtempowner as temporary;
    let found = temporary::table.filter(
        temporary::programid
            .eq(program.programid)
            .and(temporary::trackedentityid.eq(entity.trackedentityid))
            .and(temporary::userid.eq(caller.id))
            .and(temporary::validtill.gt(now())),
    );
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

fn is_assigned(conn: &mut Connection, program: i64, unit: i64) -> Result<bool> {
    use crate::schema::program_organisationunits as assigned;
    let found = assigned::table.filter(
        assigned::programid
            .eq(program)
            .and(assigned::organisationunitid.eq(unit)),
    );
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

fn forbidden<T>(message: &str) -> Result<T> {
    Err(Error::Forbidden(message.to_owned()))
}

/// Now, in the milliseconds in which clients read it.
fn now() -> NaiveDateTime {
    let now = Utc::now();
    DateTime::from_timestamp_millis(now.timestamp_millis())
        .unwrap_or(now)
        .naive_utc()
}
