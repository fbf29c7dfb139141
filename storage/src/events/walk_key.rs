//! Which orders an index keeps, and the one expression that its walk compares.

use domain::{
    event::{
        EventKind,
        order::{OrderField, OrderKey},
    },
    page::{Cursor, Direction, instant},
};

use super::{conditions::date, page::Listing};
use crate::sql::{Statement, Value};

/// What an index keeps in order, and of which walks.
#[derive(Clone, Copy)]
pub(super) struct WalkKey {
    /// The expression; `None` when rows are walked by their own key.
    pub sql: Option<&'static str>,
    /// Whether one unit and stage can be walked.
    pub of_unit: bool,
    /// Whether a stage can be walked in every unit.
    pub of_stage: bool,
}

/// The walk that answers the order of a listing; `None` when no index does.
pub(super) fn walk_key(listing: &Listing) -> Option<WalkKey> {
    let key = |sql, of_unit, of_stage| {
        Some(WalkKey {
            sql,
            of_unit,
            of_stage,
        })
    };
    let is_tracker = listing.kind == EventKind::Tracker;
    let found = match listing.order.0.as_slice() {
        [] if is_tracker => key(None, true, true),
        [item] => match item.key {
            OrderKey::Field(OrderField::OccurredAt) => key(Some(date(listing.kind)), true, true),
            OrderKey::Field(OrderField::UpdatedAt) => key(Some("e.lastupdated"), false, true),
            OrderKey::Field(OrderField::CreatedAt) if is_tracker => {
                key(Some("e.created"), true, true)
            }
            OrderKey::Field(OrderField::ScheduledAt) if is_tracker => key(
                Some("coalesce(e.scheduleddate, 'infinity'::timestamp)"),
                true,
                false,
            ),
            _ => None,
        },
        _ => None,
    };
    // Only the index of changes holds deleted events.
    found.filter(|key| !listing.filter.include_deleted || key.sql == Some("e.lastupdated"))
}

/// `, … AS k0` of a table aliased `e`.
pub(super) fn push_key(query: &mut Statement, key: WalkKey) {
    if let Some(sql) = key.sql {
        query.push(", ").push(sql).push(" AS k0");
    }
}

/// ` AND …`: the rows behind a cursor, as one row comparison that the index answers.
pub(super) fn push_cursor(
    query: &mut Statement,
    key: WalkKey,
    cursor: &Cursor,
    direction: Direction,
) {
    let sign = match direction {
        Direction::Ascending => " > ",
        Direction::Descending => " < ",
    };
    let Some(sql) = key.sql else {
        query
            .push(" AND e.eventid")
            .push(sign)
            .bind(Value::Int(cursor.id));
        return;
    };
    let micros = cursor.keys.first().and_then(Option::as_deref);
    let at = micros
        .and_then(instant)
        .map_or(Value::EndOfTime, Value::Time);
    query
        .push(" AND (")
        .push(sql)
        .push(", e.eventid)")
        .push(sign)
        .push("(");
    query
        .bind(at)
        .push(", ")
        .bind(Value::Int(cursor.id))
        .push(")");
}
