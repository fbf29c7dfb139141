//! Tokens that prove nothing, one for each way in which they do not.

use actix_web::http::StatusCode;
use chrono::Utc;
use serde_json::{Value, json};

use super::{
    ME,
    provider::{Key, Provider, encode},
    server, status,
};
use crate::support::Server;

/// A token under a header of its own.
fn headed(provider: &Provider, header: Value) -> String {
    Key::rsa(1).sign(&header, &provider.claims())
}

/// Ways to be wrong with the reason in the audit log.
fn wrong(provider: &Provider) -> Vec<(&'static str, String)> {
    let now = Utc::now().timestamp();
    let claims = |name: &str, value: Value| provider.token(&provider.with(name, value));
    let header = |header: Value| headed(provider, header);
    let good = provider.token(&provider.claims());
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}");
    };
    let admin = encode(
        provider
            .with("email", json!("admin@example.org"))
            .to_string()
            .as_bytes(),
    );
    let none = encode(
        json!({ "alg": "none", "kid": "one" })
            .to_string()
            .as_bytes(),
    );
    let secret = json!({ "alg": "HS256", "kid": "one" });
    let other = Key::rsa(2).sign(&json!({ "alg": "RS256", "kid": "one" }), &provider.claims());
    vec![
        // A token of somebody else's is looked up as an API token.
        ("UNKNOWN", claims("iss", json!("https://id.example.org"))),
        ("UNKNOWN", claims("iss", json!([provider.issuer]))),
        (
            "UNKNOWN",
            claims("iss", json!(format!("{}/", provider.issuer))),
        ),
        ("AUDIENCE", claims("aud", json!("another-app"))),
        ("AUDIENCE", claims("aud", Value::Null)),
        ("EXPIRED", claims("exp", json!(now - 61))),
        ("MALFORMED", claims("exp", Value::Null)),
        ("MALFORMED", claims("exp", json!("tomorrow"))),
        ("NOT_YET_VALID", claims("nbf", json!(now + 90))),
        ("NOT_YET_VALID", claims("iat", json!(now + 90))),
        ("ALGORITHM", format!("{none}.{body}.")),
        ("ALGORITHM", format!("{none}.{body}.{signature}")),
        ("ALGORITHM", signed_by_secret(&secret, body)),
        ("ALGORITHM", header(json!({ "alg": "PS256", "kid": "one" }))),
        ("ALGORITHM", header(json!({ "alg": "ES256", "kid": "one" }))),
        ("ALGORITHM", header(json!({ "kid": "one" }))),
        (
            "UNKNOWN_KEY",
            header(json!({ "alg": "RS256", "kid": "two" })),
        ),
        (
            "MALFORMED",
            header(json!({ "alg": "RS256", "kid": "one", "typ": "logout+jwt" })),
        ),
        (
            "MALFORMED",
            header(json!({ "alg": "RS256", "kid": "one", "crit": ["x"], "x": 1 })),
        ),
        ("SIGNATURE", other),
        ("SIGNATURE", format!("{head}.{admin}.{signature}")),
        ("SIGNATURE", format!("{head}.{body}.{}", encode(&[0; 256]))),
        ("SIGNATURE", format!("{head}.{body}.")),
        ("CLAIM", claims("email", Value::Null)),
        ("CLAIM", claims("email", json!(""))),
        ("CLAIM", claims("email", json!(["clerk@example.org"]))),
        ("CLAIM", claims("email_verified", json!(false))),
        ("UNKNOWN", claims("email", json!("nobody@example.org"))),
        ("UNKNOWN", claims("email", json!("CLERK@example.org"))),
        ("UNKNOWN", claims("email", json!("' OR true --"))),
    ]
}

/// What is signed with the public key as if it were a secret that both sides know.
fn signed_by_secret(header: &Value, body: &str) -> String {
    let message = format!("{}.{body}", encode(header.to_string().as_bytes()));
    let published = Key::rsa(1).published("one").to_string();
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, published.as_bytes());
    let signature = ring::hmac::sign(&secret, message.as_bytes());
    format!("{message}.{}", encode(signature.as_ref()))
}

#[actix_web::test]
async fn a_wrong_token_is_refused_at_every_door_without_a_word_why() {
    let provider = Provider::start().await;
    let server = server(&provider, |_| {});
    let good = provider.token(&provider.claims());
    assert_eq!(status(&server, &good).await, 200);
    let told = server.with_token("clg_unknown").send(ME, json!({})).await;
    for (reason, token) in wrong(&provider) {
        assert_eq!(status(&server, &token).await, 401, "{reason}: {token}");
        let answer = server.with_token(&token).send(ME, json!({})).await;
        assert_eq!(answer.text(), told.text(), "{reason}: {token}");
    }
    assert_eq!(status(&server, &good).await, 200);
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'clerk'");
    assert_eq!(status(&server, &good).await, 401);
}

#[actix_web::test]
async fn clocks_may_differ_by_the_skew() {
    let provider = Provider::start().await;
    let server = server(&provider, |_| {});
    let now = Utc::now().timestamp();
    for (name, at) in [("exp", now - 40), ("nbf", now + 55), ("iat", now + 55)] {
        let token = provider.token(&provider.with(name, json!(at)));
        assert_eq!(status(&server, &token).await, 200, "{name}");
    }
}

#[actix_web::test]
async fn refusals_are_in_the_log_with_their_reason_and_counted_by_the_minute() {
    let provider = Provider::start().await;
    let server = Server::with_own_data_and("clinigraph_oidc_refused", |settings| {
        provider.accepted(settings);
        settings.callers.failed_sign_ins = 0;
    });
    server.execute(super::KNOWN);
    let wrong = wrong(&provider);
    for (_, token) in wrong.iter().chain(&wrong) {
        let answer = server.with_token(token).send(ME, json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'clerk'");
    let good = provider.token(&provider.claims());
    server.with_token(&good).send(ME, json!({})).await;
    server.drain().await;
    let log = server.rows("SELECT * FROM audit WHERE kind = 'REFUSED'");
    let rows = |reason: &str| -> i64 {
        let operation = format!("sign-in {reason}");
        let of_reason = log.iter().filter(|row| row["operation"] == *operation);
        of_reason
            .map(|row| row["rows"].as_i64().expect("a number"))
            .sum()
    };
    let mut reasons: Vec<&str> = wrong.iter().map(|(reason, _)| *reason).collect();
    reasons.sort_unstable();
    for group in reasons.chunk_by(|one, other| one == other) {
        let expected = i64::try_from(group.len()).expect("few") * 2;
        assert_eq!(rows(group[0]), expected, "{}: {log:#?}", group[0]);
    }
    let disabled = log
        .iter()
        .find(|row| row["operation"] == "sign-in DISABLED");
    let disabled = disabled.expect("an entry");
    assert_eq!(disabled["username"], "clerk");
    assert_eq!(disabled["knownby"], "oidc f81d4fae-7dec");
    // Whoever proves to be somebody whom nobody knows here is named by the provider's subject.
    let unknown = log
        .iter()
        .filter(|row| row["operation"] == "sign-in UNKNOWN" && !row["knownby"].is_null());
    assert_eq!(unknown.count(), 1, "{log:#?}");
    let text = format!("{log:?}");
    for (_, token) in &wrong {
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!text.contains(part), "a token is in the log");
        }
    }
}

#[actix_web::test]
async fn guesses_are_told_to_wait_and_whose_token_expired_is_not() {
    let provider = Provider::start().await;
    let server = Server::with(|settings| provider.accepted(settings));
    let good = provider.token(&provider.claims());
    let now = Utc::now().timestamp();
    let expired = provider.token(&provider.with("exp", json!(now - 600)));
    let (claims, _) = good.rsplit_once('.').expect("a token");
    let mut last = StatusCode::OK;
    for number in 0..25_u8 {
        let guess = format!("{claims}.{}", encode(&[number; 256]));
        last = server.with_token(&guess).send(ME, json!({})).await.status;
        let answer = server.with_token(&expired).send(ME, json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    // Other tokens of the provider begin with the same letters and are no guesses.
    let other = format!(
        "{}.{}",
        provider.token(&provider.with("sub", json!("x"))),
        ""
    );
    let (other, _) = other
        .trim_end_matches('.')
        .rsplit_once('.')
        .expect("a token");
    let guess = format!("{other}.{}", encode(&[1; 256]));
    let answer = server.with_token(&guess).send(ME, json!({})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
