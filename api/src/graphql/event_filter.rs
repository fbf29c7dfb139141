//! What a working list can be asked: units and filter.

use async_graphql::{Enum, ID, InputObject, Result};
use chrono::NaiveDate;
use domain::{
    access,
    event::{
        ListRequest, filter,
        filter::TimeBounds,
        period,
        request::{self, Endpoint, EnrollmentRequest},
    },
};

use super::{
    error::refuse,
    event_order::{EventOrder, read_order},
    event_values::{ValueFilter, read_values},
    events::EventStatus,
    scalars::Date,
};

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

/// A period told from the server's day. "Last" days end yesterday; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "period::RelativePeriod")]
pub enum RelativePeriod {
    /// Today.
    Today,
    /// Yesterday.
    Yesterday,
    /// The 3 days before today.
    #[graphql(name = "LAST_3_DAYS")]
    Last3Days,
    /// The 7 days before today.
    #[graphql(name = "LAST_7_DAYS")]
    Last7Days,
    /// The 14 days before today.
    #[graphql(name = "LAST_14_DAYS")]
    Last14Days,
    /// The 30 days before today.
    #[graphql(name = "LAST_30_DAYS")]
    Last30Days,
    /// The 60 days before today.
    #[graphql(name = "LAST_60_DAYS")]
    Last60Days,
    /// The 90 days before today.
    #[graphql(name = "LAST_90_DAYS")]
    Last90Days,
    /// The 180 days before today.
    #[graphql(name = "LAST_180_DAYS")]
    Last180Days,
    /// This week.
    ThisWeek,
    /// The week before this.
    LastWeek,
    /// This month.
    ThisMonth,
    /// The month before this.
    LastMonth,
    /// This quarter.
    ThisQuarter,
    /// The quarter before this.
    LastQuarter,
    /// This year.
    ThisYear,
    /// The year before this.
    LastYear,
}

/// Days: bounds, both included, of which a missing one does not bind; or a relative period.
#[derive(Debug, Clone, InputObject)]
pub struct DateBounds {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// A period in place of the days.
    pub period: Option<RelativePeriod>,
}

/// Which assignments a list keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "request::AssigneeMode")]
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

/// Whom an event is assigned to.
#[derive(Debug, Clone, InputObject)]
pub struct AssigneeFilter {
    /// Which assignments; PROVIDED when only users are given.
    pub mode: Option<AssigneeMode>,
    /// The people; required with PROVIDED, refused with the others.
    pub users: Option<Vec<ID>>,
}

/// State of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "filter::EnrollmentStatus")]
pub enum EnrollmentStatus {
    /// Under way.
    Active,
    /// Finished.
    Completed,
    /// Broken off.
    Cancelled,
}

/// Conditions on the enrolment and the tracked entity of an event; tracker programs only.
#[derive(Debug, Clone, Default, InputObject)]
pub struct EnrollmentFilter {
    /// One of these enrolments.
    pub ids: Option<Vec<ID>>,
    /// Events of this tracked entity.
    pub tracked_entity: Option<ID>,
    /// State.
    pub status: Option<EnrollmentStatus>,
    /// Whether it is marked for follow-up.
    pub follow_up: Option<bool>,
    /// Days of the enrolment.
    pub enrolled_at: Option<DateBounds>,
    /// Days of the incident.
    pub occurred_at: Option<DateBounds>,
}

/// Which events a list keeps; everything absent keeps all.
#[derive(Debug, Clone, Default, InputObject)]
pub struct EventFilter {
    /// States. VISITED: active and happened. OVERDUE: planned, and its day has passed.
    pub status: Option<Vec<EventStatus>>,
    /// Days on which the event happened. With any bound, events that have not happened are left out.
    pub occurred_at: Option<DateBounds>,
    /// Days on which it is due; tracker programs only.
    pub scheduled_at: Option<DateBounds>,
    /// Days on which it was last changed.
    pub updated_at: Option<DateBounds>,
    /// Days on which it was completed.
    pub completed_at: Option<DateBounds>,
    /// Whom it is assigned to.
    pub assignee: Option<AssigneeFilter>,
    /// Conditions on data elements; all must hold.
    pub values: Option<Vec<ValueFilter>>,
    /// Conditions on attributes of the tracked entity; tracker programs only.
    pub attributes: Option<Vec<ValueFilter>>,
    /// Conditions on the enrolment; tracker programs only.
    pub enrollment: Option<EnrollmentFilter>,
    /// Attribute option combination.
    pub attribute_option_combo: Option<ID>,
    /// Only these events; cannot be combined with `values`.
    pub ids: Option<Vec<ID>>,
    /// Whether deleted events are listed too.
    #[graphql(default)]
    pub include_deleted: bool,
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
    let today = chrono::Utc::now().date_naive();
    let bounds = |path, bounds| read_bounds(path, bounds, today);
    let mut request = ListRequest::new(Endpoint::Typed, today, Some(arguments.program.0));
    request.program_stage = arguments.program_stage.map(|stage| stage.0);
    if let Some(scope) = arguments.scope {
        request.org_unit_mode = Some(scope.mode.into());
        request.org_unit = scope.org_unit.map(|unit| unit.0);
    }
    let statuses = filter.status.unwrap_or_default();
    request.statuses = statuses.into_iter().map(Into::into).collect();
    request.occurred = bounds("filter.occurredAt", filter.occurred_at)?;
    request.scheduled = bounds("filter.scheduledAt", filter.scheduled_at)?;
    request.updated = bounds("filter.updatedAt", filter.updated_at)?;
    request.completed = bounds("filter.completedAt", filter.completed_at)?;
    if let Some(assignee) = filter.assignee {
        request.assignee_mode = assignee.mode.map(Into::into);
        request.assigned_users = uids(assignee.users);
    }
    request.values = read_values("filter.values", filter.values)?;
    request.attributes = read_values("filter.attributes", filter.attributes)?;
    if let Some(enrollment) = filter.enrollment {
        request.tracked_entity = enrollment.tracked_entity.map(|entity| entity.0);
        request.enrollment = EnrollmentRequest {
            uids: uids(enrollment.ids),
            status: enrollment.status.map(Into::into),
            follow_up: enrollment.follow_up,
            enrolled: bounds("filter.enrollment.enrolledAt", enrollment.enrolled_at)?,
            occurred: bounds("filter.enrollment.occurredAt", enrollment.occurred_at)?,
        };
    }
    request.option_combo = filter.attribute_option_combo.map(|combo| combo.0);
    request.events = filter.ids.map(|ids| uids(Some(ids)));
    request.include_deleted = filter.include_deleted;
    request.order = read_order(arguments.order.unwrap_or_default())?;
    Ok(request)
}

fn uids(ids: Option<Vec<ID>>) -> Vec<String> {
    ids.unwrap_or_default().into_iter().map(|id| id.0).collect()
}

fn read_bounds(path: &str, bounds: Option<DateBounds>, today: NaiveDate) -> Result<TimeBounds> {
    let Some(bounds) = bounds else {
        return Ok(TimeBounds::default());
    };
    if let Some(period) = bounds.period {
        if bounds.from.is_some() || bounds.to.is_some() {
            return Err(refuse(format!(
                "{path} takes either days or a period, not both"
            )));
        }
        let days = period::RelativePeriod::from(period).days(today);
        let (from, to) = days.ok_or_else(|| refuse(format!("{path}.period has no days")))?;
        return Ok(TimeBounds::days(Some(from), Some(to)));
    }
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
