//! The page query of a working list.
//!
//! A list is the events of some units and stages in the order of their date. How it is read depends on how many walks
//! of an index that takes:
//!
//! 1. **One unit, one stage**: one walk of `(unit, stage, date desc, id desc)` stops after the page.
//! 2. **Every unit**: one walk of `(stage, date desc, id desc)` for each stage.
//! 3. **Some units**: first the newest 2,000 rows of the stages, kept where they lie in the scope. When they fill
//!    the page, which they do for every scope that holds a fair share of the events, that is the answer. Otherwise the
//!    scope is sparse, and one walk for each unit and stage, merged by date, finds its rows without reading others'.
//!
//! No statistics are asked, so none can mislead: each way reads a bounded number of rows whatever the skew.

use std::fmt::Write as _;

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    event::{EventFilter, EventKind, EventOrder},
    page::{Cursor, Page},
};

use super::{
    row::EventRow,
    walk::{Walk, push_conditions, table, unit},
};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// With up to this many walks the first try is skipped: walking is as fast.
const FEW_WALKS: usize = 24;

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
    Cursor::at(&listing.order, row.occurreddate, row.eventid)
}

/// The rows, uncut, and how many of the statements it took.
fn answer(conn: &mut Connection, listing: &Listing, page: &Page) -> Result<(Vec<EventRow>, usize)> {
    for (tried, attempt) in (1..).zip(statements(listing, page)) {
        let rows: Vec<EventRow> = attempt.query.load(conn)?;
        if attempt.is_complete || i64::try_from(rows.len()).is_ok_and(|found| found >= page.fetch())
        {
            return Ok((rows, tried));
        }
    }
    Ok((Vec::new(), 0))
}

/// How many events a list has, counted up to `at_most + 1`; `None` counts them all.
///
/// # Errors
/// When the query fails.
pub fn count(conn: &mut Connection, listing: &Listing, at_most: Option<i64>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        counted: i64,
    }
    if nothing_to_read(listing) {
        return Ok(0);
    }
    let mut query = Statement::new("SELECT count(*) AS counted FROM (SELECT FROM ");
    query
        .push(table(listing.kind))
        .push(" e WHERE e.programstageid = ANY(");
    query.bind(Value::Ints(listing.stages.clone())).push(")");
    if let Some(units) = &listing.units {
        query
            .push(" AND ")
            .push(unit(listing.kind))
            .push(" = ANY(")
            .bind(Value::Ints(units.clone()))
            .push(")");
    }
    push_conditions(&mut query, listing, None);
    if let Some(at_most) = at_most {
        query.push(" LIMIT ").bind(Value::Int(at_most + 1));
    }
    query.push(") counted");
    let row: Counted = query.get_result(conn)?;
    Ok(row.counted)
}

/// One way of answering a page.
pub(crate) struct Attempt {
    /// The query.
    pub query: Statement,
    /// Whether its answer stands even when it does not fill the page.
    pub is_complete: bool,
}

/// The ways of answering a page, to be tried in turn.
pub(crate) fn statements(listing: &Listing, page: &Page) -> Vec<Attempt> {
    let walk = Walk::new(listing, page);
    if nothing_to_read(listing) {
        return Vec::new();
    }
    let complete = |query| Attempt {
        query,
        is_complete: true,
    };
    match (&listing.units, listing.stages.as_slice()) {
        (Some(units), &[stage]) if units.len() == 1 => vec![complete(walk.one(units[0], stage))],
        (None, _) => vec![complete(walk.every_unit())],
        (Some(units), stages) => {
            let mut attempts = vec![complete(walk.each_unit(units))];
            if units.len() * stages.len() > FEW_WALKS {
                attempts.insert(
                    0,
                    Attempt {
                        query: walk.newest(units),
                        is_complete: false,
                    },
                );
            }
            attempts
        }
    }
}

fn nothing_to_read(listing: &Listing) -> bool {
    listing.stages.is_empty() || listing.units.as_ref().is_some_and(Vec::is_empty)
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
    let attempts = statements(listing, page).into_iter().take(tried);
    Ok(attempts
        .map(|attempt| attempt.query.literal_text())
        .collect())
}

#[cfg(test)]
mod tests;
