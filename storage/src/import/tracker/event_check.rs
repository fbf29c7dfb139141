//! The rules of events, in DHIS2's order and with its codes; those that depend on the rights of a person are not here.

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use super::{
    events::{Context, Store, Stored, enrollment_uid},
    importer::{Importer, Kind, Read, required},
    metadata::{Metadata, Program, Stage},
    notes::NewNote,
    payload::{AssignedUser, Event, EventStatus},
    tracked_entities::check_geometry,
    values,
};
use crate::import::dhis2::object::Fault;

/// A good event.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) store: Store,
    pub(super) uid: String,
    pub(super) row: Value,
    pub(super) notes: Vec<NewNote>,
}

/// Where an event belongs.
struct Place<'a> {
    program: &'a Program,
    stage: &'a Stage,
    unit: i64,
    /// Enrolment and owner unit of a tracker event.
    enrollment: Option<(i64, i64)>,
}

/// Checks one event.
pub(super) fn check(
    importer: &mut Importer,
    item: &Read<Event>,
    context: &mut Context,
) -> Result<Accepted, Fault> {
    let event = &item.object;
    let metadata = &importer.metadata;
    let stored = context.stored.get(&item.uid);
    if stored.is_some_and(|stored| stored.deleted) {
        return Err(Fault::new("E1082", "the event is deleted"));
    }
    let place = place(importer, item, context)?;
    let store = if place.program.registration {
        Store::Tracker
    } else {
        Store::Single
    };
    check_unchanged(store, &place, stored)?;
    let option_combo = metadata.option_combos.resolve(
        place.program.combo,
        event.attribute_option_combo.as_ref(),
        event.attribute_category_options.as_deref(),
    )?;
    let date = event
        .occurred_at
        .or(event.scheduled_at)
        .map(|moment| moment.0);
    metadata.option_combos.check_period(option_combo, date)?;
    check_status(store, event, stored)?;
    check_dates(store, event)?;
    check_geometry(event.geometry.as_ref(), &place.stage.feature_type)?;
    let values = check_values(importer, place.stage, event, stored)?;
    check_repetition(item, &place, context)?;
    let assignee = assignee(metadata, event.assigned_user.as_ref())?;
    let mut row = row(importer, item, &place, stored);
    row["attributeoptioncomboid"] = json!(option_combo);
    row["eventdatavalues"] = values;
    row["assigneduserid"] = json!(assignee.filter(|_| place.stage.assignment));
    if let Some((enrollment, _)) = place.enrollment {
        let of_stage = context
            .of_stage
            .entry((enrollment, place.stage.id))
            .or_default();
        of_stage.insert(item.uid.clone());
    }
    let unassigned = assignee.is_some() && !place.stage.assignment;
    let notes = importer.new_notes(&item.uid, &event.notes, &context.notes)?;
    importer.unassigned += u64::from(unassigned);
    Ok(Accepted {
        store,
        uid: item.uid.clone(),
        row,
        notes,
    })
}

fn row(importer: &Importer, item: &Read<Event>, place: &Place, stored: Option<&Stored>) -> Value {
    let event = &item.object;
    let (completed_on, completed_by) = completion(importer, event, stored);
    let mut row = json!({
        "uid": item.uid,
        "createdatclient": event.created_at_client.map(|moment| moment.0),
        "lastupdatedatclient": event.updated_at_client.map(|moment| moment.0),
        "programstageid": place.stage.id,
        "deleted": false,
        "storedby": importer.user.username,
        "occurreddate": event.occurred_at.map(|moment| moment.0),
        "organisationunitid": place.unit,
        "status": event.status.text(),
        "completedby": completed_by,
        "completeddate": completed_on,
        "geometry": event.geometry.as_ref().map(|geometry| &geometry.0),
    });
    if let Some((enrollment, owner)) = place.enrollment {
        row["enrollmentid"] = json!(enrollment);
        row["ownerorganisationunitid"] = json!(owner);
        row["scheduleddate"] = json!(event.scheduled_at.map(|moment| moment.0));
    }
    importer.stamp(&mut row);
    row
}

/// Program that an event names, itself or by its stage.
pub(super) fn program_uid<'a>(metadata: &'a Metadata, event: &'a Event) -> Option<&'a String> {
    let named = event.program.as_ref().filter(|uid| !uid.is_empty());
    named.or_else(|| {
        metadata
            .stages
            .get(event.program_stage.as_ref()?)?
            .program
            .as_ref()
    })
}

/// Finds program, stage, unit and enrolment.
fn place<'a>(
    importer: &'a Importer,
    item: &Read<Event>,
    context: &Context,
) -> Result<Place<'a>, Fault> {
    let event = &item.object;
    let metadata = &importer.metadata;
    let unit_uid = required(event.org_unit.as_ref(), "orgUnit", "E1123")?;
    let stage_uid = event.program_stage.as_ref().filter(|uid| !uid.is_empty());
    let own_stage =
        match stage_uid {
            Some(uid) => Some(metadata.stages.get(uid).ok_or_else(|| {
                Fault::new("E1013", format!("program stage {uid} does not exist"))
            })?),
            None => None,
        };
    if own_stage.is_some_and(|stage| stage.program.is_none()) {
        return Err(Fault::new("E1008", "the program stage has no program"));
    }
    let program_uid = required(program_uid(metadata, event), "program", "E1123")?;
    let program = (metadata.programs.get(program_uid))
        .ok_or_else(|| Fault::new("E1010", format!("program {program_uid} does not exist")))?;
    let unit = *(metadata.units.get(unit_uid)).ok_or_else(|| {
        Fault::new(
            "E1011",
            format!("organisation unit {unit_uid} does not exist"),
        )
    })?;
    let first = || {
        metadata
            .stages
            .get(program.first_stage.as_ref()?)
            .filter(|_| !program.registration)
    };
    let stage = own_stage
        .or_else(first)
        .ok_or_else(|| Fault::new("E1123", "`programStage` is required"))?;
    if stage.program.as_deref() != Some(program_uid) {
        return Err(Fault::new(
            "E1089",
            "`programStage` does not belong to `program`",
        ));
    }
    if !context.assigned.contains(&(program.id, unit)) {
        return Err(Fault::new(
            "E1029",
            "`orgUnit` is not assigned to the program",
        ));
    }
    let enrollment = enrollment(importer, item, context, program)?;
    Ok(Place {
        program,
        stage,
        unit,
        enrollment,
    })
}

/// Enrolment and owner unit of a tracker event.
fn enrollment(
    importer: &Importer,
    item: &Read<Event>,
    context: &Context,
    program: &Program,
) -> Result<Option<(i64, i64)>, Fault> {
    if !program.registration {
        return Ok(None);
    }
    let uid =
        enrollment_uid(item).ok_or_else(|| Fault::new("E1033", "`enrollment` is required"))?;
    let enrollment = context
        .enrollments
        .get(uid)
        .filter(|enrollment| !enrollment.deleted);
    let enrollment = enrollment.ok_or_else(|| importer.absent(Kind::Enrollment, uid, "E1081"))?;
    if enrollment.program != program.id {
        return Err(Fault::new(
            "E1079",
            "`program` is not that of the enrollment",
        ));
    }
    let owner = context.owners.get(&enrollment.id);
    let owner = owner.ok_or_else(|| Fault::new("E1081", "the enrollment has no owner unit"))?;
    Ok(Some((enrollment.id, *owner)))
}

/// Checks what an update may not change.
fn check_unchanged(store: Store, place: &Place, stored: Option<&Stored>) -> Result<(), Fault> {
    let Some(stored) = stored else {
        return Ok(());
    };
    if stored.store != store {
        return Err(Fault::new(
            "E1030",
            "the uid is that of an event of the other kind",
        ));
    }
    if stored.stage != place.stage.id {
        return Err(Fault::new("E1128", "`programStage` may not be changed"));
    }
    if stored.enrollment != place.enrollment.map(|(enrollment, _)| enrollment) {
        return Err(Fault::new("E1128", "`enrollment` may not be changed"));
    }
    Ok(())
}

fn check_status(store: Store, event: &Event, stored: Option<&Stored>) -> Result<(), Fault> {
    let planned = event.status.is_planned();
    if planned && store == Store::Single {
        return Err(Fault::new(
            "E1318",
            "`status` must be ACTIVE, COMPLETED or VISITED",
        ));
    }
    if planned && event.data_values.iter().any(|value| value.value.is_some()) {
        return Err(Fault::new(
            "E1315",
            "an event with this `status` may not have data values",
        ));
    }
    if planned
        && stored.is_some_and(|stored| {
            matches!(stored.status.as_str(), "ACTIVE" | "VISITED" | "COMPLETED")
        })
    {
        return Err(Fault::new(
            "E1316",
            "`status` may not go back from what happened to what is planned",
        ));
    }
    if event.completed_at.is_some() && event.status != EventStatus::Completed {
        return Err(Fault::new(
            "E1051",
            "`completedAt` needs `status` COMPLETED",
        ));
    }
    Ok(())
}

fn check_dates(store: Store, event: &Event) -> Result<(), Fault> {
    let happened = store == Store::Single || !event.status.is_planned();
    if happened && event.occurred_at.is_none() {
        return Err(Fault::new("E1031", "`occurredAt` is required"));
    }
    if event.status == EventStatus::Schedule && event.scheduled_at.is_none() {
        return Err(Fault::new(
            "E1050",
            "`scheduledAt` is required for `status` SCHEDULE",
        ));
    }
    if event.occurred_at.is_none() && event.scheduled_at.is_none() {
        return Err(Fault::new(
            "E1046",
            "`occurredAt` or `scheduledAt` is required",
        ));
    }
    Ok(())
}

/// Checks data values, and lays them over the stored ones.
fn check_values(
    importer: &Importer,
    stage: &Stage,
    event: &Event,
    stored: Option<&Stored>,
) -> Result<Value, Fault> {
    values::data(&importer.metadata, stage, &event.data_values)?;
    let before = stored.map_or(&Value::Null, |stored| &stored.values);
    let merged = values::merge(
        before,
        &event.data_values,
        importer.now,
        &importer.user.info,
    );
    let validated = match event.status {
        EventStatus::Completed => true,
        status => stage.always_validated && !status.is_planned(),
    };
    if validated {
        values::compulsory(stage, &event.data_values, &merged)?;
    }
    Ok(Value::Object(merged))
}

/// Checks that a stage that is not repeatable has no other event.
fn check_repetition(item: &Read<Event>, place: &Place, context: &Context) -> Result<(), Fault> {
    let Some((enrollment, _)) = place.enrollment.filter(|_| !place.stage.repeatable) else {
        return Ok(());
    };
    let events = context.of_stage.get(&(enrollment, place.stage.id));
    if events.into_iter().flatten().any(|uid| *uid != item.uid) {
        return Err(Fault::new(
            "E1039",
            "the program stage is not repeatable and an event exists",
        ));
    }
    Ok(())
}

/// The assignee: the username counts, the uid only when there is none.
fn assignee(metadata: &Metadata, user: Option<&AssignedUser>) -> Result<Option<i64>, Fault> {
    let given = |text: &&String| !text.is_empty();
    let Some(user) = user else {
        return Ok(None);
    };
    let found = match (
        user.username.as_ref().filter(given),
        user.uid.as_ref().filter(given),
    ) {
        (Some(username), _) => metadata.usernames.get(username),
        (None, Some(uid)) => metadata.users.get(uid),
        (None, None) => return Ok(None),
    };
    found
        .map(|id| Some(*id))
        .ok_or_else(|| Fault::new("E1118", "`assignedUser` does not exist"))
}

/// When and by whom it was completed: set when it becomes complete, kept while it is.
fn completion(
    importer: &Importer,
    event: &Event,
    stored: Option<&Stored>,
) -> (Option<NaiveDateTime>, Option<String>) {
    if event.status != EventStatus::Completed {
        return (None, None);
    }
    match stored.filter(|stored| stored.status == "COMPLETED" && stored.completed_on.is_some()) {
        Some(stored) => (stored.completed_on, stored.completed_by.clone()),
        None => {
            let date = event.completed_at.map_or(importer.now, |moment| moment.0);
            (Some(date), Some(importer.user.username.clone()))
        }
    }
}

impl EventStatus {
    /// As it is stored: VISITED is ACTIVE.
    fn text(self) -> &'static str {
        match self {
            Self::Active | Self::Visited => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Schedule => "SCHEDULE",
            Self::Overdue => "OVERDUE",
            Self::Skipped => "SKIPPED",
        }
    }

    /// Whether nothing happened yet.
    fn is_planned(self) -> bool {
        matches!(self, Self::Schedule | Self::Overdue | Self::Skipped)
    }
}
