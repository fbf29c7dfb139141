//! Which rows of a walk through every unit lie within a scope of many.

use super::{
    conditions::{table, unit},
    walk::Walk,
    walk_key::WalkKey,
};
use crate::sql::{Statement, Value};

impl Walk<'_> {
    /// Whether a row is of the units. `IS TRUE` keeps the units a set that each row is looked up in; a join with them would
    /// lose the order of the rows.
    pub(super) fn push_within(&self, query: &mut Statement, units: &[i64]) {
        query
            .push("(")
            .push(unit(self.listing.kind))
            .push(" IN (SELECT unnest(")
            .bind(Value::Ints(units.to_vec()))
            .push("))) IS TRUE");
    }

    /// Whether no unit but these has an event of the stages, which is found once, in the state of the database that the
    /// walk reads. A walk of hundreds of thousands of rows is a fifth sooner done when it need not look at their units.
    pub(super) fn push_nothing_beyond(&self, query: &mut Statement, units: &[i64]) {
        query
            .push("NOT EXISTS (SELECT FROM organisationunit o CROSS JOIN LATERAL (SELECT FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE ")
            .push(unit(self.listing.kind))
            .push(" = o.organisationunitid");
        self.push_stages_any(query);
        if !self.listing.filter.include_deleted {
            query.push(" AND NOT e.deleted");
        }
        query.push(" LIMIT 1) e WHERE o.organisationunitid <> ALL(");
        query.bind(Value::Ints(units.to_vec())).push("))");
    }

    /// How many of the first rows of the stages lie in the units, whatever else they are.
    pub(super) fn share(&self, key: WalkKey, units: &[i64]) -> Statement {
        let mut query = Statement::new("SELECT count(*) AS counted FROM ");
        self.push_newest(&mut query, key, false);
        query.push(" WHERE ");
        self.push_within(&mut query, units);
        query
    }
}
