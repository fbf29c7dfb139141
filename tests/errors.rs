//! Every wrong request gets a clear answer: a status, a code for programs, a sentence that names what is wrong.

use actix_web::{
    http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    test::TestRequest,
};
use clinigraph::graphql::connection::seal;
use serde_json::{Value, json};

use crate::support::{Answer, Server};

const MODERN: &str = "application/graphql-response+json";

fn post(body: impl ToString) -> TestRequest {
    TestRequest::post()
        .uri("/graphql")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_string())
}

/// Checks status and code, and that the message says all of `words`.
fn check(answer: &Answer, status: u16, code: &str, words: &[&str]) {
    let body = answer.json();
    let error = &body["errors"][0];
    assert_eq!(answer.status.as_u16(), status, "{body:#}");
    assert_eq!(error["extensions"]["code"], code, "{body:#}");
    let message = error["message"].as_str().expect("a message");
    for word in words {
        assert!(
            message.contains(word),
            "\"{word}\" is missing in: {message}"
        );
    }
}

#[actix_web::test]
async fn who_has_no_valid_token_is_told_so() {
    let server = Server::start();
    let document = json!({ "query": "{ me { username } }" });
    for header in [
        None,
        Some("Bearer clg_wrong"),
        Some("ApiToken d2p_wrong"),
        Some("Digest x"),
        Some("Bearer "),
    ] {
        let mut request = post(&document);
        if let Some(header) = header {
            request = request.insert_header((AUTHORIZATION, header));
        }
        let answer = server.send(request).await;
        check(&answer, 401, "UNAUTHENTICATED", &["token"]);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let admin = server.user("admin");
    for change in [
        "revoked_at = now()",
        "revoked_at = NULL, expires_at = now() - interval '1 day'",
    ] {
        server.execute(&format!("UPDATE apitoken SET {change}"));
        check(
            &admin.send("{ me { username } }", json!({})).await,
            401,
            "UNAUTHENTICATED",
            &["token"],
        );
    }
    server.execute("UPDATE apitoken SET expires_at = NULL");
    assert_eq!(
        admin.data("{ me { username } }", json!({})).await["me"]["username"],
        "admin"
    );
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'admin'");
    check(
        &admin.send("{ me { username } }", json!({})).await,
        401,
        "UNAUTHENTICATED",
        &["token"],
    );
}

#[actix_web::test]
async fn a_list_that_cannot_be_answered_names_the_argument() {
    let server = Server::start();
    let opd = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let stage = server.id(
        "SELECT s.uid AS id FROM programstage s JOIN program p USING (programid) WHERE p.code = 'ANC'",
    );
    let district = server.id("SELECT uid AS id FROM organisationunit WHERE code = 'NY_D001'");
    let ascending = seal("occurredAt:asc\n1\n-\n");
    let cases = [
        (
            json!({ "program": "NoSuchProg1" }),
            "BAD_USER_INPUT",
            "program NoSuchProg1",
        ),
        (json!({ "stage": stage }), "BAD_USER_INPUT", "programStage"),
        (json!({ "after": "nonsense" }), "BAD_USER_INPUT", "after"),
        (
            json!({ "last": 5, "before": "ÄÖÜ" }),
            "BAD_USER_INPUT",
            "before",
        ),
        (
            json!({ "after": seal("occurredAt:desc\n1\n20:99999999999999999999\n") }),
            "BAD_USER_INPUT",
            "after",
        ),
        (
            json!({ "after": ascending }),
            "BAD_USER_INPUT",
            "after is a cursor of another order",
        ),
        (json!({ "first": 100_000 }), "BAD_USER_INPUT", "first"),
        (json!({ "first": -1 }), "BAD_USER_INPUT", "first"),
        (json!({ "last": 1001 }), "BAD_USER_INPUT", "last"),
        (json!({ "first": 5, "last": 5 }), "BAD_USER_INPUT", "first"),
        (
            json!({ "scope": { "mode": "SELECTED" } }),
            "BAD_USER_INPUT",
            "scope.orgUnit",
        ),
        (
            json!({ "scope": { "mode": "ACCESSIBLE", "orgUnit": district } }),
            "BAD_USER_INPUT",
            "scope.orgUnit",
        ),
        (
            json!({ "scope": { "mode": "SELECTED", "orgUnit": "NoSuchUnit1" } }),
            "BAD_USER_INPUT",
            "scope.orgUnit NoSuchUnit1",
        ),
        (
            json!({ "scope": { "mode": "SELECTED", "orgUnit": district } }),
            "FORBIDDEN",
            &district,
        ),
        (json!({ "scope": { "mode": "ALL" } }), "FORBIDDEN", "ALL"),
        (
            json!({ "filter": { "occurredAt": { "from": "2025-02-01", "to": "2025-01-31" } } }),
            "BAD_USER_INPUT",
            "filter.occurredAt.from",
        ),
        (
            json!({ "filter": { "occurredAt": { "from": "2025-02-30" } } }),
            "BAD_USER_INPUT",
            "2025-02-30",
        ),
        (
            json!({ "filter": { "occurredAt": { "from": "99999-01-01" } } }),
            "BAD_USER_INPUT",
            "99999-01-01",
        ),
        (
            json!({ "filter": { "status": ["LOST"] } }),
            "BAD_USER_INPUT",
            "LOST",
        ),
        (
            json!({ "order": [{ "direction": "ASC" }, { "direction": "DESC" }] }),
            "BAD_USER_INPUT",
            "order",
        ),
    ];
    let document = "query ($program: ID!, $stage: ID, $scope: OrgUnitScope, $filter: EventFilter, $order: [EventOrder!],
                           $first: Int, $after: String, $last: Int, $before: String) {
      events(program: $program, programStage: $stage, scope: $scope, filter: $filter, order: $order,
             first: $first, after: $after, last: $last, before: $before) { nodes { id } } }";
    let clerk = server.user("clerk");
    for (case, code, words) in cases {
        let mut variables = json!({ "program": opd });
        for (name, value) in case.as_object().into_iter().flatten() {
            variables[name] = value.clone();
        }
        let (found, message) = clerk.refusal(document, variables).await;
        assert_eq!(found, code, "{case}: {message}");
        assert!(message.contains(words), "{case}: {message}");
    }
    let bound = "query ($program: ID!) { events(program: $program, first: 1) { total(atMost: 9999999) { value } } }";
    let (code, message) = clerk.refusal(bound, json!({ "program": opd })).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("atMost"), "{message}");
}

#[actix_web::test]
async fn diagnoses_that_cannot_be_answered_name_the_argument() {
    let server = Server::start();
    let clinic = server.id(
        "SELECT uid AS id FROM organisationunit JOIN clinics ON clinic_id = organisationunitid LIMIT 1",
    );
    let cases = [
        (
            json!({ "filter": { "period": { "from": "2025-02-01", "to": "2025-01-31" } } }),
            "filter.period",
        ),
        (
            json!({ "filter": { "period": { "from": "2025-01-01", "to": "2025-01-31" }, "clinics": ["NoSuchClin1"] } }),
            "filter.clinics: NoSuchClin1",
        ),
        (
            json!({ "filter": { "period": { "from": "2025-01-01", "to": "2025-01-31" }, "stations": ["NoSuchStat1"] } }),
            "filter.stations: NoSuchStat1",
        ),
        (
            json!({ "filter": { "period": { "from": "2025-01-01", "to": "2025-01-31" }, "stations": [clinic] } }),
            "is not a station",
        ),
        (
            json!({ "filter": { "period": { "from": "2025-01-01", "to": "2025-01-31" }, "diagnosis": "XYZ" } }),
            "filter.diagnosis \"XYZ\"",
        ),
        (json!({ "under": "ZZ" }), "under \"ZZ\""),
        (json!({ "under": "I10.00" }), "under \"I10.00\""),
        (json!({ "under": "I10", "level": "BLOCK" }), "level"),
        (json!({ "first": 100_000 }), "first"),
        (json!({ "after": "?" }), "after"),
        (
            json!({ "compareWith": { "from": "2025-02-01", "to": "2025-01-31" } }),
            "compareWith",
        ),
    ];
    let document = "query ($filter: StayFilter!, $under: String, $level: DiagnosisLevel! = CHAPTER, $compareWith: DateRange, $first: Int! = 5, $after: String) {
      diagnoses(filter: $filter, under: $under, level: $level, compareWith: $compareWith, first: $first, after: $after) { total { code } } }";
    let controller = server.user("controller");
    for (case, words) in cases {
        let mut variables =
            json!({ "filter": { "period": { "from": "2025-01-01", "to": "2025-01-31" } } });
        for (name, value) in case.as_object().into_iter().flatten() {
            variables[name] = value.clone();
        }
        let (code, message) = controller.refusal(document, variables).await;
        assert_eq!(code, "BAD_USER_INPUT", "{case}: {message}");
        assert!(message.contains(words), "{case}: {message}");
    }
}

#[actix_web::test]
async fn a_document_that_is_none_is_refused_before_anything_runs() {
    let server = Server::start();
    let admin = server.user("admin");
    let deep = format!(
        "{{ me {{ dataViewOrgUnits {} }} }}",
        "{ parent ".repeat(20) + "{ id }" + &"}".repeat(20)
    );
    let cases = [
        ("{ me { username ", json!({}), "syntax"),
        ("{ me { shoeSize } }", json!({}), "shoeSize"),
        (
            "query A { me { id } } query B { me { id } }",
            json!({}),
            "Operation",
        ),
        (deep.as_str(), json!({}), "--max-depth"),
    ];
    for (document, variables, words) in cases {
        let answer = admin.send(document, variables.clone()).await;
        let body = answer.json();
        check(&answer, 400, "BAD_USER_INPUT", &[]);
        let message = body["errors"][0]["message"]
            .as_str()
            .expect("a message")
            .to_lowercase();
        assert!(
            message.contains(&words.to_lowercase()),
            "{document}: {message}"
        );
        assert!(body.get("data").is_none(), "{body}");
        assert!(answer.header("content-type").starts_with(MODERN));

        let old = post(json!({ "query": document, "variables": variables }))
            .insert_header((ACCEPT, "application/json"));
        let answer = server.send(admin.sign(old)).await;
        assert_eq!(
            answer.status.as_u16(),
            200,
            "clients that know only JSON expect 200"
        );
        assert!(
            answer
                .header("content-type")
                .starts_with("application/json")
        );
    }
}

#[actix_web::test]
async fn a_field_that_fails_leaves_the_others_and_the_status_200() {
    let server = Server::start();
    let answer = server
        .user("clerk")
        .send(
            "{ me { username } node(id: \"x\") { id } orgUnits(first: 5000) { nodes { id } } }",
            json!({}),
        )
        .await;
    check(&answer, 200, "BAD_USER_INPUT", &["first"]);
    assert_eq!(answer.json()["errors"][0]["path"], json!(["orgUnits"]));
}

#[actix_web::test]
async fn requests_that_are_no_graphql_are_refused_by_their_form() {
    let server = Server::start();
    let admin = server.user("admin");
    let document = json!({ "query": "{ me { username } }" });
    let plain = |kind: &'static str| {
        let request = TestRequest::post()
            .uri("/graphql")
            .insert_header((CONTENT_TYPE, kind));
        admin.sign(request.set_payload(document.to_string()))
    };
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/graphql",
    ] {
        check(
            &server.send(plain(kind)).await,
            415,
            "BAD_REQUEST",
            &["application/json"],
        );
    }
    let answer = server.send(plain("application/json; charset=utf-8")).await;
    assert_eq!(
        answer.json(),
        json!({ "data": { "me": { "username": "admin" } } })
    );

    for (body, words) in [
        ("nonsense".to_owned(), "GraphQL request"),
        ("[]".to_owned(), "batches"),
        (json!({ "variables": {} }).to_string(), "query"),
        (json!({ "query": 1 }).to_string(), "query must be a text"),
        (
            json!({ "query": "{ me { id } }", "variables": [1] }).to_string(),
            "variables",
        ),
    ] {
        check(
            &server.send(admin.sign(post(body))).await,
            400,
            "BAD_REQUEST",
            &[words],
        );
    }
    let long = post(json!({ "query": "#".repeat(2 * 1024 * 1024) }));
    check(
        &server.send(admin.sign(long)).await,
        413,
        "BAD_REQUEST",
        &["1048576"],
    );

    let picky = post(&document).insert_header((ACCEPT, "text/html"));
    check(
        &server.send(admin.sign(picky)).await,
        406,
        "BAD_REQUEST",
        &["application/json"],
    );
    let browser =
        post(&document).insert_header((ACCEPT, "text/html, application/xml;q=0.9, */*;q=0.8"));
    assert_eq!(
        server
            .send(admin.sign(browser))
            .await
            .header("content-type"),
        "application/json; charset=utf-8"
    );
}

#[actix_web::test]
async fn get_takes_queries_only() {
    let server = Server::start();
    let admin = server.user("admin");
    let get = |query: &str| admin.sign(TestRequest::get().uri(&format!("/graphql?{query}")));
    let answer = server
        .send(get(
            "query=query(%24id:ID!)%7Bnode(id:%24id)%7Bid%7D%7D&variables=%7B%22id%22:%22x%22%7D",
        ))
        .await;
    assert_eq!(answer.json(), json!({ "data": { "node": Value::Null } }));
    let answer = server
        .send(get("query=mutation%7BrefreshAnalytics%7Bid%7D%7D"))
        .await;
    check(&answer, 405, "BAD_REQUEST", &["GET"]);
    assert_eq!(answer.header("allow"), "POST");
    check(&server.send(get("")).await, 400, "BAD_REQUEST", &["query"]);
    check(
        &server
            .send(get("query=%7Bme%7Bid%7D%7D&variables=no"))
            .await,
        400,
        "BAD_REQUEST",
        &["variables"],
    );
}
