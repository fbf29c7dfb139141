//! A small country with program rules: its metadata, and how events are sent to it.

use actix_web::{
    http::{StatusCode, header::CONTENT_TYPE},
    test::TestRequest,
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

pub(super) const UNIT: &str = "RULEunit001";

pub(super) async fn post(client: &Client<'_>, server: &Server, uri: &str, body: &Value) -> Answer {
    let request = TestRequest::post()
        .uri(uri)
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_string());
    server.send(client.sign(request)).await
}

pub(super) fn element(id: &str, value_type: &str, option_set: Option<&str>) -> Value {
    let set = option_set.map(|id| json!({ "id": id }));
    json!({"id": id, "name": id, "shortName": id, "valueType": value_type, "optionSet": set})
}

pub(super) fn stage(id: &str, program: &str, strategy: &str) -> Value {
    let elements = [
        "DEweight001",
        "DEheight001",
        "DEbmi000001",
        "DEnote00001",
        "DEcolour001",
    ];
    let elements = elements.map(|id| json!({"dataElement": {"id": id}}));
    json!({"id": id, "name": format!("Stage {id}"), "program": {"id": program}, "validationStrategy": strategy,
           "repeatable": true, "programStageDataElements": elements})
}

pub(super) fn program(id: &str, kind: &str, stage: &str) -> Value {
    let tracked = kind == "WITH_REGISTRATION";
    let attributes = [
        json!({"trackedEntityAttribute": {"id": "ATage000001"}}),
        json!({"trackedEntityAttribute": {"id": "ATgroup0001"}}),
    ];
    json!({"id": id, "name": format!("Program {id}"), "shortName": id, "programType": kind, "programStages": [{"id": stage}],
           "organisationUnits": [{"id": UNIT}], "trackedEntityType": tracked.then(|| json!({"id": "TEperson001"})),
           "programTrackedEntityAttributes": if tracked { attributes.to_vec() } else { vec![] }})
}

pub(super) fn variable(
    number: usize,
    program: &str,
    name: &str,
    source: &str,
    field: &str,
) -> Value {
    let member = if source == "TEI_ATTRIBUTE" {
        "trackedEntityAttribute"
    } else {
        "dataElement"
    };
    let mut variable = json!({"id": format!("RV{number:09}"), "name": name, "program": {"id": program},
                              "programRuleVariableSourceType": source, "valueType": "NUMBER"});
    if !field.is_empty() {
        variable[member] = json!({"id": field});
    }
    variable
}

/// A rule with one action: `(uid, program, priority, condition, action)`.
pub(super) type Row = (&'static str, &'static str, Option<i32>, &'static str, Value);

pub(super) fn rules(rows: Vec<Row>) -> (Vec<Value>, Vec<Value>) {
    let both = rows.into_iter().map(|(id, program, priority, condition, mut action)| {
        let action_id = id.replacen("PR", "PA", 1);
        action["id"] = json!(action_id);
        action["programRule"] = json!({"id": id});
        let rule = json!({"id": id, "name": id, "program": {"id": program}, "condition": condition, "priority": priority,
                          "programRuleActions": [{"id": action_id}]});
        (rule, action)
    });
    both.unzip()
}

pub(super) fn show(kind: &str, content: &str, data: Option<&str>) -> Value {
    json!({"programRuleActionType": kind, "content": content, "data": data})
}

pub(super) fn assign(member: &str, field: &str, data: &str) -> Value {
    json!({"programRuleActionType": "ASSIGN", member: {"id": field}, "data": data})
}

pub(super) fn metadata() -> Value {
    let weight = "DEweight001";
    let newest = "DATAELEMENT_NEWEST_EVENT_PROGRAM";
    let current = "DATAELEMENT_CURRENT_EVENT";
    let variables = [
        ("PGsingle001", "weight", current, weight),
        ("PGsingle001", "height", current, "DEheight001"),
        ("PGsingle001", "twice", "CALCULATED_VALUE", ""),
        ("PGlazy00001", "weight", current, weight),
        ("PGtrack0001", "age", "TEI_ATTRIBUTE", "ATage000001"),
        ("PGtrack0001", "weight", current, weight),
        ("PGtrack0001", "newest", newest, weight),
        (
            "PGtrack0001",
            "before",
            "DATAELEMENT_PREVIOUS_EVENT",
            weight,
        ),
    ];
    let variables = variables.iter().enumerate();
    let variables = variables
        .map(|(n, (program, name, source, field))| variable(n, program, name, source, field));
    let calculate =
        json!({"programRuleActionType": "ASSIGN", "content": "#{twice}", "data": "#{weight} * 2"});
    let require = |member: &str, field: &str| json!({"programRuleActionType": "SETMANDATORYFIELD", member: {"id": field}});
    let mut heavy = show("SHOWERROR", "impossible", None);
    heavy["dataElement"] = json!({"id": weight});
    let (rules, actions) = rules(vec![
        (
            "PRwarn00001",
            "PGsingle001",
            None,
            "#{weight} > C{COheavy0001}",
            show("SHOWWARNING", "heavy:", Some("#{weight}")),
        ),
        ("PRerror0001", "PGsingle001", None, "#{weight} > 300", heavy),
        (
            "PRwhole0001",
            "PGsingle001",
            None,
            "#{weight} < 1 && d2:hasValue(#{weight})",
            show("ERRORONCOMPLETE", "too light", None),
        ),
        (
            "PRlight0001",
            "PGsingle001",
            None,
            "#{weight} < 40 && d2:hasValue('weight')",
            show("WARNINGONCOMPLETE", "light", None),
        ),
        (
            "PRbmi000001",
            "PGsingle001",
            None,
            "d2:hasValue(#{weight}) && d2:hasValue(#{height})",
            assign(
                "dataElement",
                "DEbmi000001",
                "d2:round(#{weight} / #{height} ^ 2, 1)",
            ),
        ),
        (
            "PRneed00001",
            "PGsingle001",
            None,
            "#{weight} > 200 && #{weight} <= 300",
            require("dataElement", "DEnote00001"),
        ),
        (
            "PRcalc00001",
            "PGsingle001",
            Some(1),
            "#{weight} == 42",
            calculate,
        ),
        (
            "PRsecond001",
            "PGsingle001",
            Some(2),
            "#{twice} == 84",
            show("SHOWWARNING", "twice:", Some("#{twice}")),
        ),
        (
            "PRcolour001",
            "PGsingle001",
            None,
            "#{weight} == 77",
            assign("dataElement", "DEcolour001", "'MAUVE'"),
        ),
        (
            "PRhidden001",
            "PGsingle001",
            None,
            "true",
            json!({"programRuleActionType": "HIDEFIELD", "dataElement": {"id": weight}}),
        ),
        (
            "PRbroken001",
            "PGlazy00001",
            None,
            "#{nowhere} > 1",
            show("SHOWERROR", "never", None),
        ),
        (
            "PRsyntax001",
            "PGlazy00001",
            None,
            "#{weight} >",
            show("SHOWERROR", "never", None),
        ),
        (
            "PRlazy00001",
            "PGlazy00001",
            None,
            "#{weight} > 1",
            show("SHOWERROR", "lazy", None),
        ),
        (
            "PRold000001",
            "PGtrack0001",
            None,
            "A{age} > 120",
            show("SHOWERROR", "too old", None),
        ),
        (
            "PRchild0001",
            "PGtrack0001",
            None,
            "A{age} < 18",
            assign("trackedEntityAttribute", "ATgroup0001", "'child'"),
        ),
        (
            "PRgroup0001",
            "PGtrack0001",
            None,
            "A{age} > 100",
            require("trackedEntityAttribute", "ATgroup0001"),
        ),
        (
            "PRlost00001",
            "PGtrack0001",
            None,
            "d2:hasValue('before') && #{weight} < #{before}",
            show("SHOWWARNING", "lost weight", None),
        ),
        (
            "PRnewest001",
            "PGtrack0001",
            None,
            "#{newest} > 90 && d2:count('newest') > 1",
            show("SHOWWARNING", "of", Some("V{program_name}")),
        ),
    ]);
    json!({
        "organisationUnits": [{"id": UNIT, "name": "Rules", "shortName": "Rules", "openingDate": "2000-01-01"}],
        "optionSets": [{"id": "OScolour001", "name": "Colours", "valueType": "TEXT", "options": [{"id": "OPred000001"}]}],
        "options": [{"id": "OPred000001", "code": "RED", "name": "Red", "optionSet": {"id": "OScolour001"}}],
        "dataElements": [element(weight, "NUMBER", None), element("DEheight001", "NUMBER", None), element("DEbmi000001", "NUMBER", None),
                         element("DEnote00001", "TEXT", None), element("DEcolour001", "TEXT", Some("OScolour001"))],
        "trackedEntityAttributes": [element("ATage000001", "NUMBER", None), element("ATgroup0001", "TEXT", None)],
        "trackedEntityTypes": [{"id": "TEperson001", "name": "Rule person", "shortName": "Rule person"}],
        "programs": [program("PGsingle001", "WITHOUT_REGISTRATION", "PSsingle001"), program("PGlazy00001", "WITHOUT_REGISTRATION", "PSlazy00001"),
                     program("PGtrack0001", "WITH_REGISTRATION", "PStrack0001")],
        "programStages": [stage("PSsingle001", "PGsingle001", "ON_UPDATE_AND_INSERT"), stage("PSlazy00001", "PGlazy00001", "ON_COMPLETE"),
                          stage("PStrack0001", "PGtrack0001", "ON_UPDATE_AND_INSERT")],
        "constants": [{"id": "COheavy0001", "name": "Heavy", "value": 150.5}],
        "organisationUnitGroups": [{"id": "UGrules0001", "name": "Group", "organisationUnits": [{"id": UNIT}]}],
        "programRules": rules,
        "programRuleActions": actions,
        "programRuleVariables": variables.collect::<Vec<_>>(),
    })
}

/// A server that knows the programs, and what the import of the metadata said.
pub(super) async fn server_with_rules() -> (Server, Value) {
    let server = Server::start();
    let admin = server.user("admin");
    let answer = post(&admin, &server, "/api/metadata", &metadata()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let report = answer.json();
    (server, report)
}

pub(super) fn event(id: &str, values: Value) -> Value {
    let values = values.as_object().expect("values").iter();
    let values = values.map(|(element, value)| json!({"dataElement": element, "value": value}));
    json!({"event": id, "program": "PGsingle001", "programStage": "PSsingle001", "orgUnit": UNIT, "occurredAt": "2026-11-01",
           "dataValues": values.collect::<Vec<_>>()})
}

/// Imports a payload; returns code and message of each error and warning, and the whole report.
pub(super) async fn import(
    server: &Server,
    parameters: &str,
    payload: &Value,
) -> (Vec<String>, Value) {
    let admin = server.user("admin");
    let uri = format!("/api/tracker?async=false&reportMode=FULL{parameters}");
    let report = post(&admin, server, &uri, payload).await.json();
    let found = &report["validationReport"];
    let mut lines = Vec::new();
    for (list, code, mark) in [
        ("errorReports", "errorCode", ""),
        ("warningReports", "warningCode", "warning "),
    ] {
        for entry in found[list].as_array().unwrap_or_else(|| panic!("{report}")) {
            let text = |member: &str| entry[member].as_str().expect("a text").to_owned();
            lines.push(format!("{mark}{} {}", text(code), text("message")));
        }
    }
    (lines, report)
}

pub(super) async fn import_event(server: &Server, event: Value) -> (Vec<String>, Value) {
    import(server, "", &json!({"events": [event]})).await
}

/// The stored values of an event.
pub(super) fn stored(server: &Server, event: &str) -> Value {
    let sql = format!(
        "SELECT coalesce(jsonb_object_agg(key, value -> 'value'), '{{}}') AS values
           FROM (SELECT uid, eventdatavalues FROM singleevent UNION ALL SELECT uid, eventdatavalues FROM trackerevent) e,
                jsonb_each(eventdatavalues) WHERE uid = '{event}'"
    );
    server.rows(&sql)[0]["values"].clone()
}
