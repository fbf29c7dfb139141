//! Counts of events by stage, unit, month, state and option combination: kept by triggers, exact at any time.
//!
//! Writers append their changes to `eventcountchange`, so none waits for another on a busy row. [`fold`] moves them into
//! `eventcount`, in one statement, so that every reader of both tables sees each change once.

use diesel::connection::SimpleConnection;
use domain::event::{EventFilter, EventKind, EventStatus, filter::TimeBounds};

use super::page::Listing;
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// Moves the appended changes into the counts.
///
/// # Errors
/// When a statement fails.
pub fn fold(conn: &mut Connection) -> Result<()> {
    conn.batch_execute(
        "WITH moved AS (DELETE FROM eventcountchange RETURNING *)
         INSERT INTO eventcount (store, programstageid, organisationunitid, month, status, attributeoptioncomboid, events)
         SELECT store, programstageid, organisationunitid, month, status, attributeoptioncomboid, sum(events)
           FROM moved GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(events) <> 0
         ON CONFLICT (store, programstageid, organisationunitid, month, status, attributeoptioncomboid)
         DO UPDATE SET events = eventcount.events + excluded.events",
    )?;
    Ok(conn.batch_execute("DELETE FROM eventcount WHERE events = 0; ANALYZE eventcount")?)
}

/// Counts everything anew, after a load that went past the triggers.
///
/// # Errors
/// When the statement fails.
pub(crate) fn recount(conn: &mut Connection) -> Result<()> {
    Ok(conn.batch_execute("SELECT recount_events(); ANALYZE eventcount")?)
}

/// Whether the counts answer a listing: whole months, stored states, nothing that a single event must be asked for.
pub(super) fn answer(listing: &Listing) -> bool {
    let filter = &listing.filter;
    let plain = EventFilter {
        statuses: filter.statuses.clone(),
        occurred: filter.occurred,
        option_combo: filter.option_combo,
        ..EventFilter::default()
    };
    // These two are told by dates.
    let is_derived =
        |status: &EventStatus| matches!(status, EventStatus::Visited | EventStatus::Overdue);
    *filter == plain
        && listing.lent.is_none()
        && !filter.statuses.iter().any(is_derived)
        && is_whole_months(filter.occurred)
}

/// Whether bounds lie at the first moment of a month and the last of another.
fn is_whole_months(bounds: TimeBounds) -> bool {
    use chrono::{Datelike, NaiveTime, TimeDelta};
    let begins = |time: chrono::NaiveDateTime| time.day() == 1 && time.time() == NaiveTime::MIN;
    bounds.from.is_none_or(begins)
        && bounds.to.is_none_or(|to| {
            let next = to.checked_add_signed(TimeDelta::microseconds(1));
            next.is_some_and(begins)
        })
}

/// `FROM …` with the counts and their changes, aliased `e`.
pub(super) const SOURCE: &str = " FROM (
    SELECT store, programstageid, organisationunitid, month, status, attributeoptioncomboid, events FROM eventcount
    UNION ALL
    SELECT store, programstageid, organisationunitid, month, status, attributeoptioncomboid, events FROM eventcountchange) e";

/// ` WHERE …`: what a listing keeps, for one that the counts answer.
pub(super) fn push_where(query: &mut Statement, listing: &Listing) {
    let store = match listing.kind {
        EventKind::Single => "S",
        EventKind::Tracker => "T",
    };
    let mut sets = vec![(" AND e.programstageid = ANY(", &listing.stages)];
    sets.extend(
        listing
            .units
            .iter()
            .map(|units| (" AND e.organisationunitid = ANY(", units)),
    );
    sets.extend(
        listing
            .option_combos
            .iter()
            .map(|combos| (" AND e.attributeoptioncomboid = ANY(", combos)),
    );
    query
        .push(" WHERE e.store = ")
        .bind(Value::Text(store.to_owned()));
    for (text, keys) in sets {
        query.push(text).bind(Value::Ints(keys.clone())).push(")");
    }
    let filter = &listing.filter;
    if let Some(combo) = filter.option_combo {
        query
            .push(" AND e.attributeoptioncomboid = ")
            .bind(Value::Int(combo));
    }
    if !filter.statuses.is_empty() {
        let names = filter
            .statuses
            .iter()
            .map(|status| status.name().to_owned());
        query
            .push(" AND e.status = ANY(")
            .bind(Value::Texts(names.collect()))
            .push(")");
    }
    if let Some(from) = filter.occurred.from {
        query.push(" AND e.month >= ").bind(Value::Day(from.date()));
    }
    if let Some(to) = filter.occurred.to {
        query.push(" AND e.month <= ").bind(Value::Day(to.date()));
    }
    if !filter.occurred.is_open() {
        query.push(" AND e.month < 'infinity'");
    }
}
