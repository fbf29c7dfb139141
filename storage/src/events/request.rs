//! From what a client asks, in identifiers, to a listing in keys: every look-up and every rule of a list.
//!
//! The program, its data elements and attributes come from the [`ProgramScope`], which is cached; the tree lies in memory.
//! So a usual list costs no statement here. What costs one each: data elements or attributes of other programs, named
//! people, a category combination, a tracked entity or enrolments, and the temporary ownerships in protected programs.

mod categories;
mod enrollments;
mod filters;
mod orders;
mod people;
mod units;

use std::collections::HashMap;

use domain::{
    access::Caller,
    event::{
        EventFilter, EventKind, ListRequest, Refusal,
        refusal::Part,
        request::{Endpoint, RawFilter},
    },
    org_unit::Tree,
    uid,
};

use super::{
    columns::{self, Attribute, Element},
    page::Listing,
    scope::ProgramScope,
};
use crate::{Connection, Result};

/// Identifier of the program that a request names.
///
/// # Errors
/// [`crate::Error::Refused`] when it names none.
pub fn program(request: &ListRequest) -> Result<&str> {
    let missing = || Refusal::bad(Part::Program, "is mandatory");
    Ok(request.program.as_deref().ok_or_else(missing)?)
}

/// The listing that a request asks for in the program of `scope`.
///
/// # Errors
/// [`crate::Error::Refused`] for each rule that the request breaks; when a query fails.
pub fn resolve(
    conn: &mut Connection,
    scope: &ProgramScope,
    caller: &Caller,
    tree: &Tree,
    request: &ListRequest,
) -> Result<Listing> {
    check_kind(scope, request)?;
    check_uids(request)?;
    let is_tracker = scope.kind == EventKind::Tracker;
    let stage = request.program_stage.as_deref();
    let stage = stage.filter(|_| is_tracker || request.endpoint == Endpoint::Typed);
    let stages = scope.stage_ids(stage)?;
    let units = units::resolve(conn, scope, caller, tree, request)?;
    let asked = Asked::new(conn, scope, caller, request)?;
    let filter = EventFilter {
        statuses: request.statuses.clone(),
        occurred: request.occurred,
        scheduled: if is_tracker {
            request.scheduled
        } else {
            Default::default()
        },
        updated: request.updated,
        completed: request.completed,
        assignee: people::assignee(conn, caller, request)?,
        values: filters::values(&asked, request)?,
        attributes: if is_tracker {
            filters::attributes(&asked, request)?
        } else {
            Vec::new()
        },
        enrollment: if is_tracker {
            enrollments::resolve(conn, scope, caller, tree, request)?
        } else {
            Default::default()
        },
        option_combo: categories::resolve(conn, caller, request)?,
        uids: request.events.clone(),
        include_deleted: request.include_deleted,
    };
    Ok(Listing {
        kind: scope.kind,
        units: units.visible,
        lent: units.lent,
        stages,
        option_combos: scope.option_combos.clone(),
        hidden_elements: scope.hidden_elements.clone(),
        today: request.today,
        filter,
        order: orders::resolve(&asked, scope.kind, request)?,
    })
}

/// An endpoint of one kind refuses programs of the other, and the typed door what only tracker events have.
fn check_kind(scope: &ProgramScope, request: &ListRequest) -> Result<()> {
    if let Some(kind) = request.endpoint.kind()
        && kind != scope.kind
    {
        let wanted = match kind {
            EventKind::Single => "an event program",
            EventKind::Tracker => "a tracker program",
        };
        let text = format!("{} is not {wanted}", scope.uid);
        return Err(Refusal::bad(Part::Program, text).into());
    }
    if scope.kind == EventKind::Tracker || request.endpoint != Endpoint::Typed {
        return Ok(());
    }
    let enrollment = &request.enrollment;
    let given = [
        (Part::Attributes, !request.attributes.is_empty()),
        (Part::Scheduled, !request.scheduled.is_open()),
        (Part::TrackedEntity, request.tracked_entity.is_some()),
        (Part::Enrollment, *enrollment != Default::default()),
    ];
    for (part, is_given) in given {
        if is_given {
            return Err(Refusal::bad(part, "is only for tracker programs").into());
        }
    }
    Ok(())
}

/// Events are asked for by identifiers, which are well formed, and not together with a filter.
fn check_uids(request: &ListRequest) -> Result<()> {
    let Some(events) = &request.events else {
        return Ok(());
    };
    if !request.values.is_empty() {
        return Err(Refusal::bad(Part::Events, "and filter cannot be combined").into());
    }
    if let Some(wrong) = events.iter().find(|event| !uid::is_valid(event)) {
        let text = format!("{wrong:?} is not an identifier");
        return Err(Refusal::bad(Part::Events, text).into());
    }
    Ok(())
}

/// The data elements and attributes that a request names: those of the program, and those looked up for it.
struct Asked<'a> {
    scope: &'a ProgramScope,
    elements: HashMap<String, Element>,
    attributes: HashMap<String, Attribute>,
}

impl<'a> Asked<'a> {
    fn new(
        conn: &mut Connection,
        scope: &'a ProgramScope,
        caller: &Caller,
        request: &ListRequest,
    ) -> Result<Self> {
        let named = |filters: &[RawFilter]| -> Vec<String> {
            filters.iter().map(|filter| filter.uid.clone()).collect()
        };
        let ordered = request.order.iter().map(|item| &item.name);
        let ordered: Vec<String> = ordered
            .filter(|name| orders::is_column(name))
            .cloned()
            .collect();
        let mut elements = [named(&request.values), ordered.clone()].concat();
        elements
            .retain(|uid| !scope.elements.contains_key(uid) && !scope.attributes.contains_key(uid));
        let elements = if elements.is_empty() {
            HashMap::new()
        } else {
            columns::find_elements(conn, caller, elements)?
        };
        let mut attributes = [named(&request.attributes), ordered].concat();
        attributes.retain(|uid| {
            !scope.attributes.contains_key(uid)
                && !scope.elements.contains_key(uid)
                && !elements.contains_key(uid)
        });
        let attributes = if attributes.is_empty() || scope.kind == EventKind::Single {
            HashMap::new()
        } else {
            columns::find_attributes(conn, caller, attributes)?
        };
        Ok(Asked {
            scope,
            elements,
            attributes,
        })
    }

    /// A data element that the caller may see.
    fn element(&self, uid: &str) -> Option<&Element> {
        let known = self
            .scope
            .elements
            .get(uid)
            .or_else(|| self.elements.get(uid));
        known.filter(|element| element.is_readable)
    }

    /// An attribute that the caller may see.
    fn attribute(&self, uid: &str) -> Option<&Attribute> {
        let known = self
            .scope
            .attributes
            .get(uid)
            .or_else(|| self.attributes.get(uid));
        known.filter(|attribute| attribute.is_readable)
    }
}
