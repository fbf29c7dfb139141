//! The rules of enrolments, with DHIS2's codes.

use std::collections::HashMap;

use chrono::{NaiveDateTime, TimeDelta};

use super::{
    attributes::Known,
    code::Code,
    enrollments::{Context, Stored, entity_uid},
    files::Namer,
    importer::{Fault, Importer, Read, required},
    metadata::{Metadata, Program},
    payload::{Enrollment, EnrollmentStatus},
    report::TrackerType,
    tracked_entities,
    values::Changes,
};

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
    let unit_uid = required(enrollment.org_unit.as_ref(), "orgUnit", Code::E1122)?;
    let program_uid = required(enrollment.program.as_ref(), "program", Code::E1122)?;
    let entity_uid = required(entity_uid(item), "trackedEntity", Code::E1122)?;
    let unit = metadata.unit(unit_uid).ok_or_else(|| {
        Fault::new(
            Code::E1070,
            format!("organisation unit {unit_uid} does not exist"),
        )
    })?;
    let program = (metadata.programs.get(program_uid))
        .ok_or_else(|| Fault::new(Code::E1069, format!("program {program_uid} does not exist")))?;
    let entity = *(context
        .entities
        .get(entity_uid)
        .filter(|entity| !entity.deleted))
    .ok_or_else(|| importer.absent(TrackerType::TrackedEntity, entity_uid, Code::E1068))?;
    let enrolled = enrollment
        .enrolled_at
        .ok_or_else(|| Fault::new(Code::E1025, "`enrolledAt` is required"))?;
    Ok(Place {
        program,
        entity,
        unit,
        enrolled: enrolled.0,
    })
}

/// Checks that the enrolment is there, or not, as the strategy asks.
pub(super) fn check_existence(
    importer: &Importer,
    uid: &str,
    stored: Option<&Stored>,
) -> Result<(), Fault> {
    if stored.is_some_and(|stored| stored.deleted) {
        let message = format!("enrollment {uid} is deleted");
        return Err(Fault::new(Code::E1113, message));
    }
    let codes = (Code::E1080, Code::E1081);
    importer.check_existence(TrackerType::Enrollment, uid, stored.is_some(), codes)
}

/// Checks that program, tracked entity, unit and what is stored go together.
pub(super) fn check_place(
    enrollment: &Enrollment,
    place: &Place,
    stored: Option<&Stored>,
    context: &Context,
) -> Vec<Fault> {
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
            Code::E1014,
            "the program is one without registration",
        ),
        (
            context.assigned.contains(&(program.id, *unit)),
            Code::E1041,
            "`orgUnit` is not assigned to the program",
        ),
        (
            of_type,
            Code::E1022,
            "the tracked entity is not of the program's type",
        ),
        (
            !program.incident_date || enrollment.occurred_at.is_some(),
            Code::E1023,
            "`occurredAt` is required by the program",
        ),
        (
            stored.is_none_or(|stored| stored.program == program.id),
            Code::E1127,
            "`program` may not be changed",
        ),
        (
            stored.is_none_or(|stored| stored.entity == entity.id),
            Code::E1127,
            "`trackedEntity` may not be changed",
        ),
    ];
    let broken = rules.into_iter().filter(|(kept, ..)| !kept);
    broken
        .map(|(_, code, message)| Fault::new(code, message))
        .collect()
}

/// What the person who imports may not do.
pub(super) fn check_rights(
    importer: &Importer,
    place: &Place,
    option_combo: i64,
    stored: Option<&Stored>,
    context: &Context,
) -> Vec<Fault> {
    let (rights, program) = (&importer.rights, place.program);
    let owner = context.owners.get(&(place.entity.id, program.id));
    let owner = *owner.unwrap_or(&place.entity.unit);
    let mut faults = Vec::from_iter(rights.check_program_write(program));
    faults.extend(rights.check_type_read(importer.metadata.type_of(program)));
    faults.extend(rights.check_owner(program, place.entity.id, owner));
    let before = stored.map(|stored| stored.option_combo);
    let combos = [Some(option_combo), before].into_iter().flatten();
    let option_combos = &importer.metadata.option_combos;
    faults.extend(rights.check_options(combos.flat_map(|combo| option_combos.shared(combo))));
    if stored.is_none_or(|stored| stored.unit != place.unit) {
        faults.extend(rights.check_capture(place.unit));
    }
    faults
}

/// Checks that nobody is enrolled ahead of time.
pub(super) fn check_dates(
    importer: &Importer,
    enrollment: &Enrollment,
    place: &Place,
) -> Vec<Fault> {
    // A day's tolerance: the client's clock may be in another zone.
    let tomorrow = importer.now + TimeDelta::days(1);
    let mut faults = Vec::new();
    if place.enrolled > tomorrow {
        let message = "`enrolledAt` is in the future";
        faults.push(Fault::new(Code::E1020, message));
    }
    if enrollment.occurred_at.is_some_and(|date| date.0 > tomorrow) {
        let message = "`occurredAt` is in the future";
        faults.push(Fault::new(Code::E1021, message));
    }
    if enrollment.completed_at.is_some() && enrollment.status != EnrollmentStatus::Completed {
        let message = "`completedAt` needs `status` COMPLETED";
        faults.push(Fault::new(Code::E1052, message));
    }
    faults
}

/// Checks attribute values against the program: none that it does not have, all that it requires, unique ones once.
pub(super) fn check_attributes(
    metadata: &Metadata,
    item: &Read<Enrollment>,
    place: &Place,
    values: &Changes,
    known: &mut Known,
) -> Vec<Fault> {
    let attributes = &place.program.attributes;
    let mandatory: Vec<i64> = (attributes.iter().filter(|(_, mandatory)| **mandatory))
        .map(|(id, _)| *id)
        .collect();
    let entity = Some(place.entity.id);
    let mut faults = known.check_mandatory(&mandatory, values, entity, Code::E1018);
    let foreign = values
        .iter()
        .any(|(id, value)| value.is_some() && !attributes.contains_key(id));
    if foreign {
        let message = "`attributes` holds one that is not of the program";
        faults.push(Fault::new(Code::E1019, message));
    }
    let uid = entity_uid(item).map_or("", String::as_str);
    faults.extend(known.check_unique(metadata, values, entity, uid));
    // The tracked entity is stored by now, and may have been given the same file as its own.
    let namer = Namer { uid, is_new: false };
    faults.extend(known.check_files(metadata, &item.object.attributes, namer));
    faults
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
            Code::E1016,
            "the program enrolls only once, and the tracked entity has an enrollment",
        ));
    }
    if status == EnrollmentStatus::Active && others.any(|(_, status)| status == "ACTIVE") {
        return Err(Fault::new(
            Code::E1015,
            "the tracked entity has an active enrollment in the program",
        ));
    }
    Ok(())
}
