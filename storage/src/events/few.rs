//! Sources that need no walk of the scope: rows that a narrow condition finds, and rows that are lent to the caller.

use domain::event::filter::Assignee;

use super::{
    conditions::{push_conditions, push_where, table},
    walk::Walk,
    walk_key::{WalkKey, push_key},
};
use crate::sql::{Statement, Value};

/// A condition that leaves few rows, whatever the scope.
#[derive(Clone, Copy)]
pub(super) enum Narrow {
    /// Events by identifier.
    Uids,
    /// Events of enrolments.
    Enrollments,
    /// Events of people.
    Assignees,
    /// Events changed within a window.
    Updated,
}

impl Walk<'_> {
    /// The rows of the narrowest condition. `OFFSET 0` lets no other condition choose the index.
    pub(super) fn push_few(&self, query: &mut Statement, narrow: Narrow) {
        let filter = &self.listing.filter;
        query.push("SELECT e.eventid");
        self.keys.push_stored(query);
        query
            .push(" FROM (SELECT * FROM ")
            .push(table(self.listing.kind))
            .push(" e WHERE ");
        match narrow {
            Narrow::Uids => {
                let uids = filter.uids.clone().unwrap_or_default();
                query
                    .push("e.uid = ANY(")
                    .bind(Value::Texts(uids))
                    .push(")");
            }
            Narrow::Enrollments => {
                let ids = filter.enrollment.ids.clone().unwrap_or_default();
                query
                    .push("e.enrollmentid = ANY(")
                    .bind(Value::Ints(ids))
                    .push(")");
            }
            Narrow::Assignees => {
                let people = match &filter.assignee {
                    Some(Assignee::OneOf(people)) => people.clone(),
                    _ => Vec::new(),
                };
                query
                    .push("e.assigneduserid = ANY(")
                    .bind(Value::Ints(people))
                    .push(")");
                self.push_stages_any(query);
            }
            Narrow::Updated => {
                query.push("true");
                self.push_stages_any(query);
                for (sign, bound) in [(" >= ", filter.updated.from), (" <= ", filter.updated.to)] {
                    if let Some(bound) = bound {
                        query
                            .push(" AND e.lastupdated")
                            .push(sign)
                            .bind(Value::Time(bound));
                    }
                }
            }
        }
        query.push(" OFFSET 0) e");
        push_where(query, self.listing);
    }

    /// ` UNION ALL …`: what is lent to the caller in units that a walk does not enter.
    pub(super) fn push_lent(&self, query: &mut Statement, key: Option<WalkKey>) {
        let (Some(key), Some(lent), Some(visible)) = (key, &self.listing.lent, &self.listing.units)
        else {
            return;
        };
        query.push(" UNION ALL (SELECT e.eventid");
        push_key(query, key);
        query.push(" FROM (SELECT * FROM trackerevent e WHERE e.enrollmentid = ANY(");
        query
            .bind(Value::Ints(lent.enrollments.clone()))
            .push(") OFFSET 0) e WHERE NOT e.ownerorganisationunitid = ANY(")
            .bind(Value::Ints(visible.clone()))
            .push(")");
        if let Some(units) = &lent.units {
            query.push(" AND e.ownerorganisationunitid = ANY(");
            query.bind(Value::Ints(units.clone())).push(")");
        }
        self.push_stages_any(query);
        push_conditions(query, self.listing);
        self.push_walk(query, key, self.depth());
        query.push(")");
    }
}
