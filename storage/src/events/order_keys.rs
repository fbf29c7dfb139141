//! The keys of an order in SQL: their expressions, their order, and what lies beyond a cursor.

use domain::{
    event::{
        EventKind, EventOrder,
        filter::Column,
        order::{KeyType, OrderField, OrderItem, OrderKey},
    },
    page::{Cursor, Direction, Reading, instant},
};

use super::values::push_element_text;
use crate::sql::{Statement, Value};

/// Most items of an order.
pub(super) const MOST_KEYS: usize = 16;

/// What keys are called in the statements.
const NAMES: [&str; MOST_KEYS] = [
    "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11", "k12", "k13", "k14",
    "k15",
];

/// The keys of an order, read in a direction.
pub(super) struct Keys<'a> {
    kind: EventKind,
    order: &'a EventOrder,
    reading: Reading,
}

impl<'a> Keys<'a> {
    pub(super) fn new(kind: EventKind, order: &'a EventOrder, reading: Reading) -> Self {
        Keys {
            kind,
            order,
            reading,
        }
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &'a OrderItem)> {
        NAMES.into_iter().zip(&self.order.0)
    }

    fn read(&self, direction: Direction) -> Direction {
        match self.reading {
            Reading::Forward => direction,
            Reading::Backward => direction.reversed(),
        }
    }

    /// The direction in which the walk of an index goes, and equal rows are read.
    pub(super) fn direction(&self) -> Direction {
        self.read(self.order.direction())
    }

    /// `, … AS k0, …` of a table aliased `e`, as stored.
    pub(super) fn push_stored(&self, query: &mut Statement) {
        for (name, item) in self.named() {
            query.push(", ");
            push_key(query, self.kind, &item.key);
            query.push(" AS ").push(name);
        }
    }

    /// `, … AS k0, …` of rows `s` that hold the keys as stored.
    pub(super) fn push_read(&self, query: &mut Statement) {
        for (name, item) in self.named() {
            let (before, after) = match is_read(&item.key) {
                true => (", value_as_number(s.", ")"),
                false => (", s.", ""),
            };
            query
                .push(before)
                .push(name)
                .push(after)
                .push(" AS ")
                .push(name);
        }
    }

    /// Whether a key is to be read from a text.
    pub(super) fn are_read(&self) -> bool {
        self.named().any(|(_, item)| is_read(&item.key))
    }

    /// `, w.k0, …`.
    pub(super) fn push_names(&self, query: &mut Statement) {
        for (name, _) in self.named() {
            query.push(", w.").push(name);
        }
    }

    /// ` ORDER BY …` of the keys and the key of the row. Null is the largest, as it is to PostgreSQL.
    pub(super) fn push_order(&self, query: &mut Statement, alias: &'static str) {
        query.push(" ORDER BY ");
        for (name, item) in self.named() {
            query
                .push(alias)
                .push(name)
                .push(word(self.read(item.direction)))
                .push(", ");
        }
        query
            .push(alias)
            .push("eventid")
            .push(word(self.direction()));
    }

    /// The keys of a row of `page` as a cursor writes them.
    pub(super) fn push_texts(&self, query: &mut Statement) {
        if self.order.occurred_date_only().is_some() || self.order.0.is_empty() {
            // The row itself holds them.
            query.push("NULL::text[] AS order_keys");
            return;
        }
        query.push("ARRAY[");
        for (place, (name, item)) in self.named().enumerate() {
            let (before, after) = match item.key.key_type() {
                KeyType::Time => (
                    "(extract(epoch FROM nullif(page.",
                    ", 'infinity')) * 1000000)::bigint::text",
                ),
                KeyType::Number | KeyType::Boolean => ("page.", "::text"),
                KeyType::Text => ("page.", ""),
            };
            query.push(if place > 0 { ", " } else { "" });
            query.push(before).push(name).push(after);
        }
        query.push("]::text[] AS order_keys");
    }

    /// ` WHERE …`: the rows of `w` that are read behind a cursor. Item by item, because each has its own direction.
    pub(super) fn push_beyond(&self, query: &mut Statement, cursor: &Cursor) {
        query.push(" WHERE (");
        for (place, (name, item)) in self.named().enumerate() {
            query.push("(");
            self.push_equals(query, cursor, place);
            push_key_beyond(
                query,
                name,
                item,
                value(cursor, place),
                self.read(item.direction),
            );
            query.push(") OR ");
        }
        query.push("(");
        self.push_equals(query, cursor, self.order.0.len());
        query.push(match self.direction() {
            Direction::Ascending => "w.eventid > ",
            Direction::Descending => "w.eventid < ",
        });
        query.bind(Value::Int(cursor.id)).push("))");
    }

    /// `… AND `: the first keys are those of the cursor.
    fn push_equals(&self, query: &mut Statement, cursor: &Cursor, keys: usize) {
        for (place, (name, item)) in self.named().take(keys).enumerate() {
            query.push("w.").push(name);
            match value(cursor, place) {
                None => {
                    query.push(" IS NULL AND ");
                }
                Some(text) => {
                    query.push(" = ");
                    push_value(query, item.key.key_type(), text);
                    query.push(" AND ");
                }
            }
        }
    }
}

fn value(cursor: &Cursor, place: usize) -> Option<&str> {
    cursor.keys.get(place)?.as_deref()
}

fn push_key_beyond(
    query: &mut Statement,
    name: &'static str,
    item: &OrderItem,
    text: Option<&str>,
    direction: Direction,
) {
    match (direction, text) {
        (Direction::Ascending, None) => {
            query.push("false");
        }
        (Direction::Descending, None) => {
            query.push("w.").push(name).push(" IS NOT NULL");
        }
        (Direction::Ascending, Some(text)) => {
            query.push("(w.").push(name).push(" > ");
            push_value(query, item.key.key_type(), text);
            query.push(" OR w.").push(name).push(" IS NULL)");
        }
        (Direction::Descending, Some(text)) => {
            query.push("w.").push(name).push(" < ");
            push_value(query, item.key.key_type(), text);
        }
    }
}

fn push_value(query: &mut Statement, kind: KeyType, text: &str) {
    match kind {
        KeyType::Time => {
            query.bind(instant(text).map_or(Value::EndOfTime, Value::Time));
        }
        KeyType::Number => {
            query.bind(Value::Text(text.to_owned())).push("::numeric");
        }
        KeyType::Boolean => {
            query.bind(Value::Text(text.to_owned())).push("::boolean");
        }
        KeyType::Text => {
            query.bind(Value::Text(text.to_owned()));
        }
    }
}

/// The word of a direction in SQL.
pub(super) fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "",
        Direction::Descending => " DESC",
    }
}

fn push_key(query: &mut Statement, kind: EventKind, key: &OrderKey) {
    match key {
        OrderKey::Field(field) => {
            query.push(field_sql(kind, *field));
        }
        OrderKey::DataElement(column) => {
            push_typed(query, column, |query| push_element_text(query, &column.uid));
        }
        OrderKey::Attribute(column) => {
            query.push("(SELECT ");
            push_typed(query, column, |query| {
                query.push("v.value");
            });
            query
                .push(
                    " FROM enrollment n JOIN trackedentityattributevalue v USING (trackedentityid)
                       WHERE n.enrollmentid = e.enrollmentid AND v.trackedentityattributeid = ",
                )
                .bind(Value::Int(column.id))
                .push(")");
        }
    }
}

fn is_read(key: &OrderKey) -> bool {
    match key {
        OrderKey::DataElement(column) | OrderKey::Attribute(column) => {
            column.value_type.is_number()
        }
        OrderKey::Field(_) => false,
    }
}

fn push_typed(query: &mut Statement, column: &Column, text: impl FnOnce(&mut Statement)) {
    if column.value_type.is_number() {
        return text(query);
    }
    query.push("lower(");
    text(query);
    query.push(") COLLATE \"C\"");
}

/// A field of an event aliased `e`. What a kind does not have is never asked of it.
fn field_sql(kind: EventKind, field: OrderField) -> &'static str {
    match field {
        OrderField::AssignedUser => {
            "(SELECT a.username COLLATE \"C\" FROM userinfo a WHERE a.userinfoid = e.assigneduserid)"
        }
        OrderField::AssignedUserDisplayName => {
            "(SELECT (a.firstname || ' ' || a.surname) COLLATE \"C\" FROM userinfo a WHERE a.userinfoid = e.assigneduserid)"
        }
        OrderField::AttributeOptionCombo => {
            "(SELECT c.uid FROM categoryoptioncombo c WHERE c.categoryoptioncomboid = e.attributeoptioncomboid)"
        }
        OrderField::CompletedAt => "e.completeddate",
        OrderField::CompletedBy => "e.completedby COLLATE \"C\"",
        OrderField::CreatedAt => "e.created",
        OrderField::CreatedAtClient => "e.createdatclient",
        OrderField::CreatedBy => "(e.createdbyuserinfo ->> 'username') COLLATE \"C\"",
        OrderField::Deleted => "e.deleted",
        OrderField::Event => "e.uid",
        OrderField::OccurredAt => "e.occurreddate",
        OrderField::OrgUnit => {
            "(SELECT o.uid FROM organisationunit o WHERE o.organisationunitid = e.organisationunitid)"
        }
        OrderField::Program => {
            "(SELECT p.uid FROM programstage s JOIN program p USING (programid) WHERE s.programstageid = e.programstageid)"
        }
        OrderField::ProgramStage => {
            "(SELECT s.uid FROM programstage s WHERE s.programstageid = e.programstageid)"
        }
        OrderField::Status => "e.status COLLATE \"C\"",
        OrderField::UpdatedAt => "e.lastupdated",
        OrderField::UpdatedAtClient => "e.lastupdatedatclient",
        OrderField::UpdatedBy => "(e.lastupdatedbyuserinfo ->> 'username') COLLATE \"C\"",
        tracker_only => match kind {
            EventKind::Single => "NULL::text",
            EventKind::Tracker => tracker_field_sql(tracker_only),
        },
    }
}

fn tracker_field_sql(field: OrderField) -> &'static str {
    match field {
        OrderField::EnrolledAt => {
            "(SELECT n.enrollmentdate FROM enrollment n WHERE n.enrollmentid = e.enrollmentid)"
        }
        OrderField::Enrollment => {
            "(SELECT n.uid FROM enrollment n WHERE n.enrollmentid = e.enrollmentid)"
        }
        OrderField::EnrollmentStatus => {
            "(SELECT n.status COLLATE \"C\" FROM enrollment n WHERE n.enrollmentid = e.enrollmentid)"
        }
        OrderField::FollowUp => {
            "(SELECT n.followup FROM enrollment n WHERE n.enrollmentid = e.enrollmentid)"
        }
        OrderField::TrackedEntity => {
            "(SELECT t.uid FROM enrollment n JOIN trackedentity t USING (trackedentityid)
               WHERE n.enrollmentid = e.enrollmentid)"
        }
        _ => "e.scheduleddate",
    }
}
