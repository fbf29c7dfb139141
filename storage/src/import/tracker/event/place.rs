//! Where an event belongs: program, stage, unit, enrolment; and whether these go together.

use super::super::{
    code::Code,
    events::{Context, Store, Stored, enrollment_uid},
    importer::{Fault, Importer, Read, required, settle},
    metadata::{Metadata, Program, Stage},
    payload::Event,
    report::TrackerType,
};

/// Where an event belongs.
#[derive(Debug)]
pub(in super::super) struct Place<'a> {
    pub(in super::super) program: &'a Program,
    pub(in super::super) stage: &'a Stage,
    pub(in super::super) unit: i64,
    /// Of a tracker event.
    pub(in super::super) enrollment: Option<OfEnrollment>,
}

/// The enrolment of a tracker event.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct OfEnrollment {
    pub(in super::super) id: i64,
    pub(in super::super) entity: i64,
    /// Unit that owns the entity within the program.
    pub(in super::super) owner: i64,
}

/// Finds and checks the place of an event: mandatory members, metadata, what may not change, relations.
pub(super) fn find<'a>(
    importer: &Importer<'a>,
    item: &Read<Event>,
    context: &Context,
    stored: Option<&Stored>,
) -> Result<Place<'a>, Vec<Fault>> {
    let (program, stage, unit) = resolve(importer.metadata, &item.object)?;
    check_unchanged(program, stage, stored)?;
    let mut faults = Vec::new();
    if stage.program.as_ref() != Some(&program.uid) {
        let message = "`programStage` does not belong to `program`";
        faults.push(Fault::new(Code::E1089, message));
    }
    if !context.assigned.contains(&(program.id, unit)) {
        let message = "`orgUnit` is not assigned to the program";
        faults.push(Fault::new(Code::E1029, message));
    }
    let enrollment = match enrollment(importer, item, context, program) {
        Ok(enrollment) => enrollment,
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    settle(faults)?;
    if stored.is_some_and(|stored| stored.enrollment != enrollment.map(|found| found.id)) {
        let message = "`enrollment` may not be changed";
        return Err(Fault::new(Code::E1128, message).into());
    }
    Ok(Place {
        program,
        stage,
        unit,
        enrollment,
    })
}

/// Program that an event names, itself or by its stage.
pub(in super::super) fn program_uid<'a>(
    metadata: &'a Metadata,
    event: &'a Event,
) -> Option<&'a String> {
    let named = event.program.as_ref().filter(|uid| !uid.is_empty());
    named.or_else(|| {
        let stage = metadata.stages.get(event.program_stage.as_ref()?)?;
        stage.program.as_ref()
    })
}

/// Finds program, stage and unit. Of a single event that names no stage, it is the first of its program.
fn resolve<'a>(
    metadata: &'a Metadata,
    event: &Event,
) -> Result<(&'a Program, &'a Stage, i64), Vec<Fault>> {
    let unit_uid = required(event.org_unit.as_ref(), "orgUnit", Code::E1123);
    let stage_uid = event.program_stage.as_ref().filter(|uid| !uid.is_empty());
    let own_stage = match stage_uid {
        Some(uid) => Some(metadata.stages.get(uid).ok_or_else(|| {
            Fault::new(Code::E1013, format!("program stage {uid} does not exist"))
        })?),
        None => None,
    };
    if own_stage.is_some_and(|stage| stage.program.is_none()) {
        let message = "the program stage has no program";
        return Err(Fault::new(Code::E1008, message).into());
    }
    let program_uid = required(program_uid(metadata, event), "program", Code::E1123);
    let (unit_uid, program_uid) = match (unit_uid, program_uid) {
        (Ok(unit), Ok(program)) => (unit, program),
        (unit, program) => return Err(unit.err().into_iter().chain(program.err()).collect()),
    };
    let program = metadata
        .programs
        .get(program_uid)
        .ok_or_else(|| Fault::new(Code::E1010, format!("program {program_uid} does not exist")));
    let unit = metadata.unit(unit_uid).ok_or_else(|| {
        let message = format!("organisation unit {unit_uid} does not exist");
        Fault::new(Code::E1011, message)
    });
    let (program, unit) = match (program, unit) {
        (Ok(program), Ok(unit)) => (program, unit),
        (program, unit) => return Err(program.err().into_iter().chain(unit.err()).collect()),
    };
    let first = || {
        let uid = program.first_stage.as_ref()?;
        metadata.stages.get(uid).filter(|_| !program.registration)
    };
    let stage = own_stage
        .or_else(first)
        .ok_or_else(|| Fault::new(Code::E1123, "`programStage` is required"))?;
    Ok((program, stage, unit))
}

/// Checks what an update may not change.
fn check_unchanged(program: &Program, stage: &Stage, stored: Option<&Stored>) -> Result<(), Fault> {
    let Some(stored) = stored else {
        return Ok(());
    };
    if stored.store != Store::of(program) {
        let message = "the uid is that of an event of the other kind";
        return Err(Fault::new(Code::E1030, message));
    }
    if stored.stage != stage.id {
        return Err(Fault::new(Code::E1128, "`programStage` may not be changed"));
    }
    Ok(())
}

/// Enrolment and owner unit of a tracker event.
fn enrollment(
    importer: &Importer,
    item: &Read<Event>,
    context: &Context,
    program: &Program,
) -> Result<Option<OfEnrollment>, Fault> {
    if !program.registration {
        return Ok(None);
    }
    let uid =
        enrollment_uid(item).ok_or_else(|| Fault::new(Code::E1033, "`enrollment` is required"))?;
    let enrollment = context
        .enrollments
        .get(uid)
        .filter(|enrollment| !enrollment.deleted)
        .ok_or_else(|| importer.absent(TrackerType::Enrollment, uid, Code::E1081))?;
    if enrollment.program != program.id {
        let message = "`program` is not that of the enrollment";
        return Err(Fault::new(Code::E1079, message));
    }
    let owner = context
        .owners
        .get(&enrollment.id)
        .ok_or_else(|| Fault::new(Code::E1313, "the enrollment has no tracked entity"))?;
    Ok(Some(OfEnrollment {
        id: enrollment.id,
        entity: enrollment.entity,
        owner: *owner,
    }))
}

/// Checks that a stage that is not repeatable has no other event.
pub(super) fn check_repetition(
    item: &Read<Event>,
    place: &Place,
    context: &Context,
) -> Option<Fault> {
    let enrollment = place.enrollment.filter(|_| !place.stage.repeatable)?;
    let events = context.of_stage.get(&(enrollment.id, place.stage.id));
    let repeated = events.into_iter().flatten().any(|uid| *uid != item.uid);
    let message = "the program stage is not repeatable and an event exists";
    repeated.then(|| Fault::new(Code::E1039, message))
}
