//! Events that are known by key, as far as a listing would show them.

use diesel::prelude::*;

use super::{
    page::Listing,
    row::{self, EventRow},
    walk::{push_conditions, table, unit},
};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// Those of some events that a listing holds, in no order.
///
/// # Errors
/// When the query fails.
pub fn among(conn: &mut Connection, listing: &Listing, ids: &[i64]) -> Result<Vec<EventRow>> {
    let mut query = Statement::new("SELECT ");
    query
        .push(row::columns(listing.kind))
        .push(" FROM ")
        .push(table(listing.kind))
        .push(" e");
    push_where(&mut query, listing);
    query
        .push(" AND e.eventid = ANY(")
        .bind(Value::Ints(ids.to_vec()))
        .push(")");
    Ok(query.load(conn)?)
}

/// ` WHERE …`: stages, units and every other condition.
pub(super) fn push_where(query: &mut Statement, listing: &Listing) {
    query
        .push(" WHERE e.programstageid = ANY(")
        .bind(Value::Ints(listing.stages.clone()))
        .push(")");
    if let Some(units) = &listing.units {
        query
            .push(" AND ")
            .push(unit(listing.kind))
            .push(" = ANY(")
            .bind(Value::Ints(units.clone()))
            .push(")");
    }
    push_conditions(query, listing, None);
}
