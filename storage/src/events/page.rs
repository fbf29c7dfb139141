//! The page query of a working list.
//!
//! How a page is read depends on what answers it soonest: see [`super::ways`].

use std::fmt::Write as _;

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    event::{EventFilter, EventKind, EventOrder},
    page::{Cursor, Page},
};

use super::{
    conditions::{push_where, table},
    row::EventRow,
    walk::NEWEST,
    ways::{Otherwise, nothing_to_read, statements},
};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// A scope that holds one in so many of the newest rows is walked by date: the rows between are fewer than its walks.
const FAIR_SHARE: i64 = 8;

/// Enrolments that a caller sees in units where others do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// Keys of the enrolments.
    pub enrollments: Vec<i64>,
    /// Keys of the units asked for; `None` for every unit.
    pub units: Option<Vec<i64>>,
}

/// A list of events that a caller may read, ready to be queried.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which table.
    pub kind: EventKind,
    /// Keys of the scope units; `None` for every unit.
    pub units: Option<Vec<i64>>,
    /// Events that the caller sees beyond these units: of tracked entities whose ownership is held for a time.
    pub lent: Option<Lent>,
    /// Keys of the stages.
    pub stages: Vec<i64>,
    /// Option combinations the caller may read; `None` for all.
    pub option_combos: Option<Vec<i64>>,
    /// Data elements whose values are left out, because the caller may not see them.
    pub hidden_elements: Vec<String>,
    /// The server's day, by which OVERDUE is told.
    pub today: NaiveDate,
    /// What else the events must be.
    pub filter: EventFilter,
    /// Order.
    pub order: EventOrder,
}

impl Listing {
    /// Whether the fields of a row are all that its cursor needs.
    pub(super) fn has_no_order_keys(&self) -> bool {
        self.order.0.is_empty() || self.order.occurred_date_only().is_some()
    }
}

/// The rows of a page, in list order, and whether more lie beyond it.
///
/// # Errors
/// When a query fails.
pub fn list(
    conn: &mut Connection,
    listing: &Listing,
    page: &Page,
) -> Result<(Vec<EventRow>, bool)> {
    let (rows, _) = answer(conn, listing, page)?;
    Ok(page.cut(rows))
}

/// Rows of one batch of [`each`].
const BATCH: u32 = 1_000;

/// Hands all events of a list to `take`, in list order, in batches that fit in memory.
///
/// # Errors
/// When a query fails, or the error of `take`, which ends the reading.
pub fn each(
    conn: &mut Connection,
    listing: &Listing,
    mut take: impl FnMut(Vec<EventRow>) -> Result<()>,
) -> Result<()> {
    let mut page = Page::after(BATCH, None);
    loop {
        let (rows, more) = list(conn, listing, &page)?;
        page.from = rows.last().map(|row| cursor(listing, row));
        if !rows.is_empty() {
            take(rows)?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// The place of an event in a list.
#[must_use]
pub fn cursor(listing: &Listing, row: &EventRow) -> Cursor {
    match &row.order_keys {
        Some(keys) => Cursor {
            order: listing.order.text(),
            keys: keys.clone(),
            id: row.eventid,
        },
        None if listing.order.0.is_empty() => Cursor {
            order: listing.order.text(),
            keys: Vec::new(),
            id: row.eventid,
        },
        None => Cursor::at(&listing.order, row.occurreddate, row.eventid),
    }
}

/// The rows, uncut, and the places of the statements that it took.
fn answer(
    conn: &mut Connection,
    listing: &Listing,
    page: &Page,
) -> Result<(Vec<EventRow>, Vec<usize>)> {
    let mut tried = Vec::new();
    let mut skips = false;
    for (place, attempt) in statements(listing, page).into_iter().enumerate() {
        if std::mem::take(&mut skips) {
            continue;
        }
        tried.push(place);
        let rows = EventRow::load(conn, attempt.query)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|found| found >= page.fetch());
        let is_complete = is_full
            || match attempt.otherwise {
                Otherwise::Complete => true,
                Otherwise::TryNext => false,
                Otherwise::CompleteIfFewer(count) => counted(conn, count)? < NEWEST,
                Otherwise::NextIfDense(count) => {
                    skips = counted(conn, count)? < NEWEST / FAIR_SHARE;
                    false
                }
            };
        if is_complete {
            return Ok((rows, tried));
        }
    }
    Ok((Vec::new(), tried))
}

fn counted(conn: &mut Connection, count: Statement) -> Result<i64> {
    Ok(count.get_result::<Counted>(conn)?.counted)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

/// How many events a list has, counted up to `at_most + 1`; `None` counts them all.
///
/// # Errors
/// When the query fails.
pub fn count(conn: &mut Connection, listing: &Listing, at_most: Option<i64>) -> Result<i64> {
    if nothing_to_read(listing) {
        return Ok(0);
    }
    let mut query = Statement::new("SELECT count(*) AS counted FROM (SELECT FROM ");
    query.push(table(listing.kind)).push(" e");
    push_where(&mut query, listing);
    if let Some(at_most) = at_most {
        query.push(" LIMIT ").bind(Value::Int(at_most + 1));
    }
    query.push(") counted");
    let row: Counted = query.get_result(conn)?;
    Ok(row.counted)
}

/// The SQL of a page as PostgreSQL sees it, one statement after the other: for snapshots and for `EXPLAIN`.
#[must_use]
pub fn explain_text(listing: &Listing, page: &Page) -> String {
    let mut text = String::new();
    for attempt in statements(listing, page) {
        let _ = writeln!(text, "{};", attempt.query.text());
    }
    text
}

/// The statements that answer a page today, with their values in the text: for `EXPLAIN`.
///
/// # Errors
/// When a query fails.
pub fn literal_texts(conn: &mut Connection, listing: &Listing, page: &Page) -> Result<Vec<String>> {
    let (_, tried) = answer(conn, listing, page)?;
    let attempts = statements(listing, page);
    Ok(tried
        .into_iter()
        .filter_map(|place| Some(attempts.get(place)?.query.literal_text()))
        .collect())
}

#[cfg(test)]
mod tests;
