//! The rules of enrolments, with DHIS2's codes; those that depend on the rights of a person are not here.

use std::collections::HashMap;

use chrono::NaiveDateTime;

use super::{
    enrollments::{Context, Stored, entity_uid},
    importer::{Importer, Kind, Read, required},
    metadata::Program,
    payload::{Enrollment, EnrollmentStatus},
    tracked_entities,
};
use crate::import::dhis2::object::Fault;

/// Where an enrolment belongs.
pub(super) struct Place<'a> {
    pub(super) program: &'a Program,
    pub(super) entity: tracked_entities::Stored,
    pub(super) unit: i64,
    pub(super) enrolled: NaiveDateTime,
}

/// Finds program, tracked entity, unit and date.
pub(super) fn find_place<'a>(
    importer: &'a Importer,
    item: &Read<Enrollment>,
    context: &Context,
) -> Result<Place<'a>, Fault> {
    let enrollment = &item.object;
    let metadata = &importer.metadata;
    if context
        .stored
        .get(&item.uid)
        .is_some_and(|stored| stored.deleted)
    {
        return Err(Fault::new("E1113", "the enrollment is deleted"));
    }
    let unit_uid = required(enrollment.org_unit.as_ref(), "orgUnit", "E1122")?;
    let program_uid = required(enrollment.program.as_ref(), "program", "E1122")?;
    let entity_uid = required(entity_uid(item), "trackedEntity", "E1122")?;
    let unit = *(metadata.units.get(unit_uid)).ok_or_else(|| {
        Fault::new(
            "E1070",
            format!("organisation unit {unit_uid} does not exist"),
        )
    })?;
    let program = (metadata.programs.get(program_uid))
        .ok_or_else(|| Fault::new("E1069", format!("program {program_uid} does not exist")))?;
    let entity = *(context
        .entities
        .get(entity_uid)
        .filter(|entity| !entity.deleted))
    .ok_or_else(|| importer.absent(Kind::TrackedEntity, entity_uid, "E1068"))?;
    let enrolled = enrollment
        .enrolled_at
        .ok_or_else(|| Fault::new("E1025", "`enrolledAt` is required"))?;
    Ok(Place {
        program,
        entity,
        unit,
        enrolled: enrolled.0,
    })
}

/// Checks that program, tracked entity, unit and what is stored go together.
pub(super) fn check_place(
    enrollment: &Enrollment,
    place: &Place,
    stored: Option<&Stored>,
    context: &Context,
) -> Result<(), Fault> {
    let Place {
        program,
        entity,
        unit,
        ..
    } = place;
    let of_type = program
        .entity_type
        .is_none_or(|id| id == entity.entity_type);
    let rules = [
        (
            program.registration,
            "E1014",
            "the program is one without registration",
        ),
        (
            context.assigned.contains(&(program.id, *unit)),
            "E1041",
            "`orgUnit` is not assigned to the program",
        ),
        (
            of_type,
            "E1022",
            "the tracked entity is not of the program's type",
        ),
        (
            !program.incident_date || enrollment.occurred_at.is_some(),
            "E1023",
            "`occurredAt` is required by the program",
        ),
        (
            stored.is_none_or(|stored| stored.program == program.id),
            "E1127",
            "`program` may not be changed",
        ),
        (
            stored.is_none_or(|stored| stored.entity == entity.id),
            "E1127",
            "`trackedEntity` may not be changed",
        ),
    ];
    match rules.into_iter().find(|(kept, ..)| !kept) {
        Some((_, rule, message)) => Err(Fault::new(rule, message)),
        None => Ok(()),
    }
}

/// Checks an enrolment against the others of the same entity and program.
pub(super) fn check_others(
    uid: &str,
    status: EnrollmentStatus,
    once: bool,
    others: Option<&HashMap<String, String>>,
) -> Result<(), Fault> {
    let mut others = others
        .into_iter()
        .flatten()
        .filter(|(other, _)| *other != uid);
    if once && status != EnrollmentStatus::Cancelled && others.clone().next().is_some() {
        return Err(Fault::new(
            "E1016",
            "the program enrolls only once, and the tracked entity has an enrollment",
        ));
    }
    if status == EnrollmentStatus::Active && others.any(|(_, status)| status == "ACTIVE") {
        return Err(Fault::new(
            "E1015",
            "the tracked entity has an active enrollment in the program",
        ));
    }
    Ok(())
}
