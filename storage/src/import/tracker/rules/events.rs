//! Rules over events. A tracker event is seen with the others of its enrolment, those of the payload as they were sent; a single
//! event by itself.

use std::collections::{HashMap, HashSet};

use domain::rule::{self, Outcome, Scope, Target};

use super::{
    super::{
        enrollments,
        event::Accepted,
        events::{Context, Pair, enrollment_uid},
        importer::{Importer, Read},
        metadata::OfProgram,
        payload::{DataValue, Event, EventStatus, Scalar},
        report::TrackerType,
        values,
    },
    findings::{DATA_ELEMENTS, Findings, Subject},
    known, rules_of,
    schedule::{self, Origin},
    world,
};
use crate::Result;

/// What rules see of an enrolment: itself, and its events.
struct Seen {
    enrollment: rule::Enrollment,
    stored: Vec<rule::Event>,
}

/// Runs the rules of their programs over good events. Returns those that are good still.
pub(in super::super) fn apply<'a>(
    importer: &mut Importer<'a>,
    events: Vec<Pair<'a>>,
    context: &Context,
) -> Result<Vec<Accepted<'a>>> {
    let rules: Vec<_> = events
        .iter()
        .map(|(_, event)| rules_of(importer, event.place.program))
        .collect();
    if rules.iter().all(Option::is_none) {
        return Ok(events.into_iter().map(|(_, event)| event).collect());
    }
    let world = world(importer)?;
    let seen = seen(importer, &events, &rules, context)?;
    let now = importer.now;
    let sent: Vec<rule::Event> = events
        .iter()
        .map(|(item, event)| {
            let enrollment = event.place.enrollment.map(|found| found.id);
            let of_enrollment = enrollment.and_then(|id| seen.get(&id));
            let mut stored = of_enrollment.iter().flat_map(|seen| &seen.stored);
            let stored = stored.find(|stored| stored.uid == item.uid);
            as_seen(item, event, stored.map_or(now, |stored| stored.created))
        })
        .collect();
    let histories = histories(&events, &sent, &seen);
    let mut good = Vec::with_capacity(events.len());
    for (((item, event), of_program), current) in events.into_iter().zip(rules).zip(&sent) {
        let Some(of_program) = of_program else {
            good.push(event);
            continue;
        };
        let enrollment = event.place.enrollment.map(|found| found.id);
        let alone = [current];
        let mut scope = Scope {
            world: &world,
            program: &of_program.program,
            enrollment: enrollment.and_then(|id| Some(&seen.get(&id)?.enrollment)),
            event: Some(current),
            events: enrollment
                .and_then(|id| histories.get(&id))
                .map_or(&alone[..], Vec::as_slice),
            assigned: HashMap::new(),
        };
        let findings = judge(importer, (&item, &event), of_program, &mut scope);
        good.extend(settle(importer, (item, event), findings, context));
    }
    Ok(good)
}

/// What is stored of the enrolments whose rules are run, by key.
fn seen(
    importer: &mut Importer,
    events: &[Pair],
    rules: &[Option<&OfProgram>],
    context: &Context,
) -> Result<HashMap<i64, Seen>> {
    let with_rules = events
        .iter()
        .zip(rules)
        .filter(|(_, rules)| rules.is_some());
    let ids: HashSet<i64> = with_rules
        .filter_map(|((_, event), _)| Some(event.place.enrollment?.id))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let enrollments: Vec<&enrollments::Stored> = (context.enrollments.values())
        .filter(|enrollment| ids.contains(&enrollment.id))
        .collect();
    let entities: Vec<i64> = enrollments.iter().map(|found| found.entity).collect();
    let mut stored = known::events(importer, &Vec::from_iter(ids))?;
    let attributes = known::attributes(importer.conn, &entities)?;
    let seen = enrollments.into_iter().map(|found| {
        let attributes = attributes.get(&found.entity).cloned().unwrap_or_default();
        let seen = Seen {
            enrollment: found.as_seen(&importer.metadata.tree, attributes),
            stored: stored.remove(&found.id).unwrap_or_default(),
        };
        (found.id, seen)
    });
    Ok(seen.collect())
}

/// The events of each enrolment, newest first: those of the payload instead of what is stored of them.
fn histories<'s>(
    events: &[Pair],
    sent: &'s [rule::Event],
    seen: &'s HashMap<i64, Seen>,
) -> HashMap<i64, Vec<&'s rule::Event>> {
    let uids: HashSet<&str> = sent.iter().map(|event| event.uid.as_str()).collect();
    let mut histories: HashMap<i64, Vec<&rule::Event>> = seen
        .iter()
        .map(|(id, seen)| {
            let stored = seen.stored.iter();
            (
                *id,
                stored
                    .filter(|event| !uids.contains(event.uid.as_str()))
                    .collect(),
            )
        })
        .collect();
    for ((_, event), sent) in events.iter().zip(sent) {
        let enrollment = event.place.enrollment.map(|found| found.id);
        if let Some(history) = enrollment.and_then(|id| histories.get_mut(&id)) {
            history.push(sent);
        }
    }
    for history in histories.values_mut() {
        rule::newest_first(history);
    }
    histories
}

/// An event of the payload as it will be stored.
fn as_seen(item: &Read<Event>, event: &Accepted, created: chrono::NaiveDateTime) -> rule::Event {
    let values = known::texts(&event.row["eventdatavalues"]);
    item.object
        .as_seen(&item.uid, &event.place.stage.uid, created, values)
}

impl Event {
    /// An event of a payload as rules see it.
    pub(super) fn as_seen(
        &self,
        uid: &str,
        stage: &str,
        created: chrono::NaiveDateTime,
        values: HashMap<String, String>,
    ) -> rule::Event {
        let scheduled = self.scheduled_at.map(|moment| moment.0);
        rule::Event {
            uid: uid.to_owned(),
            stage: stage.to_owned(),
            status: self.status.text().to_owned(),
            date: self.occurred_at.map(|moment| moment.0).or(scheduled),
            created,
            due: scheduled.map(|date| date.date()),
            completed: self.completed_at.map(|moment| moment.0.date()),
            unit: self.org_unit.clone().unwrap_or_default(),
            values,
        }
    }
}

/// What the rules say of an event; nothing while its stage does not have its values checked.
fn judge(
    importer: &Importer,
    (item, event): (&Read<Event>, &Accepted),
    of_program: &OfProgram,
    scope: &mut Scope,
) -> Findings {
    let stage = event.place.stage;
    if !stage.validates(item.object.status) {
        return Findings::default();
    }
    let mut effects = rule::run(&of_program.rules, scope);
    effects.retain(|effect| match &effect.outcome {
        Outcome::Act {
            target: Target::DataElement(element),
            ..
        } => stage.elements.contains_key(element),
        _ => true,
    });
    let sent = item.object.data_values.iter().map(|sent| {
        let value = values::text(sent.value.as_ref());
        (sent.data_element.clone(), value.map(str::to_owned))
    });
    let present = event.row["eventdatavalues"].as_object();
    let subject = Subject {
        metadata: importer.metadata,
        codes: DATA_ELEMENTS,
        fields: &importer.metadata.data_elements,
        complete: item.object.status == EventStatus::Completed,
        sent: sent.collect(),
        present: present
            .into_iter()
            .flat_map(|values| values.keys().cloned())
            .collect(),
    };
    subject.judge(effects)
}

/// Reports what was found and stores what was assigned in the event; `None` when it is refused.
fn settle<'a>(
    importer: &mut Importer<'a>,
    (mut item, mut event): Pair<'a>,
    findings: Findings,
    context: &Context,
) -> Option<Accepted<'a>> {
    for warning in findings.warnings {
        importer.warn(TrackerType::Event, &item.uid, warning);
    }
    if !findings.faults.is_empty() {
        importer.reject(TrackerType::Event, item.line, item.uid, findings.faults);
        return None;
    }
    let place = Origin {
        trigger: (TrackerType::Event, &item.uid),
        enrollment: enrollment_uid(&item),
        program: event.place.program,
        unit: event.place.unit,
        option_combo: Some(event.option_combo),
    };
    schedule::plan(importer, &place, findings.planned);
    if findings.assigned.is_empty() {
        return Some(event);
    }
    let sent = &mut item.object.data_values;
    for (element, value) in findings.assigned {
        let value = value.map(Scalar);
        match sent.iter_mut().find(|sent| sent.data_element == element) {
            Some(sent) => sent.value = value,
            None => sent.push(DataValue {
                data_element: element,
                value,
                provided_elsewhere: false,
            }),
        }
    }
    let before = &event.row["eventdatavalues"];
    let values = values::merge(before, sent, importer.now, &importer.user.info);
    let stored = context.stored.get(&item.uid);
    event.put_values(importer, &item.object, stored, values);
    Some(event)
}
