//! The change log of events: a row for each data value and field that an import changes, in programs that keep one.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamp},
};
use serde_json::{Map, Value};

use super::{
    event::place::Place,
    events::{Store, Stored},
    importer::Importer,
    payload::Event,
};
use crate::Result;

/// What changed in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Key of a data element, or else the name of a field.
    subject: std::result::Result<i64, &'static str>,
    before: Option<String>,
    after: Option<String>,
}

impl Change {
    /// A change; `None` when nothing changed.
    fn new(
        subject: std::result::Result<i64, &'static str>,
        before: Option<String>,
        after: Option<String>,
    ) -> Option<Self> {
        (before != after).then_some(Change {
            subject,
            before,
            after,
        })
    }

    fn kind(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "CREATE",
            (Some(_), Some(_)) => "UPDATE",
            (Some(_), None) => "DELETE",
        }
    }
}

/// What storing an event will change. `values` are those that will be stored.
pub(super) fn of_event(
    importer: &Importer,
    place: &Place,
    event: &Event,
    stored: Option<&Stored>,
    values: &Map<String, Value>,
) -> Vec<Change> {
    if !place.program.change_log {
        return Vec::new();
    }
    let text = |entry: Option<&Value>| Some(entry?.get("value")?.as_str()?.to_owned());
    let sent = event.data_values.iter().filter_map(|sent| {
        let uid = &sent.data_element;
        let id = importer.metadata.data_elements.get(uid)?.id;
        let before = text(stored.and_then(|stored| stored.values.get(uid)));
        Change::new(Ok(id), before, text(values.get(uid)))
    });
    let occurred = event.occurred_at.map(|moment| moment.0);
    let scheduled = event
        .scheduled_at
        .map(|moment| moment.0)
        .filter(|_| place.program.registration);
    let geometry = event
        .geometry
        .as_ref()
        .map(|geometry| geometry.0.to_string());
    let before = |date: fn(&Stored) -> Option<NaiveDateTime>| stored.and_then(date).map(written);
    let fields = [
        (
            "occurredAt",
            before(|stored| stored.occurred),
            occurred.map(written),
        ),
        (
            "scheduledAt",
            before(|stored| stored.scheduled),
            scheduled.map(written),
        ),
        (
            "geometry",
            stored.and_then(|stored| Some(stored.geometry.as_ref()?.to_string())),
            geometry,
        ),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(field, before, after)| Change::new(Err(field), before, after));
    sent.chain(fields).collect()
}

fn written(date: NaiveDateTime) -> String {
    date.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// Writes the changes of events, by key of the event.
pub(super) fn store(
    importer: &mut Importer,
    store: Store,
    changes: &[(i64, Change)],
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let insert = match store {
        Store::Single => {
            "INSERT INTO singleeventchangelog
                (eventid, dataelementid, eventfield, previousvalue, currentvalue, changelogtype, created, createdby)
             SELECT *, $7, $8 FROM unnest($1, $2, $3, $4, $5, $6)"
        }
        Store::Tracker => {
            "INSERT INTO trackereventchangelog
                (eventid, dataelementid, eventfield, previousvalue, currentvalue, changelogtype, created, createdby)
             SELECT *, $7, $8 FROM unnest($1, $2, $3, $4, $5, $6)"
        }
    };
    let column = |text: fn(&Change) -> Option<&str>| -> Vec<Option<&str>> {
        changes.iter().map(|(_, change)| text(change)).collect()
    };
    diesel::sql_query(insert)
        .bind::<Array<BigInt>, _>(changes.iter().map(|(event, _)| *event).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(
            (changes.iter().map(|(_, change)| change.subject.ok())).collect::<Vec<_>>(),
        )
        .bind::<Array<Nullable<Text>>, _>(column(|change| change.subject.err()))
        .bind::<Array<Nullable<Text>>, _>(column(|change| change.before.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(|change| change.after.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(|change| Some(change.kind())))
        .bind::<Timestamp, _>(importer.now)
        .bind::<Text, _>(&importer.user.username)
        .execute(importer.conn)?;
    Ok(())
}
