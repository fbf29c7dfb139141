//! Documents that use one argument, with a hole `@` for its text and `<NAME>` for objects that the caller may use.

use super::arguments::{Argument, Step};

/// A document for each field with arguments; `@` stands for all of them.
const FIELDS: &[(&str, &str)] = &[
    ("Query.event", "{ event(@) { id orgUnit { id } status } }"),
    ("Query.node", "{ node(@) { id __typename } }"),
    (
        "Query.orgUnit",
        "{ orgUnit(@) { id name path parent { id } } }",
    ),
    (
        "Query.orgUnits",
        "{ orgUnits(@) { nodes { id name } pageInfo { hasNextPage endCursor } } }",
    ),
    ("Query.program", "{ program(@) { id name stages { id } } }"),
    ("Query.programs", "{ programs(@) { id name } }"),
    (
        "Query.events",
        "{ events(@) { nodes { id orgUnit { id } status } edges { cursor } pageInfo { hasNextPage } total { value relation } } }",
    ),
    (
        "Query.eventAggregate",
        "{ eventAggregate(@) { total { value } groups { keys { id } count { value } measures } } }",
    ),
    (
        "Query.diagnoses",
        "{ diagnoses(@) { rows { code patients { value } } total { stays { value } } } }",
    ),
    (
        "Query.clinicComparison",
        "{ clinicComparison(@) { clinics { clinic { id } } group { kpis { kpi current { value } } } } }",
    ),
    (
        "Query.patientFlow",
        "{ patientFlow(@) { stays { value } nodes { id } } }",
    ),
    (
        "Query.monthlyReport",
        "{ monthlyReport(@) { clinics { id } days kpis { kpi month { value } } } }",
    ),
    (
        "Query.observationTrend",
        "{ observationTrend(@) { series { unit points { count { value } } } } }",
    ),
    (
        "Query.dataQuality",
        "{ dataQuality(@) { clinics { clinic { id } deliveries { status } } } }",
    ),
    (
        "SingleEvent.cells",
        "{ event(id: \"<OWN_SINGLE>\") { ... on SingleEvent { cells(@) { column name raw } } } }",
    ),
    (
        "TrackerEvent.cells",
        "{ event(id: \"<OWN_TRACKER>\") { ... on TrackerEvent { cells(@) { column name raw } } } }",
    ),
    (
        "Mutation.createApiToken",
        "mutation { createApiToken(@) { apiToken { username name } } }",
    ),
    (
        "Mutation.revokeApiToken",
        "mutation { revokeApiToken(@) { id username } }",
    ),
    (
        "Mutation.addNote",
        "mutation { addNote(@) { outcome event { id } errors { code message object } } }",
    ),
    (
        "Mutation.completeEvents",
        "mutation { completeEvents(@) { ids errors { code message object } } }",
    ),
    (
        "Mutation.deleteEvents",
        "mutation { deleteEvents(@) { ids errors { code message object } } }",
    ),
    (
        "Mutation.createEvent",
        "mutation { createEvent(@) { outcome event { orgUnit { id } } errors { code message } } }",
    ),
    (
        "Mutation.updateEvent",
        "mutation { updateEvent(@) { outcome event { id orgUnit { id } } errors { code message object } } }",
    ),
    (
        "Mutation.importTracker",
        "mutation { importTracker(strategy: DELETE, @) { status stats { deleted } errors { code message object } } }",
    ),
    (
        "Mutation.transferOwnership",
        "mutation { transferOwnership(@) { trackedEntity events ownerOrgUnit { id } } }",
    ),
    (
        "Subscription.eventsChanged",
        "subscription { eventsChanged(@) { kind id } }",
    ),
];

/// What arguments and members need beside them, by where they stand. `<PROGRAM>` is tried with both kinds of programs.
const BESIDE: &[(&str, &[(&str, &str)])] = &[
    ("Query.events", &[("program", "\"<PROGRAM>\"")]),
    (
        "Query.eventAggregate",
        &[("program", "\"<PROGRAM>\""), ("groupBy", "[{by: STATUS}]")],
    ),
    ("Query.diagnoses", &[("filter", "{<PERIOD>}")]),
    ("Query.patientFlow", &[("filter", "{<PERIOD>}")]),
    (
        "Query.observationTrend",
        &[("filter", "{<PERIOD>}"), ("code", "\"8867-4\"")],
    ),
    (
        "Query.clinicComparison",
        &[
            ("filter", "{<PERIOD>}"),
            ("current", "{from: \"2026-09-01\", to: \"2026-09-30\"}"),
            ("previous", "{from: \"2026-08-01\", to: \"2026-08-31\"}"),
        ],
    ),
    (
        "Mutation.createApiToken",
        &[("username", "\"admin\""), ("name", "\"a name\"")],
    ),
    ("Query.monthlyReport", &[("month", "\"2026-09\"")]),
    (
        "Mutation.addNote",
        &[("event", "\"<OWN_SINGLE>\""), ("text", "\"a note\"")],
    ),
    (
        "Mutation.transferOwnership",
        &[
            ("trackedEntity", "\"<OWN_ENTITY>\""),
            ("program", "\"<ANC>\""),
            ("toOrgUnit", "\"<OWN_UNIT>\""),
        ],
    ),
    (
        "Subscription.eventsChanged",
        &[("program", "\"<OPD>\""), ("scope", "{mode: ACCESSIBLE}")],
    ),
    (
        "StayFilter",
        &[("period", "{from: \"2020-11-01\", to: \"2026-11-30\"}")],
    ),
    (
        "ValueFilter",
        &[("column", "\"<COLUMN>\""), ("eq", "\"1\"")],
    ),
    (
        "ValueInput",
        &[("column", "\"<COLUMN>\""), ("value", "\"1\"")],
    ),
    ("NoteInput", &[("text", "\"a note\"")]),
    ("OrgUnitScope", &[("mode", "SELECTED")]),
    ("EventOrder", &[("direction", "ASC")]),
    ("EventDimension", &[("by", "OPTION")]),
    (
        "EventMeasure",
        &[("function", "COUNT"), ("column", "\"<COLUMN>\"")],
    ),
    (
        "Mutation.createEvent/EventInput",
        &[
            ("program", "\"<OPD>\""),
            ("programStage", "\"<OPD_STAGE>\""),
            ("orgUnit", "\"<OWN_UNIT>\""),
            ("occurredAt", "\"2026-11-01T00:00:00Z\""),
        ],
    ),
    (
        "Mutation.createEvent(input).EventInput.enrollment",
        &[
            ("program", "\"<ANC>\""),
            ("programStage", "\"<ANC_STAGE>\""),
            ("orgUnit", "\"<OWN_UNIT>\""),
            ("occurredAt", "\"2026-11-01T00:00:00Z\""),
        ],
    ),
    (
        "Mutation.updateEvent(input).EventInput.enrollment",
        &[("id", "\"<OWN_TRACKER>\"")],
    ),
    (
        "Mutation.updateEvent/EventInput",
        &[("id", "\"<OWN_SINGLE>\"")],
    ),
];

/// Documents that use an argument, one for each kind of program where that matters.
pub fn templates(argument: &Argument) -> Vec<String> {
    let found = FIELDS.iter().find(|(field, _)| *field == argument.field);
    let (_, field) = found.unwrap_or_else(|| panic!("no document for {}", argument.field));
    let hole = match (argument.field.as_str(), argument.kind.as_str()) {
        ("Mutation.importTracker", _) => "{events: [{event: @}]}".to_owned(),
        _ => "@".to_owned(),
    };
    let text = field.replacen('@', &members(argument, &argument.steps, &hole), 1);
    match text.contains("<PROGRAM>") {
        true => ["<OPD>", "<ANC>"]
            .map(|program| text.replace("<PROGRAM>", program))
            .to_vec(),
        false => vec![text],
    }
}

/// Whether there is a document for a field.
pub fn has(field: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == field)
}

/// `name: value` with what is needed beside it.
fn members(argument: &Argument, steps: &[Step], hole: &str) -> String {
    let [step, below @ ..] = steps else {
        return hole.to_owned();
    };
    let value = match below {
        [] => hole.to_owned(),
        _ => format!("{{{}}}", members(argument, below, hole)),
    };
    let value = if step.is_list {
        format!("[{value}]")
    } else {
        value
    };
    let own = format!("{}/{}", argument.field, step.owner);
    // What one member needs goes before what its object needs.
    let of_end = if below.is_empty() {
        &argument.path
    } else {
        &own
    };
    let wanted = [of_end, &own, &step.owner];
    let found = wanted
        .iter()
        .find_map(|wanted| BESIDE.iter().find(|(owner, _)| owner == wanted));
    let beside = found.map_or(&[][..], |(_, members)| members);
    let mut texts: Vec<String> = beside
        .iter()
        .filter(|(name, _)| *name != step.name)
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    texts.push(format!("{}: {value}", step.name));
    texts.join(", ")
}
