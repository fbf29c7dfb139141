//! Every filter and every order beside plain SQL on odd data: the same rows, page by page, forward, backward, by number.

mod data;
mod filters;
mod orders;

use super::*;
use crate::testing::texts;

/// What a listing is narrowed by: the filter, and the same in plain SQL over `e` (event), `n` (enrolment), `t` (entity).
struct Filtered {
    filter: EventFilter,
    sql: String,
}

/// A scope with its plain SQL.
struct Scope {
    units: Option<Vec<i64>>,
    lent: Option<Lent>,
    sql: String,
}

/// The data of a kind, with everything that the twins name.
struct World {
    conn: Connection,
    kind: EventKind,
    stages: Vec<i64>,
    units: Vec<i64>,
    people: Vec<i64>,
    enrollments: Vec<i64>,
    uids: Vec<String>,
    combos: Vec<i64>,
    attribute: i64,
}

impl World {
    fn listing(&self, scope: &Scope, filtered: &Filtered, order: EventOrder) -> Listing {
        Listing {
            kind: self.kind,
            units: scope.units.clone(),
            lent: scope.lent.clone(),
            stages: self.stages.clone(),
            filter: filtered.filter.clone(),
            order,
            ..listing(self.kind, None)
        }
    }

    /// Identifiers in list order as plain SQL finds them.
    fn expected(&mut self, scope: &Scope, filtered: &Filtered, order: &str) -> Vec<String> {
        let (table, enrollment) = match self.kind {
            EventKind::Single => ("singleevent", ""),
            EventKind::Tracker => (
                "trackerevent",
                "JOIN enrollment n ON n.enrollmentid = e.enrollmentid
                 JOIN trackedentity t ON t.trackedentityid = n.trackedentityid",
            ),
        };
        let deleted = if filtered.filter.include_deleted {
            ""
        } else {
            "AND NOT e.deleted"
        };
        let stages = &self.stages;
        let sql = format!(
            "SELECT e.uid FROM {table} e {enrollment} LEFT JOIN userinfo a ON a.userinfoid = e.assigneduserid
              WHERE e.programstageid = ANY(ARRAY{stages:?}::bigint[]) AND ({}) {deleted} AND ({}) ORDER BY {order}",
            scope.sql, filtered.sql
        );
        texts(&mut self.conn, &sql)
    }

    /// Units and what is lent in them: one, few, many, all, and none but what is lent.
    fn scopes(&self) -> Vec<Scope> {
        let unit = unit(self.kind);
        let sql = |units: &[i64]| format!("{unit} = ANY(ARRAY{units:?}::bigint[])");
        let some = |count: usize| {
            let units = self.units[..count.min(self.units.len())].to_vec();
            Scope {
                sql: sql(&units),
                units: Some(units),
                lent: None,
            }
        };
        let mut scopes = vec![
            some(1),
            some(3),
            some(60),
            Scope {
                units: None,
                lent: None,
                sql: "true".to_owned(),
            },
        ];
        if self.kind == EventKind::Tracker {
            let lent = Lent {
                enrollments: self.enrollments.clone(),
                units: Some(self.units.clone()),
            };
            let keys = &self.enrollments;
            let own = &self.units[..1];
            scopes.push(Scope {
                units: Some(own.to_vec()),
                sql: format!(
                    "{} OR (e.enrollmentid = ANY(ARRAY{keys:?}::bigint[]) AND {})",
                    sql(own),
                    sql(&self.units)
                ),
                lent: Some(lent),
            });
        }
        scopes
    }

    /// Reads a list in every way and compares.
    fn check(&mut self, scope: &Scope, filtered: &Filtered, order: &orders::Ordered) -> usize {
        let expected = self.expected(scope, filtered, &order.sql);
        let listing = self.listing(scope, filtered, order.order.clone());
        let about = format!("{} | {} | {}", scope.sql, filtered.sql, order.sql);
        let rows = u32::try_from(expected.len() / 3 + 2).expect("few rows");
        assert_eq!(
            self.paged(&listing, rows, Reading::Forward),
            expected,
            "forward: {about}"
        );
        let mut backward = self.paged(&listing, rows, Reading::Backward);
        backward.reverse();
        assert_eq!(backward, expected, "backward: {about}");
        let page = Page::numbered(2, i64::from(rows)).expect("a page");
        let (second, more) = list(&mut self.conn, &listing, &page).expect("a page");
        let from = expected.len().min(rows as usize);
        let to = expected.len().min(2 * rows as usize);
        let second: Vec<&str> = second.iter().map(|row| row.uid.as_str()).collect();
        assert_eq!(second, expected[from..to], "by number: {about}");
        assert_eq!(more, expected.len() > to, "{about}");
        let counted = count(&mut self.conn, &listing, None).expect("a count");
        assert_eq!(
            usize::try_from(counted),
            Ok(expected.len()),
            "count: {about}"
        );
        expected.len()
    }

    /// All pages of a list, in the order in which they are read; within a page in list order, turned when read backward.
    fn paged(&mut self, listing: &Listing, rows: u32, reading: Reading) -> Vec<String> {
        let mut page = Page {
            reading,
            ..Page::after(rows, None)
        };
        let mut found = Vec::new();
        loop {
            let (mut rows, more) = list(&mut self.conn, listing, &page).expect("a page");
            if reading == Reading::Backward {
                rows.reverse();
            }
            page.from = rows.last().map(|row| {
                let text = cursor(listing, row).to_text();
                Cursor::parse("after", &text, &listing.order).expect("our own cursor")
            });
            found.extend(rows.into_iter().map(|row| row.uid));
            if !more {
                return found;
            }
        }
    }
}

const KINDS: [EventKind; 2] = [EventKind::Single, EventKind::Tracker];

#[test]
fn every_filter_finds_what_plain_sql_finds() {
    for kind in KINDS {
        let mut world = data::world(kind);
        let orders = orders::usual(kind);
        let scopes = world.scopes();
        let (mut hit, mut turn) = (0, 0);
        for filtered in filters::all(&world) {
            // Each filter in two scopes and orders, which change from filter to filter.
            for _ in 0..2 {
                let order = &orders[turn % orders.len()];
                let held = world.check(&scopes[turn % scopes.len()], &filtered, order);
                hit += usize::from(held > 0);
                turn += 3;
            }
        }
        assert!(hit > 20, "{hit} lists of {kind:?} hold anything");
    }
}

#[test]
fn every_order_is_that_of_plain_sql() {
    for kind in KINDS {
        let mut world = data::world(kind);
        let (scopes, filters) = (world.scopes(), filters::few(&world));
        for (turn, order) in orders::all(&world).iter().enumerate() {
            let scope = &scopes[turn % scopes.len()];
            world.check(scope, &filters[turn % filters.len()], order);
        }
    }
}

#[test]
fn reading_everything_gives_each_row_once() {
    for kind in KINDS {
        let mut world = data::world(kind);
        let scope = world.scopes().remove(3);
        let filtered = filters::few(&world).remove(0);
        let order = orders::usual(kind).remove(0);
        let expected = world.expected(&scope, &filtered, &order.sql);
        let listing = world.listing(&scope, &filtered, order.order);
        let mut found = Vec::new();
        each(&mut world.conn, &listing, |rows| {
            found.extend(rows.into_iter().map(|row| row.uid));
            Ok(())
        })
        .expect("all rows");
        assert_eq!(found, expected);
    }
}

#[test]
fn values_that_the_caller_may_not_see_stay_in_the_database() {
    let mut world = data::world(EventKind::Single);
    let scope = world.scopes().remove(3);
    let filtered = filters::few(&world).remove(0);
    let order = orders::usual(EventKind::Single).remove(0);
    let mut listing = world.listing(&scope, &filtered, order.order);
    listing.hidden_elements = vec![data::TEXT.to_owned()];
    let (rows, _) = list(&mut world.conn, &listing, &Page::after(1_000, None)).expect("rows");
    assert!(rows.iter().any(|row| row.value(data::NUMBER).is_some()));
    assert!(rows.iter().all(|row| row.value(data::TEXT).is_none()));
}
