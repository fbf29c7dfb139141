//! An event as the page query returns it, the same for both tables.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamp},
};
use domain::event::EventKind;

use super::{data_values::DataValues, page::Listing};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// One event, of the columns of [`Columns`]. What only tracker events have is `None` for single events.
#[derive(Debug, Clone, Queryable)]
pub struct EventRow {
    /// Internal key.
    pub eventid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// State, DHIS2's spelling.
    pub status: String,
    /// When it happened; `None` for a tracker event that is only scheduled.
    pub occurreddate: Option<NaiveDateTime>,
    /// When it is due.
    pub scheduleddate: Option<NaiveDateTime>,
    /// Key of the stage.
    pub programstageid: i64,
    /// Key of the unit where it happened.
    pub organisationunitid: i64,
    /// Key of the unit that owns the tracked entity.
    pub ownerorganisationunitid: Option<i64>,
    /// Key of the enrolment.
    pub enrollmentid: Option<i64>,
    /// Key of the option combination.
    pub attributeoptioncomboid: i64,
    /// Key of the person it is assigned to.
    pub assigneduserid: Option<i64>,
    /// When it was stored.
    pub created: NaiveDateTime,
    /// When it was last changed.
    pub lastupdated: NaiveDateTime,
    /// When it was completed; `None` while it is not.
    pub completeddate: Option<NaiveDateTime>,
    /// Values by data element identifier.
    pub eventdatavalues: DataValues,
    /// Values of the order's keys as a cursor writes them; `None` when the row itself holds them.
    pub order_keys: Option<Vec<Option<String>>>,
}

/// Types of the columns in their order. A page has hundreds of values, and each would be looked for by the name of its
/// column otherwise.
type Columns = (
    BigInt,
    Text,
    Text,
    Nullable<Timestamp>,
    Nullable<Timestamp>,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    BigInt,
    Nullable<BigInt>,
    Timestamp,
    Timestamp,
    Nullable<Timestamp>,
    Jsonb,
    Nullable<Array<Nullable<Text>>>,
);

/// Pushes the columns of [`EventRow`] but the last, in their order, for a table aliased `e`. Values that the caller may not
/// see stay in the database.
pub(super) fn push_columns(query: &mut Statement, listing: &Listing) {
    query.push(match listing.kind {
        EventKind::Single => {
            "e.eventid, e.uid, e.status, e.occurreddate, NULL::timestamp AS scheduleddate, e.programstageid,
             e.organisationunitid, NULL::bigint AS ownerorganisationunitid, NULL::bigint AS enrollmentid,
             e.attributeoptioncomboid, e.assigneduserid, e.created, e.lastupdated, e.completeddate, "
        }
        EventKind::Tracker => {
            "e.eventid, e.uid, e.status, e.occurreddate, e.scheduleddate, e.programstageid,
             e.organisationunitid, e.ownerorganisationunitid, e.enrollmentid,
             e.attributeoptioncomboid, e.assigneduserid, e.created, e.lastupdated, e.completeddate, "
        }
    });
    if listing.hidden_elements.is_empty() {
        query.push("e.eventdatavalues");
    } else {
        query
            .push("e.eventdatavalues - ")
            .bind(Value::Texts(listing.hidden_elements.clone()))
            .push(" AS eventdatavalues");
    }
}

impl EventRow {
    /// The rows of a statement that selects the columns of an event.
    pub(super) fn load(conn: &mut Connection, query: Statement) -> Result<Vec<Self>> {
        Ok(query.load_columns::<Columns, EventRow>(conn)?)
    }

    /// Text of a value; `None` when the event has none.
    #[must_use]
    pub fn value(&self, data_element: &str) -> Option<&str> {
        self.eventdatavalues
            .get(data_element)?
            .get("value")?
            .as_str()
    }

    /// Identifiers of the data elements that have a value, sorted.
    #[must_use]
    pub fn data_elements(&self) -> Vec<String> {
        self.eventdatavalues
            .as_object()
            .map(|values| values.keys().cloned().collect())
            .unwrap_or_default()
    }
}
