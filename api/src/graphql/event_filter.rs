//! What a working list can be asked: units, filter, order.

use async_graphql::{Enum, ID, InputObject, Result};
use domain::{
    access,
    event::{EventOrder as Order, filter::TimeBounds},
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

/// The order of a list.
pub(super) fn read_order(order: Option<Vec<EventOrder>>) -> Result<Order> {
    match order.as_deref() {
        None | Some([]) => Ok(Order::by_occurred_date(domain::page::Direction::Descending)),
        Some(
            [
                EventOrder {
                    field: EventOrderField::OccurredAt,
                    direction,
                },
            ],
        ) => Ok(Order::by_occurred_date((*direction).into())),
        Some(_) => Err(refuse("order names a field more than once")),
    }
}

/// What a list keeps, checked.
pub(super) fn read_filter(filter: EventFilter) -> Result<domain::event::EventFilter> {
    let bounds = filter.occurred_at.unwrap_or(DateBounds {
        from: None,
        to: None,
    });
    if let (Some(from), Some(to)) = (bounds.from, bounds.to)
        && from > to
    {
        return Err(refuse(
            "filter.occurredAt.from is after filter.occurredAt.to",
        ));
    }
    Ok(domain::event::EventFilter {
        statuses: filter
            .status
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        occurred: TimeBounds::days(bounds.from.map(|day| day.0), bounds.to.map(|day| day.0)),
        ..domain::event::EventFilter::default()
    })
}
