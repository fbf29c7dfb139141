//! The split store of DHIS2 2.43 and the page that it asks of it.
//!
//! The statement is written after the description of `JdbcSingleEventStore` and `JdbcTrackerEventStore`: unit mode and access
//! by path, options of all combinations aggregated with their sharing, notes outside. It is kinder than DHIS2's in that
//! sharing is read without its stored procedures, and geometry without `PostGIS`.

use diesel::{Connection as _, connection::SimpleConnection};
use domain::{access::OrgUnitMode, event::EventKind, org_unit::Unit};
use storage::{Connection, pool};

use crate::{
    Result,
    database::Database,
    legacy,
    pages::{Case, Ground, PATIENCE},
};

/// Builds DHIS2's tables and indexes, once, and returns a connection that sees nothing else. Its transaction must not be
/// committed.
pub fn open(database: &mut Database) -> Result<Connection> {
    database.step("DHIS2's tables and indexes", |conn| {
        conn.transaction(|conn| conn.batch_execute(include_str!("dhis2/tables.sql")))?;
        let tables = COPIED.map(|table| format!("dhis2.{table}")).join(", ");
        Ok(conn.batch_execute(&format!("VACUUM (ANALYZE) {tables}"))?)
    })?;
    let mut conn = pool::connect(&database.url)?;
    conn.batch_execute(&format!(
        "SET statement_timeout = '{}s'; BEGIN",
        PATIENCE.as_secs()
    ))?;
    conn.batch_execute(include_str!("dhis2/hide_ours.sql"))?;
    conn.batch_execute("SET search_path = dhis2; SAVEPOINT hidden")?;
    Ok(conn)
}

/// Tables of which there is a copy.
const COPIED: [&str; 12] = [
    "enrollment",
    "trackedentity",
    "trackedentityprogramowner",
    "programtempowner",
    "organisationunit",
    "userinfo",
    "categoryoption",
    "categoryoptioncombo",
    "categoryoptioncombos_categoryoptions",
    "note",
    "singleevent_notes",
    "trackerevent_notes",
];

/// Runs a statement; identifiers of the events in their order. `None` when it was given up.
pub fn run(conn: &mut Connection, statement: &str) -> Result<Option<Vec<String>>> {
    let found = legacy::run(conn, statement)?;
    if found.is_none() {
        conn.batch_execute("ROLLBACK TO hidden")?;
    }
    Ok(found)
}

/// The condition of a unit mode on the joined unit.
pub fn unit_condition(mode: OrgUnitMode, unit: &Unit) -> String {
    let below = format!("ou.path LIKE '{}%'", unit.path);
    match mode {
        OrgUnitMode::Selected => format!("ou.organisationunitid IN ({})", unit.id),
        OrgUnitMode::Children => format!(
            "{below} AND (ou.hierarchylevel = {} OR ou.hierarchylevel = {})",
            unit.level,
            unit.level + 1
        ),
        _ => below,
    }
}

/// The statement of a page of `rows` and one more.
pub fn statement(ground: &Ground, case: &Case, rows: usize) -> String {
    let template = match case.listing.kind {
        EventKind::Single => include_str!("dhis2/single_page.sql"),
        EventKind::Tracker => include_str!("dhis2/tracker_page.sql"),
    };
    let mut conditions = case.question.theirs.conditions.clone();
    if case.listing.kind == EventKind::Tracker {
        conditions.push(format!("en.programid = {}", ground.program.programid));
    }
    conditions.push(format!("ev.programstageid = {}", ground.stage));
    conditions.extend(case.scope.conditions(ground));
    let conditions: String = conditions.iter().map(|one| format!("{one} AND ")).collect();
    template
        .replace(":option_combos", include_str!("dhis2/option_combos.sql"))
        .replace(":columns", &case.question.theirs.columns)
        .replace(":conditions", &conditions)
        .replace(":order", &case.question.theirs.order)
        .replace(":limit", &(rows + 1).to_string())
        .replace(":offset", &case.offset.to_string())
        .replace(":user", &ground.caller.uid)
        .replace(
            ":groups",
            &format!("{{{}}}", ground.caller.groups.join(",")),
        )
}
