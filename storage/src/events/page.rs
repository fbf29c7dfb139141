//! The page query of a working list.
//!
//! A list is the events of some units and stages in the order of their date. How it is read depends on how many walks
//! of an index that takes:
//!
//! 1. **One unit, one stage**: one walk of `(unit, stage, date desc, id desc)` stops after the page.
//! 2. **Every unit**: one walk of `(stage, date desc, id desc)` for each stage.
//! 3. **Some units**: first the newest [`NEWEST`] rows of the stages, kept where they lie in the scope. When they fill
//!    the page, which they do for every scope that holds a fair share of the events, that is the answer. Otherwise the
//!    scope is sparse, and one walk for each unit and stage, merged by date, finds its rows without reading others'.
//!
//! No statistics are asked, so none can mislead: each way reads a bounded number of rows whatever the skew.

use std::fmt::Write as _;

use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    event::{EventFilter, EventKind, EventOrder},
    page::{Cursor, Direction, Page, Reading},
};

use super::row::{self, EventRow};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// Rows of the first try at a wide scope. Reading them from the index takes about half a millisecond.
const NEWEST: i64 = 2_000;

/// With up to this many walks the first try is skipped: walking is as fast.
const FEW_WALKS: usize = 24;

/// A list of events that a caller may read, ready to be queried.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which table.
    pub kind: EventKind,
    /// Keys of the scope units; `None` for every unit.
    pub units: Option<Vec<i64>>,
    /// Keys of the stages.
    pub stages: Vec<i64>,
    /// Option combinations the caller may read; `None` for all.
    pub option_combos: Option<Vec<i64>>,
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

/// How many events a list has, counted up to `at_most + 1`.
///
/// # Errors
/// When the query fails.
pub fn count(conn: &mut Connection, listing: &Listing, at_most: i64) -> Result<i64> {
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
    query
        .push(" LIMIT ")
        .bind(Value::Int(at_most + 1))
        .push(") counted");
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

/// What the ways of reading have in common.
struct Walk<'a> {
    listing: &'a Listing,
    from: Option<Cursor>,
    direction: Direction,
    rows: i64,
}

impl<'a> Walk<'a> {
    fn new(listing: &'a Listing, page: &Page) -> Self {
        let EventOrder(order) = listing.order;
        let direction = match page.reading {
            Reading::Forward => order,
            Reading::Backward => order.reversed(),
        };
        Walk {
            listing,
            from: page.from,
            direction,
            rows: page.fetch(),
        }
    }

    /// The events of one unit and stage.
    fn one(&self, unit_id: i64, stage: i64) -> Statement {
        let mut query = Statement::new("SELECT ");
        query
            .push(row::columns(self.listing.kind))
            .push(" FROM ")
            .push(table(self.listing.kind));
        query
            .push(" e WHERE ")
            .push(unit(self.listing.kind))
            .push(" = ")
            .bind(Value::Int(unit_id));
        query
            .push(" AND e.programstageid = ")
            .bind(Value::Int(stage));
        self.push_rest(&mut query, self.rows);
        query
    }

    /// The events of every unit: a walk for each stage, merged.
    fn every_unit(&self) -> Statement {
        self.merged(|query| {
            query
                .push("unnest(")
                .bind(Value::Ints(self.listing.stages.clone()))
                .push(") AS s (id)");
            query
                .push(" CROSS JOIN LATERAL (SELECT e.eventid, ")
                .push(date(self.listing.kind))
                .push(" AS at FROM ");
            query
                .push(table(self.listing.kind))
                .push(" e WHERE e.programstageid = s.id");
            self.push_rest(query, self.rows);
            query.push(") w");
        })
    }

    /// The events of some units: a walk for each unit and stage, merged.
    fn each_unit(&self, units: &[i64]) -> Statement {
        self.merged(|query| {
            query
                .push("unnest(")
                .bind(Value::Ints(self.listing.stages.clone()))
                .push(") AS s (id) CROSS JOIN unnest(");
            query.bind(Value::Ints(units.to_vec())).push(") AS u (id)");
            query
                .push(" CROSS JOIN LATERAL (SELECT e.eventid, ")
                .push(date(self.listing.kind))
                .push(" AS at FROM ");
            query
                .push(table(self.listing.kind))
                .push(" e WHERE ")
                .push(unit(self.listing.kind));
            query.push(" = u.id AND e.programstageid = s.id");
            self.push_rest(query, self.rows);
            query.push(") w");
        })
    }

    /// The newest rows of the stages, kept where they lie in the scope. May miss rows, never returns a wrong one.
    fn newest(&self, units: &[i64]) -> Statement {
        self.merged(|query| {
            query
                .push("(SELECT n.eventid, n.at FROM unnest(")
                .bind(Value::Ints(self.listing.stages.clone()));
            query
                .push(") AS s (id) CROSS JOIN LATERAL (SELECT e.eventid, ")
                .push(date(self.listing.kind));
            query
                .push(" AS at, ")
                .push(unit(self.listing.kind))
                .push(" AS unit FROM ")
                .push(table(self.listing.kind));
            query.push(" e WHERE e.programstageid = s.id");
            self.push_rest(query, NEWEST);
            query
                .push(") n WHERE n.unit IN (SELECT unnest(")
                .bind(Value::Ints(units.to_vec()))
                .push("))) w");
        })
    }

    /// Reads the keys of a page from `source`, which must name them `w.eventid` and `w.at`, then the rows by key.
    fn merged(&self, source: impl FnOnce(&mut Statement)) -> Statement {
        let mut query = Statement::new("SELECT ");
        query
            .push(row::columns(self.listing.kind))
            .push(" FROM (SELECT w.eventid, w.at FROM ");
        source(&mut query);
        query
            .push(" ORDER BY w.at")
            .push(self.word())
            .push(", w.eventid")
            .push(self.word());
        query
            .push(" LIMIT ")
            .bind(Value::Int(self.rows))
            .push(") page JOIN ")
            .push(table(self.listing.kind));
        query
            .push(" e USING (eventid) ORDER BY page.at")
            .push(self.word());
        query.push(", page.eventid").push(self.word());
        query
    }

    /// Conditions, order and limit of one walk.
    fn push_rest(&self, query: &mut Statement, limit: i64) {
        push_conditions(
            query,
            self.listing,
            self.from.map(|cursor| (cursor, self.direction)),
        );
        query
            .push(" ORDER BY ")
            .push(date(self.listing.kind))
            .push(self.word());
        query
            .push(", e.eventid")
            .push(self.word())
            .push(" LIMIT ")
            .bind(Value::Int(limit));
    }

    fn word(&self) -> &'static str {
        match self.direction {
            Direction::Ascending => "",
            Direction::Descending => " DESC",
        }
    }
}

/// Everything but unit and stage. `list` and `count` share it, so they cannot disagree.
fn push_conditions(query: &mut Statement, listing: &Listing, from: Option<(Cursor, Direction)>) {
    let date = date(listing.kind);
    query.push(" AND NOT e.deleted");
    if let Some(combos) = &listing.option_combos {
        query
            .push(" AND e.attributeoptioncomboid = ANY(")
            .bind(Value::Ints(combos.clone()))
            .push(")");
    }
    if !listing.filter.statuses.is_empty() {
        let names = listing
            .filter
            .statuses
            .iter()
            .map(|status| status.name().to_owned())
            .collect();
        query
            .push(" AND e.status = ANY(")
            .bind(Value::Texts(names))
            .push(")");
    }
    if let Some(day) = listing.filter.occurred_from {
        query
            .push(" AND ")
            .push(date)
            .push(" >= ")
            .bind(Value::Day(day));
    }
    if let Some(day) = listing.filter.occurred_to {
        query
            .push(" AND ")
            .push(date)
            .push(" < ")
            .bind(Value::Day(day))
            .push(" + 1");
    } else if listing.filter.occurred_from.is_some() && listing.kind == EventKind::Tracker {
        query.push(" AND e.occurreddate IS NOT NULL");
    }
    if let Some((cursor, direction)) = from {
        let beyond = match direction {
            Direction::Ascending => ", e.eventid) > (",
            Direction::Descending => ", e.eventid) < (",
        };
        query.push(" AND (").push(date).push(beyond);
        query
            .bind(cursor.date.map_or(Value::EndOfTime, Value::Time))
            .push(", ")
            .bind(Value::Int(cursor.id))
            .push(")");
    }
}

fn table(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "singleevent",
        EventKind::Tracker => "trackerevent",
    }
}

/// The scope unit: where a single event happened, who owns the entity of a tracker event.
fn unit(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "e.organisationunitid",
        EventKind::Tracker => "e.ownerorganisationunitid",
    }
}

/// The order key. Events without a date come after all others, so `infinity` stands for it, in the index too.
fn date(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "e.occurreddate",
        EventKind::Tracker => "coalesce(e.occurreddate, 'infinity'::timestamp)",
    }
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
