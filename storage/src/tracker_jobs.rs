//! Imports that a client asked for without waiting: when they ended, and their report.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::{Connection, Result, import::tracker::random_uid, schema::trackerjob};

/// An import that was asked for.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = trackerjob)]
pub struct Job {
    /// Identifier under which it is asked for.
    pub uid: String,
    /// When it was asked for.
    pub created: DateTime<Utc>,
    /// When it ended; `None` while it waits or runs.
    pub finished: Option<DateTime<Utc>>,
    /// Its import report in DHIS2's shape; `None` until it ended, and when it failed.
    pub report: Option<Value>,
    /// Why it failed; `None` when it did not.
    pub failure: Option<String>,
}

/// Notes that an import begins, and returns its identifier. Jobs that began more than a day ago are forgotten.
///
/// # Errors
/// When a statement fails.
pub fn begin(conn: &mut Connection, user: i64) -> Result<String> {
    let yesterday = Utc::now() - chrono::TimeDelta::days(1);
    diesel::delete(trackerjob::table.filter(trackerjob::created.lt(yesterday))).execute(conn)?;
    let uid = random_uid();
    diesel::insert_into(trackerjob::table)
        .values((trackerjob::uid.eq(&uid), trackerjob::userid.eq(user)))
        .execute(conn)?;
    Ok(uid)
}

/// Notes how an import ended: its report, or why it failed.
///
/// # Errors
/// When the statement fails.
pub fn end(
    conn: &mut Connection,
    uid: &str,
    outcome: std::result::Result<&Value, &str>,
) -> Result<()> {
    diesel::update(trackerjob::table.filter(trackerjob::uid.eq(uid)))
        .set((
            trackerjob::finished.eq(Utc::now()),
            trackerjob::report.eq(outcome.ok()),
            trackerjob::failure.eq(outcome.err()),
        ))
        .execute(conn)?;
    Ok(())
}

/// A job of a person; `None` when there is none, or it is another's.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut Connection, uid: &str, user: i64) -> Result<Option<Job>> {
    Ok(Job::query()
        .filter(trackerjob::uid.eq(uid).and(trackerjob::userid.eq(user)))
        .first(conn)
        .optional()?)
}
