//! What is known of each argument: which objects it may name, and what a stranger is told of them.

use std::collections::BTreeSet;

use super::{arguments::Argument, documents};

/// What a stranger is told.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// The same as of an object that does not exist.
    Secret,
    /// That there is such an object and no more; the reason why that much.
    Refused(&'static str),
    /// What everybody may know.
    Open(&'static str),
}
use Rule::{Open, Refused, Secret};

const UNITS: &str = "the tree of org units is known to everybody who signs in, as in DHIS2";
const METADATA: &str =
    "metadata are named with DHIS2's codes, which tell a missing right from a wrong name";
const CODES: &str = "the import's codes are DHIS2's, which tell a missing right from a wrong name";
const TAKEN: &str = "an identifier that is taken cannot be given again; identifiers are random";

/// By path, or by what many paths end in; the path goes first.
const KNOWN: &[(&str, &[(&str, Rule)])] = &[
    (
        "Query.event(id)",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    (
        "Query.node(id)",
        &[
            ("EVENT", Secret),
            ("TRACKER_EVENT", Secret),
            ("HIDDEN_PROGRAM", Secret),
            ("UNIT", Open(UNITS)),
        ],
    ),
    (
        "Query.orgUnit(id)",
        &[("UNIT", Open(UNITS)), ("CLINIC", Open(UNITS))],
    ),
    ("Query.orgUnits(parent)", &[("UNIT", Refused(UNITS))]),
    ("Query.orgUnits(search)", &[]),
    ("Query.orgUnits(after)", &[]),
    ("Query.program(id)", &[("HIDDEN_PROGRAM", Secret)]),
    ("Query.programs(search)", &[]),
    (
        "Query.events(program)",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    (
        "Query.events(programStage)",
        &[("HIDDEN_STAGE", Refused(METADATA))],
    ),
    ("Query.events(after)", &[]),
    ("Query.events(before)", &[]),
    (
        "Query.eventAggregate(program)",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    (
        "Query.eventAggregate(programStage)",
        &[("HIDDEN_STAGE", Refused(METADATA))],
    ),
    ("Query.dataQuality(clinic)", &[("CLINIC", Secret)]),
    ("Query.monthlyReport(clinics)", &[("CLINIC", Secret)]),
    ("Query.diagnoses(after)", &[]),
    ("Query.diagnoses(search)", &[]),
    ("Query.diagnoses(under)", &[]),
    ("Query.observationTrend(code)", &[]),
    ("SingleEvent.cells(columns)", &[("HIDDEN_ELEMENT", Secret)]),
    ("TrackerEvent.cells(columns)", &[("HIDDEN_TRACKED", Secret)]),
    ("Mutation.createApiToken(username)", &[("PERSON", Secret)]),
    ("Mutation.createApiToken(name)", &[]),
    ("Mutation.revokeApiToken(id)", &[("TOKEN", Secret)]),
    (
        "Mutation.addNote(event)",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    ("Mutation.addNote(id)", &[("NOTE", Refused(TAKEN))]),
    ("Mutation.addNote(text)", &[]),
    (
        "Mutation.completeEvents(ids)",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    (
        "Mutation.deleteEvents(ids)",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    (
        "Mutation.importTracker(payload)",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    (
        "Mutation.transferOwnership(trackedEntity)",
        &[("ENTITY", Secret)],
    ),
    (
        "Mutation.transferOwnership(program)",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    (
        "Mutation.transferOwnership(toOrgUnit)",
        &[("ANC_UNIT", Refused(UNITS))],
    ),
    (
        "Mutation.createEvent(input).EventInput.id",
        &[("EVENT", Refused(TAKEN))],
    ),
    (
        "Mutation.updateEvent(input).EventInput.id",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    (
        "Subscription.eventsChanged(program)",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    ("AssigneeFilter.users", &[("ASSIGNEE", Secret)]),
    ("EnrollmentFilter.ids", &[("ENROLLMENT", Secret)]),
    ("EnrollmentFilter.trackedEntity", &[("ENTITY", Secret)]),
    ("EventDimension.column", &[("HIDDEN_ELEMENT", Secret)]),
    (
        "EventFilter.attributeOptionCombo",
        &[("HIDDEN_COMBO", Refused(METADATA))],
    ),
    (
        "EventFilter.ids",
        &[("EVENT", Secret), ("TRACKER_EVENT", Secret)],
    ),
    (
        "EventInput.assignedUser",
        &[(
            "ASSIGNEE",
            Open("whoever may write an event may assign it to anybody"),
        )],
    ),
    (
        "EventInput.attributeCategoryOptions",
        &[("HIDDEN_OPTION", Refused(METADATA))],
    ),
    (
        "EventInput.attributeOptionCombo",
        &[("HIDDEN_COMBO", Refused(METADATA))],
    ),
    ("EventInput.enrollment", &[("ENROLLMENT", Refused(CODES))]),
    ("EventInput.geometry", &[]),
    ("EventInput.orgUnit", &[("UNIT", Refused(UNITS))]),
    (
        "EventInput.program",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    (
        "EventInput.programStage",
        &[("HIDDEN_STAGE", Refused(METADATA))],
    ),
    ("EventMeasure.column", &[("HIDDEN_ELEMENT", Secret)]),
    (
        "EventOrder.column",
        &[("HIDDEN_ELEMENT", Secret), ("HIDDEN_ATTRIBUTE", Secret)],
    ),
    ("NoteInput.id", &[("NOTE", Refused(TAKEN))]),
    ("NoteInput.text", &[]),
    ("OrgUnitScope.orgUnit", &[("UNIT", Refused(UNITS))]),
    ("StayFilter.clinics", &[("CLINIC", Secret)]),
    ("StayFilter.stations", &[("STATION", Secret)]),
    ("StayFilter.diagnosis", &[]),
    (
        "ValueFilter.column",
        &[("HIDDEN_ELEMENT", Secret), ("HIDDEN_ATTRIBUTE", Secret)],
    ),
    ("ValueFilter.endsWith", &[]),
    ("ValueFilter.eq", &[]),
    ("ValueFilter.ge", &[]),
    ("ValueFilter.gt", &[]),
    ("ValueFilter.in", &[]),
    ("ValueFilter.le", &[]),
    ("ValueFilter.like", &[]),
    ("ValueFilter.lt", &[]),
    ("ValueFilter.ne", &[]),
    ("ValueFilter.startsWith", &[]),
    (
        "ValueInput.column",
        &[("HIDDEN_ELEMENT", Refused(METADATA))],
    ),
    ("ValueInput.value", &[]),
];

/// The objects that an argument may name; none for one that names none.
pub fn of(argument: &Argument) -> &'static [(&'static str, Rule)] {
    entry(argument).map_or(&[], |(_, objects)| objects)
}

fn entry(argument: &Argument) -> Option<&'static (&'static str, &'static [(&'static str, Rule)])> {
    let named = |name: &str| KNOWN.iter().find(|(known, _)| *known == name);
    named(&argument.path).or_else(|| named(&argument.end()))
}

/// Arguments without an entry or a document, and entries without an argument.
pub fn unknown(arguments: &[Argument]) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut faults = Vec::new();
    for argument in arguments {
        match entry(argument) {
            Some((name, _)) => {
                used.insert(*name);
            }
            None => faults.push(format!(
                "{} is new here: say in known.rs what it may name",
                argument.path
            )),
        }
        if !documents::has(&argument.field) {
            faults.push(format!(
                "{} needs a document in documents.rs",
                argument.field
            ));
        }
    }
    let gone = KNOWN.iter().filter(|(name, _)| !used.contains(name));
    faults.extend(gone.map(|(name, _)| format!("{name} is gone")));
    faults
}
