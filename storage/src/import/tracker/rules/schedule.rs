//! Events that program rules plan (SCHEDULEEVENT): an event with status SCHEDULE, of the stage that the action names, in the
//! enrolment of the object that the rule was run for, with its unit, program and option combination. They are noted while
//! rules run, since an enrolment may not be stored yet, and written after the events of the payload, in the same transaction.
//! Whether one is written or not, a warning of the object tells.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;

use super::{
    super::{
        code::Code,
        enrollments,
        event::{self, Accepted, place::OfEnrollment, place::Place},
        events::{self, Store},
        importer::{CHUNK, Fault, Importer, Read, Tally},
        metadata::{Program, Stage},
        owners,
        payload::{Event, EventStatus, random_uid},
        report::TrackerType,
    },
    findings::Planned,
};
use crate::{Connection, Result, import::dhis2::timestamp::Timestamp};

/// An event to be planned.
#[derive(Debug)]
pub(in super::super) struct Plan<'a> {
    rule: String,
    /// The object that the rule was run for.
    trigger: (TrackerType, String),
    enrollment: String,
    program: &'a Program,
    stage: &'a Stage,
    unit: i64,
    option_combo: i64,
    date: NaiveDate,
}

/// A good object that rules were run for.
pub(super) struct Origin<'a, 'o> {
    pub(super) trigger: (TrackerType, &'o String),
    /// Identifier of its enrolment.
    pub(super) enrollment: Option<&'o String>,
    pub(super) program: &'a Program,
    pub(super) unit: i64,
    /// Option combination for the planned events; `None` when the object does not say which.
    pub(super) option_combo: Option<i64>,
}

/// Notes the events that rules plan for a good object; warns of those that cannot be.
pub(super) fn plan<'a>(
    importer: &mut Importer<'a>,
    origin: &Origin<'a, '_>,
    planned: Vec<Planned>,
) {
    for planned in planned {
        match check(importer, origin, &planned) {
            Ok(plan) => importer.plans.push(plan),
            Err(fault) => importer.warn(origin.trigger.0, origin.trigger.1, fault),
        }
    }
}

/// Checks what needs no look into the database: the day, whether the person may write, the option combination.
fn check<'a>(
    importer: &Importer<'a>,
    origin: &Origin<'a, '_>,
    planned: &Planned,
) -> Result<Plan<'a>, Fault> {
    let Planned { rule, stage, date } = planned;
    let nothing = |why: &str| format!("program rule {rule} scheduled nothing: {why}");
    let sent = date.as_deref().unwrap_or_default();
    let date = day(sent).ok_or_else(|| Fault {
        shown: Some(nothing(&format!("its day {sent} is not valid"))),
        ..Fault::new(Code::E1319, nothing("its day is not valid"))
    })?;
    let found = importer.metadata.stages.get(stage);
    let (found, enrollment) = found.zip(origin.enrollment).ok_or_else(|| {
        let why = format!("program stage {stage} does not exist");
        Fault::new(Code::E1300, nothing(&why))
    })?;
    if !found.sharing.may_write_data(importer.rights.caller) {
        let why = format!("you may not write data of program stage {stage}");
        return Err(Fault::new(Code::E1321, nothing(&why)));
    }
    let option_combo = origin.option_combo.ok_or_else(|| {
        let why = "an option combination is required: the program has its own category combination";
        Fault::new(Code::E1055, nothing(why))
    })?;
    Ok(Plan {
        rule: rule.clone(),
        trigger: (origin.trigger.0, origin.trigger.1.clone()),
        enrollment: enrollment.clone(),
        program: origin.program,
        stage: found,
        unit: origin.unit,
        option_combo,
        date,
    })
}

/// A day as DHIS2 wants it here: ten characters, no time.
fn day(text: &str) -> Option<NaiveDate> {
    (text.len() == 10)
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

/// What is stored of the enrolments of some plans.
struct Seen {
    enrollments: HashMap<String, enrollments::Stored>,
    /// Owner units, by key of the enrolment.
    owners: HashMap<i64, i64>,
    /// Enrolments and stages with an event that is neither deleted nor skipped.
    taken: HashSet<(i64, i64)>,
    /// Enrolments, stages and the days for which an event is or was planned.
    days: HashSet<(i64, i64, NaiveDate)>,
}

/// Writes the events that rules planned. Returns their identifiers.
pub(in super::super) fn store(importer: &mut Importer, tally: &mut Tally) -> Result<Vec<String>> {
    let mut plans = std::mem::take(&mut importer.plans);
    let mut done = Vec::with_capacity(plans.len());
    while !plans.is_empty() {
        let rest = plans.split_off(plans.len().min(CHUNK));
        let chunk = std::mem::replace(&mut plans, rest);
        let mut seen = Seen::load(importer.conn, &chunk)?;
        let mut accepted = Vec::with_capacity(chunk.len());
        for plan in chunk {
            let (kind, uid) = plan.trigger.clone();
            let (event, warning) = seen.realize(importer, plan);
            importer.warn(kind, &uid, warning);
            accepted.extend(event);
        }
        tally.scheduled += accepted.len() as u64;
        done.extend(accepted.iter().map(|event| event.uid.clone()));
        events::store(importer, Store::Tracker, accepted, &HashMap::new(), tally)?;
    }
    Ok(done)
}

impl Seen {
    fn load(conn: &mut Connection, plans: &[Plan]) -> Result<Self> {
        use crate::schema::trackerevent as t;
        let uids: HashSet<&str> = plans.iter().map(|plan| plan.enrollment.as_str()).collect();
        let enrollments = enrollments::stored(conn, &Vec::from_iter(uids))?;
        let ids: Vec<i64> = enrollments.values().map(|found| found.id).collect();
        let rows: Vec<(i64, i64, Option<NaiveDateTime>, String)> = t::table
            .filter(t::enrollmentid.eq_any(&ids).and(t::deleted.eq(false)))
            .select((
                t::enrollmentid,
                t::programstageid,
                t::scheduleddate,
                t::status,
            ))
            .load(conn)?;
        let (mut taken, mut days) = (HashSet::new(), HashSet::new());
        for (enrollment, stage, due, status) in rows {
            if status != "SKIPPED" {
                taken.insert((enrollment, stage));
            }
            days.extend(due.map(|due| (enrollment, stage, due.date())));
        }
        Ok(Seen {
            owners: owners::of_enrollments(conn, &ids)?,
            enrollments,
            taken,
            days,
        })
    }

    /// The event of a plan, unless there is one already, and what is told of it. For one day a stage has one planned event,
    /// whatever became of it, so that a payload that is sent again plans nothing again.
    fn realize<'a>(
        &mut self,
        importer: &Importer,
        plan: Plan<'a>,
    ) -> (Option<Accepted<'a>>, Fault) {
        let (rule, stage) = (&plan.rule, &plan.stage.uid);
        let found = self.enrollments.get(&plan.enrollment);
        let owned = found.and_then(|found| Some((found, *self.owners.get(&found.id)?)));
        let Some((enrollment, owner)) = owned else {
            let message = format!(
                "program rule {rule} scheduled nothing: enrollment {} does not exist",
                plan.enrollment
            );
            return (None, Fault::new(Code::E1081, message));
        };
        let (once, day) = (
            (enrollment.id, plan.stage.id),
            (enrollment.id, plan.stage.id, plan.date),
        );
        let repeats = !plan.stage.repeatable && self.taken.contains(&once);
        if repeats || self.days.contains(&day) {
            let message = format!(
                "program rule {rule} scheduled nothing: enrollment {} has an event of program stage {stage}",
                plan.enrollment
            );
            return (None, Fault::new(Code::E1322, message));
        }
        self.taken.insert(once);
        self.days.insert(day);
        let uid = random_uid();
        let message = format!("program rule {rule} scheduled event {uid} of program stage {stage}");
        let warning = Fault {
            shown: Some(format!("{message} for {}", plan.date)),
            ..Fault::new(Code::E1320, message)
        };
        let place = OfEnrollment {
            id: enrollment.id,
            entity: enrollment.entity,
            owner,
        };
        (Some(plan.event(importer, uid, place)), warning)
    }
}

impl<'a> Plan<'a> {
    /// The planned event.
    fn event(self, importer: &Importer, uid: String, enrollment: OfEnrollment) -> Accepted<'a> {
        let place = Place {
            program: self.program,
            stage: self.stage,
            unit: self.unit,
            enrollment: Some(enrollment),
        };
        let item = Read {
            line: 0,
            uid,
            parent: None,
            object: Event {
                status: EventStatus::Schedule,
                scheduled_at: Some(Timestamp(self.date.and_time(NaiveTime::MIN))),
                ..Event::default()
            },
        };
        let mut event = event::accept(importer, &item, place, self.option_combo, None);
        event.put_values(importer, &item.object, None, serde_json::Map::new());
        event
    }
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn a_day_has_ten_characters_and_no_time() {
        assert_eq!(
            day("2026-12-01").map(|day| day.to_string()),
            Some("2026-12-01".to_owned())
        );
        for wrong in [
            "",
            "2026-1-1",
            "2026-02-30",
            "2026-12-01T00:00",
            "tomorrow",
            "20261201",
        ] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
