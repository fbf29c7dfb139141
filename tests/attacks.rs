//! What graphql-cop tries, each try with what it must not get.

use actix_web::{
    http::header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN},
    test::TestRequest,
};
use serde_json::json;

use crate::support::{Answer, Client, Server};

const JSON: &str = "application/json";

async fn post(
    server: &Server,
    client: &Client<'_>,
    content_type: &str,
    body: impl ToString,
) -> Answer {
    let request = TestRequest::post()
        .uri("/graphql")
        .insert_header((ACCEPT, JSON))
        .insert_header((CONTENT_TYPE, content_type))
        .set_payload(body.to_string());
    server.send(client.sign(request)).await
}

/// Whether an answer holds data.
fn has_data(answer: &Answer) -> bool {
    answer.json().get("data").is_some()
}

#[actix_web::test]
async fn a_document_that_multiplies_work_is_not_answered() {
    let server = Server::start();
    let admin = server.user("admin");
    let many = |part: fn(usize) -> String, count: usize| (0..count).map(part).collect::<String>();
    let fragments = many(
        |n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }} ", n + 1),
        30,
    );
    let circle = "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }";
    for (attack, document, words) in [
        (
            "alias overloading",
            format!(
                "query cop {{ {} }}",
                many(|n| format!("alias{n}: __typename "), 101)
            ),
            "--max-aliases",
        ),
        (
            "field duplication",
            format!("query cop {{ {} }}", "__typename ".repeat(500)),
            "--max-aliases",
        ),
        (
            "directive overloading",
            format!(
                "query cop {{ {} }}",
                many(|n| format!("a{n}: __typename @skip(if: false) "), 51)
            ),
            "--max-directives",
        ),
        (
            "unknown directives",
            "query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }".to_owned(),
            "@aa is unknown",
        ),
        (
            "repeated directives",
            format!(
                "query cop {{ __typename {} }}",
                "@skip(if: false)".repeat(10)
            ),
            "stands twice",
        ),
        (
            "circular introspection",
            circle.to_owned(),
            "within each other",
        ),
        (
            "depth",
            format!(
                "{{ me {{ captureOrgUnits {} }} }}",
                "{ parent ".repeat(17) + "{ id }" + &"}".repeat(17)
            ),
            "--max-depth",
        ),
        (
            "fragments that spread each other",
            format!("{{ ...F0 }} {fragments} fragment F30 on Query {{ me {{ id }} }}"),
            "--max-fields",
        ),
        (
            "a fragment that spreads itself",
            "{ ...A } fragment A on Query { ...A ...A }".to_owned(),
            "spreads itself",
        ),
        (
            "brackets",
            "{a".repeat(50_000),
            "brackets within each other",
        ),
        (
            "lists within lists",
            format!("{{ node(id: {}) {{ id }} }}", "[".repeat(2_000)),
            "brackets within each other",
        ),
        (
            "many tokens",
            format!("{{ me {{ id }} }} {}", "a ".repeat(200_000)),
            "--max-tokens",
        ),
    ] {
        let began = std::time::Instant::now();
        let answer = post(&server, &admin, JSON, json!({ "query": document })).await;
        assert!(!has_data(&answer), "{attack}");
        assert!(answer.text().contains(words), "{attack}: {}", answer.text());
        assert!(answer.body.len() < 2_000, "{attack}: the answer is long");
        assert!(
            began.elapsed().as_secs() < 3,
            "{attack}: {:?}",
            began.elapsed()
        );
    }
}

#[actix_web::test]
async fn batches_are_not_taken() {
    let server = Server::start();
    let admin = server.user("admin");
    let one = json!({ "query": "{ __typename }" });
    for body in [
        json!([one, one]),
        json!([one]),
        json!([]),
        json!(["{ __typename }"]),
    ] {
        let answer = post(&server, &admin, JSON, &body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        assert!(
            !has_data(&answer) && answer.text().contains("batches"),
            "{}",
            answer.text()
        );
    }
}

/// What a page of another site can send without asking first: GET, and POST under three types of forms.
#[actix_web::test]
async fn a_page_of_another_site_changes_nothing() {
    let server = Server::start();
    let admin = server.user("admin");
    let mutation = "mutation { deleteEvent(id: \"abcdefghijk\") { __typename } }";
    let form = "query=mutation%20%7B%20__typename%20%7D";
    let part = "--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{ __typename }\"}\r\n--x--\r\n";
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", form.to_owned()),
        ("text/plain", json!({ "query": mutation }).to_string()),
        (
            "text/plain; application/json",
            json!({ "query": mutation }).to_string(),
        ),
        ("multipart/form-data; boundary=x", part.to_owned()),
        (
            "application/json; charset=utf-16",
            json!({ "query": mutation }).to_string(),
        ),
    ] {
        let answer = post(&server, &admin, content_type, body).await;
        assert_eq!(
            answer.status.as_u16(),
            415,
            "{content_type} {}",
            answer.text()
        );
    }
    for query in [
        "query=mutation%7B__typename%7D",
        "query=mutation%20A%7B__typename%7D%20query%20B%7B__typename%7D&operationName=A",
        "query=subscription%7B__typename%7D",
    ] {
        let request = TestRequest::get().uri(&format!("/graphql?{query}"));
        let answer = server.send(admin.sign(request)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("allow")),
            (405, "POST"),
            "{query}"
        );
        assert!(!has_data(&answer));
    }
    // The query of the same document may be asked for.
    let query = "query=mutation%20A%7B__typename%7D%20query%20B%7B__typename%7D&operationName=B";
    let request = TestRequest::get().uri(&format!("/graphql?{query}"));
    let answer = server.send(admin.sign(request)).await;
    assert_eq!(answer.json(), json!({ "data": { "__typename": "Query" } }));
    // A parameter that is given twice is read in one way by one program and in another by the next.
    let twice =
        TestRequest::get().uri("/graphql?query=%7B__typename%7D&query=mutation%7B__typename%7D");
    assert_eq!(server.send(admin.sign(twice)).await.status.as_u16(), 400);
}

/// Somebody who opened `GraphiQL` with a password: the browser sends it along, whichever page asks.
#[actix_web::test]
async fn a_form_of_another_site_sends_a_password_in_vain() {
    let server = Server::start();
    let admin = server.user("admin");
    let form = |path: &str, origin: Option<&'static str>| {
        let mut request = TestRequest::post()
            .uri(path)
            .insert_header((HOST, "clinics.example.org"))
            .insert_header((CONTENT_TYPE, "text/plain"))
            .set_payload("{\"events\":[]}");
        if let Some(origin) = origin {
            request = request.insert_header((ORIGIN, origin));
        }
        admin.sign(request)
    };
    for path in ["/api/tracker?async=false", "/api/metadata", "/graphql"] {
        for origin in ["https://evil.example.org", "null"] {
            let answer = server.send(form(path, Some(origin))).await;
            assert_eq!(answer.status.as_u16(), 403, "{path} {}", answer.text());
            assert!(answer.text().contains("--allowed-origins"), "{path}");
        }
        for origin in [None, Some("http://clinics.example.org")] {
            let answer = server.send(form(path, origin)).await;
            assert_ne!(answer.status.as_u16(), 403, "{path} {}", answer.text());
        }
    }
}

#[actix_web::test]
async fn somebody_without_the_right_learns_no_names() {
    let server = Server::start();
    let clerk = server.user("clerk");
    for document in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Query\") { fields { name } } }",
        "{ me { usernam } }",
        "{ event(idd: \"x\") { id } }",
        "{ events(program: \"x\", filter: { statu: [ACTIVE] }) { nodes { id } } }",
        "{ ... on Querry { me { id } } }",
    ] {
        let answer = post(&server, &clerk, JSON, json!({ "query": document })).await;
        assert!(!has_data(&answer), "{document}");
        for word in ["Did you mean", "username", "trackedEntity"] {
            assert!(
                !answer.text().contains(word),
                "{document}: {}",
                answer.text()
            );
        }
    }
}

#[actix_web::test]
async fn errors_and_headers_tell_nothing_of_the_inside() {
    let server = Server::start();
    let admin = server.user("admin");
    for document in [
        "{",
        "{ x }",
        "query ($a: Nothing) { me { id } }",
        "{ event(id: \"'; DROP TABLE event; --\") { id } }",
    ] {
        let answer = post(
            &server,
            &admin,
            JSON,
            json!({ "query": document, "debug": true }),
        )
        .await;
        for word in ["panicked", "src/", ".rs", "SELECT", "diesel", "stack"] {
            assert!(
                !answer.text().contains(word),
                "{document}: {}",
                answer.text()
            );
        }
        assert_eq!(answer.header("server"), "");
        assert_eq!(answer.header("x-powered-by"), "");
    }
    // No other door to the same: tracing in answers, other paths that such servers have.
    let answer = post(&server, &admin, JSON, json!({ "query": "{ __typename }" })).await;
    assert_eq!(answer.json().get("extensions"), None);
    for path in [
        "/graphql/console",
        "/playground",
        "/altair",
        "/graphql/batch",
        "/v1/graphql",
    ] {
        let request = admin.sign(TestRequest::get().uri(path));
        assert_eq!(server.send(request).await.status.as_u16(), 404, "{path}");
    }
}
