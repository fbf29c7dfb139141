//! A provider that is away, slow or strange, and callers who ask it too often.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::{
    ME, now,
    provider::{Key, Mood, Provider},
    server, status,
};

#[actix_web::test]
async fn without_keys_callers_are_told_to_come_again_and_api_tokens_are_taken() {
    let provider = Provider::start().await;
    provider.be(Mood::Failing);
    let server = server(&provider, |_| {});
    let token = provider.token(&provider.claims());
    assert_eq!(status(&server, &token).await, 503);
    let answer = server.with_token(&token).send(ME, json!({})).await;
    assert!(answer.header("retry-after").parse::<u64>().is_ok());
    assert!(answer.text().contains("UNAVAILABLE"), "{}", answer.text());
    let admin = server.user("admin");
    admin.data(ME, json!({})).await;
    provider.be(Mood::Well);
    let begun = Instant::now();
    while now(&server, &token).await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it is back");
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
}

#[actix_web::test]
async fn whose_key_is_known_is_not_locked_out() {
    let provider = Provider::start().await;
    let server = server(&provider, |oidc| oidc.oidc_keys_kept = 1);
    let token = provider.token(&provider.claims());
    assert_eq!(status(&server, &token).await, 200);
    provider.be(Mood::Failing);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(7) {
        assert_eq!(status(&server, &token).await, 200);
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
    }
    // Nobody can tell whether this key is a new one.
    let header = json!({ "alg": "RS256", "kid": "new" });
    let new = Key::rsa(2).sign(&header, &provider.claims());
    assert_eq!(status(&server, &new).await, 503);
    assert_eq!(status(&server, &token).await, 200);
}

#[actix_web::test]
async fn a_slow_provider_delays_nobody_whose_key_is_known() {
    let provider = Provider::start().await;
    let server = server(&provider, |oidc| oidc.oidc_keys_kept = 10);
    let token = provider.token(&provider.claims());
    assert_eq!(status(&server, &token).await, 200);
    provider.be(Mood::Slow);
    let header = json!({ "alg": "RS256", "kid": "new" });
    let new = Key::rsa(2).sign(&header, &provider.claims());
    let unknown = async {
        let begun = Instant::now();
        let answer = server.with_token(&new).send(ME, json!({})).await;
        (answer.status.as_u16(), begun.elapsed())
    };
    let known = async {
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        let answer = server.with_token(&token).send(ME, json!({})).await;
        (answer.status.as_u16(), begun.elapsed())
    };
    let (unknown, known) = tokio::join!(unknown, known);
    assert_eq!((unknown.0, known.0), (503, 200));
    assert!(unknown.1 < Duration::from_secs(9), "{:?}", unknown.1);
    assert!(known.1 < Duration::from_secs(3), "{:?}", known.1);
}

#[actix_web::test]
async fn what_a_provider_must_not_answer_is_not_taken() {
    for mood in [Mood::Moved, Mood::Endless, Mood::Strange, Mood::Open] {
        let provider = Provider::start().await;
        provider.be(mood);
        let server = server(&provider, |_| {});
        let token = provider.token(&provider.claims());
        assert_eq!(status(&server, &token).await, 503);
    }
}

#[actix_web::test]
async fn keys_are_fetched_once_for_many_callers_and_seldom_for_keys_that_nobody_knows() {
    let provider = Provider::start().await;
    let server = server(&provider, |_| {});
    let token = provider.token(&provider.claims());
    let many = join_all((0..20).map(|_| async {
        let answer = server.with_token(&token).send(ME, json!({})).await;
        answer.status.as_u16()
    }));
    assert_eq!(many.await, [200; 20]);
    assert_eq!(provider.fetches(), 1);
    let begun = Instant::now();
    for round in 0..5 {
        let many = join_all((0..20).map(|number| {
            let header = json!({ "alg": "RS256", "kid": format!("made up {round} {number}") });
            let token = Key::rsa(1).sign(&header, &provider.claims());
            let server = &server;
            async move {
                let answer = server.with_token(&token).send(ME, json!({})).await;
                answer.status.as_u16()
            }
        }));
        assert_eq!(many.await, [401; 20]);
    }
    // Three at once, and one more every five seconds.
    let most = 1 + 3 + usize::try_from(begun.elapsed().as_secs() / 5).expect("few");
    assert!(provider.fetches() <= most, "{}", provider.fetches());
}
