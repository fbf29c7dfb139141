//! A document that is known to be valid is answered as one that is seen for the first time.

use serde_json::{Value, json};

use crate::support::Server;

const LIST: &str = "query ($program: ID!, $first: Int, $filter: EventFilter, $detail: Boolean = false) {
  events(program: $program, first: $first, filter: $filter) { nodes { id status @include(if: $detail) } }
}";

/// Asks a fresh server, and one that knows the document well.
async fn fresh_and_used(document: &str, variables: impl Fn(&str) -> Value) -> [(u16, Value); 2] {
    let mut answers = Vec::new();
    for is_used in [false, true] {
        let server = Server::start();
        let admin = server.user("admin");
        let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
        if is_used {
            for _ in 0..3 {
                let valid = json!({ "program": program, "first": 2, "filter": { "status": ["COMPLETED"] } });
                admin.data(LIST, valid).await;
                admin
                    .data(LIST, json!({ "program": program, "first": 2 }))
                    .await;
            }
        }
        let answer = admin.send(document, variables(&program)).await;
        answers.push((answer.status.as_u16(), answer.json()));
    }
    answers.try_into().expect("two answers")
}

#[actix_web::test]
async fn variables_are_checked_each_time() {
    let wrong = [
        json!({ "first": "two" }),
        json!({ "first": 2.5 }),
        json!({ "first": 5_000_000_000_i64 }),
        json!({ "first": -1 }),
        json!({ "filter": { "status": ["COMPLETE"] } }),
        json!({ "filter": { "status": ["COMPLETED"], "shoeSize": 42 } }),
        json!({ "filter": { "status": [null] } }),
        json!({ "filter": [] }),
        json!({ "program": null }),
        json!({ "program": { "id": 1 } }),
        json!({ "detail": "yes" }),
    ];
    for case in wrong {
        let [fresh, used] = fresh_and_used(LIST, |program| {
            let mut variables = json!({ "program": program });
            for (name, value) in case.as_object().expect("an object") {
                variables[name] = value.clone();
            }
            variables
        })
        .await;
        assert!(fresh.1["errors"].is_array(), "{case} {fresh:?}");
        assert_eq!(fresh, used, "{case}");
    }
}

#[actix_web::test]
async fn right_variables_of_every_form_get_their_own_answer() {
    for case in [
        json!({ "first": 3 }),
        json!({ "first": null }),
        json!({ "filter": { "status": ["ACTIVE"] } }),
        json!({ "filter": { "status": "COMPLETED" } }),
        json!({ "detail": true }),
        json!({ "first": 1, "unknown": { "a": 1 } }),
    ] {
        let [fresh, used] = fresh_and_used(LIST, |program| {
            let mut variables = json!({ "program": program });
            for (name, value) in case.as_object().expect("an object") {
                variables[name] = value.clone();
            }
            variables
        })
        .await;
        assert_eq!(fresh.1.get("errors"), None, "{case} {fresh:?}");
        assert_eq!(fresh, used, "{case}");
    }
}

#[actix_web::test]
async fn limits_hold_for_known_documents() {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let document = "query ($program: ID!, $first: Int!) { events(program: $program, first: $first) {
        nodes { a: cells { b: orgUnit { c: parent { d: parent { e: parent { f: parent { name path level code } } } } } }
          a2: cells { b: orgUnit { c: parent { d: parent { e: parent { f: parent { name path level code } } } } } }
          a3: cells { b: orgUnit { c: parent { d: parent { e: parent { f: parent { name path level code } } } } } }
          a4: cells { b: orgUnit { c: parent { d: parent { e: parent { f: parent { name path level code } } } } } }
          b1: id b2: id b3: id b4: id b5: id b6: id b7: id b8: id b9: id b10: id b11: id b12: id b13: id b14: id b15: id
          c1: id c2: id c3: id c4: id c5: id c6: id c7: id c8: id c9: id c10: id c11: id c12: id c13: id c14: id c15: id
          d1: id d2: id d3: id d4: id d5: id d6: id d7: id d8: id d9: id d10: id d11: id d12: id d13: id d14: id d15: id
          e1: id e2: id e3: id e4: id e5: id e6: id e7: id e8: id e9: id e10: id e11: id e12: id e13: id e14: id e15: id
        } } }";
    for _ in 0..3 {
        admin
            .data(document, json!({ "program": program, "first": 2 }))
            .await;
    }
    let (code, message) = admin
        .refusal(document, json!({ "program": program, "first": 1000 }))
        .await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("complex"), "{message}");
}
