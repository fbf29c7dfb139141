//! Events that rules plan: when, where, and what is told of it.

use serde_json::{Value, json};

use super::ground::*;
use crate::support::Server;

/// A program with three stages: what is sent is one, what rules plan are the others, of which the last is not repeatable.
fn program_with_plans() -> Value {
    let stage = |id: &str, repeatable: bool| {
        let elements = [json!({"dataElement": {"id": "DEweeks0001"}})];
        json!({"id": id, "name": id, "program": {"id": "PGplans0001"}, "validationStrategy": "ON_UPDATE_AND_INSERT",
               "repeatable": repeatable, "programStageDataElements": elements})
    };
    let plan = |stage: &str, data: &str| json!({"programRuleActionType": "SCHEDULEEVENT", "programStage": {"id": stage}, "data": data});
    let foreign = json!({"programRuleActionType": "SCHEDULEEVENT", "programStage": {"id": "PSlonely001"}, "data": "V{event_date}"});
    let (rules, actions) = rules(vec![
        (
            "PRweeks0001",
            "PGplans0001",
            Some(1),
            "#{weeks} > 0 && #{weeks} < 10",
            plan("PSnext00001", "d2:addDays(V{event_date}, 7 * #{weeks})"),
        ),
        (
            "PRonce00001",
            "PGplans0001",
            Some(2),
            "#{weeks} == 2",
            plan("PSonce00001", "d2:addDays(V{event_date}, 90)"),
        ),
        (
            "PRwrong0001",
            "PGplans0001",
            Some(3),
            "#{weeks} == 13",
            plan("PSnext00001", "'some day'"),
        ),
        (
            "PRforeign01",
            "PGplans0001",
            Some(4),
            "#{weeks} == 14",
            foreign,
        ),
        (
            "PRenrol0001",
            "PGplans0001",
            None,
            "A{age} > 60 && #{weeks} == 0",
            plan("PSonce00001", "d2:addDays(V{enrollment_date}, 30)"),
        ),
        (
            "PRlonely001",
            "PGlonely001",
            None,
            "true",
            plan("PSlonely001", "V{event_date}"),
        ),
    ]);
    let mut tracked = program("PGplans0001", "WITH_REGISTRATION", "PSfirst0001");
    tracked["programStages"] =
        json!([{"id": "PSfirst0001"}, {"id": "PSnext00001"}, {"id": "PSonce00001"}]);
    tracked["programTrackedEntityAttributes"] =
        json!([{"trackedEntityAttribute": {"id": "ATage000001"}}]);
    let mut lonely = stage("PSlonely001", true);
    lonely["program"] = json!({"id": "PGlonely001"});
    json!({
        "organisationUnits": [{"id": UNIT, "name": "Rules", "shortName": "Rules", "openingDate": "2000-01-01"}],
        "dataElements": [element("DEweeks0001", "NUMBER", None)],
        "trackedEntityAttributes": [element("ATage000001", "NUMBER", None)],
        "trackedEntityTypes": [{"id": "TEperson001", "name": "Rule person", "shortName": "Rule person"}],
        "programs": [tracked, program("PGlonely001", "WITHOUT_REGISTRATION", "PSlonely001")],
        "programStages": [stage("PSfirst0001", true), stage("PSnext00001", true), stage("PSonce00001", false), lonely],
        "programRules": rules,
        "programRuleActions": actions,
        "programRuleVariables": [
            variable(1, "PGplans0001", "weeks", "DATAELEMENT_CURRENT_EVENT", "DEweeks0001"),
            variable(2, "PGplans0001", "age", "TEI_ATTRIBUTE", "ATage000001"),
        ],
    })
}

async fn server_with_plans() -> (Server, Value) {
    let server = Server::start();
    let admin = server.user("admin");
    let report = post(&admin, &server, "/api/metadata", &program_with_plans()).await;
    let person = json!({"trackedEntities": [{"trackedEntity": "TPplans0001", "trackedEntityType": "TEperson001", "orgUnit": UNIT,
        "enrollments": [{"enrollment": "ENplans0001", "program": "PGplans0001", "orgUnit": UNIT, "enrolledAt": "2026-01-01"}]}]});
    assert_eq!(import(&server, "", &person).await.0, [""; 0]);
    (server, report.json())
}

/// An event after which another is planned in some weeks.
fn visit(id: &str, day: &str, weeks: &str) -> Value {
    json!({"event": id, "program": "PGplans0001", "programStage": "PSfirst0001", "orgUnit": UNIT, "enrollment": "ENplans0001",
           "occurredAt": day, "dataValues": [{"dataElement": "DEweeks0001", "value": weeks}]})
}

/// What was told, without the identifiers that were made.
async fn told(server: &Server, parameters: &str, events: &[&Value]) -> (Vec<String>, Value) {
    let (found, report) = import(server, parameters, &json!({ "events": events })).await;
    let lines = found
        .into_iter()
        .map(|line| match line.split_once("scheduled event ") {
            Some((before, after)) => format!("{before}scheduled{}", &after[11..]),
            None => line,
        });
    (lines.collect(), report)
}

/// Stage, day and status of the planned events.
fn planned(server: &Server) -> Vec<String> {
    server.ids(
        "SELECT s.uid || ' ' || e.scheduleddate::date || ' ' || e.status AS id FROM trackerevent e JOIN programstage s USING (programstageid)
          WHERE s.uid IN ('PSnext00001', 'PSonce00001') AND NOT e.deleted ORDER BY e.eventid",
    )
}

const NEXT: &str =
    "warning E1320 program rule PRweeks0001 scheduled of program stage PSnext00001 for";

#[actix_web::test]
async fn an_event_is_planned_once_with_what_its_origin_has() {
    let (server, _) = server_with_plans().await;
    let first = visit("PLANfirst01", "2026-11-01", "1");
    let (found, report) = told(&server, "", &[&first]).await;
    assert_eq!(found, [format!("{NEXT} 2026-11-08")]);
    assert_eq!(report["status"], "WARNING");
    assert_eq!(report["stats"]["created"], 2, "{report}");
    assert_eq!(report["stats"]["ignored"], 0);
    let of_events = &report["bundleReport"]["typeReportMap"]["EVENT"];
    assert_eq!(of_events["stats"]["created"], 2);
    let objects = of_events["objectReports"].as_array().expect("reports");
    assert_eq!(objects[0]["uid"], "PLANfirst01");
    let rows = server.rows(
        "SELECT e.uid, e.status, e.occurreddate, e.scheduleddate::text AS due, e.storedby, n.uid AS enrollment, u.uid AS unit,
                e.ownerorganisationunitid = e.organisationunitid AS owned, c.code, e.eventdatavalues AS values
           FROM trackerevent e JOIN programstage s USING (programstageid) JOIN enrollment n USING (enrollmentid)
           JOIN organisationunit u ON u.organisationunitid = e.organisationunitid
           JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid WHERE s.uid = 'PSnext00001'",
    );
    let expected = json!({"uid": objects[1]["uid"], "status": "SCHEDULE", "occurreddate": null, "due": "2026-11-08 00:00:00",
        "storedby": "admin", "enrollment": "ENplans0001", "unit": UNIT, "owned": true, "code": "default", "values": {}});
    assert_eq!(rows, [expected]);
    // The same again plans nothing again; another day does.
    let exists = "warning E1322 program rule PRweeks0001 scheduled nothing: enrollment ENplans0001 has an event of program stage PSnext00001";
    let (found, report) = told(&server, "", &[&first]).await;
    assert_eq!(found, [exists]);
    assert_eq!(report["stats"]["created"], 0);
    let later = visit("PLANfirst01", "2026-11-01", "3");
    let (found, report) = told(&server, "&importStrategy=UPDATE", &[&later]).await;
    assert_eq!(found, [format!("{NEXT} 2026-11-22")]);
    let stats = &report["stats"];
    assert_eq!(
        (&stats["created"], &stats["updated"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        planned(&server),
        [
            "PSnext00001 2026-11-08 SCHEDULE",
            "PSnext00001 2026-11-22 SCHEDULE"
        ]
    );
}

#[actix_web::test]
async fn a_stage_that_is_not_repeatable_has_one_event_sent_planned_or_stored() {
    let (server, _) = server_with_plans().await;
    let once = "warning E1320 program rule PRonce00001 scheduled of program stage PSonce00001 for";
    let exists = "warning E1322 program rule PRonce00001 scheduled nothing: enrollment ENplans0001 has an event of program stage PSonce00001";
    let (one, two) = (
        visit("PLANonce001", "2026-01-01", "2"),
        visit("PLANonce002", "2026-01-02", "2"),
    );
    let (mut found, _) = told(&server, "", &[&one, &two]).await;
    found.retain(|line| line.contains("PRonce00001"));
    assert_eq!(found, [format!("{once} 2026-04-01").as_str(), exists]);
    // What was skipped does not count, but its day is not planned again.
    let skipped = server.id("SELECT e.uid AS id FROM trackerevent e JOIN programstage s USING (programstageid) WHERE s.uid = 'PSonce00001'");
    let skip = json!({"event": skipped, "program": "PGplans0001", "programStage": "PSonce00001", "orgUnit": UNIT,
                      "enrollment": "ENplans0001", "status": "SKIPPED", "scheduledAt": "2026-04-01"});
    assert_eq!(told(&server, "", &[&skip]).await.0, [""; 0]);
    let (mut found, _) = told(&server, "", &[&one, &two]).await;
    found.retain(|line| line.contains("PRonce00001"));
    assert_eq!(found, [exists, format!("{once} 2026-04-02").as_str()]);
    // An event that is sent beside its origin comes first.
    let mut person = json!({"trackedEntities": [{"trackedEntity": "TPplans0002", "trackedEntityType": "TEperson001", "orgUnit": UNIT,
        "enrollments": [{"enrollment": "ENplans0002", "program": "PGplans0001", "orgUnit": UNIT, "enrolledAt": "2026-01-01"}]}]});
    let mut origin = visit("PLANonce003", "2026-01-01", "2");
    let mut own = visit("PLANonce004", "2026-01-05", "0");
    origin["enrollment"] = json!("ENplans0002");
    own["enrollment"] = json!("ENplans0002");
    own["programStage"] = json!("PSonce00001");
    person["events"] = json!([origin, own]);
    let (found, _) = import(&server, "", &person).await;
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("warning E1322 program rule PRonce00001")),
        "{found:?}"
    );
}

#[actix_web::test]
async fn enrolments_plan_events_too_new_ones_and_changed_ones() {
    let (server, _) = server_with_plans().await;
    let person = json!({"trackedEntities": [{"trackedEntity": "TPplans0003", "trackedEntityType": "TEperson001", "orgUnit": UNIT,
        "enrollments": [{"enrollment": "ENplans0003", "program": "PGplans0001", "orgUnit": UNIT, "enrolledAt": "2026-01-01",
                         "attributes": [{"attribute": "ATage000001", "value": "70"}]}]}]});
    let (found, report) = import(&server, "", &person).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("warning E1320 program rule PRenrol0001 scheduled event "),
        "{found:?}"
    );
    let warning = &report["validationReport"]["warningReports"][0];
    assert_eq!(
        (&warning["trackerType"], &warning["uid"]),
        (&json!("ENROLLMENT"), &json!("ENplans0003"))
    );
    assert_eq!(report["stats"]["created"], 3);
    assert_eq!(planned(&server), ["PSonce00001 2026-01-31 SCHEDULE"]);
    let (found, _) = import(&server, "", &person).await;
    assert!(
        found[0].starts_with("warning E1322 program rule PRenrol0001"),
        "{found:?}"
    );
    assert_eq!(planned(&server).len(), 1);
}

#[actix_web::test]
async fn nothing_is_planned_for_no_day_from_what_is_refused_or_when_all_is_undone() {
    let (server, _) = server_with_plans().await;
    let (found, report) = told(&server, "", &[&visit("PLANnone001", "2026-01-01", "13")]).await;
    let no_day =
        "warning E1319 program rule PRwrong0001 scheduled nothing: its day some day is not valid";
    assert_eq!(
        (found, &report["stats"]["created"]),
        (vec![no_day.to_owned()], &json!(1))
    );
    let (found, _) = told(&server, "", &[&visit("PLANnone002", "2026-01-01", "14")]).await;
    let foreign = "warning E1300 program rule PRforeign01 cannot be run: the action SCHEDULEEVENT names no stage of its program";
    assert_eq!(found, [foreign]);
    // An origin that is refused plans nothing, others do.
    let good = visit("PLANnone003", "2026-01-01", "1");
    let mut bad = visit("PLANnone004", "2026-02-01", "1");
    bad["occurredAt"] = json!(null);
    let (found, report) = told(&server, "", &[&good, &bad]).await;
    let (missing, plan) = (
        "E1031 `occurredAt` is required".to_owned(),
        format!("{NEXT} 2026-01-08"),
    );
    assert_eq!(found, [missing.clone(), plan.clone()]);
    assert_eq!(
        (&report["stats"]["ignored"], &report["stats"]["created"]),
        (&json!(2), &json!(0))
    );
    let (found, report) = told(&server, "&importMode=VALIDATE", &[&good]).await;
    assert_eq!(
        (found, &report["stats"]["ignored"]),
        (vec![plan.clone()], &json!(1))
    );
    assert_eq!(planned(&server), [""; 0]);
    let (_, report) = told(&server, "&skipRuleEngine=true", &[&good]).await;
    assert_eq!(report["stats"]["created"], 1);
    assert_eq!(planned(&server), [""; 0]);
    let (found, report) = told(&server, "&atomicMode=OBJECT", &[&good, &bad]).await;
    assert_eq!(found, [missing, plan]);
    let stats = &report["stats"];
    assert_eq!(
        (&stats["created"], &stats["updated"], &stats["ignored"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(planned(&server), ["PSnext00001 2026-01-08 SCHEDULE"]);
}

#[actix_web::test]
async fn what_no_rule_can_plan_is_told_with_the_metadata() {
    let (_, report) = server_with_plans().await;
    let text = report.to_string();
    for notice in [
        "The program rule action PAforeign01 cannot be run: `programStage` is not of its program.",
        "The program rule action PAlonely001 cannot be run: its program has no enrollments.",
    ] {
        assert!(text.contains(notice), "{notice} {text}");
    }
    let server = Server::start();
    let mut without = program_with_plans();
    without["programRuleActions"][0]["programStage"] = json!(null);
    let answer = post(&server.user("admin"), &server, "/api/metadata", &without).await;
    assert!(
        answer
            .text()
            .contains("`programStage` is required by SCHEDULEEVENT"),
        "{}",
        answer.text()
    );
}

#[actix_web::test]
async fn statements_do_not_grow_with_planned_events() {
    let (server, _) = server_with_plans().await;
    let recorded = server.record();
    let mut counts = Vec::new();
    for range in [0_u32..2, 2..40] {
        let visits: Vec<Value> = range
            .map(|n| {
                visit(
                    &format!("PLANmany{n:03}"),
                    &format!("2026-{:02}-{:02}", n / 20 + 1, n % 20 + 1),
                    "1",
                )
            })
            .collect();
        let _ = recorded.take();
        let (found, _) = told(&server, "", &visits.iter().collect::<Vec<_>>()).await;
        assert_eq!(found.len(), visits.len());
        counts.push(recorded.take().len());
    }
    assert_eq!(counts[0], counts[1]);
}

#[actix_web::test]
async fn a_mutation_plans_too_and_names_what_was_asked_for() {
    let (server, _) = server_with_plans().await;
    let event = visit("PLANdone001", "2026-01-01", "1");
    told(&server, "&skipRuleEngine=true", &[&event]).await;
    let done = server
        .user("admin")
        .data(
            "mutation { completeEvents(ids: [\"PLANdone001\"]) { ids errors { code } } }",
            json!({}),
        )
        .await;
    let expected = json!({"ids": ["PLANdone001"], "errors": []});
    assert_eq!(done["completeEvents"], expected);
    assert_eq!(planned(&server), ["PSnext00001 2026-01-08 SCHEDULE"]);
}
