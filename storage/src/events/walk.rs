//! Walks of the index: the SQL of each way of reading a page.

use domain::{
    event::EventKind,
    page::{Cursor, Direction, Page, Reading, instant},
};

use super::{page::Listing, row};
use crate::sql::{Statement, Value};

/// Rows of the first try at a wide scope. Reading them from the index takes about half a millisecond.
const NEWEST: i64 = 2_000;

/// What the ways of reading have in common.
pub(super) struct Walk<'a> {
    listing: &'a Listing,
    from: Option<&'a Cursor>,
    direction: Direction,
    rows: i64,
}

impl<'a> Walk<'a> {
    /// What a page asks of every walk.
    pub(super) fn new(listing: &'a Listing, page: &'a Page) -> Self {
        let order = listing.order.direction();
        let direction = match page.reading {
            Reading::Forward => order,
            Reading::Backward => order.reversed(),
        };
        Walk {
            listing,
            from: page.from.as_ref(),
            direction,
            rows: page.fetch(),
        }
    }

    /// The events of one unit and stage.
    pub(super) fn one(&self, unit_id: i64, stage: i64) -> Statement {
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
    pub(super) fn every_unit(&self) -> Statement {
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
    pub(super) fn each_unit(&self, units: &[i64]) -> Statement {
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
    pub(super) fn newest(&self, units: &[i64]) -> Statement {
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
    ///
    /// The lateral `LIMIT 1` makes that one look-up for each row. A plain join lets a plan that was made for any limit
    /// read the whole table instead.
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
            .push(") page CROSS JOIN LATERAL (SELECT * FROM ")
            .push(table(self.listing.kind));
        query
            .push(" e WHERE e.eventid = page.eventid LIMIT 1) e ORDER BY page.at")
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
pub(super) fn push_conditions(
    query: &mut Statement,
    listing: &Listing,
    from: Option<(&Cursor, Direction)>,
) {
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
    let occurred = listing.filter.occurred;
    if let Some(from) = occurred.from {
        query
            .push(" AND ")
            .push(date)
            .push(" >= ")
            .bind(Value::Time(from));
    }
    if let Some(to) = occurred.to {
        query
            .push(" AND ")
            .push(date)
            .push(" <= ")
            .bind(Value::Time(to));
    } else if occurred.from.is_some() && listing.kind == EventKind::Tracker {
        query.push(" AND e.occurreddate IS NOT NULL");
    }
    if let Some((cursor, direction)) = from {
        let beyond = match direction {
            Direction::Ascending => ", e.eventid) > (",
            Direction::Descending => ", e.eventid) < (",
        };
        query.push(" AND (").push(date).push(beyond);
        query
            .bind(
                cursor
                    .keys
                    .first()
                    .and_then(|key| instant(key.as_deref()?))
                    .map_or(Value::EndOfTime, Value::Time),
            )
            .push(", ")
            .bind(Value::Int(cursor.id))
            .push(")");
    }
}

pub(super) fn table(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Single => "singleevent",
        EventKind::Tracker => "trackerevent",
    }
}

/// The scope unit: where a single event happened, who owns the entity of a tracker event.
pub(super) fn unit(kind: EventKind) -> &'static str {
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
