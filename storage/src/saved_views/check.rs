//! What a view must say: DHIS2's rules, told together.

use diesel::{prelude::*, sql_types::Text};
use serde_json::Value as Json;

use super::{ViewKind, write::Draft};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// Modes of org units that need one.
const MODES_OF_A_UNIT: [&str; 3] = ["SELECTED", "CHILDREN", "DESCENDANTS"];
/// Every mode of org units.
const MODES: [&str; 6] = [
    "SELECTED",
    "CHILDREN",
    "DESCENDANTS",
    "ACCESSIBLE",
    "CAPTURE",
    "ALL",
];
/// Every mode of assignments.
const ASSIGNMENTS: [&str; 5] = ["CURRENT", "PROVIDED", "NONE", "ANY", "ALL"];

/// The rules that a draft breaks.
pub(super) fn broken(conn: &mut Connection, kind: ViewKind, draft: &Draft) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    match &draft.program {
        None => broken.push("Program should be specified.".to_owned()),
        Some(program) if !exists(conn, "SELECT uid FROM program WHERE uid = ", program)? => {
            broken.push(format!(
                "Program is specified but does not exist: {program}"
            ));
        }
        Some(_) => {}
    }
    match (&draft.program_stage, kind) {
        (None, ViewKind::EventFilter) => {}
        (None, ViewKind::WorkingList) => {
            broken.push("Program stage should be specified.".to_owned());
        }
        (Some(stage), _) => {
            if !exists(conn, "SELECT uid FROM programstage WHERE uid = ", stage)? {
                broken.push(format!(
                    "Program stage is specified but does not exist: {stage}"
                ));
            }
        }
    }
    check_criteria(conn, &draft.criteria, &mut broken)?;
    Ok(broken)
}

fn check_criteria(conn: &mut Connection, criteria: &Json, broken: &mut Vec<String>) -> Result<()> {
    let text = |name: &str| criteria.get(name).and_then(Json::as_str);
    let list = |name: &str| {
        criteria
            .get(name)
            .and_then(Json::as_array)
            .filter(|list| !list.is_empty())
    };
    let unit = text("organisationUnit").or_else(|| text("orgUnit"));
    if let Some(unit) = unit
        && !exists(conn, "SELECT uid FROM organisationunit WHERE uid = ", unit)?
    {
        broken.push(format!("Org unit is specified but does not exist: {unit}"));
    }
    if let Some(mode) = text("ouMode").or_else(|| text("orgUnitMode")) {
        if !MODES.contains(&mode) {
            broken.push(format!(
                "ouMode {mode} is unknown; it is one of {}",
                MODES.join(", ")
            ));
        } else if MODES_OF_A_UNIT.contains(&mode) && unit.is_none() {
            broken.push(format!(
                "Organisation unit cannot be empty with ouMode {mode}"
            ));
        }
    }
    let (mode, users) = (text("assignedUserMode"), list("assignedUsers"));
    match (mode, users) {
        (Some(mode), _) if !ASSIGNMENTS.contains(&mode) => broken.push(format!(
            "assignedUserMode {mode} is unknown; it is one of {}",
            ASSIGNMENTS.join(", ")
        )),
        (Some("PROVIDED"), None) => {
            broken.push("Assigned Users cannot be empty when selectionMode is PROVIDED".to_owned());
        }
        (mode, Some(_)) if mode != Some("PROVIDED") => broken.push(
            "Assigned User uid(s) cannot be specified if selectionMode is not PROVIDED".to_owned(),
        ),
        _ => {}
    }
    if list("events").is_some() && list("dataFilters").is_some() {
        broken.push("Event UIDs and filters can not be specified at the same time".to_owned());
    }
    for filter in list("dataFilters").into_iter().flatten() {
        match filter.get("dataItem").and_then(Json::as_str) {
            None | Some("") => broken.push("Data item Uid is missing in filter".to_owned()),
            Some(item) if !exists(conn, "SELECT uid FROM dataelement WHERE uid = ", item)? => {
                broken.push(format!("No data element found for item: {item}"));
            }
            Some(_) => {}
        }
    }
    for name in [
        "eventDate",
        "eventOccurredAt",
        "eventScheduledAt",
        "dueDate",
        "lastUpdatedDate",
        "completedDate",
        "enrolledAt",
        "enrollmentOccurredAt",
    ] {
        check_date(name, criteria.get(name), broken);
    }
    Ok(())
}

/// A date filter is ABSOLUTE with days in order, or RELATIVE with a period or buffers in order.
fn check_date(name: &str, filter: Option<&Json>, broken: &mut Vec<String>) {
    let Some(filter) = filter.filter(|filter| !filter.is_null()) else {
        return;
    };
    let text = |key: &str| filter.get(key).and_then(Json::as_str);
    match text("type") {
        Some("ABSOLUTE") => {
            let day = |key: &str| text(key).map(domain::moment::parse);
            let (from, to) = (day("startDate"), day("endDate"));
            if from == Some(None) || to == Some(None) {
                broken.push(format!("{name}: a date is not valid"));
            } else if from.is_none() && to.is_none() {
                broken.push(format!(
                    "{name}: an ABSOLUTE filter needs startDate or endDate"
                ));
            } else if from
                .flatten()
                .zip(to.flatten())
                .is_some_and(|(from, to)| from > to)
            {
                broken.push(format!("{name}: startDate is after endDate"));
            }
        }
        Some("RELATIVE") => {
            let buffer = |key: &str| filter.get(key).and_then(Json::as_i64);
            let (start, end) = (buffer("startBuffer"), buffer("endBuffer"));
            if text("period").is_none() && start.is_none() && end.is_none() {
                broken.push(format!(
                    "{name}: a RELATIVE filter needs a period or a buffer"
                ));
            } else if start.zip(end).is_some_and(|(start, end)| start > end) {
                broken.push(format!("{name}: startBuffer is after endBuffer"));
            }
        }
        _ => broken.push(format!("{name}: type must be ABSOLUTE or RELATIVE")),
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "only that there is a row counts")]
    uid: String,
}

fn exists(conn: &mut Connection, select: &'static str, uid: &str) -> Result<bool> {
    let mut query = Statement::new(select);
    query.bind(Value::Text(uid.to_owned()));
    Ok(query.get_result::<Found>(conn).optional()?.is_some())
}
