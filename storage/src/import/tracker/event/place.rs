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
    let (program, stage, unit) = resolve(importer.metadata, item)?;
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

/// Finds program, stage and unit: first whether all members are there, then what they name. Of a single event that names
/// no stage, it is the first of its program.
fn resolve<'a>(
    metadata: &'a Metadata,
    item: &Read<Event>,
) -> Result<(&'a Program, &'a Stage, i64), Vec<Fault>> {
    let event = &item.object;
    let given = |uid: &&String| !uid.is_empty();
    let named = event.program_stage.as_ref().filter(given);
    let own_stage = named.and_then(|uid| metadata.stages.get(uid));
    let program_uid = program_uid(metadata, event);
    let program = program_uid.and_then(|uid| metadata.programs.get(uid));
    let of_program = program.filter(|program| !program.registration);
    let stage_uid = named.or_else(|| of_program?.first_stage.as_ref());
    let unit_uid = event.org_unit.as_ref().filter(given);
    let is_tracker = program.is_some_and(|program| program.registration);
    settle(missing([
        ("enrollment", !is_tracker || enrollment_uid(item).is_some()),
        ("orgUnit", unit_uid.is_some()),
        ("programStage", stage_uid.is_some()),
        ("program", program_uid.is_some() || own_stage.is_some()),
    ]))?;
    if own_stage.is_some_and(|stage| stage.program.is_none()) {
        let message = "the program stage has no program";
        return Err(Fault::new(Code::E1008, message).into());
    }
    let absent = |code, what: &str, uid: Option<&String>| {
        let uid = uid.map_or("", String::as_str);
        Fault::new(code, format!("{what} {uid} does not exist"))
    };
    let program = program.ok_or_else(|| absent(Code::E1010, "program", program_uid));
    let unit = unit_uid.and_then(|uid| metadata.unit(uid));
    let unit = unit.ok_or_else(|| absent(Code::E1011, "organisation unit", unit_uid));
    let stage = stage_uid.and_then(|uid| metadata.stages.get(uid));
    let stage = stage.ok_or_else(|| absent(Code::E1013, "program stage", stage_uid));
    match (program, unit, stage) {
        (Ok(program), Ok(unit), Ok(stage)) => Ok((program, stage, unit)),
        (program, unit, stage) => {
            let faults = [program.err(), unit.err(), stage.err()];
            Err(faults.into_iter().flatten().collect())
        }
    }
}

/// A fault for each member that is not there.
fn missing<const N: usize>(members: [(&str, bool); N]) -> Vec<Fault> {
    let missing = members.into_iter().filter(|(_, is_there)| !is_there);
    let fault = |(member, _)| Fault::new(Code::E1123, format!("`{member}` is required"));
    missing.map(fault).collect()
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
    let uid = required(enrollment_uid(item), "enrollment", Code::E1123)?;
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
