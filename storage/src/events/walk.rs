//! Sources of a page: the SQL that finds the keys of its rows.
//!
//! A walk reads an index in list order and stops when it has enough. What it compares is one expression, so that a cursor
//! is one row comparison. A read of the scope sorts by any keys.

use domain::page::{Cursor, Page};

use super::{
    conditions::{has_details, push_conditions, push_details, push_span, push_where, table, unit},
    few::Narrow,
    order_keys::{Keys, word},
    page::Listing,
    row,
    walk_key::{WalkKey, push_cursor, push_key},
};
use crate::sql::{Statement, Value};

/// Rows that a first try reads, spread over its walks. That takes about half a millisecond from the index alone, and two
/// where the rows must be looked at.
pub(super) const NEWEST: i64 = 2_000;

/// Where the keys of a page come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A walk of each unit and stage.
    EachUnit(WalkKey, &'a [i64]),
    /// A walk of each stage, on which only rows of the units are kept, if any are named.
    EveryUnit(WalkKey, Option<&'a [i64]>),
    /// The first rows of each unit and stage, looked at afterwards. May miss rows, never finds a wrong one.
    FirstOfUnits(WalkKey, &'a [i64]),
    /// The first rows of each stage, kept where they lie in the units. May miss rows, never finds a wrong one.
    FirstOfStages(WalkKey, Option<&'a [i64]>),
    /// A walk of each person and stage.
    Assignees(WalkKey, &'a [i64]),
    /// The rows that the narrowest condition finds, sorted.
    Few(Narrow),
    /// All rows of the scope, sorted.
    Scope,
}

/// What the sources of a page have in common.
pub(super) struct Walk<'a> {
    pub(super) listing: &'a Listing,
    pub(super) keys: Keys<'a>,
    from: Option<&'a Cursor>,
    rows: i64,
    skip: i64,
    /// Whether events without a date are left out, which is right as long as none of them is in a state of the listing.
    is_dated: bool,
}

impl<'a> Walk<'a> {
    /// What a page asks of every source.
    pub(super) fn new(listing: &'a Listing, page: &'a Page) -> Self {
        Walk {
            listing,
            keys: Keys::new(listing.kind, &listing.order, page.reading),
            from: page.from.as_ref(),
            rows: page.fetch(),
            skip: page.skip,
            is_dated: false,
        }
    }

    /// The same without the events that have no date.
    pub(super) fn dated(listing: &'a Listing, page: &'a Page) -> Self {
        Walk {
            is_dated: true,
            ..Walk::new(listing, page)
        }
    }

    /// Rows of the page, and one more.
    pub(super) fn rows(&self) -> i64 {
        self.rows
    }

    /// Rows that a walk must find, those that are passed over among them.
    pub(super) fn depth(&self) -> i64 {
        self.rows.saturating_add(self.skip)
    }

    /// The events of one unit and stage, without a detour over their keys.
    pub(super) fn one(&self, key: WalkKey, unit_id: i64, stage: i64) -> Statement {
        let mut query = Statement::new("SELECT ");
        row::push_columns(&mut query, self.listing);
        query
            .push(", NULL::text[] AS order_keys FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE ")
            .push(unit(self.listing.kind))
            .push(" = ")
            .bind(Value::Int(unit_id))
            .push(" AND e.programstageid = ")
            .bind(Value::Int(stage));
        push_conditions(&mut query, self.listing);
        self.push_walk(&mut query, key, self.rows);
        query
    }

    /// A page: the keys of its rows from a source, then the rows by key.
    ///
    /// The lateral `LIMIT 1` makes that one look-up for each row. A plain join lets a plan that was made for any limit
    /// read the whole table instead.
    pub(super) fn page(&self, source: Source<'_>) -> Statement {
        let mut query = Statement::new("SELECT ");
        row::push_columns(&mut query, self.listing);
        query.push(", ");
        self.keys.push_texts(&mut query);
        query.push(" FROM (SELECT w.eventid");
        self.keys.push_names(&mut query);
        query.push(" FROM (");
        let walks = self.push_source(&mut query, source);
        if walks.is_some() {
            self.push_lent(&mut query, walks);
        }
        query.push(") w");
        if let (None, Some(cursor)) = (walks, self.from) {
            self.keys.push_beyond(&mut query, cursor);
        }
        if self.is_dated {
            query.push(
                " WHERE NOT EXISTS (SELECT FROM trackerevent u WHERE u.programstageid = ANY(",
            );
            query.bind(Value::Ints(self.listing.stages.clone()));
            query.push(
                ") AND u.occurreddate IS NULL AND u.status IN ('ACTIVE', 'COMPLETED', 'VISITED'))",
            );
        }
        self.keys.push_order(&mut query, "w.");
        query.push(" LIMIT ").bind(Value::Int(self.rows));
        if self.skip > 0 {
            query.push(" OFFSET ").bind(Value::Int(self.skip));
        }
        query
            .push(") page CROSS JOIN LATERAL (SELECT * FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE e.eventid = page.eventid LIMIT 1) e");
        self.keys.push_order(&mut query, "page.");
        query
    }

    /// How many rows a first try of one unit and stage had before it, counted no further than it reads.
    pub(super) fn tried(&self, key: WalkKey, unit_id: i64, stage: i64) -> Statement {
        let mut query = Statement::new("SELECT count(*) AS counted FROM (SELECT FROM ");
        query
            .push(table(self.listing.kind))
            .push(" e WHERE ")
            .push(unit(self.listing.kind))
            .push(" = ")
            .bind(Value::Int(unit_id))
            .push(" AND e.programstageid = ")
            .bind(Value::Int(stage));
        push_span(&mut query, self.listing);
        self.push_walk(&mut query, key, NEWEST);
        query.push(") tried");
        query
    }

    /// Pushes a source. Walks have compared the cursor: their key is returned.
    fn push_source(&self, query: &mut Statement, source: Source<'_>) -> Option<WalkKey> {
        match source {
            Source::EachUnit(key, units) => self.push_units(query, key, units, None),
            Source::FirstOfUnits(key, units) => {
                let walks =
                    i64::try_from(units.len() * self.listing.stages.len()).unwrap_or(NEWEST);
                let limit = (NEWEST / walks.max(1)).max(self.depth());
                self.push_units(query, key, units, Some(limit));
            }
            Source::EveryUnit(key, units) => self.push_stages(query, key, units),
            Source::FirstOfStages(key, units) => self.push_first(query, key, units),
            Source::Assignees(key, people) => self.push_people(query, key, people),
            Source::Few(narrow) => {
                self.push_sorted(query, |query| self.push_few(query, narrow));
                return None;
            }
            Source::Scope => {
                self.push_sorted(query, |query| {
                    query.push("SELECT e.eventid");
                    self.keys.push_stored(query);
                    query
                        .push(" FROM ")
                        .push(table(self.listing.kind))
                        .push(" e");
                    push_where(query, self.listing);
                });
                return None;
            }
        }
        match source {
            Source::EachUnit(key, _)
            | Source::FirstOfUnits(key, _)
            | Source::EveryUnit(key, _)
            | Source::FirstOfStages(key, _)
            | Source::Assignees(key, _) => Some(key),
            Source::Few(_) | Source::Scope => None,
        }
    }

    /// Rows that are sorted by keys which no index has. A number is read from a text that was taken out of its document
    /// before: a function that is written out asks for its argument in several places.
    fn push_sorted(&self, query: &mut Statement, rows: impl FnOnce(&mut Statement)) {
        query.push("SELECT s.eventid");
        self.keys.push_read(query);
        query.push(" FROM (");
        rows(query);
        query.push(if self.keys.are_read() {
            " OFFSET 0) s"
        } else {
            ") s"
        });
    }

    /// A walk of each unit and stage. With `first`: of so many rows, which are looked at afterwards.
    fn push_units(&self, query: &mut Statement, key: WalkKey, units: &[i64], first: Option<i64>) {
        query.push("SELECT x.* FROM ");
        self.push_stage_list(query);
        query.push(" CROSS JOIN unnest(");
        query.bind(Value::Ints(units.to_vec())).push(") AS u (id)");
        self.push_lateral(query, key);
        query
            .push(unit(self.listing.kind))
            .push(" = u.id AND e.programstageid = s.id");
        match first {
            None => {
                push_conditions(query, self.listing);
                self.push_walk(query, key, self.depth());
                query.push(") x");
            }
            Some(limit) => {
                push_span(query, self.listing);
                self.push_walk(query, key, limit);
                query.push(") x");
                self.push_look(query);
            }
        }
    }

    fn push_stages(&self, query: &mut Statement, key: WalkKey, units: Option<&[i64]>) {
        query.push("SELECT x.* FROM ");
        self.push_each_stage(query, |query| {
            query.push("e.eventid");
            push_key(query, key);
        });
        if let Some(units) = units {
            query.push(" AND (");
            self.push_nothing_beyond(query, units);
            query.push(" OR ");
            self.push_within(query, units);
            query.push(")");
        }
        push_conditions(query, self.listing);
        self.push_walk(query, key, self.depth());
        query.push(") x");
    }

    /// `(SELECT … FROM … e WHERE …`: rows of a stage, to be closed. A single stage is compared directly: then PostgreSQL
    /// knows the order of the rows and stops reading when the page is full.
    fn push_each_stage(&self, query: &mut Statement, columns: impl FnOnce(&mut Statement)) {
        let stage = match self.listing.stages.as_slice() {
            &[stage] => Some(stage),
            _ => None,
        };
        if stage.is_none() {
            self.push_stage_list(query);
            query.push(" CROSS JOIN LATERAL ");
        }
        query.push("(SELECT ");
        columns(query);
        query
            .push(" FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE e.programstageid = ");
        match stage {
            Some(stage) => query.bind(Value::Int(stage)),
            None => query.push("s.id"),
        };
    }

    /// The first rows of each stage, then those of them that are in the scope.
    fn push_first(&self, query: &mut Statement, key: WalkKey, units: Option<&[i64]>) {
        query.push("SELECT e.eventid");
        if key.sql.is_some() {
            query.push(", e.k0");
        }
        query.push(" FROM ");
        let has_details = has_details(self.listing);
        self.push_newest(query, key, has_details);
        query.push(" WHERE ");
        match units {
            Some(units) => self.push_within(query, units),
            None => {
                query.push("true");
            }
        }
        push_details(query, self.listing);
    }

    /// The first rows of each stage as `e`: whole, or what their index holds.
    pub(super) fn push_newest(&self, query: &mut Statement, key: WalkKey, is_whole: bool) {
        self.push_each_stage(query, |query| {
            match is_whole {
                true => query.push("e.*"),
                false => query.push("e.eventid, ").push(unit(self.listing.kind)),
            };
            push_key(query, key);
        });
        push_span(query, self.listing);
        if let (true, Some(sql)) = (self.is_dated, key.sql) {
            query.push(" AND ").push(sql).push(" < 'infinity'");
        }
        self.push_walk(query, key, NEWEST);
        query.push(") e");
    }

    fn push_people(&self, query: &mut Statement, key: WalkKey, people: &[i64]) {
        query.push("SELECT x.* FROM ");
        self.push_stage_list(query);
        query.push(" CROSS JOIN unnest(");
        query.bind(Value::Ints(people.to_vec())).push(") AS a (id)");
        self.push_lateral(query, key);
        query.push("e.assigneduserid = a.id AND e.programstageid = s.id");
        if let Some(units) = &self.listing.units {
            query
                .push(" AND ")
                .push(unit(self.listing.kind))
                .push(" = ANY(");
            query.bind(Value::Ints(units.clone())).push(")");
        }
        push_conditions(query, self.listing);
        self.push_walk(query, key, self.depth());
        query.push(") x");
    }

    pub(super) fn push_stages_any(&self, query: &mut Statement) {
        query.push(" AND e.programstageid = ANY(");
        query
            .bind(Value::Ints(self.listing.stages.clone()))
            .push(")");
    }

    fn push_stage_list(&self, query: &mut Statement) {
        query
            .push("unnest(")
            .bind(Value::Ints(self.listing.stages.clone()))
            .push(") AS s (id)");
    }

    fn push_lateral(&self, query: &mut Statement, key: WalkKey) {
        query.push(" CROSS JOIN LATERAL (SELECT e.eventid");
        push_key(query, key);
        query
            .push(" FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE ");
    }

    /// One look at each row of `x` for the conditions that the index does not answer.
    fn push_look(&self, query: &mut Statement) {
        if !has_details(self.listing) {
            return;
        }
        query
            .push(" CROSS JOIN LATERAL (SELECT FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE e.eventid = x.eventid");
        push_details(query, self.listing);
        query.push(" LIMIT 1) d");
    }

    /// Cursor, order and limit of one walk.
    pub(super) fn push_walk(&self, query: &mut Statement, key: WalkKey, limit: i64) {
        let direction = self.keys.direction();
        if let Some(cursor) = self.from {
            push_cursor(query, key, cursor, direction);
        }
        query.push(" ORDER BY ");
        if let Some(sql) = key.sql {
            query.push(sql).push(word(direction)).push(", ");
        }
        query
            .push("e.eventid")
            .push(word(direction))
            .push(" LIMIT ")
            .bind(Value::Int(limit));
    }
}
