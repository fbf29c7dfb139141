//! The working list: arguments to a listing, rows to a connection.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use domain::{access::OrgUnitMode, page::Page};
use storage::events::{EventRow, Listing, ProgramScope, cursor};

use super::{
    at_hand::AtHand,
    connection::{PageArguments, PageInfo, seal_cursor},
    context,
    error::{fail, refuse, refuse_page},
    event_filter::{RequestArguments, read_request},
    events::Event,
    log_read,
};
use crate::guard::What;

/// A page of events.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct EventConnection {
    /// Where the page stands in the list.
    page_info: PageInfo,
    #[graphql(skip)]
    program: Arc<ProgramScope>,
    #[graphql(skip)]
    listing: Listing,
    #[graphql(skip)]
    rows: Vec<Arc<EventRow>>,
}

/// An event in a list.
#[derive(SimpleObject)]
pub struct EventEdge {
    /// Cursor of the event.
    cursor: String,
    /// The event.
    node: AtHand<Event>,
}

/// A count that stops at a bound.
#[derive(SimpleObject)]
pub struct BoundedCount {
    /// The count, or the bound when there are more.
    value: i64,
    /// Whether the count is exact.
    relation: CountRelation,
}

/// How a count relates to its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CountRelation {
    /// The value is the count.
    Exact,
    /// There are more than the value says.
    AtLeast,
}

/// Highest bound of a count.
const MOST_COUNTED: i64 = 1_000_000;

#[ComplexObject]
impl EventConnection {
    /// The events with their cursors.
    async fn edges(&self) -> Vec<EventEdge> {
        let edge = |row: &Arc<EventRow>| EventEdge {
            cursor: seal_cursor(&cursor(&self.listing, row)),
            node: AtHand(Event::new(&self.program, Arc::clone(row))),
        };
        self.rows.iter().map(edge).collect()
    }

    /// The events.
    async fn nodes(&self) -> Vec<AtHand<Event>> {
        self.rows
            .iter()
            .map(|row| AtHand(Event::new(&self.program, Arc::clone(row))))
            .collect()
    }

    /// How many events the list has, counted only when asked for and up to a bound.
    async fn total(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10_000, desc = "Count no further, 0 to 1,000,000.")] at_most: i64,
    ) -> Result<BoundedCount> {
        if !(0..=MOST_COUNTED).contains(&at_most) {
            return Err(refuse(format!(
                "atMost must be between 0 and {MOST_COUNTED}, got {at_most}"
            )));
        }
        let listing = self.listing.clone();
        let counted = context(ctx).db().run("count events", move |conn| {
            storage::events::count(conn, &listing, Some(at_most))
        });
        let counted = counted.await.map_err(fail)?;
        let relation = if counted > at_most {
            CountRelation::AtLeast
        } else {
            CountRelation::Exact
        };
        Ok(BoundedCount {
            value: counted.min(at_most),
            relation,
        })
    }
}

/// What `events` was given.
pub(super) struct Arguments {
    pub request: RequestArguments,
    pub page: PageArguments,
}

/// A page of a program's events: one visit to the database resolves the request and reads the page.
pub(super) async fn list(ctx: &Context<'_>, arguments: Arguments) -> Result<EventConnection> {
    let request = context(ctx);
    let asked = read_request(arguments.request)?;
    let program = storage::events::request::program(&asked).map_err(fail)?;
    let read = What {
        program: Some(program.to_owned()),
        org_unit: asked.org_unit.clone(),
        mode: asked.org_unit_mode.map(OrgUnitMode::name),
        ..What::default()
    };
    let scope = request.program_scope(program).await.map_err(fail)?;
    let (caller, tree) = (Arc::clone(&request.caller), Arc::clone(&request.tree));
    let answer = request.db().run("list events", move |conn| {
        let listing = storage::events::resolve(conn, &scope, &caller, &tree, &asked)?;
        let page = match arguments.page.page(&listing.order) {
            Ok(page) => page,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (rows, more) = storage::events::list(conn, &listing, &page)?;
        Ok(Ok(connection(scope, listing, &page, rows, more)))
    });
    let connection = answer.await.map_err(fail)?.map_err(refuse_page)?;
    let rows = Some(connection.rows.len());
    log_read(ctx, What { rows, ..read }).await?;
    Ok(connection)
}

fn connection(
    program: Arc<ProgramScope>,
    listing: Listing,
    page: &Page,
    rows: Vec<EventRow>,
    more: bool,
) -> EventConnection {
    let place = |row: Option<&EventRow>| row.map(|row| seal_cursor(&cursor(&listing, row)));
    EventConnection {
        page_info: PageInfo::new(page, more, place(rows.first()), place(rows.last())),
        rows: rows.into_iter().map(Arc::new).collect(),
        program,
        listing,
    }
}

/// An event by identifier, under the rules that a list obeys; `None` when a list would not show it.
pub(super) async fn event(ctx: &Context<'_>, id: &ID) -> Option<Result<Event>> {
    let found = match context(ctx).find_event(id).await.map_err(fail) {
        Err(error) => return Some(Err(error)),
        Ok(found) => found?,
    };
    let (program, row) = found;
    let read = What {
        subject: Some(id.to_string()),
        program: Some(program.uid.clone()),
        rows: Some(1),
        ..What::default()
    };
    let logged = log_read(ctx, read).await;
    Some(logged.map(|()| Event::new(&program, Arc::new(row))))
}
