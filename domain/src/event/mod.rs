//! Events: their two kinds, their status, and what a working list asks of them.

pub mod filter;
pub mod filter_text;
pub mod order;
pub mod order_text;
pub mod period;
pub mod refusal;
pub mod request;
pub mod value;

pub use filter::EventFilter;
pub use order::EventOrder;
pub use refusal::Refusal;
pub use request::ListRequest;
pub use value::ValueType;

/// Which of the two stores holds a program's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Programs without registration: one event, no enrolment.
    Single,
    /// Programs with registration: events of enrolments.
    Tracker,
}

impl EventKind {
    /// Reads DHIS2's program type.
    #[must_use]
    pub fn of_program_type(text: &str) -> Option<Self> {
        match text {
            "WITHOUT_REGISTRATION" => Some(EventKind::Single),
            "WITH_REGISTRATION" => Some(EventKind::Tracker),
            _ => None,
        }
    }
}

/// State of an event. Single events know only ACTIVE and COMPLETED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventStatus {
    /// Begun.
    Active,
    /// Finished.
    Completed,
    /// Seen, not yet begun (kept by old data).
    Visited,
    /// Planned.
    Schedule,
    /// Planned, and its day has passed.
    Overdue,
    /// Planned and left out.
    Skipped,
}

impl EventStatus {
    const NAMES: [(EventStatus, &'static str); 6] = [
        (EventStatus::Active, "ACTIVE"),
        (EventStatus::Completed, "COMPLETED"),
        (EventStatus::Visited, "VISITED"),
        (EventStatus::Schedule, "SCHEDULE"),
        (EventStatus::Overdue, "OVERDUE"),
        (EventStatus::Skipped, "SKIPPED"),
    ];

    /// DHIS2's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(status, _)| *status == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads DHIS2's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(status, _)| *status)
    }
}
