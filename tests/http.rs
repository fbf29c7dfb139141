//! What the server answers besides GraphQL, and how its answers are sent.

use actix_web::{
    http::{Method, header::ORIGIN},
    test::TestRequest,
};

use clinigraph::limits::Audience;

use crate::{
    sockets::LiveServer,
    support::{Answer, Server},
};

async fn get(server: &Server, path: &str) -> Answer {
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
    let everybody = Some(Audience::Everybody);
    let server = Server::with(|settings| settings.limits.introspection = everybody);
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

#[actix_web::test]
async fn every_answer_carries_the_headers_that_browsers_obey() {
    let server = Server::start();
    for path in [
        "/graphql",
        "/api/tracker/events",
        "/healthz",
        "/nothing",
        "/reports/monthly/2026-01.pdf",
    ] {
        let answer = get(&server, path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    let page = get(&server, "/graphiql/").await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
}

#[actix_web::test]
async fn pages_of_other_sites_may_ask_when_they_are_named() {
    let named = "https://app.example.org";
    let server = Server::with(|settings| settings.allowed_origins = vec![named.to_owned()]);
    let preflight = |origin: &'static str, method: &'static str| {
        TestRequest::default()
            .method(Method::OPTIONS)
            .uri("/graphql")
            .insert_header((ORIGIN, origin))
            .insert_header(("access-control-request-method", method))
            .insert_header((
                "access-control-request-headers",
                "authorization,content-type",
            ))
    };
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").to_owned();
    let answer = server.send(preflight(named, "POST")).await;
    assert_eq!(
        (answer.status.as_u16(), allowed(&answer).as_str()),
        (200, named)
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    assert_eq!(answer.header("access-control-max-age"), "600");
    let other = server
        .send(preflight("https://evil.example.org", "POST"))
        .await;
    assert_eq!((other.status.as_u16(), allowed(&other).as_str()), (400, ""));
    let method = server.send(preflight(named, "TRACE")).await;
    assert_eq!(method.status.as_u16(), 400);
    let request = || TestRequest::get().uri("/graphql?query=%7B__typename%7D");
    let admin = server.user("admin");
    let answer = server
        .send(admin.sign(request()).insert_header((ORIGIN, named)))
        .await;
    assert_eq!(
        (answer.status.as_u16(), allowed(&answer).as_str()),
        (200, named)
    );
    // A page that is not named may send what any page may send, and reads nothing.
    let foreign = admin
        .sign(request())
        .insert_header((ORIGIN, "https://evil.example.org"));
    assert_eq!(allowed(&server.send(foreign).await), "");
}

#[actix_web::test]
async fn a_client_of_http_1_0_is_sent_no_pieces() {
    let server = LiveServer::start().await;
    let (token, program) = (
        server.token("admin"),
        server.id("SELECT uid AS id FROM program WHERE code = 'OPD'"),
    );
    let ask = async |version: &str| {
        let path = format!("/api/tracker/events?program={program}&paging=false&fields=event");
        let request = format!(
            "GET {path} HTTP/{version}\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let answer = server.raw(&request).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_lowercase(), body.to_owned())
    };
    let (head, body) = ask("1.0").await;
    assert!(
        head.contains(" 200 ") && !head.contains("transfer-encoding"),
        "{head}"
    );
    assert!(!head.contains("content-length"), "{head}");
    let events: serde_json::Value = serde_json::from_str(&body).expect("JSON without pieces");
    assert!(events["events"].as_array().expect("a list").len() > 1_000);
    // The same, in pieces.
    let (head, body) = ask("1.1").await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(body.ends_with("\r\n0\r\n\r\n"));
}
