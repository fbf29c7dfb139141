//! What a working list is ordered by.

use super::value::ValueType;
use crate::page::Direction;

/// A field that lists can be ordered by. References are ordered by identifier, in byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderField {
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
    /// When it was enrolled; tracker only.
    EnrolledAt,
    /// Enrolment; tracker only.
    Enrollment,
    /// State of the enrolment; tracker only.
    EnrollmentStatus,
    /// Identifier of the event.
    Event,
    /// Mark of the enrolment; tracker only.
    FollowUp,
    /// When it happened.
    OccurredAt,
    /// Unit where it happened.
    OrgUnit,
    /// Program.
    Program,
    /// Stage.
    ProgramStage,
    /// When it is due; tracker only.
    ScheduledAt,
    /// State.
    Status,
    /// Tracked entity; tracker only.
    TrackedEntity,
    /// When it was last changed.
    UpdatedAt,
    /// When the client last changed it.
    UpdatedAtClient,
    /// Username of who last changed it.
    UpdatedBy,
}

/// What one item of an order compares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// A field of the event.
    Field(OrderField),
    /// The value of a data element, by identifier: numbers by value, others in lower case.
    DataElement(String, ValueType),
    /// The value of an attribute of the tracked entity, by identifier; tracker only.
    Attribute(String, ValueType),
}

/// One item of an order. Absent values are the largest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderItem {
    /// What is compared.
    pub key: OrderKey,
    /// Which way.
    pub direction: Direction,
}

/// Order of a list. Equal rows are ordered by their key in the direction of the first item. Without items: single events
/// by the date they occurred, newest first; tracker events newest stored first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EventOrder(pub Vec<OrderItem>);

impl EventOrder {
    /// By the date they occurred.
    #[must_use]
    pub fn by_occurred_date(direction: Direction) -> Self {
        EventOrder(vec![OrderItem {
            key: OrderKey::Field(OrderField::OccurredAt),
            direction,
        }])
    }

    /// Direction of the first item, which breaks ties too.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.0
            .first()
            .map_or(Direction::Descending, |item| item.direction)
    }
}
