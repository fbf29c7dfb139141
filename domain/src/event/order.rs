//! What a working list is ordered by.

use super::{EventKind, filter::Column};
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

impl OrderField {
    const NAMES: [(OrderField, &'static str); 24] = [
        (OrderField::AssignedUser, "assignedUser"),
        (
            OrderField::AssignedUserDisplayName,
            "assignedUserDisplayName",
        ),
        (OrderField::AttributeOptionCombo, "attributeOptionCombo"),
        (OrderField::CompletedAt, "completedAt"),
        (OrderField::CompletedBy, "completedBy"),
        (OrderField::CreatedAt, "createdAt"),
        (OrderField::CreatedAtClient, "createdAtClient"),
        (OrderField::CreatedBy, "createdBy"),
        (OrderField::Deleted, "deleted"),
        (OrderField::EnrolledAt, "enrolledAt"),
        (OrderField::Enrollment, "enrollment"),
        (OrderField::EnrollmentStatus, "enrollmentStatus"),
        (OrderField::Event, "event"),
        (OrderField::FollowUp, "followUp"),
        (OrderField::OccurredAt, "occurredAt"),
        (OrderField::OrgUnit, "orgUnit"),
        (OrderField::Program, "program"),
        (OrderField::ProgramStage, "programStage"),
        (OrderField::ScheduledAt, "scheduledAt"),
        (OrderField::Status, "status"),
        (OrderField::TrackedEntity, "trackedEntity"),
        (OrderField::UpdatedAt, "updatedAt"),
        (OrderField::UpdatedAtClient, "updatedAtClient"),
        (OrderField::UpdatedBy, "updatedBy"),
    ];

    /// DHIS2's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(field, _)| *field == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads DHIS2's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(field, _)| *field)
    }

    /// Whether events of a kind can be ordered by it.
    #[must_use]
    pub fn is_of(self, kind: EventKind) -> bool {
        kind == EventKind::Tracker
            || !matches!(
                self,
                OrderField::EnrolledAt
                    | OrderField::Enrollment
                    | OrderField::EnrollmentStatus
                    | OrderField::FollowUp
                    | OrderField::ProgramStage
                    | OrderField::ScheduledAt
                    | OrderField::TrackedEntity
            )
    }

    /// Whether DHIS2's lists of one kind can be ordered by it.
    #[must_use]
    pub fn is_of_typed_lists(self) -> bool {
        matches!(
            self,
            OrderField::CompletedAt
                | OrderField::CreatedAt
                | OrderField::OccurredAt
                | OrderField::ScheduledAt
                | OrderField::UpdatedAt
        )
    }

    /// What its values are.
    #[must_use]
    pub fn key_type(self) -> KeyType {
        match self {
            OrderField::CompletedAt
            | OrderField::CreatedAt
            | OrderField::CreatedAtClient
            | OrderField::EnrolledAt
            | OrderField::OccurredAt
            | OrderField::ScheduledAt
            | OrderField::UpdatedAt
            | OrderField::UpdatedAtClient => KeyType::Time,
            OrderField::Deleted | OrderField::FollowUp => KeyType::Boolean,
            _ => KeyType::Text,
        }
    }
}

/// What one item of an order compares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// A field of the event.
    Field(OrderField),
    /// The value of a data element: numbers by value, others in lower case.
    DataElement(Column),
    /// The value of an attribute of the tracked entity; tracker only.
    Attribute(Column),
}

/// What the values of an order key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Instants.
    Time,
    /// Decimal numbers.
    Number,
    /// Texts, in byte order.
    Text,
    /// `false` before `true`.
    Boolean,
}

impl OrderKey {
    /// What its values are.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match self {
            OrderKey::Field(field) => field.key_type(),
            OrderKey::DataElement(column) | OrderKey::Attribute(column) => {
                if column.value_type.is_number() {
                    KeyType::Number
                } else {
                    KeyType::Text
                }
            }
        }
    }

    /// DHIS2's name of the field, or the identifier.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            OrderKey::Field(field) => field.name(),
            OrderKey::DataElement(column) | OrderKey::Attribute(column) => &column.uid,
        }
    }
}

/// One item of an order. Absent values are the largest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderItem {
    /// What is compared.
    pub key: OrderKey,
    /// Which way.
    pub direction: Direction,
}

/// Order of a list. Equal rows are ordered by their key in the direction of the first item. Without items: by key, newest
/// stored first.
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

    /// The order as DHIS2 writes it: `occurredAt:desc,status:asc`. Two orders are the same when this text is.
    #[must_use]
    pub fn text(&self) -> String {
        let item = |item: &OrderItem| format!("{}:{}", item.key.name(), item.direction.name());
        self.0.iter().map(item).collect::<Vec<_>>().join(",")
    }

    /// Direction when the order is by the date they occurred and nothing else.
    #[must_use]
    pub fn occurred_date_only(&self) -> Option<Direction> {
        match self.0.as_slice() {
            [item] if item.key == OrderKey::Field(OrderField::OccurredAt) => Some(item.direction),
            _ => None,
        }
    }

    /// Direction of the first item, which breaks ties too.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.0
            .first()
            .map_or(Direction::Descending, |item| item.direction)
    }
}
