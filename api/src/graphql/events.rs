//! Events as clients see them: two kinds behind one interface.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, ID, Interface, Object, Result, ScalarType, SimpleObject, Value,
    resolver_utils::enum_value,
};
use chrono::NaiveDateTime;
use domain::event::EventKind;
use storage::events::{EventRow, ProgramScope};

use super::{
    at_hand::{Asked, AtHand, FieldsAtHand},
    cells::{self, Cell},
    context,
    error::{fail, refuse},
    org_units::{self, OrgUnit},
    programs::ProgramStage,
    scalars::{DateTime, instant},
    tracked_entities::{self, Enrollment, TrackedEntity},
    users::User,
};
use crate::loaders::{NotesOf, UserId};

/// State of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::event::EventStatus")]
pub enum EventStatus {
    /// Begun.
    Active,
    /// Finished.
    Completed,
    /// Seen, not yet begun; found in old data only.
    Visited,
    /// Planned.
    Schedule,
    /// Planned, and its day has passed.
    Overdue,
    /// Planned and left out.
    Skipped,
}

/// What all events have in common.
#[derive(Interface)]
#[expect(clippy::duplicated_attributes, reason = "two fields may have one type")]
#[graphql(
    field(name = "id", ty = "ID", desc = "DHIS2 identifier."),
    field(name = "status", ty = "Result<EventStatus>", desc = "State."),
    field(
        name = "occurred_at",
        ty = "Option<DateTime>",
        desc = "When it happened; null for an event that is only scheduled."
    ),
    field(
        name = "program_stage",
        ty = "Result<ProgramStage>",
        desc = "Stage of the program."
    ),
    field(
        name = "org_unit",
        ty = "Result<AtHand<OrgUnit>>",
        desc = "Unit where it happened."
    ),
    field(
        name = "assigned_user",
        ty = "Option<Result<User>>",
        desc = "Person it is assigned to; null for none."
    ),
    field(
        name = "cells",
        ty = "Vec<AtHand<Cell>>",
        desc = "Values: the columns asked for, in their order, or every value that the event has.",
        arg(name = "columns", ty = "Option<Vec<ID>>", desc = "Data elements.")
    ),
    field(
        name = "notes",
        ty = "Result<Vec<Note>>",
        desc = "Notes, oldest first."
    ),
    field(name = "created_at", ty = "DateTime", desc = "When it was stored."),
    field(
        name = "updated_at",
        ty = "DateTime",
        desc = "When it was last changed."
    ),
    field(
        name = "completed_at",
        ty = "Option<DateTime>",
        desc = "When it was completed; null while it is not."
    )
)]
pub enum Event {
    /// An event of a program without registration.
    Single(SingleEvent),
    /// An event of an enrolment.
    Tracker(TrackerEvent),
}

impl Event {
    /// Wraps a row of either table with its program.
    #[must_use]
    pub fn new(program: &Arc<ProgramScope>, row: Arc<EventRow>) -> Self {
        let program = Arc::clone(program);
        match program.kind {
            EventKind::Single => Event::Single(SingleEvent { program, row }),
            EventKind::Tracker => Event::Tracker(TrackerEvent { program, row }),
        }
    }
}

impl FieldsAtHand for Event {
    fn field_at_hand(&self, asked: &Asked<'_>) -> Option<Value> {
        match self {
            Event::Single(SingleEvent { program, row }) => field_at_hand(program, row, asked),
            Event::Tracker(TrackerEvent { program, row }) => match asked.name() {
                "scheduledAt" => Some(moment(row.scheduleddate)),
                "ownerOrgUnit" => {
                    let owner = row.ownerorganisationunitid;
                    unit_at_hand(owner.unwrap_or(row.organisationunitid), asked)
                }
                _ => field_at_hand(program, row, asked),
            },
        }
    }
}

/// A field of both kinds that is at hand.
fn field_at_hand(program: &ProgramScope, row: &EventRow, asked: &Asked<'_>) -> Option<Value> {
    match asked.name() {
        "id" => Some(Value::from(row.uid.as_str())),
        "status" => status(row).ok().map(enum_value),
        "occurredAt" => Some(moment(row.occurreddate)),
        "createdAt" => Some(moment(Some(row.created))),
        "updatedAt" => Some(moment(Some(row.lastupdated))),
        "completedAt" => Some(moment(row.completeddate)),
        "orgUnit" => unit_at_hand(row.organisationunitid, asked),
        "assignedUser" if row.assigneduserid.is_none() => Some(Value::Null),
        "cells" => {
            let columns = asked.argument("columns")?;
            let cells = cells::of_event(&program.definition, row, columns);
            let cells = cells.iter().map(|AtHand(cell)| asked.object(cell));
            cells.collect::<Option<Vec<Value>>>().map(Value::List)
        }
        _ => None,
    }
}

fn moment(time: Option<NaiveDateTime>) -> Value {
    time.map_or(Value::Null, |time| instant(time).to_value())
}

fn unit_at_hand(id: i64, asked: &Asked<'_>) -> Option<Value> {
    asked.object(&OrgUnit(asked.request().unit(id)?))
}

/// An event of a program without registration.
pub struct SingleEvent {
    program: Arc<ProgramScope>,
    row: Arc<EventRow>,
}

/// An event of a program without registration. Its `occurredAt` is never null.
#[Object]
impl SingleEvent {
    /// DHIS2 identifier.
    pub(super) async fn id(&self) -> ID {
        ID(self.row.uid.clone())
    }

    /// State: ACTIVE or COMPLETED.
    async fn status(&self) -> Result<EventStatus> {
        status(&self.row)
    }

    /// When it happened.
    async fn occurred_at(&self) -> Option<DateTime> {
        self.row.occurreddate.map(instant)
    }

    /// Stage of the program.
    async fn program_stage(&self) -> Result<ProgramStage> {
        program_stage(&self.program, &self.row)
    }

    /// Unit where it happened.
    async fn org_unit(&self, ctx: &Context<'_>) -> Result<AtHand<OrgUnit>> {
        org_units::required(ctx, self.row.organisationunitid)
    }

    /// Person it is assigned to; null for none.
    async fn assigned_user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        assigned_user(ctx, &self.row).await
    }

    /// Values: the columns asked for, in their order, or every value that the event has.
    async fn cells(
        &self,
        #[graphql(desc = "Data elements.")] columns: Option<Vec<ID>>,
    ) -> Vec<AtHand<Cell>> {
        cells::of_event(&self.program.definition, &self.row, columns)
    }

    /// Notes, oldest first.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<Note>> {
        notes(ctx, EventKind::Single, &self.row).await
    }

    /// When it was stored.
    async fn created_at(&self) -> DateTime {
        instant(self.row.created)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        instant(self.row.lastupdated)
    }

    /// When it was completed; null while it is not.
    async fn completed_at(&self) -> Option<DateTime> {
        self.row.completeddate.map(instant)
    }
}

/// An event of an enrolment.
pub struct TrackerEvent {
    program: Arc<ProgramScope>,
    row: Arc<EventRow>,
}

/// An event of an enrolment in a program with registration.
#[Object]
impl TrackerEvent {
    /// DHIS2 identifier.
    pub(super) async fn id(&self) -> ID {
        ID(self.row.uid.clone())
    }

    /// State.
    async fn status(&self) -> Result<EventStatus> {
        status(&self.row)
    }

    /// When it happened; null for an event that is only scheduled.
    async fn occurred_at(&self) -> Option<DateTime> {
        self.row.occurreddate.map(instant)
    }

    /// When it is due; null when not scheduled.
    async fn scheduled_at(&self) -> Option<DateTime> {
        self.row.scheduleddate.map(instant)
    }

    /// Stage of the program.
    async fn program_stage(&self) -> Result<ProgramStage> {
        program_stage(&self.program, &self.row)
    }

    /// Unit where it happened. Lists select by `ownerOrgUnit` instead.
    async fn org_unit(&self, ctx: &Context<'_>) -> Result<AtHand<OrgUnit>> {
        org_units::required(ctx, self.row.organisationunitid)
    }

    /// Unit that owns the tracked entity within the program; moves with a transfer. Lists select by it.
    async fn owner_org_unit(&self, ctx: &Context<'_>) -> Result<AtHand<OrgUnit>> {
        org_units::required(
            ctx,
            self.row
                .ownerorganisationunitid
                .unwrap_or(self.row.organisationunitid),
        )
    }

    /// Enrolment that it belongs to.
    async fn enrollment(&self, ctx: &Context<'_>) -> Result<Enrollment> {
        let enrollment = tracked_entities::enrollment(ctx, &self.row).await?;
        Ok(Enrollment::from(&*enrollment))
    }

    /// Tracked entity that it is about.
    async fn tracked_entity(&self, ctx: &Context<'_>) -> Result<TrackedEntity> {
        Ok(TrackedEntity {
            program: Arc::clone(&self.program),
            enrollment: tracked_entities::enrollment(ctx, &self.row).await?,
        })
    }

    /// Person it is assigned to; null for none.
    async fn assigned_user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        assigned_user(ctx, &self.row).await
    }

    /// Values: the columns asked for, in their order, or every value that the event has.
    async fn cells(
        &self,
        #[graphql(desc = "Data elements.")] columns: Option<Vec<ID>>,
    ) -> Vec<AtHand<Cell>> {
        cells::of_event(&self.program.definition, &self.row, columns)
    }

    /// Notes, oldest first.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<Note>> {
        notes(ctx, EventKind::Tracker, &self.row).await
    }

    /// When it was stored.
    async fn created_at(&self) -> DateTime {
        instant(self.row.created)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        instant(self.row.lastupdated)
    }

    /// When it was completed; null while it is not.
    async fn completed_at(&self) -> Option<DateTime> {
        self.row.completeddate.map(instant)
    }
}

/// A note of an event.
#[derive(SimpleObject)]
pub struct Note {
    /// DHIS2 identifier.
    id: ID,
    /// The text.
    text: String,
    /// When it was stored.
    stored_at: DateTime,
    /// Username that wrote it; null when not known.
    created_by: Option<String>,
}

fn status(event: &EventRow) -> Result<EventStatus> {
    let status = domain::event::EventStatus::parse(&event.status);
    let status =
        status.ok_or_else(|| refuse(format!("event {} has an unknown status", event.uid)))?;
    Ok(status.into())
}

fn program_stage(program: &ProgramScope, event: &EventRow) -> Result<ProgramStage> {
    let stage = program.definition.stage(event.programstageid).cloned();
    stage
        .map(ProgramStage)
        .ok_or_else(|| refuse("the stage was removed while the request ran; try again"))
}

async fn assigned_user(ctx: &Context<'_>, event: &EventRow) -> Option<Result<User>> {
    let user = context(ctx)
        .loader
        .load_one(UserId(event.assigneduserid?))
        .await
        .map_err(fail);
    user.transpose().map(|user| user.map(User))
}

async fn notes(ctx: &Context<'_>, kind: EventKind, event: &EventRow) -> Result<Vec<Note>> {
    let notes = context(ctx)
        .loader
        .load_one(NotesOf(kind, event.eventid))
        .await
        .map_err(fail)?;
    let note = |row: &Arc<storage::events::notes::Note>| Note {
        id: ID(row.uid.clone()),
        text: row.notetext.clone(),
        stored_at: instant(row.created),
        created_by: row.creator.clone(),
    };
    let notes = notes.iter().flat_map(|notes| notes.iter());
    Ok(notes.map(note).collect())
}
