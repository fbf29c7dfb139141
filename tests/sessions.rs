//! A server that hears of changes asks who calls only when that may have changed.

use std::time::{Duration, Instant};

use actix_web::{
    http::{StatusCode, header::CONTENT_TYPE},
    test::TestRequest,
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use storage::{
    Connection,
    generate::{self, Volume},
    pool::{Pool, Settings, connect},
    testing,
};

use crate::support::{Client, Server, TODAY};

/// A server that keeps sessions, over data of its own, and another door to them.
fn server(name: &str) -> (Server, Connection) {
    let url = testing::fresh_database(name);
    let mut conn = connect(&url).expect("the database answers");
    generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &ProgressBar::hidden())
        .expect("the tiny volume");
    let pool = Pool::new(&Settings {
        size: 1,
        ..Settings::new(&url)
    });
    let server = Server::over(pool, 0);
    server.keep_sessions();
    (server, conn)
}

async fn name(client: &Client<'_>) -> (StatusCode, Value) {
    let answer = client.send("{ me { name } }", json!({})).await;
    (answer.status, answer.json()["data"]["me"]["name"].clone())
}

/// Asks until nothing is asked of the database for it any more, which is so as soon as the server hears of changes.
async fn settle(server: &Server, client: &Client<'_>) {
    let begun = Instant::now();
    loop {
        let recorded = server.record();
        assert_eq!(name(client).await.0, StatusCode::OK);
        if recorded.take().is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "never settled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks until an answer is as it should be, and returns how long that took.
async fn until(client: &Client<'_>, is_right: impl Fn(&(StatusCode, Value)) -> bool) -> Duration {
    let begun = Instant::now();
    while !is_right(&name(client).await) {
        assert!(begun.elapsed() < Duration::from_secs(10), "never heard");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    begun.elapsed()
}

#[actix_web::test]
async fn what_changes_somewhere_else_is_heard_before_a_session_ends() {
    let (server, mut elsewhere) = server("clinigraph_sessions_1");
    let clerk = server.user("clerk");
    settle(&server, &clerk).await;
    testing::execute(
        &mut elsewhere,
        "UPDATE userinfo SET firstname = 'Imke', surname = 'Janssen' WHERE username = 'clerk';
         UPDATE metadataversion SET version = version + 1",
    );
    until(&clerk, |(_, name)| name == "Imke Janssen").await;
    settle(&server, &clerk).await;
    testing::execute(&mut elsewhere, "UPDATE apitoken SET revoked_at = now()");
    until(&clerk, |(status, _)| *status == StatusCode::UNAUTHORIZED).await;
}

#[actix_web::test]
async fn what_this_server_imports_is_known_with_the_answer() {
    let (server, _elsewhere) = server("clinigraph_sessions_2");
    let admin = server.user("admin");
    let unit = server.id("SELECT uid AS id FROM organisationunit WHERE parentid IS NULL LIMIT 1");
    for round in 0..20 {
        settle(&server, &admin).await;
        let title = format!("Country {round}");
        let payload = json!({"organisationUnits": [{
            "id": unit, "name": title, "shortName": title, "openingDate": "2000-01-01"
        }]});
        let request = TestRequest::post()
            .uri("/api/metadata")
            .insert_header((CONTENT_TYPE, "application/json"))
            .set_payload(payload.to_string());
        let answer = server.send(admin.sign(request)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let found = admin
            .data(
                "query ($id: ID!) { orgUnit(id: $id) { name } }",
                json!({ "id": unit }),
            )
            .await;
        assert_eq!(found["orgUnit"]["name"], title);
    }
}

#[actix_web::test]
async fn a_server_that_hears_nothing_asks_each_time() {
    let url = testing::fresh_database("clinigraph_sessions_3");
    let server = Server::over(
        Pool::new(&Settings {
            size: 1,
            ..Settings::new(&url)
        }),
        0,
    );
    let admin = server.user("admin");
    for _ in 0..3 {
        let recorded = server.record();
        assert_eq!(name(&admin).await.0, StatusCode::OK);
        assert!(!recorded.take().is_empty());
    }
}
