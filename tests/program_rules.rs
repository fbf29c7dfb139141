//! Program rules over HTTP: what a country's rules do to an import. The programs are brought by the test.

use actix_web::{
    http::{StatusCode, header::CONTENT_TYPE},
    test::TestRequest,
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const UNIT: &str = "RULEunit001";

async fn post(client: &Client<'_>, server: &Server, uri: &str, body: &Value) -> Answer {
    let request = TestRequest::post()
        .uri(uri)
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_string());
    server.send(client.sign(request)).await
}

fn element(id: &str, value_type: &str, option_set: Option<&str>) -> Value {
    let set = option_set.map(|id| json!({ "id": id }));
    json!({"id": id, "name": id, "shortName": id, "valueType": value_type, "optionSet": set})
}

fn stage(id: &str, program: &str, strategy: &str) -> Value {
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

fn program(id: &str, kind: &str, stage: &str) -> Value {
    let tracked = kind == "WITH_REGISTRATION";
    let attributes = [
        json!({"trackedEntityAttribute": {"id": "ATage000001"}}),
        json!({"trackedEntityAttribute": {"id": "ATgroup0001"}}),
    ];
    json!({"id": id, "name": format!("Program {id}"), "shortName": id, "programType": kind, "programStages": [{"id": stage}],
           "organisationUnits": [{"id": UNIT}], "trackedEntityType": tracked.then(|| json!({"id": "TEperson001"})),
           "programTrackedEntityAttributes": if tracked { attributes.to_vec() } else { vec![] }})
}

fn variable(number: usize, program: &str, name: &str, source: &str, field: &str) -> Value {
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
type Row = (&'static str, &'static str, Option<i32>, &'static str, Value);

fn rules(rows: Vec<Row>) -> (Vec<Value>, Vec<Value>) {
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

fn show(kind: &str, content: &str, data: Option<&str>) -> Value {
    json!({"programRuleActionType": kind, "content": content, "data": data})
}

fn assign(member: &str, field: &str, data: &str) -> Value {
    json!({"programRuleActionType": "ASSIGN", member: {"id": field}, "data": data})
}

fn metadata() -> Value {
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
async fn server_with_rules() -> (Server, Value) {
    let server = Server::start();
    let admin = server.user("admin");
    let answer = post(&admin, &server, "/api/metadata", &metadata()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let report = answer.json();
    (server, report)
}

fn event(id: &str, values: Value) -> Value {
    let values = values.as_object().expect("values").iter();
    let values = values.map(|(element, value)| json!({"dataElement": element, "value": value}));
    json!({"event": id, "program": "PGsingle001", "programStage": "PSsingle001", "orgUnit": UNIT, "occurredAt": "2026-11-01",
           "dataValues": values.collect::<Vec<_>>()})
}

/// Imports a payload; returns code and message of each error and warning, and the whole report.
async fn import(server: &Server, parameters: &str, payload: &Value) -> (Vec<String>, Value) {
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

async fn import_event(server: &Server, event: Value) -> (Vec<String>, Value) {
    import(server, "", &json!({"events": [event]})).await
}

/// The stored values of an event.
fn stored(server: &Server, event: &str) -> Value {
    let sql = format!(
        "SELECT coalesce(jsonb_object_agg(key, value -> 'value'), '{{}}') AS values
           FROM (SELECT uid, eventdatavalues FROM singleevent UNION ALL SELECT uid, eventdatavalues FROM trackerevent) e,
                jsonb_each(eventdatavalues) WHERE uid = '{event}'"
    );
    server.rows(&sql)[0]["values"].clone()
}

#[actix_web::test]
async fn the_metadata_are_kept_and_what_cannot_be_run_is_told() {
    let (server, report) = server_with_rules().await;
    let text = report.to_string();
    assert!(text.contains("The condition of program rule PRsyntax001 cannot be run: an operand is missing at character 12 of the expression."), "{text}");
    let rows = server.rows(
        "SELECT r.uid, a.actiontype, a.data, d.uid AS element, r.rulecondition FROM programrule r JOIN programruleaction a USING (programruleid)
           LEFT JOIN dataelement d USING (dataelementid) WHERE r.uid = 'PRbmi000001'",
    );
    assert_eq!(
        rows,
        [
            json!({"uid": "PRbmi000001", "actiontype": "ASSIGN", "data": "d2:round(#{weight} / #{height} ^ 2, 1)",
                             "element": "DEbmi000001", "rulecondition": "d2:hasValue(#{weight}) && d2:hasValue(#{height})"})
        ]
    );
    let admin = server.user("admin");
    let version = "SELECT version::text AS id FROM metadataversion";
    let before = server.id(version);
    post(&admin, &server, "/api/metadata", &metadata()).await;
    assert_eq!(server.id(version), before, "a repeat changes nothing");
    // A rule loses the action that it no longer lists.
    let mut fewer = metadata();
    fewer["programRules"][0]["programRuleActions"] = json!([]);
    fewer["programRuleActions"]
        .as_array_mut()
        .expect("actions")
        .remove(0);
    post(&admin, &server, "/api/metadata", &fewer).await;
    assert_eq!(
        server.rows("SELECT 1 FROM programruleaction WHERE uid = 'PAwarn00001'"),
        [json!({}); 0]
    );
}

#[actix_web::test]
async fn warnings_are_shown_and_errors_refuse() {
    let (server, _) = server_with_rules().await;
    let (found, report) = import_event(
        &server,
        event("RULEevent01", json!({"DEweight001": "151.5"})),
    )
    .await;
    assert_eq!(
        found,
        ["warning E1300 program rule PRwarn00001: heavy: 151.5"]
    );
    assert_eq!(
        (&report["status"], &report["stats"]["created"]),
        (&json!("WARNING"), &json!(1))
    );
    let (found, report) =
        import_event(&server, event("RULEevent02", json!({"DEweight001": "301"}))).await;
    assert_eq!(
        found,
        [
            "E1300 program rule PRerror0001: impossible (DEweight001)",
            "warning E1300 program rule PRwarn00001: heavy: 301"
        ]
    );
    assert_eq!(report["status"], "ERROR");
    assert_eq!(stored(&server, "RULEevent02"), json!({}));
    let (found, _) =
        import_event(&server, event("RULEevent03", json!({"DEweight001": "42"}))).await;
    assert_eq!(found, ["warning E1300 program rule PRsecond001: twice: 84"]);
}

#[actix_web::test]
async fn rules_of_completion_wait_for_it() {
    let (server, _) = server_with_rules().await;
    let light = event("RULEevent04", json!({"DEweight001": "30"}));
    assert_eq!(import_event(&server, light.clone()).await.0, [""; 0]);
    let mut complete = light;
    complete["status"] = json!("COMPLETED");
    assert_eq!(
        import_event(&server, complete).await.0,
        ["warning E1300 program rule PRlight0001: light"]
    );
    let mut lightest = event("RULEevent05", json!({"DEweight001": "0.5"}));
    assert_eq!(import_event(&server, lightest.clone()).await.0, [""; 0]);
    lightest["status"] = json!("COMPLETED");
    let (found, _) = import_event(&server, lightest).await;
    assert_eq!(
        found,
        [
            "E1300 program rule PRwhole0001: too light",
            "warning E1300 program rule PRlight0001: light"
        ]
    );
    // The mutation that completes goes the same way, with the values that are stored.
    let admin = server.user("admin");
    let done = admin
        .data(
            "mutation { completeEvents(ids: [\"RULEevent05\"]) { ids errors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        done["completeEvents"],
        json!({"ids": [], "errors": [{"code": "E1300"}]})
    );
}

#[actix_web::test]
async fn values_are_assigned_where_none_or_the_same_was_sent() {
    let (server, _) = server_with_rules().await;
    let assigned =
        "warning E1308 program rule PRbmi000001 assigned the value of data element DEbmi000001";
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent06",
            json!({"DEweight001": "70", "DEheight001": "1.75"}),
        ),
    )
    .await;
    assert_eq!(found, [assigned]);
    assert_eq!(stored(&server, "RULEevent06")["DEbmi000001"], "22.9");
    // What is stored gives way, and the change is logged.
    let (found, report) =
        import_event(&server, event("RULEevent06", json!({"DEweight001": "80"}))).await;
    assert_eq!(
        (found, &report["stats"]["updated"]),
        (vec![assigned.to_owned()], &json!(1))
    );
    assert_eq!(stored(&server, "RULEevent06")["DEbmi000001"], "26.1");
    let log = "SELECT previousvalue || ' ' || currentvalue AS id FROM singleeventchangelog JOIN dataelement USING (dataelementid)
               WHERE uid = 'DEbmi000001' AND previousvalue IS NOT NULL";
    assert_eq!(server.ids(log), ["22.9 26.1"]);
    // A repeat changes nothing.
    let changed = "SELECT lastupdated::text AS id FROM singleevent WHERE uid = 'RULEevent06'";
    let before = server.id(changed);
    import_event(&server, event("RULEevent06", json!({"DEweight001": "80"}))).await;
    assert_eq!(server.id(changed), before);
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent07",
            json!({"DEweight001": "70", "DEheight001": "1.75", "DEbmi000001": "22.90"}),
        ),
    )
    .await;
    assert_eq!(found, [assigned]);
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent08",
            json!({"DEweight001": "70", "DEheight001": "1.75", "DEbmi000001": "30"}),
        ),
    )
    .await;
    let differs = "E1307 program rule PRbmi000001 cannot assign a value to data element DEbmi000001: the value that was sent differs from it";
    assert_eq!(found, [differs]);
    let (found, _) =
        import_event(&server, event("RULEevent09", json!({"DEweight001": "77"}))).await;
    assert_eq!(
        found,
        [
            "warning E1308 program rule PRcolour001 assigned nothing: the value of data element DEcolour001 is no code of its option set"
        ]
    );
}

#[actix_web::test]
async fn mandatory_values_must_be_there() {
    let (server, _) = server_with_rules().await;
    let heavy = "warning E1300 program rule PRwarn00001: heavy: 250";
    let (found, _) =
        import_event(&server, event("RULEevent10", json!({"DEweight001": "250"}))).await;
    assert_eq!(
        found,
        [
            "E1301 program rule PRneed00001: mandatory data element DEnote00001 is not present",
            heavy
        ]
    );
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent10",
            json!({"DEweight001": "250", "DEnote00001": "seen"}),
        ),
    )
    .await;
    assert_eq!(found, [heavy]);
    // It may stay away when it is stored, but not be emptied.
    assert_eq!(
        import_event(&server, event("RULEevent10", json!({"DEweight001": "250"})))
            .await
            .0,
        [heavy]
    );
    let (found, _) = import_event(
        &server,
        event(
            "RULEevent10",
            json!({"DEweight001": "250", "DEnote00001": ""}),
        ),
    )
    .await;
    assert_eq!(
        found,
        [
            "E1314 program rule PRneed00001: data element DEnote00001 is mandatory and cannot be emptied",
            heavy
        ]
    );
}

#[actix_web::test]
async fn modes_decide_what_becomes_of_the_others_and_the_engine_can_be_skipped() {
    let (server, _) = server_with_rules().await;
    let payload = json!({"events": [event("RULEevent11", json!({"DEweight001": "301"})), event("RULEevent12", json!({"DEweight001": "60"}))]});
    let stats = |report: &Value| {
        (
            report["stats"]["created"].as_u64(),
            report["stats"]["ignored"].as_u64(),
        )
    };
    let impossible = "E1300 program rule PRerror0001: impossible (DEweight001)";
    let (found, report) = import(&server, "&importMode=VALIDATE", &payload).await;
    assert_eq!(
        (found[0].as_str(), stats(&report)),
        (impossible, (Some(0), Some(2)))
    );
    let (_, report) = import(&server, "", &payload).await;
    assert_eq!(stats(&report), (Some(0), Some(2)));
    let (_, report) = import(&server, "&atomicMode=OBJECT", &payload).await;
    assert_eq!(stats(&report), (Some(1), Some(1)));
    let (found, report) = import(&server, "&skipRuleEngine=true", &payload).await;
    assert_eq!((found, stats(&report)), (vec![], (Some(1), Some(0))));
    let (_, report) = import(
        &server,
        "&validationMode=FAIL_FAST&atomicMode=OBJECT",
        &payload,
    )
    .await;
    assert_eq!(report["stats"]["ignored"], 1, "{report}");
}

#[actix_web::test]
async fn a_stage_that_is_checked_on_completion_runs_its_rules_then_and_broken_rules_only_warn() {
    let (server, _) = server_with_rules().await;
    let mut lazy = event("RULEevent13", json!({"DEweight001": "5"}));
    lazy["program"] = json!("PGlazy00001");
    lazy["programStage"] = json!("PSlazy00001");
    assert_eq!(import_event(&server, lazy.clone()).await.0, [""; 0]);
    lazy["status"] = json!("COMPLETED");
    let (found, _) = import_event(&server, lazy).await;
    assert_eq!(
        found,
        [
            "E1300 program rule PRlazy00001: lazy",
            "warning E1300 program rule PRbroken001 cannot be run: there is no variable nowhere",
            "warning E1300 program rule PRsyntax001 cannot be run: an operand is missing at character 12 of the expression",
        ]
    );
}

fn person(id: &str, age: &str, events: Value) -> Value {
    let enrollment = json!({"enrollment": id.replacen("TP", "EN", 1), "program": "PGtrack0001", "orgUnit": UNIT, "enrolledAt": "2026-10-01",
                            "attributes": [{"attribute": "ATage000001", "value": age}], "events": events});
    json!({"trackedEntities": [{"trackedEntity": id, "trackedEntityType": "TEperson001", "orgUnit": UNIT, "enrollments": [enrollment]}]})
}

fn visit(id: &str, day: &str, weight: &str) -> Value {
    json!({"event": id, "program": "PGtrack0001", "programStage": "PStrack0001", "orgUnit": UNIT, "occurredAt": day,
           "dataValues": [{"dataElement": "DEweight001", "value": weight}]})
}

#[actix_web::test]
async fn enrolments_have_their_attributes_assigned_required_and_refused() {
    let (server, _) = server_with_rules().await;
    let (found, _) = import(&server, "", &person("TPchild0001", "9", json!([]))).await;
    assert_eq!(
        found,
        ["warning E1310 program rule PRchild0001 assigned the value of attribute ATgroup0001"]
    );
    let group = "SELECT value AS id FROM trackedentityattributevalue JOIN trackedentityattribute a USING (trackedentityattributeid)
                   JOIN trackedentity t USING (trackedentityid) WHERE t.uid = 'TPchild0001' AND a.uid = 'ATgroup0001'";
    assert_eq!(server.ids(group), ["child"]);
    let mut other = person("TPchild0002", "9", json!([]));
    other["trackedEntities"][0]["attributes"] =
        json!([{"attribute": "ATgroup0001", "value": "adult"}]);
    let (found, _) = import(&server, "", &other).await;
    assert_eq!(
        found,
        [
            "E1309 program rule PRchild0001 cannot assign a value to attribute ATgroup0001: the value that was sent differs from it"
        ]
    );
    let (found, _) = import(&server, "", &person("TPold000001", "110", json!([]))).await;
    assert_eq!(
        found,
        ["E1306 program rule PRgroup0001: mandatory attribute ATgroup0001 is not present"]
    );
    let old = person(
        "TPold000002",
        "130",
        json!([visit("RULEvisit01", "2026-10-02", "60")]),
    );
    let (found, report) = import(&server, "&atomicMode=OBJECT", &old).await;
    assert_eq!(
        found[..2],
        [
            "E1300 program rule PRold000001: too old",
            "E1306 program rule PRgroup0001: mandatory attribute ATgroup0001 is not present"
        ]
    );
    assert_eq!(
        (&report["stats"]["created"], &report["stats"]["ignored"]),
        (&json!(1), &json!(2)),
        "{report}"
    );
}

#[actix_web::test]
async fn events_of_an_enrolment_see_each_other_sent_or_stored() {
    let (server, _) = server_with_rules().await;
    let first = person(
        "TPadult0001",
        "40",
        json!([
            visit("RULEvisit02", "2026-10-02", "80"),
            visit("RULEvisit03", "2026-10-09", "78")
        ]),
    );
    let lost = "warning E1300 program rule PRlost00001: lost weight";
    assert_eq!(import(&server, "", &first).await.0, [lost]);
    let mut later = visit("RULEvisit04", "2026-10-16", "77");
    later["enrollment"] = json!("ENadult0001");
    assert_eq!(
        import(&server, "", &json!({"events": [later.clone()]}))
            .await
            .0,
        [lost]
    );
    // The enrolment sees the newest event too, one that is sent with it included, and so do older events.
    let heavy = person(
        "TPadult0001",
        "40",
        json!([visit("RULEvisit05", "2026-10-20", "95")]),
    );
    let newest = "warning E1300 program rule PRnewest001: of Program PGtrack0001";
    assert_eq!(import(&server, "", &heavy).await.0, [newest, newest]);
}

#[actix_web::test]
async fn statements_do_not_grow_with_events_and_without_rules_none_is_asked() {
    let (server, _) = server_with_rules().await;
    let weigh = |ids: std::ops::Range<u32>| {
        let visits = ids.map(|n| visit(&format!("RULEmany{n:03}"), "2026-10-02", "60"));
        visits.collect::<Vec<_>>()
    };
    import(
        &server,
        "",
        &person("TPadult0002", "40", json!(weigh(0..1))),
    )
    .await;
    let recorded = server.record();
    let mut counts = Vec::new();
    for (parameters, ids) in [("", 1..3), ("", 3..40), ("&skipRuleEngine=true", 40..60)] {
        let events = weigh(ids).into_iter().map(|mut event| {
            event["enrollment"] = json!("ENadult0002");
            event
        });
        let _ = recorded.take();
        let (found, _) = import(
            &server,
            parameters,
            &json!({"events": events.collect::<Vec<_>>()}),
        )
        .await;
        assert_eq!(found, [""; 0]);
        counts.push(recorded.take().len());
    }
    assert_eq!(counts[0], counts[1]);
    // Roles, events, attributes.
    assert_eq!(counts[0] - counts[2], 3);
}
