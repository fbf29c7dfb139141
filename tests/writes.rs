//! Writing over HTTP: the import with its reports and jobs, mutations, transfers that move working lists.

use actix_web::{
    http::{StatusCode, header::CONTENT_TYPE},
    test::TestRequest,
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, texts};

/// A unit where a program's events happen, by code of the program.
fn place(server: &Server, code: &str) -> (String, String, String) {
    let row = &server.rows(&format!(
        "SELECT p.uid AS program, s.uid AS stage, u.uid AS unit FROM program p JOIN programstage s USING (programid)
           JOIN program_organisationunits USING (programid) JOIN organisationunit u USING (organisationunitid)
          WHERE p.code = '{code}' ORDER BY u.uid, s.sort_order LIMIT 1"
    ))[0];
    let text = |name: &str| row[name].as_str().expect("a uid").to_owned();
    (text("program"), text("stage"), text("unit"))
}

async fn post(server: &Server, client: &Client<'_>, uri: &str, body: &Value) -> Answer {
    let request = TestRequest::post()
        .uri(uri)
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_string());
    server.send(client.sign(request)).await
}

async fn get(server: &Server, client: &Client<'_>, uri: &str) -> Answer {
    server.send(client.sign(TestRequest::get().uri(uri))).await
}

fn outpatient(server: &Server, uid: &str) -> Value {
    let (program, stage, unit) = place(server, "OPD");
    json!({"event": uid, "program": program, "programStage": stage, "orgUnit": unit, "occurredAt": "2026-11-01"})
}

#[actix_web::test]
async fn a_payload_is_stored_or_refused_with_dhis2s_report() {
    let server = Server::start();
    let admin = server.user("admin");
    let good = outpatient(&server, "httpevent01");
    let mut bad = outpatient(&server, "httpevent02");
    bad["orgUnit"] = json!("nowhere0000");
    let both = json!({"events": [good, bad]});
    let answer = post(&server, &admin, "/api/tracker?async=false", &both).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let report = answer.json();
    assert_eq!(report["status"], "ERROR");
    assert_eq!(report["stats"]["ignored"], 2);
    assert_eq!(
        report["validationReport"]["errorReports"][0]["errorCode"],
        "E1011"
    );
    let uri = "/api/43/tracker?async=false&atomicMode=OBJECT";
    let answer = post(&server, &admin, uri, &both).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let stats = answer.json()["stats"].clone();
    assert_eq!(
        (&stats["created"], &stats["ignored"]),
        (&json!(1), &json!(1))
    );
    let answer = get(&server, &admin, "/api/tracker/events/httpevent01").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let uri = "/api/tracker?async=false&importStrategy=DELETE";
    let answer = post(
        &server,
        &admin,
        uri,
        &json!({"events": [{"event": "httpevent01"}]}),
    )
    .await;
    assert_eq!(answer.json()["stats"]["deleted"], 1, "{}", answer.text());
    let answer = get(&server, &admin, "/api/tracker/events/httpevent01").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn what_cannot_be_read_is_a_bad_request() {
    let server = Server::start();
    let admin = server.user("admin");
    for uri in [
        "/api/tracker?async=maybe",
        "/api/tracker?importStrategy=MERGE",
        "/api/tracker?atomicMode=SOME",
    ] {
        let answer = post(&server, &admin, uri, &json!({"events": []})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
    }
    let request = TestRequest::post()
        .uri("/api/tracker?async=false")
        .set_payload("{\"events\": [");
    let answer = server.send(admin.sign(request)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.json()["message"]
            .as_str()
            .is_some_and(|text| text.contains("line 1"))
    );
    let request = TestRequest::post()
        .uri("/api/tracker?async=false")
        .set_payload("{}");
    assert_eq!(server.send(request).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn an_import_without_waiting_is_a_job_of_its_caller() {
    let server = Server::start();
    let admin = server.user("admin");
    let payload = json!({"events": [outpatient(&server, "httpevent03")]});
    let answer = post(&server, &admin, "/api/tracker", &payload).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let job = answer.json()["response"]["id"]
        .as_str()
        .expect("a job")
        .to_owned();
    let (uri, report) = (
        format!("/api/tracker/jobs/{job}"),
        format!("/api/tracker/jobs/{job}/report"),
    );
    let mut done = false;
    for _ in 0..500 {
        done = get(&server, &admin, &uri).await.json()[0]["completed"] == json!(true);
        if done {
            break;
        }
    }
    assert!(done);
    let report_of_admin = get(&server, &admin, &report).await.json();
    assert_eq!(
        (
            &report_of_admin["status"],
            &report_of_admin["stats"]["created"]
        ),
        (&json!("OK"), &json!(1))
    );
    let clerk = server.user("clerk");
    assert_eq!(
        get(&server, &clerk, &report).await.status,
        StatusCode::NOT_FOUND
    );
}

#[actix_web::test]
async fn events_are_created_changed_completed_and_deleted() {
    let server = Server::start();
    let admin = server.user("admin");
    // Completing would ask for the values that the stage makes compulsory.
    server.execute("UPDATE programstagedataelement SET compulsory = false");
    let (program, stage, unit) = place(&server, "OPD");
    let create = "mutation ($input: EventInput!) { createEvent(input: $input) {
        outcome errors { code field message } event { id status orgUnit { id } updatedAt notes { text } } } }";
    let input = json!({"id": "httpevent04", "program": program, "programStage": stage, "orgUnit": unit,
                       "occurredAt": "2026-11-01T08:00:00Z", "notes": [{"text": "came late"}]});
    let made = admin.data(create, json!({"input": input})).await["createEvent"].take();
    assert_eq!(
        (&made["outcome"], &made["errors"]),
        (&json!("CREATED"), &json!([])),
        "{made:#}"
    );
    assert_eq!(made["event"]["notes"], json!([{"text": "came late"}]));
    let again = admin.data(create, json!({"input": input})).await["createEvent"].take();
    assert_eq!(again["outcome"], "UNCHANGED", "{again:#}");
    let update = "mutation ($input: EventInput!) { updateEvent(input: $input) { outcome errors { code message } event { occurredAt } } }";
    let seen = again["event"]["updatedAt"].clone();
    let change =
        json!({"id": "httpevent04", "occurredAt": "2026-11-02T08:00:00Z", "updatedAt": seen});
    let changed = admin.data(update, json!({"input": change})).await["updateEvent"].take();
    assert_eq!(changed["outcome"], "UPDATED", "{changed:#}");
    let old = json!({"id": "httpevent04", "occurredAt": "2026-11-03T08:00:00Z", "updatedAt": "2020-01-01T00:00:00Z"});
    let refused = admin.data(update, json!({"input": old})).await["updateEvent"].take();
    assert_eq!(
        (&refused["outcome"], &refused["errors"][0]["code"]),
        (&Value::Null, &json!("CONFLICT"))
    );
    let bulk = "mutation { completeEvents(ids: [\"httpevent04\", \"nowhere0000\"]) { ids errors { code object } } }";
    let done = admin.data(bulk, json!({})).await["completeEvents"].take();
    assert_eq!(
        done,
        json!({"ids": ["httpevent04"], "errors": [{"code": "E1032", "object": "nowhere0000"}]})
    );
    let note = "mutation { addNote(event: \"httpevent04\", text: \"left early\") { event { status notes { text } } } }";
    let noted = admin.data(note, json!({})).await["addNote"]["event"].take();
    assert_eq!(texts(&noted["notes"], "text"), ["came late", "left early"]);
    assert_eq!(noted["status"], "COMPLETED");
    let delete = "mutation { deleteEvents(ids: [\"httpevent04\"]) { ids errors { code } } }";
    assert_eq!(
        admin.data(delete, json!({})).await["deleteEvents"]["ids"],
        json!(["httpevent04"])
    );
    let gone = admin
        .data("{ event(id: \"httpevent04\") { id } }", json!({}))
        .await;
    assert_eq!(gone["event"], Value::Null);
}

#[actix_web::test]
async fn refusals_name_code_and_member_and_never_change_anything() {
    let server = Server::start();
    let admin = server.user("admin");
    let create = "mutation ($input: EventInput!) { createEvent(input: $input) { outcome event { id } errors { code field objectType } } }";
    let (program, ..) = place(&server, "OPD");
    let refused = admin
        .data(create, json!({"input": {"program": program}}))
        .await["createEvent"]
        .take();
    assert_eq!(
        (&refused["event"], &refused["outcome"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        refused["errors"],
        json!([{"code": "E1123", "field": "orgUnit", "objectType": "EVENT"}])
    );
    let import = "mutation ($payload: JSON!) { importTracker(payload: $payload) { status stats { created ignored } errors { code } } }";
    let report = admin
        .data(
            import,
            json!({"payload": {"events": [{"program": program}]}}),
        )
        .await["importTracker"]
        .take();
    assert_eq!(
        report,
        json!({"status": "ERROR", "stats": {"created": 0, "ignored": 1}, "errors": [{"code": "E1123"}]})
    );
}

#[actix_web::test]
async fn a_transfer_moves_the_working_list_at_once() {
    let server = Server::start();
    let admin = server.user("admin");
    let row = &server.rows(
        "SELECT e.uid AS event, t.uid AS entity, p.uid AS program, own.uid AS owner, other.uid AS other
           FROM trackerevent e JOIN enrollment n USING (enrollmentid) JOIN trackedentity t USING (trackedentityid)
           JOIN program p ON p.programid = n.programid JOIN organisationunit own ON own.organisationunitid = e.ownerorganisationunitid
           JOIN program_organisationunits a ON a.programid = p.programid AND a.organisationunitid <> e.ownerorganisationunitid
           JOIN organisationunit other ON other.organisationunitid = a.organisationunitid
          WHERE p.code = 'TB' AND NOT e.deleted ORDER BY e.eventid, other.uid LIMIT 1",
    )[0];
    let text = |name: &str| row[name].as_str().expect("a uid");
    let listed = async |unit: &str| {
        let uri = format!(
            "/api/tracker/events?program={}&orgUnit={}&orgUnitMode=SELECTED&events={}&fields=event",
            text("program"),
            text(unit),
            text("event"),
        );
        texts(&get(&server, &admin, &uri).await.json()["events"], "event").len()
    };
    assert_eq!((listed("owner").await, listed("other").await), (1, 0));
    let transfer = "mutation ($entity: ID!, $program: ID!, $unit: ID!) {
      transferOwnership(trackedEntity: $entity, program: $program, toOrgUnit: $unit) { events ownerOrgUnit { id } } }";
    let asked = json!({"entity": row["entity"], "program": row["program"], "unit": row["other"]});
    let moved = admin.data(transfer, asked).await["transferOwnership"].take();
    assert_eq!(moved["ownerOrgUnit"]["id"], row["other"]);
    assert!(moved["events"].as_u64().is_some_and(|events| events > 0));
    assert_eq!((listed("owner").await, listed("other").await), (0, 1));
    let uri = format!(
        "/api/tracker/ownership/transfer?trackedEntity={}&program={}&orgUnit={}",
        text("entity"),
        text("program"),
        text("owner"),
    );
    let answer = server.send(admin.sign(TestRequest::put().uri(&uri))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((listed("owner").await, listed("other").await), (1, 0));
    assert_eq!(
        server
            .send(admin.sign(TestRequest::put().uri(&uri)))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
}

#[actix_web::test]
async fn notes_and_changes_stand_beside_an_event() {
    let server = Server::start();
    let admin = server.user("admin");
    let payload = json!({"events": [outpatient(&server, "httpevent05")]});
    post(&server, &admin, "/api/tracker?async=false", &payload).await;
    let uri = "/api/tracker/events/httpevent05/note";
    let answer = post(
        &server,
        &admin,
        uri,
        &json!({"note": "httpnote001", "value": "a note"}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = post(
        &server,
        &admin,
        uri,
        &json!({"note": "httpnote001", "value": "another"}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let notes = get(
        &server,
        &admin,
        "/api/tracker/events/httpevent05?fields=notes",
    )
    .await
    .json();
    assert_eq!(notes["notes"][0]["value"], "a note");
    let log = get(
        &server,
        &admin,
        "/api/tracker/events/httpevent05/changeLogs?pageSize=1",
    )
    .await
    .json();
    let change = &log["changeLogs"][0];
    assert_eq!(
        (&change["type"], &change["createdBy"]["username"]),
        (&json!("CREATE"), &json!("admin"))
    );
    assert_eq!(change["change"]["eventField"]["field"], "occurredAt");
    let unknown = get(
        &server,
        &admin,
        "/api/tracker/events/nowhere0000/changeLogs",
    )
    .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn metadata_are_imported_by_those_who_may() {
    let server = Server::start();
    let payload =
        json!({"optionSets": [{"id": "httpoptset1", "name": "Sizes", "valueType": "TEXT"}]});
    let answer = post(&server, &server.user("clerk"), "/api/metadata", &payload).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = post(&server, &server.user("admin"), "/api/metadata", &payload).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["response"]["stats"]["created"], 1);
    assert_eq!(
        server.ids("SELECT name AS id FROM optionset WHERE uid = 'httpoptset1'"),
        ["Sizes"]
    );
    let bad = json!({"optionSets": [{"id": "httpoptset2", "name": "A", "valueType": "TEXT"}, {"id": "httpoptset3"}]});
    let answer = post(&server, &server.user("admin"), "/api/metadata", &bad).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    assert_eq!(
        server
            .rows("SELECT 1 FROM optionset WHERE uid = 'httpoptset2'")
            .len(),
        0
    );
}
