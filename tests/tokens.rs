//! Tokens from their making to their end, people who are locked out, authorities, and tokens that were never valid.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use crate::{
    sockets::LiveServer,
    support::{Client, Server, texts},
};

const CREATE: &str = "mutation ($user: String!, $name: String!, $days: Int! = 90) {
  createApiToken(username: $user, name: $name, expiresInDays: $days) { token apiToken { id username name expiresAt revokedAt lastUsedAt } } }";
const LIST: &str = "{ apiTokens { id username name revokedAt lastUsedAt } }";
const REVOKE: &str = "mutation ($id: ID!) { revokeApiToken(id: $id) { id revokedAt } }";

/// Gives somebody another authority through a role of their own.
fn give(server: &Server, username: &str, authority: &str) {
    server.execute(&format!(
        "INSERT INTO userrole (uid, name) VALUES ('role{authority}', 'x') ON CONFLICT DO NOTHING;
         INSERT INTO userroleauthorities SELECT userroleid, '{authority}' FROM userrole WHERE uid = 'role{authority}' ON CONFLICT DO NOTHING;
         INSERT INTO userrolemembers SELECT userroleid, userinfoid FROM userrole, userinfo WHERE userrole.uid = 'role{authority}' AND username = '{username}'"
    ));
    server.execute("UPDATE metadataversion SET version = version + 1");
}

async fn status(server: &Server, client: &Client<'_>) -> u16 {
    let get = TestRequest::get().uri("/api/tracker/events/abcdefghij1");
    let rest = server.send(client.sign(get)).await.status.as_u16();
    let graphql = client
        .send("{ me { id } }", json!({}))
        .await
        .status
        .as_u16();
    let report = TestRequest::get().uri("/reports/monthly/2025-13.pdf");
    let report = server.send(client.sign(report)).await.status.as_u16();
    match (graphql, rest, report) {
        (200, 404, 400) => 200,
        (401, 401, 401) => 401,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn a_token_is_made_used_listed_and_revoked() {
    let server = Server::start();
    let admin = server.user("admin");
    let variables = json!({ "user": "clerk", "name": "ward 3" });
    let made = admin.data(CREATE, variables).await["createApiToken"].take();
    let (token, shown) = (made["token"].as_str().expect("a token"), &made["apiToken"]);
    assert!(token.starts_with("clg_") && token.len() == 68, "{token}");
    assert_eq!(
        (&shown["username"], &shown["name"], &shown["revokedAt"]),
        (&json!("clerk"), &json!("ward 3"), &Value::Null)
    );
    let kept = server.rows(&format!(
        "SELECT * FROM apitoken WHERE apitokenid = {}",
        shown["id"].as_str().expect("an id")
    ));
    assert!(
        !kept[0].to_string().contains(&token[4..20]),
        "only the hash is kept: {kept:?}"
    );
    let clerk = server.with_token(token);
    assert_eq!(status(&server, &clerk).await, 200);
    // The clerk sees their own tokens and may revoke them, and nobody else's.
    let own = clerk.data(LIST, json!({})).await["apiTokens"].take();
    assert_eq!(texts(&own, "username"), ["clerk"]);
    let all = admin.data(LIST, json!({})).await["apiTokens"].take();
    assert!(texts(&all, "username").contains(&"admin".to_owned()));
    let of_admin = all
        .as_array()
        .and_then(|all| all.iter().find(|token| token["username"] == "admin"))
        .expect("a token");
    let (code, text) = clerk.refusal(REVOKE, json!({ "id": of_admin["id"] })).await;
    assert_eq!(
        (code.as_str(), text.contains("there is no token")),
        ("BAD_USER_INPUT", true)
    );
    let (code, text) = clerk
        .refusal(CREATE, json!({ "user": "clerk", "name": "" }))
        .await;
    assert!(
        code == "FORBIDDEN" && text.contains("CLINIGRAPH_TOKENS"),
        "{text}"
    );
    let revoked = clerk.data(REVOKE, json!({ "id": shown["id"] })).await;
    assert!(revoked["revokeApiToken"]["revokedAt"].is_string());
    assert_eq!(status(&server, &clerk).await, 401);
}

#[actix_web::test]
async fn nobody_gets_a_token_for_somebody_who_may_do_more() {
    let server = Server::start();
    give(&server, "controller", "CLINIGRAPH_TOKENS");
    let controller = server.user("controller");
    server.user("admin");
    let ask = |user: &str| json!({ "user": user, "name": "x" });
    let admin = controller.refusal(CREATE, ask("admin")).await;
    let nobody = controller.refusal(CREATE, ask("no such user")).await;
    assert_eq!(
        admin.1.replace("admin", "X"),
        nobody.1.replace("no such user", "X")
    );
    controller.data(CREATE, ask("director")).await;
    let seen = controller.data(LIST, json!({})).await["apiTokens"].take();
    assert!(
        !texts(&seen, "username").contains(&"admin".to_owned()),
        "{seen}"
    );
    for (days, name) in [
        (0, "x"),
        (367, "x"),
        (1, &*"x".repeat(101)),
        (1, "two\nlines"),
    ] {
        let (code, _) = controller
            .refusal(
                CREATE,
                json!({ "user": "director", "name": name, "days": days }),
            )
            .await;
        assert_eq!(code, "BAD_USER_INPUT");
    }
}

#[actix_web::test]
async fn an_invalid_token_does_not_tell_why() {
    let server = Server::start();
    let mut told = Vec::new();
    for change in [
        "revoked_at = now()",
        "expires_at = now() - interval '1 second'",
        "tokenhash = 'another'",
    ] {
        let clerk = server.user("clerk");
        assert_eq!(status(&server, &clerk).await, 200);
        server.execute(&format!(
            "UPDATE apitoken SET {change} WHERE apitokenid = (SELECT max(apitokenid) FROM apitoken)"
        ));
        let answer = clerk.send("{ me { id } }", json!({})).await;
        told.push((answer.status, answer.text()));
        assert_eq!(status(&server, &clerk).await, 401);
    }
    let clerk = server.user("clerk");
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'clerk'");
    let answer = clerk.send("{ me { id } }", json!({})).await;
    told.push((answer.status, answer.text()));
    assert_eq!(status(&server, &clerk).await, 401);
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    let made = server.storage(|conn| storage::tokens::create(conn, "clerk"));
    assert!(made.is_err(), "nobody who is locked out gets a token");
}

#[actix_web::test]
async fn a_person_who_is_locked_out_loses_open_sockets() {
    let server = LiveServer::start().await;
    let mut idle = server.user("clerk").await;
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let mut follower = server.user("clerk").await;
    let document = format!(
        "subscription {{ eventsChanged(program: \"{program}\", scope: {{ mode: CAPTURE }}) {{ kind }} }}"
    );
    follower
        .send(json!({ "type": "subscribe", "id": "1", "payload": { "query": document } }))
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'clerk'");
    let locked_out = std::time::Instant::now();
    assert_eq!(follower.closed().await, 4403);
    assert!(
        locked_out.elapsed().as_secs() < 5,
        "{:?}",
        locked_out.elapsed()
    );
    // A socket that does nothing is asked when it does something.
    idle.send(json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ me { id } }" } }))
        .await;
    assert_eq!(idle.closed().await, 4403);
}

#[actix_web::test]
async fn what_needs_an_authority_is_refused_without_it() {
    let server = Server::start();
    let (clerk, admin) = (server.user("clerk"), server.user("admin"));
    let report = "{ monthlyReport(month: \"2025-05\") { days } }";
    for (authority, document) in [
        (
            "F_PERFORM_MAINTENANCE",
            "mutation { refreshAnalytics { status } }",
        ),
        ("F_VIEW_EVENT_ANALYTICS", report),
        (
            "CLINIGRAPH_TOKENS",
            "mutation { createApiToken(username: \"clerk\", name: \"\") { token } }",
        ),
    ] {
        let (code, text) = clerk.refusal(document, json!({})).await;
        assert!(
            code == "FORBIDDEN" && text.contains(authority),
            "{document}: {code} {text}"
        );
    }
    let file = || TestRequest::get().uri("/reports/monthly/2025-05.csv?table=kpis");
    let refused = server.send(clerk.sign(file())).await;
    assert!(
        refused.status == StatusCode::FORBIDDEN
            && refused.text().contains("F_VIEW_EVENT_ANALYTICS"),
        "{}",
        refused.text()
    );
    assert_eq!(server.send(admin.sign(file())).await.status, StatusCode::OK);
    let post = || TestRequest::post().uri("/api/metadata").set_json(json!({}));
    let refused = server.send(clerk.sign(post())).await;
    assert!(
        refused.status == StatusCode::FORBIDDEN && refused.text().contains("F_METADATA_IMPORT"),
        "{}",
        refused.text()
    );
    give(&server, "clerk", "F_METADATA_IMPORT");
    assert_eq!(server.send(clerk.sign(post())).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn too_many_invalid_tokens_are_told_to_wait_and_valid_ones_never() {
    let server = Server::start();
    let clerk = server.user("clerk");
    let from = |request: TestRequest, host: u8| request.peer_addr(([192, 0, 2, host], 4000).into());
    let graphql = || {
        TestRequest::post()
            .uri("/graphql")
            .set_json(json!({ "query": "{ me { id } }" }))
    };
    let rest = || TestRequest::get().uri("/api/tracker/events/abcdefghij1");
    let mut statuses = Vec::new();
    for number in 0..25 {
        let guess = |request: TestRequest| {
            request.insert_header(("authorization", format!("Bearer {number}_guess_of_a_token")))
        };
        let request = if number % 2 == 0 { graphql() } else { rest() };
        let answer = server.send(guess(from(request, 7))).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let wait: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!((1..=60).contains(&wait), "{wait}");
        }
        statuses.push(answer.status.as_u16());
        // Whoever has a valid token is never limited, at that address neither.
        let answer = server.send(clerk.sign(from(graphql(), 7))).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert_eq!(statuses[22..], [429; 3], "{statuses:?}");
    // Another address starts anew, but not with the same token.
    for (host, token, expected) in [(8, "a_new_guess", 401), (9, "same_token_everywhere", 429)] {
        let mut last = 0;
        for round in 0..if expected == 429 { 22 } else { 1 } {
            let request = from(graphql(), host + round)
                .insert_header(("authorization", format!("Bearer {token}")));
            last = server.send(request).await.status.as_u16();
        }
        assert_eq!(last, expected);
    }
}
