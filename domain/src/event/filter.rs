//! What a working list keeps. Everything here is resolved and checked: identifiers are known, values fit their type.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::{EventStatus, value::ValueType};

/// Instants between two bounds, both included. An absent bound does not bind; with any bound, absent dates are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeBounds {
    /// Earliest instant.
    pub from: Option<NaiveDateTime>,
    /// Latest instant.
    pub to: Option<NaiveDateTime>,
}

impl TimeBounds {
    /// From the first moment of a day to the last of another.
    #[must_use]
    pub fn days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        TimeBounds {
            from: from.map(|day| day.and_time(NaiveTime::MIN)),
            to: to.map(end_of_day),
        }
    }

    /// Whether neither bound is set.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

/// The last microsecond of a day, the finest that PostgreSQL keeps.
#[must_use]
pub fn end_of_day(day: NaiveDate) -> NaiveDateTime {
    day.checked_add_days(Days::new(1))
        .map_or(NaiveDateTime::MAX, |next| {
            next.and_time(NaiveTime::MIN) - chrono::TimeDelta::microseconds(1)
        })
}

/// Whom an event is assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// Somebody.
    Anybody,
    /// Nobody.
    Nobody,
    /// One of these people, by key.
    OneOf(Vec<i64>),
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal. An absent value is neither equal nor unequal.
    NotEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
}

/// How a text is searched. Case does not matter; `%` and `_` stand for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Contains.
    Contains,
    /// Does not contain.
    ContainsNot,
    /// Begins with.
    StartsWith,
    /// Ends with.
    EndsWith,
}

/// One condition on a value. Texts are compared in lower case; numbers, dates and booleans by their value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A comparison with one value.
    Compare(Comparison, String),
    /// One of these values.
    In(Vec<String>),
    /// A search in the text.
    Text(Match, String),
    /// There is no value.
    Empty,
    /// There is a value.
    NotEmpty,
}

/// A data element or attribute that lists filter and order by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Internal key.
    pub id: i64,
    /// Identifier.
    pub uid: String,
    /// Type of its values.
    pub value_type: ValueType,
}

/// Conditions on the values of one data element or attribute; all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFilter {
    /// Data element or attribute.
    pub column: Column,
    /// At least one.
    pub conditions: Vec<Condition>,
}

/// State of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrollmentStatus {
    /// Under way.
    Active,
    /// Finished.
    Completed,
    /// Broken off.
    Cancelled,
}

/// Conditions on the enrolment of a tracker event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnrollmentFilter {
    /// One of these enrolments, by key: those named, and those of the tracked entity asked for. `None` keeps all.
    pub ids: Option<Vec<i64>>,
    /// State.
    pub status: Option<EnrollmentStatus>,
    /// Whether it is marked for follow-up.
    pub follow_up: Option<bool>,
    /// Enrolment date.
    pub enrolled: TimeBounds,
    /// Incident date.
    pub occurred: TimeBounds,
}

/// Which events of a scope a list keeps. Everything absent keeps all; what only tracker events have is ignored for
/// single events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// States; empty keeps all.
    pub statuses: Vec<EventStatus>,
    /// When it happened.
    pub occurred: TimeBounds,
    /// When it is due; tracker only.
    pub scheduled: TimeBounds,
    /// When it was last changed.
    pub updated: TimeBounds,
    /// When it was completed.
    pub completed: TimeBounds,
    /// Whom it is assigned to.
    pub assignee: Option<Assignee>,
    /// Conditions on data elements.
    pub values: Vec<ValueFilter>,
    /// Conditions on attributes of the tracked entity; tracker only.
    pub attributes: Vec<ValueFilter>,
    /// Conditions on the enrolment; tracker only.
    pub enrollment: EnrollmentFilter,
    /// Attribute option combination, by key.
    pub option_combo: Option<i64>,
    /// Only these events, by identifier; `None` keeps all.
    pub uids: Option<Vec<String>>,
    /// Whether deleted events are kept too.
    pub include_deleted: bool,
}
