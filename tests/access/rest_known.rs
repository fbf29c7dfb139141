//! What is known of the adapter's paths and parameters, and what its source says there is.

use std::{collections::BTreeSet, path::Path};

use super::known::Rule::{self, Open, Refused, Secret};

const METADATA: &str =
    "metadata are named with DHIS2's codes, which tell a missing right from a wrong name";
const UNITS: &str = "the tree of org units is known to everybody who signs in, as in DHIS2";

/// A request with a hole `@`, and the objects that it may name.
pub struct Probe {
    /// The parameter, or the path for one in the path.
    pub name: &'static str,
    /// Method and path; a `{}` behind it is an empty body.
    pub request: &'static str,
    /// Objects.
    pub objects: &'static [(&'static str, Rule)],
}

const fn probe(
    name: &'static str,
    request: &'static str,
    objects: &'static [(&'static str, Rule)],
) -> Probe {
    Probe {
        name,
        request,
        objects,
    }
}

const EVENTS: &[(&str, Rule)] = &[("EVENT", Secret), ("TRACKER_EVENT", Secret)];
const FILES: &[(&str, Rule)] = &[("FILE", Secret), ("FREE_FILE", Secret)];
const VIEW: &[(&str, Rule)] = &[("VIEW", Secret)];

/// Every path and parameter that names an object.
pub const PROBES: &[Probe] = &[
    probe(
        "/tracker/{name}/{{uid}}",
        "GET /api/tracker/events/@",
        EVENTS,
    ),
    probe(
        "/tracker/{name}/{{uid}}",
        "GET /api/tracker/singleEvents/@?fields=*",
        EVENTS,
    ),
    probe(
        "/tracker/{name}/{{uid}}",
        "GET /api/43/tracker/trackerEvents/@?fields=*",
        EVENTS,
    ),
    probe(
        "/tracker/events/{uid}/dataValues/{dataElement}/{kind:file|image}",
        "GET /api/tracker/events/@/dataValues/<COLUMN>/file",
        EVENTS,
    ),
    probe(
        "/tracker/events/{uid}/dataValues/{dataElement}/{kind:file|image}",
        "GET /api/tracker/events/<OWN_SINGLE>/dataValues/@/image",
        &[("HIDDEN_ELEMENT", Secret)],
    ),
    probe("/fileResources/{uid}", "GET /api/fileResources/@", FILES),
    probe(
        "/fileResources/{uid}/data",
        "GET /api/43/fileResources/@/data?dimension=small",
        FILES,
    ),
    probe(
        "uid",
        "POST /api/fileResources?uid=@",
        &[(
            "FILE",
            Refused("two files cannot have one identifier, as in DHIS2"),
        )],
    ),
    probe(
        "/tracker/events/{uid}/note",
        "POST /api/tracker/events/@/note {\"value\": \"x\"}",
        EVENTS,
    ),
    probe(
        "/tracker/events/{uid}/changeLogs",
        "GET /api/tracker/events/@/changeLogs",
        EVENTS,
    ),
    probe(
        "/tracker/jobs/{uid}",
        "GET /api/tracker/jobs/@",
        &[("JOB", Secret)],
    ),
    probe(
        "/tracker/jobs/{uid}/report",
        "GET /api/tracker/jobs/@/report",
        &[("JOB", Secret)],
    ),
    probe("/{name}/{{uid}}", "GET /api/eventFilters/@", VIEW),
    probe(
        "/{name}/{{uid}}",
        "PUT /api/eventFilters/@ {\"name\": \"x\", \"program\": \"<OPD>\"}",
        VIEW,
    ),
    probe("/{name}/{{uid}}", "DELETE /api/eventFilters/@", VIEW),
    probe(
        "/{name}/{{uid}}",
        "GET /api/programStageWorkingLists/@",
        &[("LIST_VIEW", Secret)],
    ),
    probe("filter", "GET /api/eventFilters?filter=id:eq:@", VIEW),
    probe(
        "clinics",
        "GET /reports/monthly/2026-09.csv?table=kpis&clinics=@",
        &[("CLINIC", Secret)],
    ),
    probe(
        "trackedEntity",
        "PUT /api/tracker/ownership/transfer?program=<ANC>&orgUnit=<OWN_UNIT>&trackedEntity=@",
        &[("ENTITY", Secret)],
    ),
    probe(
        "trackedEntityInstance",
        "POST /api/tracker/ownership/override?program=<PROTECTED>&reason=x&trackedEntityInstance=@",
        &[("PROTECTED_ENTITY", Secret)],
    ),
    probe(
        "program",
        "PUT /api/tracker/ownership/transfer?program=@&orgUnit=<OWN_UNIT>&trackedEntity=<OWN_ENTITY>",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    probe(
        "orgUnit",
        "PUT /api/tracker/ownership/transfer?program=<ANC>&orgUnit=@&trackedEntity=<OWN_ENTITY>",
        &[("ANC_UNIT", Refused(UNITS))],
    ),
    probe(
        "ou",
        "PUT /api/tracker/ownership/transfer?program=<ANC>&ou=@&trackedEntity=<OWN_ENTITY>",
        &[("ANC_UNIT", Refused(UNITS))],
    ),
    probe(
        "program",
        "GET /api/tracker/events?program=@",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
    probe(
        "programStage",
        "GET /api/tracker/events?program=<ANC>&programStage=@",
        &[("HIDDEN_STAGE", Refused(METADATA))],
    ),
    probe(
        "orgUnit",
        "GET /api/tracker/events?program=<OPD>&orgUnit=@",
        &[("UNIT", Refused(UNITS))],
    ),
    probe(
        "event",
        "GET /api/tracker/events?program=<OPD>&event=@",
        EVENTS,
    ),
    probe(
        "events",
        "GET /api/tracker/events.csv?program=<ANC>&events=@",
        EVENTS,
    ),
    probe(
        "events",
        "GET /api/tracker/events?program=<OPD>&paging=false&events=@",
        EVENTS,
    ),
    probe(
        "trackedEntity",
        "GET /api/tracker/events?program=<ANC>&trackedEntity=@",
        &[("ENTITY", Secret)],
    ),
    probe(
        "enrollment",
        "GET /api/tracker/events?program=<ANC>&enrollment=@",
        &[("ENROLLMENT", Secret)],
    ),
    probe(
        "enrollments",
        "GET /api/tracker/events?program=<ANC>&enrollments=@",
        &[("ENROLLMENT", Secret)],
    ),
    probe(
        "assignedUser",
        "GET /api/tracker/events?program=<ANC>&assignedUser=@",
        &[("ASSIGNEE", Secret)],
    ),
    probe(
        "assignedUsers",
        "GET /api/tracker/events?program=<ANC>&assignedUsers=@",
        &[("ASSIGNEE", Secret)],
    ),
    probe(
        "attributeCategoryCombo",
        "GET /api/tracker/events?program=<WATER>&attributeCategoryCombo=@&attributeCategoryOptions=<HIDDEN_OPTION>",
        &[("CATEGORY_COMBO", Refused(METADATA))],
    ),
    probe(
        "attributeCc",
        "GET /api/tracker/events?program=<WATER>&attributeCc=@&attributeCos=<HIDDEN_OPTION>",
        &[("CATEGORY_COMBO", Refused(METADATA))],
    ),
    probe(
        "attributeCategoryOptions",
        "GET /api/tracker/events?program=<WATER>&attributeCategoryCombo=<CATEGORY_COMBO>&attributeCategoryOptions=@",
        &[("HIDDEN_OPTION", Refused(METADATA))],
    ),
    probe(
        "attributeCos",
        "GET /api/tracker/events?program=<WATER>&attributeCc=<CATEGORY_COMBO>&attributeCos=@",
        &[("HIDDEN_OPTION", Refused(METADATA))],
    ),
    probe(
        "filter",
        "GET /api/tracker/events?program=<OPD>&filter=@:eq:1",
        &[("HIDDEN_ELEMENT", Secret)],
    ),
    probe(
        "filterAttributes",
        "GET /api/tracker/events?program=<ANC>&filterAttributes=@:eq:1",
        &[("HIDDEN_ATTRIBUTE", Secret)],
    ),
    probe(
        "order",
        "GET /api/tracker/events?program=<OPD>&order=@:asc",
        &[("HIDDEN_ELEMENT", Secret)],
    ),
    probe(
        "idScheme",
        "GET /api/tracker/events?program=<OPD>&orgUnit=<OWN_UNIT>&idScheme=ATTRIBUTE:@",
        &[(
            "HIDDEN_ATTRIBUTE",
            Open("an unknown attribute names nothing"),
        )],
    ),
    probe(
        "POST /tracker",
        "POST /api/tracker?async=false&importStrategy=DELETE {\"events\": [{\"event\": \"@\"}]}",
        EVENTS,
    ),
    probe(
        "POST /tracker",
        "POST /api/tracker?async=false&importStrategy=UPDATE {\"events\": [{\"event\": \"@\", \"program\": \"<OPD>\", \"orgUnit\": \"<OWN_UNIT>\", \"occurredAt\": \"2026-11-01\"}]}",
        EVENTS,
    ),
    probe(
        "POST /metadata",
        "POST /api/metadata {\"dataElements\": [{\"id\": \"@\", \"name\": \"x\", \"valueType\": \"TEXT\"}]}",
        &[("HIDDEN_ELEMENT", Open("an import needs an authority"))],
    ),
    probe(
        "POST /{name}",
        "POST /api/eventFilters {\"name\": \"x\", \"program\": \"@\", \"eventQueryCriteria\": {}}",
        &[("HIDDEN_PROGRAM", Refused(METADATA))],
    ),
];

/// Parameters and paths that name nothing that is stored.
pub const NAMELESS: &[&str] = &[
    "/api/{version:[0-9]{1,3}}",
    "/tracker/{name}",
    "/tracker/{name}{{suffix:\\\\.[a-z.]+}}",
    "/{name}",
    "/{name}.json",
    "/reports/monthly/{name}",
    "assignedUserMode",
    "async",
    "atomicMode",
    "bom",
    "dimension",
    "domain",
    "enrollmentEnrolled",
    "enrollmentOccurred",
    "enrollmentStatus",
    "fields",
    "followUp",
    "importMode",
    "importStrategy",
    "includeDeleted",
    "language",
    "occurred",
    "orgUnitMode",
    "ouMode",
    "page",
    "pageSize",
    "paging",
    "programStatus",
    "reason",
    "reportMode",
    "scheduled",
    "skipHeader",
    "skipPaging",
    "skipRuleEngine",
    "status",
    "table",
    "totalPages",
    "updated",
    "updatedWithin",
    "validationMode",
];

/// Paths with a part that varies and names of parameters, as the source of the adapter and of the reports spells them.
pub fn in_source() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folder = std::fs::read_dir(source.join("rest")).expect("the adapter");
    let files = folder.map(|entry| entry.expect("a file").path());
    let files = files.chain([source.join("report/endpoint.rs")]);
    let mut found = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (place, _) in text.match_indices('"') {
            let rest = &text[place + 1..];
            let literal = &rest[..rest.find('"').unwrap_or(0)];
            let before = text[..place]
                .trim_end()
                .trim_end_matches(['(', '&', '['])
                .trim_end();
            let is_path =
                literal.starts_with('/') && literal.contains('{') && !literal.contains(' ');
            let is_parameter =
                reads_parameter(before) && literal.chars().all(char::is_alphanumeric);
            if is_path || (is_parameter && !literal.is_empty()) {
                found.insert(literal.to_owned());
            }
        }
    }
    found
}

/// Whether a text ends where the name of a parameter follows: `query.text`, `required(&query, `, or the name before it.
fn reads_parameter(before: &str) -> bool {
    const READERS: [&str; 8] = [
        "text", "values", "joined", "parsed", "positive", "boolean", "uid", "uids",
    ];
    let reader = READERS.iter().any(|reader| {
        before.ends_with(&format!("query.{reader}"))
            || before.ends_with(&format!("query\n        .{reader}"))
    });
    let bounds = before.ends_with("query.bounds") || before.ends_with("query.optional_boolean");
    let helper = before.ends_with("query,");
    // The second name of a list that began behind `query,`.
    let line = before.rsplit('\n').next().unwrap_or_default();
    let second = line.contains("query, ") && line.ends_with(',') && line.matches('"').count() == 2;
    reader || bounds || helper || second
}
