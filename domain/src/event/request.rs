//! What a client asks of a list, in identifiers: nothing is looked up yet, nothing checked beyond its form.

use chrono::NaiveDate;

use super::{
    EventKind, EventStatus,
    filter::{EnrollmentStatus, TimeBounds},
};
use crate::{access::OrgUnitMode, page::Direction};

/// Through which door a list is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Endpoint {
    /// DHIS2's list of either kind: what only tracker events have is ignored for single events.
    #[default]
    Events,
    /// DHIS2's list of single events: refuses tracker programs, knows fewer orders.
    SingleEvents,
    /// DHIS2's list of tracker events: refuses event programs, knows fewer orders.
    TrackerEvents,
    /// A list of either kind that refuses for single events what only tracker events have.
    Typed,
}

impl Endpoint {
    /// The one kind that it lists; `None` for both.
    #[must_use]
    pub fn kind(self) -> Option<EventKind> {
        match self {
            Endpoint::SingleEvents => Some(EventKind::Single),
            Endpoint::TrackerEvents => Some(EventKind::Tracker),
            Endpoint::Events | Endpoint::Typed => None,
        }
    }
}

/// DHIS2's operators on values. Those with and without `I` mean the same: case never matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Equal.
    Ieq,
    /// Not equal.
    Ne,
    /// Not equal.
    Neq,
    /// Not equal.
    Nieq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// One of several, with `;` between them.
    In,
    /// Contains.
    Like,
    /// Contains.
    Ilike,
    /// Does not contain.
    Nlike,
    /// Does not contain.
    Nilike,
    /// Begins with.
    Sw,
    /// Ends with.
    Ew,
    /// There is no value.
    Null,
    /// There is a value.
    NotNull,
}

impl Operator {
    const NAMES: [(Operator, &'static str); 18] = [
        (Operator::Eq, "EQ"),
        (Operator::Ieq, "IEQ"),
        (Operator::Ne, "NE"),
        (Operator::Neq, "NEQ"),
        (Operator::Nieq, "NIEQ"),
        (Operator::Gt, "GT"),
        (Operator::Ge, "GE"),
        (Operator::Lt, "LT"),
        (Operator::Le, "LE"),
        (Operator::In, "IN"),
        (Operator::Like, "LIKE"),
        (Operator::Ilike, "ILIKE"),
        (Operator::Nlike, "NLIKE"),
        (Operator::Nilike, "NILIKE"),
        (Operator::Sw, "SW"),
        (Operator::Ew, "EW"),
        (Operator::Null, "NULL"),
        (Operator::NotNull, "!NULL"),
    ];

    /// DHIS2's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(operator, _)| *operator == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads DHIS2's spelling, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text))
            .map(|(operator, _)| *operator)
    }

    /// Whether it takes no value.
    #[must_use]
    pub fn is_unary(self) -> bool {
        matches!(self, Operator::Null | Operator::NotNull)
    }
}

/// Conditions on one data element or attribute as they were asked for. Without operators: there is a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFilter {
    /// Data element or attribute.
    pub uid: String,
    /// Operators, each with its value where it was given one.
    pub operators: Vec<(Operator, Option<String>)>,
}

/// Which assignments are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssigneeMode {
    /// To the caller.
    Current,
    /// To the people who are named.
    Provided,
    /// To nobody.
    None,
    /// To somebody.
    Any,
    /// Whether or not.
    All,
}

impl AssigneeMode {
    /// Reads DHIS2's spelling, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "CURRENT" => AssigneeMode::Current,
            "PROVIDED" => AssigneeMode::Provided,
            "NONE" => AssigneeMode::None,
            "ANY" => AssigneeMode::Any,
            "ALL" => AssigneeMode::All,
            _ => return None,
        })
    }
}

/// Conditions on the enrolment and the tracked entity; tracker only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnrollmentRequest {
    /// One of these enrolments; empty keeps all.
    pub uids: Vec<String>,
    /// State.
    pub status: Option<EnrollmentStatus>,
    /// Whether it is marked for follow-up.
    pub follow_up: Option<bool>,
    /// Enrolment date.
    pub enrolled: TimeBounds,
    /// Incident date.
    pub occurred: TimeBounds,
}

/// One item of an order as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// Name of a field, or identifier of a data element or attribute.
    pub name: String,
    /// Which way.
    pub direction: Direction,
}

/// Everything that a client can ask of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Through which door it came.
    pub endpoint: Endpoint,
    /// The server's day, by which OVERDUE is told.
    pub today: NaiveDate,
    /// The program; a list without one is refused.
    pub program: Option<String>,
    /// One stage of it; tracker only.
    pub program_stage: Option<String>,
    /// Which units; `None` is SELECTED with a unit and ACCESSIBLE without one.
    pub org_unit_mode: Option<OrgUnitMode>,
    /// The unit.
    pub org_unit: Option<String>,
    /// Conditions on data elements. The same may be named several times.
    pub values: Vec<RawFilter>,
    /// Conditions on attributes; tracker only.
    pub attributes: Vec<RawFilter>,
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
    /// Which assignments; `None` is PROVIDED with users and ALL without.
    pub assignee_mode: Option<AssigneeMode>,
    /// The people, by identifier.
    pub assigned_users: Vec<String>,
    /// Events of this tracked entity; tracker only.
    pub tracked_entity: Option<String>,
    /// Conditions on the enrolment; tracker only.
    pub enrollment: EnrollmentRequest,
    /// Category combination that the options belong to.
    pub category_combo: Option<String>,
    /// Options that together name the option combination.
    pub category_options: Vec<String>,
    /// The attribute option combination itself.
    pub option_combo: Option<String>,
    /// Only these events; `None` keeps all.
    pub events: Option<Vec<String>>,
    /// Whether deleted events are listed too.
    pub include_deleted: bool,
    /// Order; empty is DHIS2's usual one.
    pub order: Vec<OrderRequest>,
}

impl ListRequest {
    /// A request for all events of a program that the caller may see.
    #[must_use]
    pub fn new(endpoint: Endpoint, today: NaiveDate, program: Option<String>) -> Self {
        ListRequest {
            endpoint,
            today,
            program,
            program_stage: None,
            org_unit_mode: None,
            org_unit: None,
            values: Vec::new(),
            attributes: Vec::new(),
            statuses: Vec::new(),
            occurred: TimeBounds::default(),
            scheduled: TimeBounds::default(),
            updated: TimeBounds::default(),
            completed: TimeBounds::default(),
            assignee_mode: None,
            assigned_users: Vec::new(),
            tracked_entity: None,
            enrollment: EnrollmentRequest::default(),
            category_combo: None,
            category_options: Vec::new(),
            option_combo: None,
            events: None,
            include_deleted: false,
            order: Vec::new(),
        }
    }
}
