//! What a listing keeps, as conditions on a table of events aliased `e`. Pages, counts and aggregates share them, so that
//! they cannot disagree.

use domain::event::{
    EventFilter, EventKind, EventStatus,
    filter::{Assignee, EnrollmentFilter, EnrollmentStatus, TimeBounds},
};

use super::{page::Listing, values};
use crate::sql::{Statement, Value};

/// ` WHERE …`: stages, units, what is lent to the caller, and every other condition.
pub(crate) fn push_where(query: &mut Statement, listing: &Listing) {
    query
        .push(" WHERE e.programstageid = ANY(")
        .bind(Value::Ints(listing.stages.clone()))
        .push(")");
    push_units(query, listing);
    push_conditions(query, listing);
}

/// ` AND …` for the units, and the enrolments that the caller sees beyond them.
fn push_units(query: &mut Statement, listing: &Listing) {
    let Some(units) = &listing.units else {
        return;
    };
    query
        .push(" AND (")
        .push(unit(listing.kind))
        .push(" = ANY(");
    query.bind(Value::Ints(units.clone())).push(")");
    if let Some(lent) = &listing.lent {
        query
            .push(" OR (e.enrollmentid = ANY(")
            .bind(Value::Ints(lent.enrollments.clone()))
            .push(")");
        if let Some(units) = &lent.units {
            query.push(" AND ").push(unit(listing.kind)).push(" = ANY(");
            query.bind(Value::Ints(units.clone())).push(")");
        }
        query.push(")");
    }
    query.push(")");
}

/// ` AND …` for everything but units and stages.
pub(super) fn push_conditions(query: &mut Statement, listing: &Listing) {
    push_span(query, listing);
    push_details(query, listing);
}

/// The conditions that the indexes of pages answer: not deleted, and between two dates.
pub(super) fn push_span(query: &mut Statement, listing: &Listing) {
    if !listing.filter.include_deleted {
        query.push(" AND NOT e.deleted");
    }
    let occurred = listing.filter.occurred;
    push_bounds(query, date(listing.kind), occurred);
    // Events without a date lie behind every date.
    if occurred.from.is_some() && occurred.to.is_none() && listing.kind == EventKind::Tracker {
        query.push(" AND e.occurreddate IS NOT NULL");
    }
}

/// Whether a listing asks for more than units, stages and dates.
pub(super) fn has_details(listing: &Listing) -> bool {
    let plain = EventFilter {
        occurred: listing.filter.occurred,
        include_deleted: listing.filter.include_deleted,
        ..EventFilter::default()
    };
    listing.option_combos.is_some() || listing.filter != plain
}

/// The conditions for which a row must be looked at.
pub(super) fn push_details(query: &mut Statement, listing: &Listing) {
    let filter = &listing.filter;
    if let Some(combos) = &listing.option_combos {
        query.push(" AND e.attributeoptioncomboid = ANY(");
        query.bind(Value::Ints(combos.clone())).push(")");
    }
    if let Some(combo) = filter.option_combo {
        query
            .push(" AND e.attributeoptioncomboid = ")
            .bind(Value::Int(combo));
    }
    if let Some(uids) = &filter.uids {
        query
            .push(" AND e.uid = ANY(")
            .bind(Value::Texts(uids.clone()))
            .push(")");
    }
    push_statuses(query, listing);
    push_bounds(query, "e.lastupdated", filter.updated);
    push_bounds(query, "e.completeddate", filter.completed);
    match &filter.assignee {
        None => {}
        Some(Assignee::Anybody) => {
            query.push(" AND e.assigneduserid IS NOT NULL");
        }
        Some(Assignee::Nobody) => {
            query.push(" AND e.assigneduserid IS NULL");
        }
        Some(Assignee::OneOf(people)) => {
            query.push(" AND e.assigneduserid = ANY(");
            query.bind(Value::Ints(people.clone())).push(")");
        }
    }
    for value in &filter.values {
        values::push_element(query, value);
    }
    if listing.kind == EventKind::Tracker {
        push_bounds(query, "e.scheduleddate", filter.scheduled);
        push_enrollment(query, &filter.enrollment);
        for attribute in &filter.attributes {
            values::push_attribute(query, attribute);
        }
    }
}

/// VISITED and OVERDUE are told by dates; rows of old data that carry the words count too.
fn push_statuses(query: &mut Statement, listing: &Listing) {
    let statuses = &listing.filter.statuses;
    if statuses.is_empty() {
        return;
    }
    let names = statuses
        .iter()
        .map(|status| status.name().to_owned())
        .collect();
    query
        .push(" AND (e.status = ANY(")
        .bind(Value::Texts(names))
        .push(")");
    if statuses.contains(&EventStatus::Visited) {
        query.push(" OR (e.status = 'ACTIVE' AND e.occurreddate IS NOT NULL)");
    }
    if statuses.contains(&EventStatus::Overdue) && listing.kind == EventKind::Tracker {
        query
            .push(" OR (e.status = 'SCHEDULE' AND e.scheduleddate < ")
            .bind(Value::Day(listing.today))
            .push(")");
    }
    query.push(")");
}

fn push_enrollment(query: &mut Statement, filter: &EnrollmentFilter) {
    if let Some(ids) = &filter.ids {
        query
            .push(" AND e.enrollmentid = ANY(")
            .bind(Value::Ints(ids.clone()))
            .push(")");
    }
    let plain = EnrollmentFilter {
        ids: filter.ids.clone(),
        ..EnrollmentFilter::default()
    };
    if *filter == plain {
        return;
    }
    query.push(" AND EXISTS (SELECT FROM enrollment n WHERE n.enrollmentid = e.enrollmentid");
    if let Some(status) = filter.status {
        query.push(match status {
            EnrollmentStatus::Active => " AND n.status = 'ACTIVE'",
            EnrollmentStatus::Completed => " AND n.status = 'COMPLETED'",
            EnrollmentStatus::Cancelled => " AND n.status = 'CANCELLED'",
        });
    }
    if let Some(follow_up) = filter.follow_up {
        query.push(if follow_up {
            " AND n.followup"
        } else {
            " AND NOT n.followup"
        });
    }
    push_bounds(query, "n.enrollmentdate", filter.enrolled);
    push_bounds(query, "n.occurreddate", filter.occurred);
    query.push(")");
}

fn push_bounds(query: &mut Statement, column: &'static str, bounds: TimeBounds) {
    if let Some(from) = bounds.from {
        query
            .push(" AND ")
            .push(column)
            .push(" >= ")
            .bind(Value::Time(from));
    }
    if let Some(to) = bounds.to {
        query
            .push(" AND ")
            .push(column)
            .push(" <= ")
            .bind(Value::Time(to));
    }
}

/// The table of a kind.
pub(crate) fn table(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "singleevent",
        EventKind::Tracker => "trackerevent",
    }
}

/// The scope unit: where a single event happened, who owns the entity of a tracker event.
pub(crate) fn unit(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "e.organisationunitid",
        EventKind::Tracker => "e.ownerorganisationunitid",
    }
}

/// When it occurred. Events without a date come after all others, so `infinity` stands for it, in the index too.
pub(super) fn date(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "e.occurreddate",
        EventKind::Tracker => "coalesce(e.occurreddate, 'infinity'::timestamp)",
    }
}
