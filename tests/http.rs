//! What the server answers besides GraphQL.

use actix_web::test::TestRequest;

use crate::support::Server;

async fn get(server: &Server, path: &str) -> crate::support::Answer {
    server.send(TestRequest::get().uri(path)).await
}

#[actix_web::test]
async fn the_process_lives_and_the_database_is_ready() {
    let url = storage::testing::fresh_database("clinigraph_health");
    let pool = storage::pool::Pool::for_tests(&url).expect("the database answers");
    let server = Server::over(pool, 0);
    let mut database = storage::pool::connect(&url).expect("the database answers");
    let mut execute = |sql: &str| storage::testing::execute(&mut database, sql);
    let alive = get(&server, "/healthz").await;
    assert_eq!((alive.status.as_u16(), alive.text().as_str()), (200, "ok"));
    let ready = get(&server, "/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), ready.text().as_str()),
        (200, "ready")
    );
    assert_eq!(get(&server, "/health/live").await.text(), "ok");
    let report = get(&server, "/health/ready").await;
    assert_eq!(report.status.as_u16(), 200);
    let checks = serde_json::json!({ "database": "ok", "migrations": "ok", "server": "ok" });
    assert_eq!(
        report.json(),
        serde_json::json!({ "ready": true, "checks": checks })
    );

    execute(
        "UPDATE analytics_definitions SET definition_hash = 'of an older program' WHERE position = 0",
    );
    let behind = get(&server, "/readyz").await;
    assert_eq!(behind.status.as_u16(), 503);
    assert_eq!(behind.text(), "the database needs `clinigraph migrate`");
    let report = get(&server, "/health/ready").await;
    assert_eq!(report.status.as_u16(), 503);
    assert_eq!(report.json()["checks"]["migrations"], behind.text());

    // A program that does not know what is there leaves it alone.
    execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000001')");
    let ahead = get(&server, "/readyz").await;
    assert_eq!(
        (ahead.status.as_u16(), ahead.text().as_str()),
        (503, "the database was migrated by a newer program")
    );
    let refused = storage::migrate::run(&mut database).expect_err("it is refused");
    assert!(refused.to_string().contains("newer"), "{refused}");
}

#[actix_web::test]
async fn figures_count_requests_and_name_nobody() {
    let server = Server::start();
    let admin = server.user("admin");
    admin
        .data("{ me { username } }", serde_json::json!({}))
        .await;
    admin
        .send("{ me { shoeSize } }", serde_json::json!({}))
        .await;
    let answer = get(&server, "/metrics").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    let text = answer.text();
    for line in [
        "clinigraph_graphql_request_duration_seconds_count{outcome=\"ok\"} 1",
        "clinigraph_graphql_request_duration_seconds_count{outcome=\"error\"} 1",
        "clinigraph_database_connections{state=\"open\"} 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("admin"));
}

#[actix_web::test]
async fn the_page_is_there_whatever_was_built() {
    let server = Server::start();
    let page = get(&server, "/graphiql/").await;
    assert!(matches!(page.status.as_u16(), 200 | 404), "{}", page.status);
    assert!(page.text().contains("<title>Clinigraph</title>"));
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let entrance = get(&server, "/").await;
    assert_eq!(
        (entrance.status.as_u16(), entrance.header("location")),
        (307, "graphiql/")
    );
}

#[actix_web::test]
async fn answers_are_never_stored_on_the_way() {
    let server = Server::start();
    let answer = server
        .user("admin")
        .send("{ me { username } }", serde_json::json!({}))
        .await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let refused = server.send(TestRequest::post().uri("/graphql")).await;
    assert_eq!(refused.header("cache-control"), "no-store");
}
