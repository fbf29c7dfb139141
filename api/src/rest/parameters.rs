//! Parameters of the event lists: text to a request, nothing looked up.

use chrono::NaiveDateTime;
use domain::{
    access::OrgUnitMode,
    duration::Duration,
    event::{
        EventStatus,
        filter::{EnrollmentStatus, TimeBounds},
        filter_text, order_text,
        request::{AssigneeMode, Endpoint, EnrollmentRequest, ListRequest, RawFilter},
    },
    id_scheme::{IdScheme, Kind},
};

use super::{
    error::{Answer, Refusal},
    names::Schemes,
    query_string::QueryString,
};

/// Rows of a page when the client does not say.
const USUAL_SIZE: u32 = 50;

/// Which page a client wants; `None` for all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOf {
    /// Number, from 1.
    pub number: u32,
    /// Rows of a page.
    pub size: u32,
    /// Whether the rows of all pages are counted.
    pub total: bool,
}

/// Reads the page.
///
/// # Errors
/// 400 for numbers below 1, and when a page is asked for while paging is off.
pub fn page(query: &QueryString) -> Answer<Option<PageOf>> {
    let number = query.positive("page")?;
    let size = query.positive("pageSize")?;
    let total = query.boolean("totalPages", false)?;
    let is_paged = query.boolean("paging", true)? && !query.boolean("skipPaging", false)?;
    if !is_paged && (number.is_some() || size.is_some() || total) {
        return Err(Refusal::bad_request(
            "Paging cannot be disabled together with page, pageSize or totalPages=true",
        ));
    }
    Ok(is_paged.then(|| PageOf {
        number: number.unwrap_or(1),
        size: size.unwrap_or(USUAL_SIZE),
        total,
    }))
}

/// Reads by what metadata are named.
///
/// # Errors
/// 400 for an unknown scheme.
pub fn schemes(query: &QueryString) -> Answer<Schemes> {
    const RULE: &str = "the schemes are UID, CODE, NAME and ATTRIBUTE:uid";
    let usual = query
        .parsed("idScheme", RULE, IdScheme::parse)?
        .unwrap_or_default();
    let mut schemes = Schemes::default();
    for kind in Kind::ALL {
        let own = query.parsed(kind.parameter(), RULE, IdScheme::parse)?;
        schemes.set(kind, own.unwrap_or_else(|| usual.clone()));
    }
    Ok(schemes)
}

/// Reads what is asked of a list.
///
/// # Errors
/// 400 for each rule that the text of a parameter breaks.
pub fn list(endpoint: Endpoint, query: &QueryString, now: NaiveDateTime) -> Answer<ListRequest> {
    let program = query.uid("program")?;
    let mut request = ListRequest::new(endpoint, now.date(), program);
    request.program_stage = query.uid("programStage")?;
    request.org_unit = query.uid("orgUnit")?;
    request.org_unit_mode = one_of(query, &["orgUnitMode", "ouMode"], MODE_RULE, read_mode)?;
    request.values = filters(query, "filter")?;
    request.attributes = filters(query, "filterAttributes")?;
    let status = query.parsed("status", STATUS_RULE, |text| {
        EventStatus::parse(&text.to_ascii_uppercase())
    })?;
    request.statuses = status.into_iter().collect();
    request.occurred = query.bounds("occurred")?;
    request.scheduled = query.bounds("scheduled")?;
    request.updated = updated(query, now)?;
    request.assignee_mode = query.parsed("assignedUserMode", ASSIGNEE_RULE, AssigneeMode::parse)?;
    request.assigned_users = either(query, "assignedUsers", "assignedUser")?;
    request.tracked_entity = query.uid("trackedEntity")?;
    request.enrollment = enrollment(query)?;
    request.category_combo = match query.uid("attributeCategoryCombo")? {
        None => query.uid("attributeCc")?,
        given => given,
    };
    request.category_options = either(query, "attributeCategoryOptions", "attributeCos")?;
    let events = either(query, "events", "event")?;
    request.events = (!events.is_empty()).then_some(events);
    request.include_deleted = query.boolean("includeDeleted", false)?;
    request.order = order_text::parse(&query.joined("order"))
        .map_err(|error| Refusal::bad_request(format!("order parameter is invalid. {error}")))?;
    Ok(request)
}

const MODE_RULE: &str =
    "the modes are SELECTED, CHILDREN, DESCENDANTS, ACCESSIBLE, CAPTURE and ALL";
const STATUS_RULE: &str =
    "the states are ACTIVE, COMPLETED, VISITED, SCHEDULE, OVERDUE and SKIPPED";
const ASSIGNEE_RULE: &str = "the modes are CURRENT, PROVIDED, NONE, ANY and ALL";
const ENROLLMENT_RULE: &str = "the states are ACTIVE, COMPLETED and CANCELLED";

fn read_mode(text: &str) -> Option<OrgUnitMode> {
    use OrgUnitMode::{Accessible, All, Capture, Children, Descendants, Selected};
    [Selected, Children, Descendants, Accessible, Capture, All]
        .into_iter()
        .find(|mode| mode.name().eq_ignore_ascii_case(text))
}

fn read_enrollment_status(text: &str) -> Option<EnrollmentStatus> {
    Some(match text.to_ascii_uppercase().as_str() {
        "ACTIVE" => EnrollmentStatus::Active,
        "COMPLETED" => EnrollmentStatus::Completed,
        "CANCELLED" => EnrollmentStatus::Cancelled,
        _ => return None,
    })
}

/// The first of several names that is given.
fn one_of<T>(
    query: &QueryString,
    names: &[&str],
    rule: &str,
    read: fn(&str) -> Option<T>,
) -> Answer<Option<T>> {
    let given = names.iter().find(|name| query.text(name).is_some());
    given.map_or(Ok(None), |name| query.parsed(name, rule, read))
}

/// Identifiers under a name, or under the one that older clients use.
fn either(query: &QueryString, name: &str, older: &str) -> Answer<Vec<String>> {
    let uids = query.uids(name)?;
    if uids.is_empty() {
        return query.uids(older);
    }
    Ok(uids)
}

fn filters(query: &QueryString, name: &str) -> Answer<Vec<RawFilter>> {
    let text = query.joined(name);
    filter_text::parse(&text)
        .map_err(|error| Refusal::bad_request(format!("{name}={text} is invalid. {error}")))
}

fn updated(query: &QueryString, now: NaiveDateTime) -> Answer<TimeBounds> {
    const RULE: &str = "it must be a duration such as 1d, 12h, 30m or P6M";
    let bounds = query.bounds("updated")?;
    let within = query.parsed("updatedWithin", RULE, |text| {
        Duration::parse(text).and_then(|duration| duration.before(now))
    })?;
    match within {
        None => Ok(bounds),
        Some(_) if !bounds.is_open() => Err(Refusal::bad_request(
            "updatedWithin cannot be given together with updatedAfter or updatedBefore",
        )),
        from => Ok(TimeBounds { from, to: None }),
    }
}

fn enrollment(query: &QueryString) -> Answer<EnrollmentRequest> {
    let status = query.parsed("enrollmentStatus", ENROLLMENT_RULE, read_enrollment_status)?;
    let older = query.parsed("programStatus", ENROLLMENT_RULE, read_enrollment_status)?;
    if status.is_some() && older.is_some() {
        return Err(Refusal::bad_request(
            "Only one of programStatus and enrollmentStatus can be given; programStatus is deprecated",
        ));
    }
    Ok(EnrollmentRequest {
        uids: either(query, "enrollments", "enrollment")?,
        status: status.or(older),
        follow_up: query.optional_boolean("followUp")?,
        enrolled: query.bounds("enrollmentEnrolled")?,
        occurred: query.bounds("enrollmentOccurred")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn now() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 8, 31)
            .and_then(|day| day.and_hms_opt(12, 0, 0))
            .expect("a moment")
    }

    fn read(text: &str) -> Answer<ListRequest> {
        list(Endpoint::Events, &QueryString::parse(text)?, now())
    }

    #[test]
    fn a_list_of_the_capture_app_is_read() {
        let request = read(
            "page=1&pageSize=15&program=VBqh0ynB2wv&orgUnit=DiszpKrYNg8&programStage=pTo4uMt3xur&orgUnitMode=SELECTED\
             &order=qrur9Dvnyt5%3Aasc&filter=qrur9Dvnyt5%3Age%3A10%3Ale%3A20&filter=oZg33kd9taw%3Ain%3AMale\
             &filterAttributes=w75KJ2mc4zz%3Alike%3AJo,lZGmxYbs97q%3Aeq%3A123&status=ACTIVE&assignedUserMode=CURRENT\
             &occurredAfter=2026-01-01&programStatus=ACTIVE&nothingKnown=1",
        )
        .expect("a request");
        assert_eq!((request.values.len(), request.attributes.len()), (2, 2));
        assert_eq!(request.org_unit_mode, Some(OrgUnitMode::Selected));
        assert_eq!(request.assignee_mode, Some(AssigneeMode::Current));
        assert_eq!(request.enrollment.status, Some(EnrollmentStatus::Active));
        assert_eq!(request.statuses, [EventStatus::Active]);
        assert_eq!(request.order.len(), 1);
    }

    #[test]
    fn broken_rules_are_refused() {
        for text in [
            "program=x",
            "orgUnitMode=NEAR",
            "status=DONE",
            "filter=x",
            "order=status:up",
            "updatedWithin=long",
            "updatedWithin=1d&updatedAfter=2026-01-01",
            "programStatus=ACTIVE&enrollmentStatus=ACTIVE",
            "followUp=perhaps",
        ] {
            let refused = read(text).expect_err(text);
            assert_eq!(refused.status.as_u16(), 400, "{text}");
        }
        for text in [
            "page=0",
            "paging=false&pageSize=1",
            "paging=false&totalPages=true",
        ] {
            assert!(
                QueryString::parse(text)
                    .and_then(|query| page(&query))
                    .is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn within_counts_back_from_now() {
        let updated = read("updatedWithin=P6M").expect("a request").updated;
        assert_eq!(
            updated.from.map(|moment| moment.to_string()).as_deref(),
            Some("2026-02-28 12:00:00")
        );
    }
}
