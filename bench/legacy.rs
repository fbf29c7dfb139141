//! The shared event table and the page that DHIS2 asked of it.

use std::time::Duration;

use diesel::{
    connection::SimpleConnection, prelude::*, result::Error::DatabaseError, sql_types::Text,
};
use domain::org_unit::Unit;
use storage::{Connection, pool};

use crate::{Result, database::Database};

/// Copies the events into the shared table, once, and returns a connection that sees it.
///
/// A statement is given up after [`PATIENCE`]. It joins without merging. The planner takes the few rows that it expects of the enrolment of 97 % for cheap to sort,
/// and then sorts gigabytes on disk: slower still, and more than some disks hold.
pub fn open(database: &mut Database) -> Result<Connection> {
    database.step("copy into the legacy table, index, analyse", |conn| {
        conn.batch_execute(include_str!("legacy.sql"))?;
        conn.batch_execute("VACUUM (ANALYZE) legacy.event")?;
        Ok(conn.batch_execute("ANALYZE legacy.enrollment; ANALYZE legacy.event_notes")?)
    })?;
    let mut conn = pool::connect(&database.url)?;
    // The statement names DHIS2's tables without a schema.
    conn.batch_execute("SET search_path = legacy, public; SET enable_mergejoin = off")?;
    conn.batch_execute(&format!(
        "SET statement_timeout = '{}s'",
        PATIENCE.as_secs()
    ))?;
    Ok(conn)
}

/// Longest time that a statement may run.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a page is asked of.
#[derive(Debug, Clone)]
pub struct Question {
    /// Key of the program.
    pub program: i64,
    /// Whether it is a tracker program.
    pub is_tracker: bool,
    /// Key of the stage; `None` for all.
    pub stage: Option<i64>,
    /// Condition on the path of the unit `ou`, besides the caller's scope; `None` for all of the scope.
    pub path: Option<String>,
    /// Rows before the page.
    pub offset: usize,
}

pub fn selected(unit: &Unit) -> Option<String> {
    Some(format!("ou.path = '{}'", unit.path))
}

pub fn descendants(unit: &Unit) -> Option<String> {
    Some(format!("ou.path LIKE concat('{}', '%')", unit.path))
}

pub fn children(unit: &Unit) -> Option<String> {
    let (own, below) = (unit.level, unit.level + 1);
    Some(format!(
        "ou.path LIKE concat('{}', '%') AND (ou.hierarchylevel = {own} OR ou.hierarchylevel = {below})",
        unit.path
    ))
}

/// The caller: a person who may see everything.
const CALLER: &str = "SELECT cs.organisationunitid FROM usermembership cs
            JOIN organisationunit orgunit ON orgunit.organisationunitid = cs.organisationunitid
            JOIN userinfo u ON u.userinfoid = cs.userinfoid
           WHERE u.username = 'admin' AND ou.path LIKE concat(orgunit.path, '%')";

impl Question {
    /// The statement, for a page of `rows` and one more.
    pub fn statement(&self, rows: usize) -> String {
        let access = match &self.path {
            Some(path) => format!("EXISTS ({CALLER} AND {path})"),
            None => format!("EXISTS ({CALLER})"),
        };
        let kind = match self.is_tracker {
            true => "WITH_REGISTRATION",
            false => "WITHOUT_REGISTRATION",
        };
        let stage = match self.stage {
            Some(stage) => format!("ps.programstageid = {stage}"),
            None => "true".to_owned(),
        };
        include_str!("legacy_page.sql")
            .replace(":program", &self.program.to_string())
            .replace(":stage", &stage)
            .replace(":unit", &access)
            .replace(":type", kind)
            .replace(":limit", &(rows + 1).to_string())
            .replace(":offset", &self.offset.to_string())
    }
}

#[derive(QueryableByName)]
struct EventUid {
    #[diesel(sql_type = Text)]
    ev_uid: String,
}

/// Runs a statement; identifiers of the events in their order, each once. `None` when it was given up.
pub fn run(conn: &mut Connection, statement: &str) -> Result<Option<Vec<String>>> {
    let rows: QueryResult<Vec<EventUid>> = diesel::sql_query(statement).load(conn);
    let rows = match rows {
        Err(DatabaseError(_, info)) if info.message().contains("statement timeout") => {
            return Ok(None);
        }
        rows => rows?,
    };
    let mut uids: Vec<String> = rows.into_iter().map(|row| row.ev_uid).collect();
    uids.dedup();
    Ok(Some(uids))
}
