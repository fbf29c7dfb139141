//! Why a request for a list is refused.

/// What a client can do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Change the request.
    BadRequest,
    /// Ask for more rights.
    Forbidden,
    /// Change the request: its parts contradict each other. DHIS2's code, where it has one.
    Conflict(Option<&'static str>),
}

/// The part of a request that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The program.
    Program,
    /// The stage.
    ProgramStage,
    /// The unit.
    OrgUnit,
    /// Which units.
    OrgUnitMode,
    /// Conditions on data elements.
    Values,
    /// Conditions on attributes.
    Attributes,
    /// States.
    Statuses,
    /// When it is due.
    Scheduled,
    /// Which assignments.
    AssigneeMode,
    /// The people it is assigned to.
    AssignedUsers,
    /// The tracked entity.
    TrackedEntity,
    /// Conditions on the enrolment.
    Enrollment,
    /// The category combination.
    CategoryCombo,
    /// Its options.
    CategoryOptions,
    /// The attribute option combination.
    OptionCombo,
    /// The events asked for.
    Events,
    /// The order.
    Order,
}

impl Part {
    /// DHIS2's name of the parameter.
    #[must_use]
    pub fn parameter(self) -> &'static str {
        match self {
            Part::Program => "program",
            Part::ProgramStage => "programStage",
            Part::OrgUnit => "orgUnit",
            Part::OrgUnitMode => "orgUnitMode",
            Part::Values => "filter",
            Part::Attributes => "filterAttributes",
            Part::Statuses => "status",
            Part::Scheduled => "scheduledAfter, scheduledBefore",
            Part::AssigneeMode => "assignedUserMode",
            Part::AssignedUsers => "assignedUsers",
            Part::TrackedEntity => "trackedEntity",
            Part::Enrollment => "enrollments",
            Part::CategoryCombo => "attributeCategoryCombo",
            Part::CategoryOptions => "attributeCategoryOptions",
            Part::OptionCombo => "attributeOptionCombo",
            Part::Events => "events",
            Part::Order => "order",
        }
    }
}

/// A request for a list that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {message}", part.parameter())]
pub struct Refusal {
    /// What can be done about it.
    pub category: Category,
    /// What breaks the rule.
    pub part: Part,
    /// The rule, to be read behind the name of the part: "does not exist".
    pub message: String,
}

impl Refusal {
    /// The request must be changed.
    #[must_use]
    pub fn bad(part: Part, message: impl Into<String>) -> Self {
        Refusal {
            category: Category::BadRequest,
            part,
            message: message.into(),
        }
    }

    /// The caller may not do it.
    #[must_use]
    pub fn forbidden(part: Part, message: impl Into<String>) -> Self {
        Refusal {
            category: Category::Forbidden,
            ..Refusal::bad(part, message)
        }
    }

    /// Parts of the request contradict each other.
    #[must_use]
    pub fn conflict(part: Part, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Refusal {
            category: Category::Conflict(code),
            ..Refusal::bad(part, message)
        }
    }
}
