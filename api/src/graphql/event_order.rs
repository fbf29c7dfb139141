//! What a working list is ordered by.

use async_graphql::{Enum, ID, InputObject, Result};
use domain::event::{order::OrderField, request::OrderRequest};

use super::error::refuse;

/// Fields that lists are ordered by. References are ordered by identifier, in byte order; what is absent is the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderField")]
pub enum EventOrderField {
    /// Username of the person it is assigned to.
    AssignedUser,
    /// Name of the person it is assigned to.
    AssignedUserDisplayName,
    /// Attribute option combination.
    AttributeOptionCombo,
    /// When it was completed.
    CompletedAt,
    /// Who completed it.
    CompletedBy,
    /// When it was stored.
    CreatedAt,
    /// When the client made it.
    CreatedAtClient,
    /// Username of who stored it.
    CreatedBy,
    /// Whether it is deleted.
    Deleted,
    /// When it was enrolled; tracker programs only.
    EnrolledAt,
    /// Enrolment; tracker programs only.
    Enrollment,
    /// State of the enrolment; tracker programs only.
    EnrollmentStatus,
    /// Identifier of the event.
    Event,
    /// Mark of the enrolment; tracker programs only.
    FollowUp,
    /// When it happened; events without a date are the largest.
    OccurredAt,
    /// Unit where it happened.
    OrgUnit,
    /// Program.
    Program,
    /// Stage; tracker programs only.
    ProgramStage,
    /// When it is due; tracker programs only.
    ScheduledAt,
    /// State.
    Status,
    /// Tracked entity; tracker programs only.
    TrackedEntity,
    /// When it was last changed.
    UpdatedAt,
    /// When the client last changed it.
    UpdatedAtClient,
    /// Username of who last changed it.
    UpdatedBy,
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

/// One item of an order: a field or a column. Equal rows are ordered by their key in the direction of the first item.
#[derive(Debug, Clone, InputObject)]
pub struct EventOrder {
    /// Field; when the event happened, if neither a field nor a column is given.
    pub field: Option<EventOrderField>,
    /// Data element, or attribute of the tracked entity: numbers by value, others in lower case.
    pub column: Option<ID>,
    /// Direction.
    pub direction: Direction,
}

/// The order asked for; newest first by the date they occurred when none is.
pub(super) fn read_order(order: Vec<EventOrder>) -> Result<Vec<OrderRequest>> {
    if order.is_empty() {
        return Ok(vec![OrderRequest {
            name: OrderField::OccurredAt.name().to_owned(),
            direction: domain::page::Direction::Descending,
        }]);
    }
    order.into_iter().map(read_item).collect()
}

fn read_item(item: EventOrder) -> Result<OrderRequest> {
    let name = match (item.field, item.column) {
        (Some(_), Some(_)) => return Err(refuse("order takes either field or column, not both")),
        (None, Some(column)) if OrderField::parse(&column).is_some() => {
            return Err(refuse(format!(
                "order.column {} is no identifier",
                column.0
            )));
        }
        (None, Some(column)) => column.0,
        (Some(field), None) => OrderField::from(field).name().to_owned(),
        (None, None) => OrderField::OccurredAt.name().to_owned(),
    };
    Ok(OrderRequest {
        name,
        direction: item.direction.into(),
    })
}
