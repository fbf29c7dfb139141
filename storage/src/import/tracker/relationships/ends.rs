//! The ends of relationships: what they name, and whether the person who imports may see it.

use serde_json::{Map, Value};

use super::{
    super::{
        code::Code,
        enrollments, event,
        events::Store,
        importer::{Fault, Importer},
        metadata::Program,
        report::TrackerType,
        tracked_entities,
    },
    Context, End,
};

/// The uid that an end names for a kind of object: `{"event": {"event": uid}}`, or `{"event": uid}`.
pub(super) fn named(end: &Map<String, Value>, kind: TrackerType) -> Option<&str> {
    let object = end.get(kind.name())?;
    object
        .as_str()
        .or_else(|| object.get(kind.name())?.as_str())
}

impl Context {
    /// Whether the person who imports may see a tracked entity: where it was registered, or as something that a program's
    /// unit owns.
    fn shows_entity(&self, importer: &Importer, entity: &tracked_entities::Stored) -> bool {
        let (metadata, rights) = (importer.metadata, &importer.rights);
        let mut types = metadata.entity_types.values();
        let kind = types.find(|kind| kind.id == entity.entity_type);
        rights.check_type_read(kind).is_none()
            && (rights.check_search(entity.unit, Code::E4012).is_none()
                || metadata.programs.values().any(|program| {
                    let owner = self.owners.get(&(entity.id, program.id));
                    owner.is_some_and(|unit| reaches(importer, program, entity.id, *unit))
                }))
    }

    /// Whether the person who imports may see an enrolment.
    fn shows_enrollment(&self, importer: &Importer, enrollment: &enrollments::Stored) -> bool {
        let mut programs = importer.metadata.programs.values();
        let owner = self.owners.get(&(enrollment.entity, enrollment.program));
        let unit = owner.copied().unwrap_or(enrollment.unit);
        programs
            .find(|program| program.id == enrollment.program)
            .is_none_or(|program| reaches(importer, program, enrollment.entity, unit))
    }
}

/// Whether the person who imports may read what a unit owns of a tracked entity within a program.
fn reaches(importer: &Importer, program: &Program, entity: i64, unit: i64) -> bool {
    let rights = &importer.rights;
    rights.check_program_read(program).is_none() && rights.owns(program, entity, unit)
}

/// Finds the object at one end, and checks it against the constraint of the type. Of what the person may not see nobody
/// learns whether it is there.
pub(super) fn end(
    importer: &Importer,
    side: &str,
    end: &Map<String, Value>,
    constraint: &Value,
    context: &Context,
) -> Result<End, Fault> {
    let kinds = [
        TrackerType::TrackedEntity,
        TrackerType::Enrollment,
        TrackerType::Event,
    ];
    let mut given = kinds
        .iter()
        .filter(|kind| end.get(kind.name()).is_some_and(|object| !object.is_null()));
    let (Some(&kind), None) = (given.next(), given.next()) else {
        return Err(Fault::new(
            Code::E4001,
            format!("`{side}` must be one trackedEntity, enrollment or event"),
        ));
    };
    let uid = named(end, kind)
        .ok_or_else(|| Fault::new(Code::E4001, format!("`{side}` names no uid")))?;
    let required = constraint["relationshipEntity"]
        .as_str()
        .unwrap_or_default();
    if !required.is_empty() && required != constrained(kind) {
        return Err(Fault::new(
            Code::E4010,
            format!("`{side}` must be a {required}"),
        ));
    }
    let absent = || importer.absent(kind, uid, Code::E4012);
    match kind {
        TrackerType::TrackedEntity => {
            let entity = context
                .entities
                .get(uid)
                .filter(|entity| !entity.deleted && context.shows_entity(importer, entity))
                .ok_or_else(absent)?;
            let required = constraint["trackedEntityType"]["id"].as_str();
            let required = required.and_then(|uid| importer.metadata.entity_types.get(uid));
            if required.is_some_and(|required| required.id != entity.entity_type) {
                return Err(Fault::new(
                    Code::E4014,
                    format!("`{side}` is not of the required tracked entity type"),
                ));
            }
            Ok(("trackedentityid", entity.id))
        }
        TrackerType::Enrollment => {
            let enrollment = context.enrollments.get(uid).filter(|enrollment| {
                !enrollment.deleted && context.shows_enrollment(importer, enrollment)
            });
            Ok(("enrollmentid", enrollment.ok_or_else(absent)?.id))
        }
        TrackerType::Event | TrackerType::Relationship => {
            let event = context
                .events
                .get(uid)
                .filter(|stored| !stored.deleted && event::is_visible(importer, stored))
                .ok_or_else(absent)?;
            let column = match event.store {
                Store::Single => "singleeventid",
                Store::Tracker => "trackereventid",
            };
            Ok((column, event.id))
        }
    }
}

/// What relationship types call a kind of object.
fn constrained(kind: TrackerType) -> &'static str {
    match kind {
        TrackerType::TrackedEntity => "TRACKED_ENTITY_INSTANCE",
        TrackerType::Enrollment => "PROGRAM_INSTANCE",
        TrackerType::Event | TrackerType::Relationship => "PROGRAM_STAGE_INSTANCE",
    }
}
