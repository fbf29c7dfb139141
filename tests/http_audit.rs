//! The 61 checks of the audit of `graphql-http` 1.23.1, each under its id: what is sent, and what must come back.

use actix_web::{
    http::header::{ACCEPT, CONTENT_TYPE},
    test::TestRequest,
};
use serde_json::Value;

use crate::support::{Answer, Client, Server};

const MODERN: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const ANY: &str = "*/*";
/// No header.
const NONE: &str = "";

/// What must come back.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// This status.
    Status(u16),
    /// 200 under a content type that contains this.
    Type(&'static str),
    /// 200 and no errors.
    Clean,
    /// A status between these.
    Between(u16, u16),
    /// No member `data`.
    NoData,
}
use Expected::{Between, Clean, NoData, Status, Type};

impl Expected {
    fn is_met(self, answer: &Answer) -> bool {
        let status = answer.status.as_u16();
        match self {
            Status(expected) => status == expected,
            Type(name) => status == 200 && answer.header("content-type").contains(name),
            Clean => status == 200 && answer.json().get("errors").is_none(),
            Between(from, to) => (from..=to).contains(&status),
            NoData => answer.json().get("data").is_none(),
        }
    }
}

const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;
const NAMED: &str = r#"{"operationName":"Query","query":"query Query { __typename }"}"#;
const VARIABLES_NULL: &str = r#"{"query":"{ __typename }","variables":null}"#;
const OPERATION_NULL: &str = r#"{"query":"{ __typename }","operationName":null}"#;
const EXTENSIONS_NULL: &str = r#"{"query":"{ __typename }","extensions":null}"#;
const EXTENSIONS: &str = r#"{"query":"{ __typename }","extensions":{"some":"value"}}"#;
const VARIABLE: &str = r#"{"query":"query Type($name: String!) { __type(name: $name) { name } }","variables":{"name":"sometype"}}"#;
const BROKEN_JSON: &str = r#"{ "not a JSON"#;
const TYPO: &str = r#"{"qeury":"{ __typename }"}"#;
const SYNTAX: &str = r#"{"query":"{"}"#;
const VALIDATION: &str = r#"{"query":"{ 8f31403dfe404bccbb0e835f2629c6a7 }"}"#;
const COERCION: &str =
    r#"{"query":"query CoerceFailure($id: ID!){ __typename }","variables":{"id":null}}"#;

/// Id, content type, accepted type, body, expectation.
const POSTS: [(&str, &str, &str, &str, Expected); 57] = [
    ("22EB", JSON, MODERN, TYPENAME, Type(MODERN)),
    ("4655", JSON, JSON, TYPENAME, Type(JSON)),
    ("47DE", JSON, ANY, TYPENAME, Type(JSON)),
    ("80D8", JSON, NONE, TYPENAME, Type(JSON)),
    ("82A3", JSON, NONE, TYPENAME, Status(200)),
    (
        "BF61",
        "application/json; charset=utf-8",
        NONE,
        r#"{"query":"{ __type(name: \"Run🏃Swim🏊\") { name } }"}"#,
        Status(200),
    ),
    ("78D5", JSON, NONE, TYPENAME, Status(200)),
    ("2C94", JSON, NONE, TYPENAME, Status(200)),
    ("9ABE", NONE, NONE, TYPENAME, Between(400, 499)),
    ("03D4", JSON, NONE, TYPENAME, Status(200)),
    ("A5BF", JSON, NONE, "", Status(400)),
    (
        "423L",
        JSON,
        MODERN,
        r#"{"notquery":"{ __typename }"}"#,
        Status(400),
    ),
    (
        "LKJ0",
        JSON,
        NONE,
        r#"{"query":{"obj":"ect"}}"#,
        Status(400),
    ),
    ("LKJ1", JSON, NONE, r#"{"query":0}"#, Status(400)),
    ("LKJ2", JSON, NONE, r#"{"query":false}"#, Status(400)),
    ("LKJ3", JSON, NONE, r#"{"query":["array"]}"#, Status(400)),
    ("34A2", JSON, MODERN, TYPENAME, Status(200)),
    ("13EE", JSON, JSON, TYPENAME, Clean),
    (
        "6C00",
        JSON,
        NONE,
        r#"{"operationName":{"obj":"ect"},"query":"{ __typename }"}"#,
        Status(400),
    ),
    (
        "6C01",
        JSON,
        NONE,
        r#"{"operationName":0,"query":"{ __typename }"}"#,
        Status(400),
    ),
    (
        "6C02",
        JSON,
        NONE,
        r#"{"operationName":false,"query":"{ __typename }"}"#,
        Status(400),
    ),
    (
        "6C03",
        JSON,
        NONE,
        r#"{"operationName":["array"],"query":"{ __typename }"}"#,
        Status(400),
    ),
    ("8161", JSON, MODERN, NAMED, Status(200)),
    ("B8B3", JSON, JSON, NAMED, Clean),
    ("94B0", JSON, MODERN, VARIABLES_NULL, Clean),
    ("0220", JSON, JSON, VARIABLES_NULL, Clean),
    ("94B1", JSON, MODERN, OPERATION_NULL, Clean),
    ("0221", JSON, JSON, OPERATION_NULL, Clean),
    ("94B2", JSON, MODERN, EXTENSIONS_NULL, Clean),
    ("0222", JSON, JSON, EXTENSIONS_NULL, Clean),
    (
        "4760",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","variables":"string"}"#,
        Status(400),
    ),
    (
        "4761",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","variables":0}"#,
        Status(400),
    ),
    (
        "4762",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","variables":false}"#,
        Status(400),
    ),
    (
        "4763",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","variables":["array"]}"#,
        Status(400),
    ),
    ("2EA1", JSON, MODERN, VARIABLE, Status(200)),
    ("28B9", JSON, JSON, VARIABLE, Clean),
    (
        "58B0",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","extensions":"string"}"#,
        Status(400),
    ),
    (
        "58B1",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","extensions":0}"#,
        Status(400),
    ),
    (
        "58B2",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","extensions":false}"#,
        Status(400),
    ),
    (
        "58B3",
        JSON,
        NONE,
        r#"{"query":"{ __typename }","extensions":["array"]}"#,
        Status(400),
    ),
    ("428F", JSON, MODERN, EXTENSIONS, Status(200)),
    ("1B7A", JSON, JSON, EXTENSIONS, Clean),
    ("B6DC", JSON, JSON, BROKEN_JSON, Between(200, 599)),
    ("BCF8", JSON, JSON, BROKEN_JSON, Status(400)),
    ("B7N8", JSON, MODERN, BROKEN_JSON, Status(400)),
    ("8764", JSON, NONE, TYPO, Between(400, 599)),
    ("3E3A", JSON, NONE, TYPO, Status(400)),
    ("572B", JSON, JSON, SYNTAX, Status(200)),
    ("FDE2", JSON, JSON, VALIDATION, Status(200)),
    ("7B9B", JSON, JSON, COERCION, Status(200)),
    ("865D", JSON, MODERN, SYNTAX, Between(400, 599)),
    ("556A", JSON, MODERN, SYNTAX, Status(400)),
    ("D586", JSON, MODERN, SYNTAX, NoData),
    ("51FE", JSON, MODERN, VALIDATION, Between(400, 599)),
    ("74FF", JSON, MODERN, VALIDATION, Status(400)),
    ("5E5B", JSON, MODERN, VALIDATION, NoData),
    ("86EE", JSON, MODERN, COERCION, Status(400)),
];

/// Id, accepted type, query string, expectation.
const GETS: [(&str, &str, &str, Expected); 4] = [
    ("5A70", NONE, "query=%7B+__typename+%7D", Status(200)),
    (
        "9C48",
        MODERN,
        "query=mutation+%7B+__typename+%7D",
        Between(400, 499),
    ),
    (
        "D6D5",
        MODERN,
        "query=query+Type%28%24name%3A+String%21%29+%7B+__type%28name%3A+%24name%29+%7B+name+%7D+%7D&variables=%7B%22name%22%3A%22sometype%22%7D",
        Clean,
    ),
    (
        "6A70",
        JSON,
        "query=query+Type%28%24name%3A+String%21%29+%7B+__type%28name%3A+%24name%29+%7B+name+%7D+%7D&variables=%7B%22name%22%3A%22sometype%22%7D",
        Clean,
    ),
];

fn with(
    mut request: TestRequest,
    headers: [(actix_web::http::header::HeaderName, &str); 2],
) -> TestRequest {
    for (name, value) in headers {
        if !value.is_empty() {
            request = request.insert_header((name, value));
        }
    }
    request
}

async fn check(
    server: &Server,
    client: &Client<'_>,
    id: &str,
    request: TestRequest,
    expected: Expected,
) {
    let answer = server.send(client.sign(request)).await;
    assert!(
        expected.is_met(&answer),
        "{id}: {expected:?} is not {} {}",
        answer.status,
        answer.text()
    );
    // Whatever comes back is JSON in UTF-8 that says what is wrong, or holds data.
    let body: Value = answer.json();
    assert_ne!(
        body.get("errors").is_some(),
        body.get("data").is_some(),
        "{id} {body}"
    );
}

#[actix_web::test]
async fn every_check_of_the_audit_is_met() {
    let server = Server::start();
    let admin = server.user("admin");
    for (id, content_type, accept, body, expected) in POSTS {
        let request = TestRequest::post().uri("/graphql").set_payload(body);
        let request = with(request, [(CONTENT_TYPE, content_type), (ACCEPT, accept)]);
        check(&server, &admin, id, request, expected).await;
    }
    for (id, accept, query, expected) in GETS {
        let request = TestRequest::get().uri(&format!("/graphql?{query}"));
        let request = with(request, [(CONTENT_TYPE, NONE), (ACCEPT, accept)]);
        check(&server, &admin, id, request, expected).await;
    }
    assert_eq!(POSTS.len() + GETS.len(), 61);
}
