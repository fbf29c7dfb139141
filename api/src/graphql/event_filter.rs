//! What a working list can be asked: units, filter, order.

use async_graphql::{Enum, ID, InputObject, Result};
use domain::{
    access,
    event::{
        ListRequest,
        filter::TimeBounds,
        order::OrderField,
        request::{Endpoint, OrderRequest},
    },
};

use super::{error::refuse, events::EventStatus, scalars::Date};

/// Which units a list asks for. For tracker programs the unit is the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "access::OrgUnitMode")]
pub enum OrgUnitMode {
    /// One unit.
    Selected,
    /// One unit and its direct children.
    Children,
    /// One unit and everything below.
    Descendants,
    /// Everything that the caller may see.
    Accessible,
    /// The caller's capture units and everything below.
    Capture,
    /// Everything; needs the authority ALL or `F_TRACKED_ENTITY_INSTANCE_SEARCH_IN_ALL_ORGUNITS`.
    All,
}

/// Units of a list.
#[derive(Debug, Clone, InputObject)]
pub struct OrgUnitScope {
    /// Which units.
    pub mode: OrgUnitMode,
    /// The unit; required with SELECTED, CHILDREN and DESCENDANTS, refused with the others.
    pub org_unit: Option<ID>,
}

/// Bounds of days. Both are included; a missing one does not bind.
#[derive(Debug, Clone, InputObject)]
pub struct DateBounds {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

/// Which events a list keeps; everything absent keeps all.
#[derive(Debug, Clone, Default, InputObject)]
pub struct EventFilter {
    /// States.
    pub status: Option<Vec<EventStatus>>,
    /// Days on which the event happened. With any bound, events that have not happened are left out.
    pub occurred_at: Option<DateBounds>,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EventOrderField {
    /// When the event happened; events without a date are the largest.
    OccurredAt,
}

impl From<EventOrderField> for OrderField {
    fn from(field: EventOrderField) -> Self {
        match field {
            EventOrderField::OccurredAt => OrderField::OccurredAt,
        }
    }
}

/// Direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::page::Direction")]
pub enum Direction {
    /// Smallest first.
    #[graphql(name = "ASC")]
    Ascending,
    /// Largest first.
    #[graphql(name = "DESC")]
    Descending,
}

/// One item of an order. Equal rows are ordered by their key in the same direction.
#[derive(Debug, Clone, InputObject)]
pub struct EventOrder {
    /// Field.
    #[graphql(default_with = "EventOrderField::OccurredAt")]
    pub field: EventOrderField,
    /// Direction.
    pub direction: Direction,
}

/// What `events` was given besides its page.
pub(super) struct RequestArguments {
    pub program: ID,
    pub program_stage: Option<ID>,
    pub scope: Option<OrgUnitScope>,
    pub filter: Option<EventFilter>,
    pub order: Option<Vec<EventOrder>>,
}

/// The request that the arguments stand for. Without an order: newest first by the date they occurred.
pub(super) fn read_request(arguments: RequestArguments) -> Result<ListRequest> {
    let filter = arguments.filter.unwrap_or_default();
    let today = chrono::Local::now().date_naive();
    let mut request = ListRequest::new(Endpoint::Typed, today, Some(arguments.program.0));
    request.program_stage = arguments.program_stage.map(|stage| stage.0);
    if let Some(scope) = arguments.scope {
        request.org_unit_mode = Some(scope.mode.into());
        request.org_unit = scope.org_unit.map(|unit| unit.0);
    }
    request.statuses = filter
        .status
        .unwrap_or_default()
        .into_iter()
        .map(Into::into)
        .collect();
    request.occurred = read_bounds("filter.occurredAt", filter.occurred_at)?;
    request.order = read_order(arguments.order.unwrap_or_default());
    Ok(request)
}

fn read_order(order: Vec<EventOrder>) -> Vec<OrderRequest> {
    let newest_first = OrderRequest {
        name: OrderField::OccurredAt.name().to_owned(),
        direction: domain::page::Direction::Descending,
    };
    if order.is_empty() {
        return vec![newest_first];
    }
    let item = |item: EventOrder| OrderRequest {
        name: OrderField::from(item.field).name().to_owned(),
        direction: item.direction.into(),
    };
    order.into_iter().map(item).collect()
}

fn read_bounds(path: &str, bounds: Option<DateBounds>) -> Result<TimeBounds> {
    let Some(bounds) = bounds else {
        return Ok(TimeBounds::default());
    };
    if let (Some(from), Some(to)) = (bounds.from, bounds.to)
        && from > to
    {
        return Err(refuse(format!("{path}.from is after {path}.to")));
    }
    Ok(TimeBounds::days(
        bounds.from.map(|day| day.0),
        bounds.to.map(|day| day.0),
    ))
}
