//! Events of enrolments.

use chrono::{Days, NaiveDateTime, NaiveTime};
use diesel::QueryResult;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Plan,
    copy::{Loader, Rows},
    enrollments::{Enrollment, Ownership},
    programs::Stage,
    random::{Kind, Stream, one_of, stream, uid},
    single_events::{NOTE_EVERY, stored},
    values,
};
use crate::{
    Result,
    schema::{note, trackerevent, trackerevent_notes},
};

/// Writes events and their notes.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use trackerevent as t;
    let columns = (
        t::eventid,
        t::uid,
        t::created,
        t::lastupdated,
        t::enrollmentid,
        t::programstageid,
        t::attributeoptioncomboid,
        t::deleted,
        t::storedby,
        t::occurreddate,
        t::scheduleddate,
        t::organisationunitid,
        t::ownerorganisationunitid,
        t::status,
        t::completedby,
        t::completeddate,
        t::eventdatavalues,
        t::assigneduserid,
        t::createdbyuserinfo,
        t::lastupdatedbyuserinfo,
    );
    loader.copy_large("tracker events", t::table, columns, |rows| {
        let mut writer = Writer {
            plan,
            random: stream(plan.seed, Stream::TrackerEvents),
            values: values::Writer {
                metadata: &plan.metadata,
                tree: &plan.tree,
            },
            json: String::new(),
            id: 0,
        };
        for (enrollment, id) in plan.register.enrollments.iter().zip(1..) {
            writer.enrollment(rows, enrollment, id)?;
        }
        Ok(())
    })?;
    load_notes(loader, plan)
}

struct Writer<'a> {
    plan: &'a Plan,
    random: ChaCha8Rng,
    values: values::Writer<'a>,
    json: String,
    id: u64,
}

/// What is the same for all events of an enrolment.
struct Course {
    enrollment: u64,
    ownership: Ownership,
}

impl Writer<'_> {
    fn enrollment(
        &mut self,
        rows: &mut Rows<'_>,
        enrollment: &Enrollment,
        id: u64,
    ) -> QueryResult<()> {
        let plan = self.plan;
        let (program, ownership) = plan.register.of(enrollment, plan);
        let course = Course {
            enrollment: id,
            ownership,
        };
        let last_stage = program.stages.len() - 1;
        let mut day = enrollment.day;
        for number in 0..usize::from(enrollment.events) {
            let is_last = number + 1 == usize::from(enrollment.events);
            let stage = match (number, last_stage) {
                (0, _) | (_, 0) => &program.stages[0],
                (_, 2) if is_last && number > 2 => &program.stages[2],
                _ => &program.stages[1],
            };
            if number > 0 {
                day += stage.form.after_days + self.random.random_range(0..14);
            }
            let is_open = is_last && enrollment.completed.is_none() && self.random.random_bool(0.6);
            let is_missed = is_last && number > 0 && self.random.random_bool(0.1);
            match day >= plan.calendar.days() || is_open || is_missed {
                true => self.scheduled(rows, &course, stage, day)?,
                false => self.happened(rows, &course, stage, day)?,
            }
        }
        Ok(())
    }

    /// An event that is due: at most three months ahead of today.
    fn scheduled(
        &mut self,
        rows: &mut Rows<'_>,
        course: &Course,
        stage: &Stage,
        day: u16,
    ) -> QueryResult<()> {
        let calendar = &self.plan.calendar;
        let latest = calendar.today + Days::new(self.random.random_range(1..90));
        let due = calendar.date(day).min(latest).and_time(NaiveTime::MIN);
        let created = (due - Days::new(28))
            .max(calendar.at(course.ownership.since, 600))
            .min(calendar.end());
        let status = if self.random.random_bool(0.04) {
            "SKIPPED"
        } else {
            "SCHEDULE"
        };
        let owner = self.plan.unit(course.ownership.owner());
        let user = one_of(&self.plan.users, &mut self.random);
        self.begin(rows, course, stage, (created, created));
        rows.field(false)
            .field(&user.username)
            .null()
            .field(due)
            .field(owner)
            .field(owner);
        rows.field(status).null().null().field("{}").null();
        rows.field(self.plan.snapshot(user))
            .field(self.plan.snapshot(user))
            .end()
    }

    fn happened(
        &mut self,
        rows: &mut Rows<'_>,
        course: &Course,
        stage: &Stage,
        day: u16,
    ) -> QueryResult<()> {
        let random = &mut self.random;
        let calendar = &self.plan.calendar;
        let occurred = calendar.at(day, 0);
        let stored = stored(
            self.plan,
            calendar.at(day, random.random_range(480..960)),
            random,
        );
        let due = random
            .random_bool(0.5)
            .then(|| occurred - Days::new(random.random_range(0..5)));
        let is_completed = random.random_bool(0.85);
        let is_deleted = random.random_bool(0.01);
        let user = one_of(&self.plan.users, random);
        let assignee = random
            .random_bool(0.1)
            .then(|| one_of(&self.plan.users, random).id);
        self.values.write(&mut self.json, stage, stored.0, random);
        self.begin(rows, course, stage, stored);
        rows.field(is_deleted)
            .field(&user.username)
            .field(occurred)
            .optional(due);
        rows.field(self.plan.unit(course.ownership.owner_on(day)));
        rows.field(self.plan.unit(course.ownership.owner()));
        rows.field(if is_completed { "COMPLETED" } else { "ACTIVE" });
        rows.optional(is_completed.then_some(&user.username))
            .optional(is_completed.then_some(stored.0));
        rows.field(&self.json).optional(assignee);
        rows.field(self.plan.snapshot(user))
            .field(self.plan.snapshot(user))
            .end()
    }

    fn begin(
        &mut self,
        rows: &mut Rows<'_>,
        course: &Course,
        stage: &Stage,
        (created, updated): (NaiveDateTime, NaiveDateTime),
    ) {
        self.id += 1;
        rows.field(self.id)
            .field(uid(Kind::TrackerEvent, self.id))
            .field(created)
            .field(updated);
        rows.field(course.enrollment)
            .field(stage.id)
            .field(self.plan.metadata.default_combo);
    }
}

/// Every [`NOTE_EVERY`]th event has a note.
fn load_notes(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    let count = plan.volume.tracker_events / NOTE_EVERY;
    let first = loader.first_key("note", "noteid")? as u64;
    let columns = (
        note::noteid,
        note::uid,
        note::created,
        note::notetext,
        note::creator,
        note::lastupdatedby,
    );
    loader.copy_large("notes of tracker events", note::table, columns, |rows| {
        for (number, id) in (1..=count).zip(first..) {
            let user = plan.user(number);
            rows.field(id)
                .field(uid(Kind::TrackerEventNote, number))
                .field(plan.calendar.end());
            rows.text("Called the family, will come next week.")
                .field(&user.username)
                .field(user.id)
                .end()?;
        }
        Ok(())
    })?;
    use trackerevent_notes as t;
    let columns = (t::eventid, t::sort_order, t::noteid);
    loader.copy_large(
        "links of notes to tracker events",
        t::table,
        columns,
        |rows| {
            for (number, id) in (1..=count).zip(first..) {
                rows.field(number * NOTE_EVERY).field(1).field(id).end()?;
            }
            Ok(())
        },
    )
}
