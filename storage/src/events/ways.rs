//! The ways of answering a page, to be tried in turn.
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
//!      Otherwise their units are counted. If one in eight lies in the scope, the filter is rare or the page far, and the
//!      walk goes on through every unit, without a look at them where no other unit has events. Else the scope is sparse,
//!      and one walk for each unit and stage finds its rows without reading others'.
//!    - *of some people, or changed within a window*: a first try among the newest rows of the scope as above; when it does
//!      not fill the page, the rows are rare in the scope, and the index of assignees or changes finds them.
//! 3. **Any other order**: all rows of the scope are read once, and the first of them kept.
//!
//! A walk with a filter that no index answers (a value, a state) reads on until the page is full: what it costs is the
//! distance between matching rows, at worst the unit. The third way costs the scope. All other ways read a bounded number
//! of rows, whatever the skew. Pages by number pass over the rows before them in the index.

use domain::{
    event::{
        EventKind, EventStatus,
        filter::{Assignee, TimeBounds},
    },
    page::{Direction, Page, Reading},
};

use super::{
    few::Narrow,
    page::Listing,
    walk::{NEWEST, Source, Walk},
    walk_key::{WalkKey, walk_key},
};
use crate::sql::Statement;

/// With up to this many walks the first try is skipped: walking is as fast.
pub(super) const FEW_WALKS: usize = 24;

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
    /// The next attempt finds them all, and so does the one behind it. The next is sooner done if this count of rows that lie
    /// in the scope is a fair share of [`NEWEST`].
    NextIfDense(Statement),
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
    let mut attempts = Vec::with_capacity(3);
    attempts.extend(dated_first(listing, page, key));
    attempts.extend(walks(listing, &walk, key, rare));
    attempts
}

/// A first try for the newest events of many units in states that come with a date. Planned events have none and lie before
/// them: a country has more of those than a first try reads.
fn dated_first(listing: &Listing, page: &Page, key: WalkKey) -> Option<Attempt> {
    use EventStatus::{Active, Completed, Visited};
    let filter = &listing.filter;
    let is_wide = listing
        .units
        .as_ref()
        .is_none_or(|units| units.len() * listing.stages.len() > FEW_WALKS);
    let is_newest_first = listing.order.occurred_date_only() == Some(Direction::Descending)
        && page.from.is_none()
        && page.reading == Reading::Forward;
    let is_dated = !filter.statuses.is_empty()
        && (filter.statuses.iter()).all(|status| matches!(status, Active | Completed | Visited));
    let applies = listing.kind == EventKind::Tracker
        && key.of_stage
        && is_wide
        && is_newest_first
        && is_dated
        && filter.occurred == TimeBounds::default()
        && listing.lent.is_none();
    let walk = Walk::dated(listing, page);
    (applies && walk.depth() <= NEWEST / 2).then(|| Attempt {
        query: walk.page(Source::FirstOfStages(key, listing.units.as_deref())),
        otherwise: Otherwise::TryNext,
    })
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
    let dense = match (rare, first) {
        (None, Some(Source::FirstOfStages(key, Some(units)))) => Some((key, units)),
        _ => None,
    };
    let first = first.filter(|_| walk.depth() <= NEWEST / 2 || dense.is_some());
    let last = match (rare, units) {
        (Some(rare), _) => rare,
        (None, Some(units)) if key.of_unit => Source::EachUnit(key, units),
        (None, None) if key.of_stage => Source::EveryUnit(key, None),
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
            otherwise: match (one, dense) {
                (Some((unit, stage)), _) if listing.lent.is_none() => {
                    Otherwise::CompleteIfFewer(walk.tried(key, unit, stage))
                }
                (_, Some((key, units))) => Otherwise::NextIfDense(walk.share(key, units)),
                _ => Otherwise::TryNext,
            },
        });
    }
    if let Some((key, units)) = dense {
        attempts.push(Attempt {
            query: walk.page(Source::EveryUnit(key, Some(units))),
            otherwise: Otherwise::Complete,
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
