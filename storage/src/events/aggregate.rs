//! Aggregates of the events that a list would show: counts, sums, means, smallest and largest values by group.
//!
//! What the counts can answer is read from them ([`super::counts`]); everything else from the events, under the conditions
//! of the list. Both give the same numbers, which a test holds against plain SQL.

mod check;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Double, Nullable, Text},
};

use super::{
    conditions::{push_where, table, unit},
    counts,
    page::Listing,
    ways::nothing_to_read,
};
use crate::{
    Connection, Error, Result,
    sql::{Statement, Value},
};

pub use check::check;

/// Most groups of an answer.
pub const MOST_GROUPS: usize = 5_000;

/// What events are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// The unit that lists select by, or the one above it at a level of the tree; a root has 1.
    OrgUnit(Option<u8>),
    /// A period of the date they occurred.
    Period(Period),
    /// The stored state.
    Status,
    /// The stage.
    Stage,
    /// The value of a data element, by identifier.
    Value(String),
    /// The attribute option combination.
    OptionCombo,
}

/// Length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Like `2026-01-31`.
    Day,
    /// ISO week, like `2026-W05`.
    Week,
    /// Like `2026-01`.
    Month,
    /// Like `2026-Q1`.
    Quarter,
    /// Like `2026`.
    Year,
}

/// What is computed of the numbers of a data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// How many there are.
    Count,
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// A figure beside the count of events. Values that are not numbers are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Identifier of the data element.
    pub column: String,
    /// What is computed.
    pub function: Function,
}

/// Events with equal keys.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Group {
    /// A key for each dimension: identifier, period, state or value; `None` for events without one.
    #[diesel(sql_type = Array<Nullable<Text>>)]
    pub keys: Vec<Option<String>>,
    /// How many events.
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    /// The measures, in order; `None` where no event has a number.
    #[diesel(sql_type = Array<Nullable<Double>>)]
    pub measures: Vec<Option<f64>>,
}

/// The groups of a listing, ordered by their keys. Those without events are absent.
///
/// # Errors
/// [`Error::Input`] when there are more than [`MOST_GROUPS`]; when the query fails.
pub fn aggregate(
    conn: &mut Connection,
    listing: &Listing,
    dimensions: &[Dimension],
    measures: &[Measure],
) -> Result<Vec<Group>> {
    if nothing_to_read(listing) {
        return Ok(Vec::new());
    }
    let query = if is_counted(listing, dimensions, measures) {
        counted(listing, dimensions)
    } else {
        live(listing, dimensions, measures)
    };
    let mut groups: Vec<Group> = query.load(conn)?;
    if groups.len() > MOST_GROUPS {
        return Err(Error::Input(format!(
            "groupBy makes more than {MOST_GROUPS} groups; ask for fewer dimensions, a higher level or a longer period"
        )));
    }
    groups.retain(|group| group.events > 0);
    Ok(groups)
}

/// Whether the counts answer.
pub(super) fn is_counted(
    listing: &Listing,
    dimensions: &[Dimension],
    measures: &[Measure],
) -> bool {
    let is_kept = |dimension: &Dimension| {
        !matches!(
            dimension,
            Dimension::Value(_) | Dimension::Period(Period::Day | Period::Week)
        )
    };
    measures.is_empty() && dimensions.iter().all(is_kept) && counts::answer(listing)
}

/// The query over the counts.
pub(super) fn counted(listing: &Listing, dimensions: &[Dimension]) -> Statement {
    let mut query = outer(dimensions.len(), 0);
    for (place, dimension) in dimensions.iter().enumerate() {
        push_key(
            &mut query,
            place,
            dimension,
            "nullif(e.month, 'infinity')::timestamp",
        );
    }
    query
        .push("sum(e.events)::bigint AS events")
        .push(counts::SOURCE);
    push_joins(&mut query, dimensions, "e.organisationunitid");
    counts::push_where(&mut query, listing);
    push_group_by(&mut query, dimensions.len());
    query.push(" HAVING sum(e.events) <> 0");
    finish(query)
}

/// The query over the events.
pub(super) fn live(listing: &Listing, dimensions: &[Dimension], measures: &[Measure]) -> Statement {
    let mut query = outer(dimensions.len(), measures.len());
    for (place, dimension) in dimensions.iter().enumerate() {
        push_key(&mut query, place, dimension, "e.occurreddate");
    }
    query.push("count(*) AS events");
    for (place, measure) in measures.iter().enumerate() {
        push_measure(&mut query, measure);
        query.push(" AS ").push(MEASURES[place]);
    }
    query.push(" FROM ").push(table(listing.kind)).push(" e");
    push_joins(&mut query, dimensions, unit(listing.kind));
    push_where(&mut query, listing);
    push_group_by(&mut query, dimensions.len());
    finish(query)
}

const KEYS: [&str; 4] = ["k1", "k2", "k3", "k4"];
const MEASURES: [&str; 8] = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"];
/// Most dimensions of an aggregate.
pub const MOST_DIMENSIONS: usize = KEYS.len();
/// Most measures of an aggregate.
pub const MOST_MEASURES: usize = MEASURES.len();

/// Hands out keys and measures as arrays, whatever their number.
fn outer(keys: usize, measures: usize) -> Statement {
    let mut query = Statement::new("SELECT ARRAY[");
    push_list(&mut query, &KEYS[..keys]);
    query.push("]::text[] AS keys, events, ARRAY[");
    push_list(&mut query, &MEASURES[..measures]);
    query.push("]::float8[] AS measures FROM (SELECT ");
    query
}

fn push_list(query: &mut Statement, names: &[&'static str]) {
    for (place, &name) in names.iter().enumerate() {
        query.push(if place == 0 { "" } else { ", " }).push(name);
    }
}

fn push_group_by(query: &mut Statement, keys: usize) {
    if keys > 0 {
        query.push(" GROUP BY ");
        push_list(query, &["1", "2", "3", "4"][..keys]);
    }
}

/// One group more than may be shown tells that there are too many; no group of an answer is cut off.
fn finish(mut query: Statement) -> Statement {
    let most = i64::try_from(MOST_GROUPS).unwrap_or(i64::MAX);
    query
        .push(" LIMIT ")
        .bind(Value::Int(most.saturating_add(1)))
        .push(") AS g ORDER BY 1");
    query
}

/// A key under the name of its place.
fn push_key(query: &mut Statement, place: usize, dimension: &Dimension, date: &'static str) {
    match dimension {
        Dimension::OrgUnit(None) => {
            query.push("u.uid");
        }
        Dimension::OrgUnit(Some(level)) => {
            query
                .push("nullif(split_part(u.path, '/', (")
                .bind(Value::Int(i64::from(*level)))
                .push(")::int + 1), '')");
        }
        Dimension::Period(period) => {
            query.push("to_char(").push(date).push(match period {
                Period::Day => ", 'YYYY-MM-DD')",
                Period::Week => ", 'IYYY-\"W\"IW')",
                Period::Month => ", 'YYYY-MM')",
                Period::Quarter => ", 'YYYY-\"Q\"Q')",
                Period::Year => ", 'YYYY')",
            });
        }
        Dimension::Status => {
            query.push("e.status");
        }
        Dimension::Stage => {
            query.push("s.uid");
        }
        Dimension::Value(uid) => {
            query
                .push("e.eventdatavalues -> ")
                .bind(Value::Text(uid.clone()))
                .push(" ->> 'value'");
        }
        Dimension::OptionCombo => {
            query.push("c.uid");
        }
    }
    query.push(" AS ").push(KEYS[place]).push(", ");
}

/// What does not read as a number counts as no value, so that one malformed value fails no query.
fn push_measure(query: &mut Statement, measure: &Measure) {
    let (before, after) = match measure.function {
        Function::Count => (", count(", ")::float8"),
        Function::Sum => (", sum(", ")::float8"),
        Function::Mean => (", avg(", ")::float8"),
        Function::Min => (", min(", ")::float8"),
        Function::Max => (", max(", ")::float8"),
    };
    query
        .push(before)
        .push("value_as_number(e.eventdatavalues -> ")
        .bind(Value::Text(measure.column.clone()))
        .push(" ->> 'value')")
        .push(after);
}

fn push_joins(query: &mut Statement, dimensions: &[Dimension], unit: &'static str) {
    if dimensions
        .iter()
        .any(|dimension| matches!(dimension, Dimension::OrgUnit(_)))
    {
        query
            .push(" JOIN organisationunit u ON u.organisationunitid = ")
            .push(unit);
    }
    if dimensions.contains(&Dimension::Stage) {
        query.push(" JOIN programstage s ON s.programstageid = e.programstageid");
    }
    if dimensions.contains(&Dimension::OptionCombo) {
        query.push(
            " JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid",
        );
    }
}

#[cfg(test)]
mod tests;
