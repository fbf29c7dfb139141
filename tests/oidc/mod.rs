//! Callers by the tokens of an OIDC provider: which are taken, which are not, and what happens while the provider is away.

mod away;
mod provider;
mod wrong;

use std::sync::OnceLock;

use actix_web::test::TestRequest;
use clinigraph::{oidc::OidcSettings, server::State};
use indicatif::ProgressBar;
use serde_json::json;
use storage::{
    generate::{self, Volume},
    pool::{Pool, connect},
    testing,
};

use crate::{
    sockets::LiveServer,
    support::{Client, Server, TODAY, settings},
};
use provider::{AUDIENCE, Key, Provider};

const ME: &str = "{ me { username } }";
const KNOWN: &str = "UPDATE userinfo SET openid = 'clerk@example.org' WHERE username = 'clerk'";

/// A server that accepts a provider's tokens, one of whose people is known there. Its data are generated once, so that
/// servers that run beside each other need not wait for each other's change of that person.
fn server(provider: &Provider, change: impl FnOnce(&mut OidcSettings)) -> Server {
    static URL: OnceLock<String> = OnceLock::new();
    let url = URL.get_or_init(|| {
        let url = testing::fresh_database("clinigraph_oidc");
        let mut conn = connect(&url).expect("the database answers");
        let progress = ProgressBar::hidden();
        generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &progress).expect("the tiny volume");
        testing::execute(&mut conn, KNOWN);
        url
    });
    let pool = Pool::for_tests(url).expect("the database answers");
    Server::over_with(pool, |settings| {
        provider.accepted(settings);
        settings.callers.failed_sign_ins = 0;
        change(&mut settings.callers.oidc);
    })
}

/// The status of a token at every door, which must be the same.
async fn status(server: &Server, token: &str) -> u16 {
    let client = server.with_token(token);
    let graphql = client.send(ME, json!({})).await.status.as_u16();
    let get = |path: &str| client.sign(TestRequest::get().uri(path));
    let rest = server.send(get("/api/tracker/events/abcdefghij1")).await;
    let report = server.send(get("/reports/monthly/2025-13.pdf")).await;
    match (graphql, rest.status.as_u16(), report.status.as_u16()) {
        (200, 404, 400) => 200,
        (one, two, three) if one == two && two == three => one,
        other => panic!("{other:?}"),
    }
}

/// The status of a token at one door, for who waits until it changes.
async fn now(server: &Server, token: &str) -> u16 {
    let answer = server.with_token(token).send(ME, json!({})).await;
    answer.status.as_u16()
}

async fn name(client: &Client<'_>) -> String {
    let data = client.data(ME, json!({})).await;
    data["me"]["username"].as_str().expect("a name").to_owned()
}

#[actix_web::test]
async fn a_good_token_names_its_person_at_every_door() {
    let provider = Provider::start().await;
    let server = server(&provider, |_| {});
    let token = provider.token(&provider.claims());
    assert_eq!(status(&server, &token).await, 200);
    assert_eq!(name(&server.with_token(&token)).await, "clerk");
    // API tokens are taken as ever, and other schemes carry the provider's token as well.
    assert_eq!(name(&server.user("admin")).await, "admin");
    let basic = TestRequest::get()
        .uri("/api/tracker/events/abcdefghij1")
        .insert_header(("authorization", format!("ApiToken {token}")));
    assert_eq!(server.send(basic).await.status.as_u16(), 404);
    assert_eq!(provider.fetches(), 1);
}

#[actix_web::test]
async fn a_person_may_be_named_by_username_and_another_claim() {
    let provider = Provider::start().await;
    let server = server(&provider, |oidc| {
        oidc.oidc_claim = "preferred_username".to_owned();
        oidc.oidc_maps_to = clinigraph::oidc::MapsTo::Username;
        oidc.oidc_jwks_url = Some(provider.issuer.replace("/realms/clinic", "/keys"));
    });
    let mut claims = provider.with("preferred_username", json!("director"));
    claims["email_verified"] = json!(false);
    let director = server.with_token(&provider.token(&claims));
    assert_eq!(name(&director).await, "director");
    let of_clerk = provider.token(&provider.claims());
    assert_eq!(status(&server, &of_clerk).await, 401);
}

#[actix_web::test]
async fn every_algorithm_that_is_pinned_is_taken_and_no_other() {
    let provider = Provider::start().await;
    let all = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
    ];
    let keys = [
        ("RS", Key::rsa(1)),
        ("PS", Key::rsa(2)),
        ("ES256", Key::new("P-256")),
        ("ES384", Key::new("P-384")),
        ("EdDSA", Key::new("Ed25519")),
    ];
    provider.publish(keys.iter().map(|(kid, key)| key.published(kid)).collect());
    let pinned = |names: &[&str]| {
        let parsed: Vec<_> = names.iter().map(|name| name.parse()).collect();
        let parsed: Result<Vec<_>, _> = parsed.into_iter().collect();
        server(&provider, |oidc| {
            oidc.oidc_algorithms = parsed.expect("algorithms");
        })
    };
    let (every, one) = (pinned(&all), pinned(&["ES384"]));
    for algorithm in all {
        let (kid, key) = keys
            .iter()
            .find(|(kid, _)| algorithm.starts_with(kid))
            .expect("a key");
        let header = json!({ "alg": algorithm, "kid": kid });
        let token = key.sign(&header, &provider.claims());
        assert_eq!(status(&every, &token).await, 200, "{algorithm}");
        let expected = if algorithm == "ES384" { 200 } else { 401 };
        assert_eq!(status(&one, &token).await, expected, "{algorithm}");
    }
}

#[actix_web::test]
async fn a_new_key_works_at_once_and_an_old_one_no_longer_than_keys_are_kept() {
    let provider = Provider::start().await;
    let server = server(&provider, |oidc| oidc.oidc_keys_kept = 1);
    let old = provider.token(&provider.claims());
    assert_eq!(status(&server, &old).await, 200);
    let (first, second) = (Key::rsa(1), Key::rsa(2));
    provider.publish(vec![first.published("one"), second.published("two")]);
    let header = json!({ "alg": "RS256", "kid": "two" });
    let new = second.sign(&header, &provider.claims());
    assert_eq!(status(&server, &new).await, 200);
    assert_eq!(status(&server, &old).await, 200);
    provider.publish(vec![second.published("two")]);
    let begun = std::time::Instant::now();
    while now(&server, &old).await != 401 {
        assert!(begun.elapsed().as_secs() < 8, "it is still taken");
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(status(&server, &new).await, 200);
}

#[actix_web::test]
async fn a_socket_ends_with_its_token_and_with_its_person() {
    let provider = Provider::start().await;
    let server = LiveServer::with(|settings| {
        provider.accepted(settings);
        settings.callers.oidc.oidc_clock_skew = 0;
    })
    .await;
    server.execute(KNOWN);
    let soon = chrono::Utc::now().timestamp() + 3;
    let short = provider.token(&provider.with("exp", json!(soon)));
    let mut socket = server.with_token(&short).await;
    socket.subscribe("1", ME, json!({})).await;
    let told = socket.receive().await;
    assert_eq!(told["payload"]["data"]["me"]["username"], "clerk");
    assert_eq!(socket.closed().await, 4403);
    let late = chrono::Utc::now().timestamp() - soon;
    assert!((0..=2).contains(&late), "{late}");
    let mut again = server.socket().await;
    let payload = json!({ "authorization": format!("Bearer {short}") });
    again
        .send(json!({ "type": "connection_init", "payload": payload }))
        .await;
    assert_eq!(again.closed().await, 4403);
    let mut long = server.with_token(&provider.token(&provider.claims())).await;
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'clerk'");
    long.subscribe("1", ME, json!({})).await;
    assert_eq!(long.closed().await, 4403);
}

#[actix_web::test]
async fn the_log_says_by_what_a_caller_was_known() {
    let provider = Provider::start().await;
    let server = Server::with_own_data_and("clinigraph_oidc_log", |settings| {
        provider.accepted(settings);
    });
    server.execute(KNOWN);
    let event = server.id("SELECT uid AS id FROM singleevent WHERE NOT deleted LIMIT 1");
    let read = "query ($id: ID!) { event(id: $id) { id } }";
    let token = provider.token(&provider.claims());
    for client in [server.with_token(&token), server.user("clerk")] {
        client.send(read, json!({ "id": event })).await;
    }
    let admin = server.user("admin");
    admin.data(read, json!({ "id": event })).await;
    let number = server.rows("SELECT max(apitokenid) AS n FROM apitoken")[0]["n"].clone();
    // Whether the clerk may see that event or not, they may make nobody a token.
    let act = "mutation { createApiToken(username: \"clerk\", name: \"x\") { apiToken { id } } }";
    admin.data(act, json!({})).await;
    server.execute(
        "INSERT INTO userrolemembers SELECT userroleid, (SELECT userinfoid FROM userinfo WHERE username = 'clerk')
           FROM userrolemembers JOIN userinfo USING (userinfoid) WHERE username = 'admin';
         UPDATE metadataversion SET version = version + 1",
    );
    server.with_token(&token).data(act, json!({})).await;
    server.drain().await;
    let known = server.ids(
        "SELECT DISTINCT username || ': ' || knownby AS id FROM audit WHERE kind IN ('ACT', 'READ') AND username IN ('admin', 'clerk')",
    );
    assert!(
        known.contains(&format!("admin: token {number}")),
        "{known:?}"
    );
    assert!(
        known.contains(&"clerk: oidc f81d4fae-7dec".to_owned()),
        "{known:?}"
    );
    let log = server.rows("SELECT * FROM audit");
    let signature = token.rsplit('.').next().expect("a signature");
    assert!(!format!("{log:?}").contains(&signature[..20]));
}

#[test]
fn settings_that_make_no_provider_are_refused_at_the_start() {
    let pool = Pool::for_tests(&testing::server_url()).expect("the database answers");
    let mut settings = settings(0);
    settings.callers.oidc.oidc_issuer = Some("https://id.example.org".to_owned());
    let refused = |settings: &_| match State::new(pool.clone(), 1, settings) {
        Ok(_) => panic!("it starts"),
        Err(told) => told,
    };
    assert!(refused(&settings).contains("--oidc-audience is missing"));
    settings.callers.oidc.oidc_audience = Some(AUDIENCE.to_owned());
    settings.callers.oidc.oidc_issuer = Some("http://id.example.org".to_owned());
    assert!(refused(&settings).contains("--oidc-issuer begins with https"));
}
