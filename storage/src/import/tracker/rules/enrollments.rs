//! Rules over enrolments: those of no stage, with the attributes of the tracked entity and the events of the enrolment, those of
//! the payload as they were sent.

use std::collections::{HashMap, HashSet};

use domain::rule::{self, Scope, World};

use super::{
    super::{
        enrollments::{Accepted, Context, entity_uid},
        importer::{Importer, Item, Read},
        metadata::{Metadata, OfProgram},
        payload::{AttributeValue, Enrollment, EnrollmentStatus, Event, TrackedEntity},
        report::TrackerType,
        values,
    },
    findings::{ATTRIBUTES, Findings, Subject},
    known, rules_of,
    schedule::{self, Origin},
    world,
};
use crate::{Result, import::dhis2::object};

/// A good enrolment with what was sent.
pub(in super::super) type Pair = (Read<Enrollment>, Accepted);

/// What rules see of the enrolments of a chunk.
struct Seen<'a> {
    world: World<'a>,
    /// Stored events, by key of the enrolment.
    stored: HashMap<i64, Vec<rule::Event>>,
    /// Events of the payload, by uid of the enrolment.
    sent: HashMap<String, Vec<rule::Event>>,
    /// Stored values, by key of the tracked entity and attribute.
    attributes: HashMap<i64, HashMap<String, String>>,
    /// What the payload says of tracked entities, by uid of the entity and attribute.
    of_entities: HashMap<String, HashMap<String, Option<String>>>,
}

/// Runs the rules of their programs over good enrolments. Returns those that are good still.
pub(in super::super) fn apply(
    importer: &mut Importer,
    enrollments: Vec<Pair>,
    context: &Context,
) -> Result<Vec<Accepted>> {
    let programs = &importer.metadata.programs;
    let rules: Vec<_> = enrollments
        .iter()
        .map(|(item, _)| rules_of(importer, programs.get(item.object.program.as_ref()?)?))
        .collect();
    let with_rules = enrollments
        .iter()
        .zip(&rules)
        .filter(|(_, rules)| rules.is_some());
    let with_rules: Vec<&Pair> = with_rules.map(|(pair, _)| pair).collect();
    if with_rules.is_empty() {
        return Ok(enrollments
            .into_iter()
            .map(|(_, accepted)| accepted)
            .collect());
    }
    let seen = Seen::load(importer, &with_rules, context)?;
    let mut good = Vec::with_capacity(enrollments.len());
    for (pair, of_program) in enrollments.into_iter().zip(rules) {
        let findings = of_program.and_then(|of_program| {
            let id = context.stored.get(&pair.0.uid).map(|stored| stored.id);
            judge(importer.metadata, &pair, id, of_program, &seen)
        });
        good.extend(settle(importer, pair, findings.unwrap_or_default()));
    }
    Ok(good)
}

impl<'a> Seen<'a> {
    fn load(importer: &mut Importer<'a>, enrollments: &[&Pair], context: &Context) -> Result<Self> {
        let ids = enrollments
            .iter()
            .filter_map(|(item, _)| Some(context.stored.get(&item.uid)?.id));
        let ids: Vec<i64> = ids.collect();
        let entities: Vec<i64> = enrollments
            .iter()
            .map(|(_, accepted)| accepted.entity)
            .collect();
        Ok(Seen {
            world: world(importer)?,
            stored: known::events(importer, &ids)?,
            sent: sent_events(importer, enrollments),
            attributes: known::attributes(importer.conn, &entities)?,
            of_entities: sent_attributes(importer, enrollments),
        })
    }
}

/// What the rules say of an enrolment, which is stored under `id` if it is; `None` without its date.
fn judge(
    metadata: &Metadata,
    (item, accepted): &Pair,
    id: Option<i64>,
    of_program: &OfProgram,
    seen: &Seen,
) -> Option<Findings> {
    let stored = seen.attributes.get(&accepted.entity);
    let mut attributes = stored.cloned().unwrap_or_default();
    let own = of(&item.object.attributes);
    for (attribute, value) in own.clone() {
        match value {
            Some(value) => attributes.insert(attribute, value),
            None => attributes.remove(&attribute),
        };
    }
    let of_entity = entity_uid(item).and_then(|uid| seen.of_entities.get(uid));
    let mut sent = of_entity.cloned().unwrap_or_default();
    sent.extend(own);
    let subject = Subject {
        metadata,
        codes: ATTRIBUTES,
        fields: &metadata.attributes,
        complete: item.object.status == EnrollmentStatus::Completed,
        sent,
        present: attributes.keys().cloned().collect(),
    };
    let enrollment = item.object.as_seen(&item.uid, attributes)?;
    let mut scope = Scope {
        world: &seen.world,
        program: &of_program.program,
        enrollment: Some(&enrollment),
        event: None,
        events: &history(
            id.and_then(|id| seen.stored.get(&id)),
            seen.sent.get(&item.uid),
        ),
        assigned: HashMap::new(),
    };
    Some(subject.judge(rule::run(&of_program.rules, &mut scope)))
}

/// Reports what was found and adds what was assigned to the values to store; `None` when the enrolment is refused.
fn settle(
    importer: &mut Importer,
    (item, mut accepted): Pair,
    findings: Findings,
) -> Option<Accepted> {
    for warning in findings.warnings {
        importer.warn(TrackerType::Enrollment, &item.uid, warning);
    }
    if !findings.faults.is_empty() {
        importer.reject(
            TrackerType::Enrollment,
            item.line,
            item.uid,
            findings.faults,
        );
        return None;
    }
    let metadata = importer.metadata;
    let enrollment = &item.object;
    let program = enrollment.program.as_ref();
    let unit = enrollment.org_unit.as_ref();
    if let Some(program) = program.and_then(|uid| metadata.programs.get(uid))
        && let Some(unit) = unit.and_then(|uid| metadata.unit(uid))
    {
        let origin = Origin {
            trigger: (TrackerType::Enrollment, &item.uid),
            enrollment: Some(&item.uid),
            program,
            unit,
            // The events of a program may have other categories than its enrolments.
            option_combo: metadata.option_combos.default_of(program.combo),
        };
        schedule::plan(importer, &origin, findings.planned);
    }
    for (attribute, value) in findings.assigned {
        let field = importer.metadata.attributes.get(&attribute);
        accepted.values.extend(field.map(|field| (field.id, value)));
    }
    Some(accepted)
}

/// Values by attribute; `None` for one that is emptied.
fn of(sent: &[AttributeValue]) -> HashMap<String, Option<String>> {
    let values = sent.iter().map(|sent| {
        let value = values::text(sent.value.as_ref());
        (sent.attribute.clone(), value.map(str::to_owned))
    });
    values.collect()
}

/// The events of the payload that hang on enrolments, by uid of the enrolment, as far as they can be read. They are checked
/// later.
fn sent_events(importer: &Importer, enrollments: &[&Pair]) -> HashMap<String, Vec<rule::Event>> {
    let uids: HashSet<&str> = enrollments
        .iter()
        .map(|(item, _)| item.uid.as_str())
        .collect();
    let mut events: HashMap<String, Vec<rule::Event>> = HashMap::new();
    for item in &importer.payload.events {
        let Some(enrollment) = item
            .parent
            .as_deref()
            .filter(|parent| uids.contains(parent))
        else {
            continue;
        };
        events
            .entry(enrollment.to_owned())
            .or_default()
            .extend(sent_event(importer, item));
    }
    events
}

fn sent_event(importer: &Importer, item: &Item) -> Option<rule::Event> {
    let mut event: Event = object::read(&item.raw).ok()?;
    importer.parameters.id_schemes.translate(&mut event);
    let stage = importer
        .metadata
        .stages
        .get(event.program_stage.as_ref()?)?;
    let values = event.data_values.iter().filter_map(|sent| {
        let value = values::text(sent.value.as_ref())?;
        Some((sent.data_element.clone(), value.to_owned()))
    });
    let values = values.collect();
    Some(event.as_seen(&item.uid, &stage.uid, importer.now, values))
}

/// What the payload says of the attributes of tracked entities, by uid of the entity.
fn sent_attributes(
    importer: &Importer,
    enrollments: &[&Pair],
) -> HashMap<String, HashMap<String, Option<String>>> {
    let uids = enrollments.iter().filter_map(|(item, _)| entity_uid(item));
    let uids: HashSet<&String> = uids.collect();
    let items = importer.payload.tracked_entities.iter();
    let sent = items
        .filter(|item| uids.contains(&item.uid))
        .filter_map(|item| {
            let entity: TrackedEntity = object::read(&item.raw).ok()?;
            Some((item.uid.clone(), of(&entity.attributes)))
        });
    sent.collect()
}

/// The events of an enrolment, newest first: those of the payload instead of what is stored of them.
fn history<'s>(
    stored: Option<&'s Vec<rule::Event>>,
    sent: Option<&'s Vec<rule::Event>>,
) -> Vec<&'s rule::Event> {
    let uids: HashSet<&str> = sent
        .into_iter()
        .flatten()
        .map(|event| event.uid.as_str())
        .collect();
    let stored = stored.into_iter().flatten();
    let stored = stored.filter(|event| !uids.contains(event.uid.as_str()));
    let mut events: Vec<&rule::Event> = stored.chain(sent.into_iter().flatten()).collect();
    rule::newest_first(&mut events);
    events
}

impl Enrollment {
    /// An enrolment of a payload as rules see it; `None` without its date.
    fn as_seen(&self, uid: &str, attributes: HashMap<String, String>) -> Option<rule::Enrollment> {
        let date = self.enrolled_at?.0.date();
        Some(rule::Enrollment {
            uid: uid.to_owned(),
            status: self.status.text().to_owned(),
            date,
            incident: self.occurred_at.map_or(date, |moment| moment.0.date()),
            unit: self.org_unit.clone().unwrap_or_default(),
            attributes,
        })
    }
}
