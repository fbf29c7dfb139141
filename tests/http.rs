//! What the server answers besides GraphQL.

use actix_web::test::TestRequest;

use crate::support::Server;

async fn get(server: &Server, path: &str) -> crate::support::Answer {
    server.send(TestRequest::get().uri(path)).await
}

#[actix_web::test]
async fn the_process_lives_and_the_database_is_ready() {
    let server = Server::start();
    let alive = get(&server, "/healthz").await;
    assert_eq!((alive.status.as_u16(), alive.text().as_str()), (200, "ok"));
    let ready = get(&server, "/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), ready.text().as_str()),
        (200, "ready")
    );
    server.execute("UPDATE analytics_definitions SET definition_hash = 'of an older program' WHERE position = 0");
    let behind = get(&server, "/readyz").await;
    assert_eq!(behind.status.as_u16(), 503);
    assert!(
        behind.text().contains("clinigraph migrate"),
        "{}",
        behind.text()
    );
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
