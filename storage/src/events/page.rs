//! The page query of a working list.
//!
//! A list is the events of some units and stages, filtered and in some order. How a page is read depends on what answers
//! it soonest; none of the ways asks the statistics of the table, so none can be misled by them:
//!
//! 1. **Named events, enrolments**: the few rows that they are, sorted.
//! 2. **An order that an index keeps** (by the date they occurred; of tracker events also by key, when they were stored and
//!    when they are due; of every unit also by when they were changed):
//!    - *one unit, one stage*: one walk of `(unit, stage, key desc, id desc)` stops after the page;
//!    - *every unit*: one walk of `(stage, key desc, id desc)` for each stage;
//!    - *few units*: a walk for each unit and stage, merged;
//!    - *many units*: first the newest 2,000 rows of the stages, kept where they lie in the scope and meet the filter. When
//!      they fill the page, which they do for every scope that holds a fair share of the events, that is the answer.
//!      Otherwise the scope is sparse, and one walk for each unit and stage finds its rows without reading others'.
//!    - *of some people, or changed within a window*: a first try among the newest rows of the scope as above; when it does
//!      not fill the page, the rows are rare in the scope, and the index of assignees or changes finds them.
//! 3. **Any other order**: all rows of the scope are read once, and the first of them kept.
//!
//! A walk with a filter that no index answers (a value, a state) reads on until the page is full: what it costs is the
//! distance between matching rows, at worst the unit. The third way costs the scope. All other ways read a bounded number
//! of rows, whatever the skew. Pages by number pass over the rows before them in the index.

use std::fmt::Write as _;

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    event::{EventFilter, EventKind, EventOrder, filter::Assignee},
    page::{Cursor, Page},
};

use super::{
    conditions::{push_where, table},
    few::Narrow,
    row::EventRow,
    walk::{NEWEST, Source, Walk},
    walk_key::{WalkKey, walk_key},
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

impl Listing {
    /// Whether the fields of a row are all that its cursor needs.
    fn has_no_order_keys(&self) -> bool {
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

/// The rows, uncut, and how many of the statements it took.
fn answer(conn: &mut Connection, listing: &Listing, page: &Page) -> Result<(Vec<EventRow>, usize)> {
    for (tried, attempt) in (1..).zip(statements(listing, page)) {
        let rows: Vec<EventRow> = attempt.query.load(conn)?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|found| found >= page.fetch());
        let is_complete = match attempt.otherwise {
            Otherwise::Complete => true,
            Otherwise::TryNext => false,
            Otherwise::CompleteIfFewer(count) => {
                is_full || count.get_result::<Counted>(conn)?.counted < NEWEST
            }
        };
        if is_full || is_complete {
            return Ok((rows, tried));
        }
    }
    Ok((Vec::new(), 0))
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

/// One way of answering a page.
pub(crate) struct Attempt {
    /// The query.
    pub query: Statement,
    /// What holds when it does not fill the page.
    pub otherwise: Otherwise,
}

/// What the answer of an attempt is worth when it does not fill the page.
pub(crate) enum Otherwise {
    /// There are no more rows.
    Complete,
    /// The next attempt finds them all.
    TryNext,
    /// There are no more rows if this count is below [`NEWEST`]; else the next attempt finds them all.
    CompleteIfFewer(Statement),
}

/// The ways of answering a page, to be tried in turn.
pub(crate) fn statements(listing: &Listing, page: &Page) -> Vec<Attempt> {
    if nothing_to_read(listing) {
        return Vec::new();
    }
    let walk = Walk::new(listing, page);
    let complete = |query| Attempt {
        query,
        otherwise: Otherwise::Complete,
    };
    let filter = &listing.filter;
    let people = match &filter.assignee {
        Some(Assignee::OneOf(people)) => Some(people.as_slice()),
        _ => None,
    };
    let key = walk_key(listing);
    let few = if filter.uids.is_some() {
        Some(Narrow::Uids)
    } else if filter.enrollment.ids.is_some() {
        Some(Narrow::Enrollments)
    } else if people.is_some() && key.is_none() {
        Some(Narrow::Assignees)
    } else if filter.updated.from.is_some() && filter.include_deleted && key.is_none() {
        Some(Narrow::Updated)
    } else {
        None
    };
    if let Some(narrow) = few {
        return vec![complete(walk.page(Source::Few(narrow)))];
    }
    let Some(key) = key else {
        return vec![complete(walk.page(Source::Scope))];
    };
    let is_occurred = listing.order.occurred_date_only().is_some();
    let rare = match people {
        Some(people) if is_occurred && listing.lent.is_none() => {
            Some(Source::Assignees(key, people))
        }
        Some(_) => Some(Source::Few(Narrow::Assignees)),
        None if filter.updated.from.is_some() => Some(Source::Few(Narrow::Updated)),
        None => None,
    };
    walks(listing, &walk, key, rare)
}

/// The walks that answer a page, with a source for what is rare in the scope.
fn walks(
    listing: &Listing,
    walk: &Walk<'_>,
    key: WalkKey,
    rare: Option<Source<'_>>,
) -> Vec<Attempt> {
    let stages = listing.stages.len();
    let units = listing.units.as_deref();
    let one = match (units, listing.stages.as_slice()) {
        (Some(&[unit]), &[stage]) if key.of_unit => Some((unit, stage)),
        _ => None,
    };
    let is_few = units.is_some_and(|units| units.len() * stages <= FEW_WALKS);
    let first = match units {
        Some(units) if key.of_unit && is_few => rare.map(|_| Source::FirstOfUnits(key, units)),
        None => rare
            .filter(|_| key.of_stage)
            .map(|_| Source::FirstOfStages(key, None)),
        Some(units) => key
            .of_stage
            .then_some(Source::FirstOfStages(key, Some(units))),
    };
    let first = first.filter(|_| walk.depth() <= NEWEST / 2);
    let last = match (rare, units) {
        (Some(rare), _) => rare,
        (None, Some(units)) if key.of_unit => Source::EachUnit(key, units),
        (None, None) if key.of_stage => Source::EveryUnit(key),
        (None, _) => Source::Scope,
    };
    let direct = one.filter(|_| {
        rare.is_none()
            && walk.depth() == walk.rows()
            && listing.has_no_order_keys()
            && listing.lent.is_none()
    });
    let mut attempts = Vec::with_capacity(2);
    if let Some(first) = first {
        attempts.push(Attempt {
            query: walk.page(first),
            otherwise: match one {
                Some((unit, stage)) if listing.lent.is_none() => {
                    Otherwise::CompleteIfFewer(walk.tried(key, unit, stage))
                }
                _ => Otherwise::TryNext,
            },
        });
    }
    attempts.push(Attempt {
        query: match direct {
            Some((unit, stage)) => walk.one(key, unit, stage),
            None => walk.page(last),
        },
        otherwise: Otherwise::Complete,
    });
    attempts
}

pub(super) fn nothing_to_read(listing: &Listing) -> bool {
    let no_unit = listing.units.as_ref().is_some_and(Vec::is_empty) && listing.lent.is_none();
    listing.stages.is_empty() || no_unit
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
