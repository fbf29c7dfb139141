//! Events as CSV, in the columns in which they are exported: a line for each data value, the lines of an event together.

use std::io::Read;

use serde_json::{Map, Value, json, value::to_raw_value};

use super::payload::Payload;
use crate::{Error, Result};

/// Columns that are members of an event under the same name.
const MEMBERS: [&str; 14] = [
    "event",
    "status",
    "program",
    "programStage",
    "enrollment",
    "orgUnit",
    "occurredAt",
    "scheduledAt",
    "createdAtClient",
    "updatedAtClient",
    "completedAt",
    "attributeOptionCombo",
    "attributeCategoryOptions",
    "storedBy",
];

impl Payload {
    /// Reads events from CSV with a header. Unknown columns are passed over; empty cells are absent.
    ///
    /// # Errors
    /// [`Error::Input`] with the line when it is no CSV, or has no column `event` or `orgUnit`.
    pub fn read_csv(reader: impl Read) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        let names = reader.headers().map_err(broken)?.clone();
        if !names.iter().any(|name| matches!(name, "event" | "orgUnit")) {
            let message =
                "the CSV has no header with the columns of events: event, program, orgUnit, …";
            return Err(Error::Input(message.to_owned()));
        }
        let mut events: Vec<(String, Map<String, Value>)> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let cell = |wanted: &str| {
                let mut cells = names.iter().zip(record.iter());
                let found = cells.find(|(name, cell)| *name == wanted && !cell.is_empty());
                found.map(|(_, cell)| cell)
            };
            let uid = cell("event").unwrap_or_default();
            let continues = events
                .last()
                .is_some_and(|(last, _)| !uid.is_empty() && last == uid);
            if !continues {
                events.push((uid.to_owned(), event(cell)));
            }
            if let (Some((_, event)), Some(value)) = (events.last_mut(), data_value(cell))
                && let Some(values) = event["dataValues"].as_array_mut()
            {
                values.push(value);
            }
        }
        let raw = events.into_iter().map(|(_, event)| to_raw_value(&event));
        let raw: std::result::Result<Vec<_>, _> = raw.collect();
        raw.map(Payload::of_events)
            .map_err(|error| Error::Input(format!("the CSV cannot be read: {error}")))
    }
}

fn event<'a>(cell: impl Fn(&str) -> Option<&'a str>) -> Map<String, Value> {
    let mut event = Map::new();
    for name in MEMBERS {
        if let Some(text) = cell(name) {
            event.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(user) = cell("assignedUser") {
        event.insert("assignedUser".to_owned(), json!({ "username": user }));
    }
    let number = |name| cell(name)?.parse::<f64>().ok();
    if let (Some(longitude), Some(latitude)) = (number("longitude"), number("latitude")) {
        let point = json!({ "type": "Point", "coordinates": [longitude, latitude] });
        event.insert("geometry".to_owned(), point);
    }
    event.insert("dataValues".to_owned(), json!([]));
    event
}

fn data_value<'a>(cell: impl Fn(&str) -> Option<&'a str>) -> Option<Value> {
    let elsewhere = cell("providedElsewhere") == Some("true");
    Some(json!({
        "dataElement": cell("dataElement")?,
        "value": cell("value"),
        "providedElsewhere": elsewhere,
    }))
}

fn broken(error: csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    Error::Input(format!("the CSV cannot be read in line {line}"))
}
