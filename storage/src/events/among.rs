//! Events that are known by key, as far as a listing would show them.

use super::{
    conditions::{push_where, table},
    page::Listing,
    row::{self, EventRow},
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
    row::push_columns(&mut query, listing);
    query
        .push(", NULL::text[] AS order_keys FROM ")
        .push(table(listing.kind))
        .push(" e");
    push_where(&mut query, listing);
    query
        .push(" AND e.eventid = ANY(")
        .bind(Value::Ints(ids.to_vec()))
        .push(")");
    EventRow::load(conn, query)
}
