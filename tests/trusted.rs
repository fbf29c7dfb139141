//! Known documents: the only ones, or those without limits.

use std::{fs, path::PathBuf};

use actix_web::{http::header::CONTENT_TYPE, test::TestRequest};
use clinigraph::limits::Trust;
use serde_json::{Value, json};

use crate::support::{Client, Server};

const KNOWN: &str = "query Known { a: me { id } b: me { username } }";
/// SHA-256 of [`KNOWN`].
const HASH: &str = "498ce1ec68e90818c03d205e620cb50eae56e8abb89c4fc7c25497e263b074f2";
const OTHER: &str = "{ me { username } }";

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn server(mode: Trust) -> (Server, Folder) {
    let name = format!("clinigraph-known-{}-{mode:?}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir_all(&folder.0).expect("a folder");
    fs::write(folder.0.join("known.graphql"), format!("{KNOWN}\n")).expect("a file");
    let server = Server::with(|settings| {
        settings.limits.trusted = mode;
        settings.limits.trusted_documents = Some(folder.0.clone());
        settings.limits.max_aliases = 1;
        settings.limits.max_complexity = 100;
    });
    (server, folder)
}

async fn send(server: &Server, client: &Client<'_>, body: Value) -> Value {
    let request = TestRequest::post()
        .uri("/graphql")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_string());
    server.send(client.sign(request)).await.json()
}

#[actix_web::test]
async fn only_known_documents_are_answered() {
    let (server, _folder) = server(Trust::Only);
    let clerk = server.user("clerk");
    for _ in 0..2 {
        let answer = send(&server, &clerk, json!({ "query": KNOWN })).await;
        assert_eq!(answer["data"]["b"]["username"], "clerk", "{answer}");
        for body in [
            json!({ "documentId": format!("sha256:{HASH}") }),
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": HASH } } }),
        ] {
            let answer = send(&server, &clerk, body).await;
            assert_eq!(answer["data"]["b"]["username"], "clerk", "{answer}");
        }
    }
    for document in [
        OTHER,
        "mutation { x }",
        "{ __schema { types { name } } }",
        "query Known { a: me { id } b: me { username } } ",
    ] {
        let answer = send(&server, &clerk, json!({ "query": document })).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{answer}"
        );
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("--trusted only"), "{message}");
    }
    let hash = HASH.replace('0', "1");
    let answer = send(&server, &clerk, json!({ "documentId": hash })).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

#[actix_web::test]
async fn known_documents_have_no_limits_and_others_keep_theirs() {
    let (server, _folder) = server(Trust::Prefer);
    let clerk = server.user("clerk");
    let answer = send(&server, &clerk, json!({ "query": KNOWN })).await;
    assert_eq!(answer["data"]["b"]["username"], "clerk", "{answer}");
    let answer = send(&server, &clerk, json!({ "query": OTHER })).await;
    assert_eq!(answer["data"]["me"]["username"], "clerk", "{answer}");
    let unknown = KNOWN.replace("Known", "Unknown");
    let answer = send(&server, &clerk, json!({ "query": unknown })).await;
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("--max-aliases"), "{message}");
}

#[actix_web::test]
async fn a_hash_is_nothing_to_a_server_without_known_documents() {
    let server = Server::start();
    let clerk = server.user("clerk");
    let answer = send(&server, &clerk, json!({ "documentId": HASH })).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "PERSISTED_QUERY_NOT_FOUND"
    );
}
