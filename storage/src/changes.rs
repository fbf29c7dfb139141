//! Changes of events and of rights as the database announces them: a connection of its own that listens.
//!
//! Triggers send the notices when a transaction commits, so what a listener hears can be read. Notices of a server that
//! went away are lost: whoever reconnects must say that changes may have been missed.

use chrono::{DateTime, Utc};
use diesel::{connection::SimpleConnection, prelude::*};
use domain::event::EventKind;

use crate::{Connection, Error, Result, pool};

/// What happened to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was stored, or a deleted one came back.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted, marked or for good.
    Deleted,
}

/// One changed event, with what decides who may hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// DHIS2 identifier of the event.
    pub uid: String,
    /// Key of the event.
    pub eventid: i64,
    /// Key of the stage.
    pub stage: i64,
    /// Key of the unit that lists select by: the event's own, the owner's for tracker events.
    pub unit: i64,
    /// Key of the option combination.
    pub option_combo: i64,
    /// Key of that unit before the change; `None` when it stayed.
    pub previous_unit: Option<i64>,
}

/// What one statement changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// These events.
    Each(Vec<Change>),
    /// More events of these stages, by key, than are named.
    Many(Vec<i64>),
}

/// Changes of one of the two stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Which store.
    pub store: EventKind,
    /// When the statement ran.
    pub at: DateTime<Utc>,
    /// Which events.
    pub extent: Extent,
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Events changed.
    Events(Changes),
    /// Tokens, people or metadata changed: somebody may have gained or lost rights.
    Access,
}

/// A connection that listens.
pub struct Listener(Connection);

impl Listener {
    /// Connects to the database and listens from now on.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn connect(url: &str) -> Result<Self> {
        let mut conn = pool::connect(url)?;
        conn.batch_execute("LISTEN clinigraph_events; LISTEN clinigraph_access")?;
        Ok(Listener(conn))
    }

    /// What has been heard since the last call, without waiting.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection is gone; [`Error::Corrupt`] for a notice of another program.
    pub fn heard(&mut self) -> Result<Vec<Notice>> {
        let notices = self.0.notifications_iter().map(|notification| {
            let notification = notification.map_err(gone)?;
            match notification.channel.as_str() {
                "clinigraph_access" => Ok(Notice::Access),
                _ => read(&notification.payload)
                    .map(Notice::Events)
                    .ok_or_else(|| Error::Corrupt {
                        table: "clinigraph_events",
                        detail: "a notice that no trigger sends".to_owned(),
                    }),
            }
        });
        notices.collect()
    }

    /// Asks the server for a sign of life, which a connection cut on the way does not give.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is none.
    pub fn check(&mut self) -> Result<()> {
        diesel::sql_query("SELECT 1")
            .execute(&mut self.0)
            .map(drop)
            .map_err(gone)
    }
}

fn gone(error: diesel::result::Error) -> Error {
    Error::Unavailable(std::sync::Arc::new(error))
}

/// Reads a notice as the triggers write it.
fn read(payload: &str) -> Option<Changes> {
    let mut parts = payload.split(' ');
    let store = match parts.next()? {
        "S" => EventKind::Single,
        "T" => EventKind::Tracker,
        _ => return None,
    };
    let at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
    let mut items = parts.peekable();
    let extent = match items.peek()?.strip_prefix("M,") {
        Some(stages) => Extent::Many(
            stages
                .split(',')
                .map(|stage| stage.parse().ok())
                .collect::<Option<_>>()?,
        ),
        None => Extent::Each(items.map(read_change).collect::<Option<_>>()?),
    };
    Some(Changes { store, at, extent })
}

fn read_change(item: &str) -> Option<Change> {
    let mut fields = item.split(',');
    let kind = match fields.next()? {
        "C" => ChangeKind::Created,
        "U" => ChangeKind::Updated,
        "D" => ChangeKind::Deleted,
        _ => return None,
    };
    let uid = fields.next()?.to_owned();
    let mut key = || fields.next().map(|field| field.parse::<i64>().ok());
    Some(Change {
        kind,
        uid,
        eventid: key()??,
        stage: key()??,
        unit: key()??,
        option_combo: key()??,
        previous_unit: key().flatten(),
    })
}

#[cfg(test)]
mod tests;
