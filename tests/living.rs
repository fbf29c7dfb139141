//! How a server begins and ends, and how several of them live on one database.

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use storage::{pool::connect, testing, tokens};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue};

use crate::{
    program::{Held, Program, command, number},
    telemetry::generated,
};

/// The URL of a database that is not there, or is there and empty.
fn database(name: &str, exists: bool) -> String {
    let url = testing::fresh_database(name);
    let mut conn = connect(&testing::server_url()).expect("it answers");
    testing::execute(&mut conn, &format!("DROP DATABASE {name} WITH (FORCE)"));
    if exists {
        testing::execute(
            &mut conn,
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        );
    }
    url
}

#[test]
fn a_server_waits_for_its_database_and_migrates_it() {
    let url = database("clinigraph_late", false);
    let server = Program::serve(&url, &[]);
    let report = server.get("/health/ready");
    assert_eq!(
        (report.status, &report.json()["ready"]),
        (503, &json!(false)),
        "{report:?}"
    );
    assert_eq!(
        report.json()["checks"]["database"],
        "the database is not available"
    );
    assert_eq!(server.get("/health/live").status, 200);
    let refused = server.ask("any", "{ me { username } }", json!({}));
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("2")),
        "{refused:?}"
    );
    let refused = server.send(
        "GET /api/tracker/events",
        &[("Authorization", "ApiToken any")],
        "",
    );
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("2")),
        "{refused:?}"
    );
    let figures = server.get("/metrics");
    assert!(
        figures.body.contains("clinigraph_database_up 0")
            && figures.body.contains("clinigraph_ready 0")
    );

    let mut conn = connect(&testing::server_url()).expect("it answers");
    testing::execute(
        &mut conn,
        "CREATE DATABASE clinigraph_late TEMPLATE template0",
    );
    server.until_ready();
    let token = tokens::create(&mut connect(&url).expect("it answers"), "admin").expect("a token");
    let answer = server.ask(&token, "{ me { username } }", json!({}));
    assert_eq!(
        (answer.status, &answer.json()["data"]["me"]["username"]),
        (200, &json!("admin"))
    );
}

#[test]
fn a_server_that_may_not_migrate_waits_until_somebody_did() {
    let url = database("clinigraph_unmigrated", true);
    let server = Program::serve(&url, &[("CLINIGRAPH_MIGRATE", "false")]);
    let report = server.get("/health/ready").json();
    assert_eq!(
        report["checks"]["migrations"], "the database needs `clinigraph migrate`",
        "{report}"
    );
    let (code, said) = command(&url, &["migrate"]);
    assert_eq!(code, 0, "{said}");
    server.until_ready();
}

#[test]
fn two_servers_that_begin_at_once_migrate_once() {
    let url = database("clinigraph_both", true);
    let servers = thread::scope(|scope| {
        let starts = [0, 1].map(|_| scope.spawn(|| Program::serve(&url, &[])));
        starts.map(|start| start.join().expect("it starts"))
    });
    for server in &servers {
        server.until_ready();
        assert!(!server.log().contains("ERROR"), "{}", server.log());
    }
    let applied = number(&url, "SELECT count(*) AS n FROM __diesel_schema_migrations");
    let migrated: i64 = servers.iter().map(|server| {
        let log = server.log();
        let lines = log.lines().filter(|line| line.contains("the database was migrated\""));
        lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["fields"]["applied"].as_i64().expect("a number")).sum::<i64>()
    }).sum();
    assert_eq!(
        migrated, applied,
        "each migration was applied by one of them"
    );
}

/// A socket that is ready for operations.
fn socket(server: &Program, token: &str) -> tungstenite::WebSocket<TcpStream> {
    let mut request = format!("ws://{}/graphql", server.address)
        .into_client_request()
        .expect("a request");
    request.headers_mut().insert(
        "sec-websocket-protocol",
        HeaderValue::from_static("graphql-transport-ws"),
    );
    let stream = TcpStream::connect(&server.address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time limit");
    let (mut socket, _) = tungstenite::client(request, stream).expect("a socket");
    let init = json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
    socket
        .send(Message::text(init.to_string()))
        .expect("it is sent");
    assert!(
        socket
            .read()
            .expect("an answer")
            .to_text()
            .expect("text")
            .contains("connection_ack")
    );
    socket
}

const PAGE: &str = "{ programs { id name } }";

#[test]
fn a_server_that_is_asked_to_stop_finishes_what_is_under_way() {
    let (url, token) = generated("clinigraph_drain");
    let mut server = Program::serve(&url, &[("CLINIGRAPH_DRAIN_DELAY", "2")]);
    server.until_ready();
    let mut socket = socket(&server, &token);
    let mut held = Held::table(&url, "program");
    thread::scope(|scope| {
        let slow = scope.spawn(|| server.ask(&token, PAGE, json!({})));
        assert!(held.until_awaited(1, || false));
        server.signal("TERM");
        let began = Instant::now();
        while server.get("/health/ready").status == 200 {
            assert!(began.elapsed() < Duration::from_secs(2));
        }
        let report = server.get("/health/ready").json();
        assert_eq!(
            report["checks"]["server"], "the server is shutting down",
            "{report}"
        );
        assert_eq!(
            server.ask(&token, "{ me { username } }", json!({})).status,
            200,
            "it still answers"
        );
        let closed = loop {
            match socket.read().expect("a farewell") {
                Message::Close(frame) => break frame.expect("a reason").code,
                _ => continue,
            }
        };
        assert_eq!(u16::from(closed), 1001);
        drop(socket);
        drop(held);
        let answer = slow.join().expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
    });
    assert_eq!(
        server.wait(Duration::from_secs(20)),
        Some(0),
        "{}",
        server.log()
    );
    assert!(
        TcpStream::connect(&server.address).is_err(),
        "nobody listens"
    );
}

#[test]
fn what_takes_longer_than_it_may_is_ended() {
    let (url, token) = generated("clinigraph_drain_limit");
    let mut server = Program::serve(&url, &[("CLINIGRAPH_DRAIN_LIMIT", "1")]);
    server.until_ready();
    let mut held = Held::table(&url, "program");
    thread::scope(|scope| {
        let slow = scope.spawn(|| server.try_ask(&token, PAGE, json!({})));
        assert!(held.until_awaited(1, || false));
        server.signal("TERM");
        // The answer never comes, or says that it cannot.
        assert!(
            slow.join().expect("an end").is_err_and(|_| true)
                || server.log().contains("still running")
        );
    });
    assert_eq!(
        server.wait(Duration::from_secs(20)),
        Some(0),
        "{}",
        server.log()
    );
    let left = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'clinigraph %' AND state <> 'idle'";
    let began = Instant::now();
    while number(&url, left) > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "a statement is left behind"
        );
    }
    drop(held);
}

#[test]
fn an_exhausted_pool_says_when_to_try_again() {
    let (url, token) = generated("clinigraph_exhausted");
    let settings = [
        ("CLINIGRAPH_POOL_SIZE", "1"),
        ("CLINIGRAPH_CHECKOUT_TIMEOUT", "1"),
    ];
    let server = Program::serve(&url, &settings);
    server.until_ready();
    let mut held = Held::table(&url, "program");
    thread::scope(|scope| {
        let slow = scope.spawn(|| server.ask(&token, PAGE, json!({})));
        assert!(held.until_awaited(1, || false));
        let refused = server.ask(&token, "{ me { username } }", json!({}));
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (503, Some("2")),
            "{refused:?}"
        );
        assert_eq!(
            refused.json()["errors"][0]["extensions"]["code"],
            "UNAVAILABLE"
        );
        let bearer = format!("ApiToken {token}");
        let refused = server.send("GET /api/tracker/events", &[("Authorization", &bearer)], "");
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (503, Some("2")),
            "{refused:?}"
        );
        assert_eq!(
            server.get("/health/ready").status,
            200,
            "it is busy, not away"
        );
        let figures = server.get("/metrics").body;
        assert!(
            figures.contains("clinigraph_database_connections{state=\"in_use\"} 1"),
            "{figures}"
        );
        assert!(
            !figures.contains("clinigraph_database_refused_total 0"),
            "{figures}"
        );
        drop(held);
        assert_eq!(slow.join().expect("an answer").status, 200);
    });
    assert_eq!(
        server.ask(&token, "{ me { username } }", json!({})).status,
        200
    );
}

#[test]
fn servers_on_one_database_see_each_other_s_changes_and_refresh_in_turn() {
    let (url, token) = generated("clinigraph_several");
    let servers = [0, 1].map(|_| Program::serve(&url, &[]));
    let name = |server: &Program| {
        let answer = server.ask(
            &token,
            "{ orgUnits(first: 1) { nodes { name } } }",
            json!({}),
        );
        answer.json()["data"]["orgUnits"]["nodes"][0]["name"]
            .as_str()
            .map(ToOwned::to_owned)
    };
    servers.iter().for_each(Program::until_ready);
    let before = name(&servers[0]);
    assert!(
        before.is_some() && before == name(&servers[1]),
        "{before:?}"
    );
    let mut conn = connect(&url).expect("it answers");
    testing::execute(
        &mut conn,
        "UPDATE organisationunit SET name = 'New ' || name; UPDATE metadataversion SET version = version + 1",
    );
    for server in &servers {
        assert!(name(server).expect("a name").starts_with("New "));
    }
    for server in &servers {
        let answer = server.ask(
            &token,
            "mutation { refreshAnalytics { status } }",
            json!({}),
        );
        assert_eq!(
            answer.json()["data"]["refreshAnalytics"]["status"],
            "RUNNING",
            "{answer:?}"
        );
    }
    let began = Instant::now();
    while number(
        &url,
        "SELECT count(*) AS n FROM refresh_runs WHERE status = 'DONE'",
    ) < 2
    {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} {}",
            servers[0].log(),
            servers[1].log()
        );
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(number(&url, "SELECT count(*) AS n FROM data_versions"), 2);
    let versions = servers
        .each_ref()
        .map(|server| server.ask(&token, "{ dataVersion { id } }", json!({})).body);
    assert_eq!(versions[0], versions[1]);
}
