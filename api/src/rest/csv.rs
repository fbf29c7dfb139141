//! Events as DHIS2's CSV: a line for each data value, one line for an event without any.

use std::io::{Result, Write};

use chrono::NaiveDateTime;
use domain::id_scheme::Kind;
use serde_json::Value;

use super::{
    event_json::{FullEvent, stored_moment},
    names::Names,
    wkt,
};

/// The columns, in order.
const COLUMNS: [&str; 30] = [
    "event",
    "status",
    "program",
    "programStage",
    "enrollment",
    "orgUnit",
    "occurredAt",
    "scheduledAt",
    "geometry",
    "latitude",
    "longitude",
    "followUp",
    "deleted",
    "createdAt",
    "createdAtClient",
    "updatedAt",
    "updatedAtClient",
    "completedBy",
    "completedAt",
    "updatedBy",
    "attributeOptionCombo",
    "attributeCategoryOptions",
    "assignedUser",
    "dataElement",
    "value",
    "storedBy",
    "providedElsewhere",
    "storedByDataValue",
    "updatedAtDataValue",
    "createdAtDataValue",
];

/// Writes the names of the columns.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_header(out: &mut impl Write) -> Result<()> {
    writeln!(out, "{}", COLUMNS.join(","))
}

/// Writes the lines of an event.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_event(out: &mut impl Write, event: &FullEvent, names: &Names) -> Result<()> {
    let own = own_columns(event, names);
    let mut values = event.values().peekable();
    if values.peek().is_none() {
        let stored_by = event.details.storedby.as_deref().unwrap_or_default();
        return writeln!(out, "{own},,,{},,,,", cell(stored_by));
    }
    for (uid, stored) in values {
        let text = |name: &str| stored.get(name).and_then(Value::as_str).unwrap_or_default();
        let stored_by = stored["createdByUserInfo"]["username"].as_str();
        let elsewhere = stored["providedElsewhere"].as_bool().unwrap_or(false);
        let moment = |name: &str| time(stored_moment(stored, name));
        writeln!(
            out,
            "{own},{},{},{},{elsewhere},{},{},{}",
            cell(names.of(Kind::DataElement, uid)),
            cell(text("value")),
            cell(event.details.storedby.as_deref().unwrap_or_default()),
            cell(stored_by.unwrap_or_default()),
            moment("lastUpdated"),
            moment("created"),
        )?;
    }
    Ok(())
}

/// The cells of an event that each of its lines begins with.
fn own_columns(event: &FullEvent, names: &Names) -> String {
    let (row, details) = (&event.row, &event.details);
    let name_in = |person: &Option<Value>| {
        let name = person
            .as_ref()
            .and_then(|person| person["username"].as_str());
        cell(name.unwrap_or_default())
    };
    let program = details.program.as_deref().unwrap_or_default();
    let (latitude, longitude) = details
        .geometry
        .as_ref()
        .and_then(wkt::point)
        .map_or_else(Default::default, |(longitude, latitude)| {
            (latitude.to_string(), longitude.to_string())
        });
    [
        cell(&row.uid),
        cell(&row.status),
        cell(names.of(Kind::Program, program)),
        cell(names.of(Kind::ProgramStage, &details.program_stage)),
        cell(details.enrollment.as_deref().unwrap_or_default()),
        cell(names.of(Kind::OrganisationUnit, &details.org_unit)),
        time(row.occurreddate),
        time(row.scheduleddate),
        cell(
            &details
                .geometry
                .as_ref()
                .and_then(wkt::of)
                .unwrap_or_default(),
        ),
        latitude,
        longitude,
        details.followup.unwrap_or(false).to_string(),
        details.deleted.to_string(),
        time(Some(row.created)),
        time(details.createdatclient),
        time(Some(row.lastupdated)),
        time(details.lastupdatedatclient),
        cell(details.completedby.as_deref().unwrap_or_default()),
        time(row.completeddate),
        name_in(&details.lastupdatedbyuserinfo),
        cell(names.of(Kind::CategoryOptionCombo, &details.option_combo)),
        cell(&event.options(names)),
        name_in(&details.assigned_user),
    ]
    .join(",")
}

/// A text as a cell: in quotes when it holds what separates cells or lines.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// An instant with its zone, as DHIS2 writes it in CSV: `2026-01-31T12:00:00.500Z`, without a fraction of zero.
fn time(moment: Option<NaiveDateTime>) -> String {
    let Some(moment) = moment else {
        return String::new();
    };
    let has_fraction = moment.and_utc().timestamp_subsec_millis() > 0;
    let format = if has_fraction {
        "%Y-%m-%dT%H:%M:%S%.3fZ"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    moment.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must() {
        for (text, expected) in [
            ("plain text", "plain text"),
            ("a,b", "\"a,b\""),
            ("he said \"no\"", "\"he said \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
