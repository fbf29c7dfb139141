//! An event as the page query returns it, the same for both tables.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamp},
};
use domain::event::EventKind;

use super::{data_values::DataValues, page::Listing};
use crate::sql::{Statement, Value};

/// One event. What only tracker events have is `None` for single events.
#[derive(Debug, Clone, QueryableByName)]
pub struct EventRow {
    /// Internal key.
    #[diesel(sql_type = BigInt)]
    pub eventid: i64,
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// State, DHIS2's spelling.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// When it happened; `None` for a tracker event that is only scheduled.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub occurreddate: Option<NaiveDateTime>,
    /// When it is due.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub scheduleddate: Option<NaiveDateTime>,
    /// Key of the stage.
    #[diesel(sql_type = BigInt)]
    pub programstageid: i64,
    /// Key of the unit where it happened.
    #[diesel(sql_type = BigInt)]
    pub organisationunitid: i64,
    /// Key of the unit that owns the tracked entity.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub ownerorganisationunitid: Option<i64>,
    /// Key of the enrolment.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub enrollmentid: Option<i64>,
    /// Key of the option combination.
    #[diesel(sql_type = BigInt)]
    pub attributeoptioncomboid: i64,
    /// Key of the person it is assigned to.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub assigneduserid: Option<i64>,
    /// When it was stored.
    #[diesel(sql_type = Timestamp)]
    pub created: NaiveDateTime,
    /// When it was last changed.
    #[diesel(sql_type = Timestamp)]
    pub lastupdated: NaiveDateTime,
    /// When it was completed; `None` while it is not.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub completeddate: Option<NaiveDateTime>,
    /// Values by data element identifier.
    #[diesel(sql_type = Jsonb)]
    pub eventdatavalues: DataValues,
    /// Values of the order's keys as a cursor writes them; `None` when the row itself holds them.
    #[diesel(sql_type = Nullable<Array<Nullable<Text>>>)]
    pub order_keys: Option<Vec<Option<String>>>,
}

/// Pushes the columns of [`EventRow`] but the last, for a table aliased `e`. Values that the caller may not see stay in the
/// database.
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
