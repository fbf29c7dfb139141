//! A request whose time is over ends, in the database too.

use std::time::{Duration, Instant};

use clinigraph::db::Db;
use serde_json::json;
use storage::{
    Error,
    pool::{Pool, Settings},
    testing,
};

use crate::sockets::LiveServer;

/// Statements of servers that are at work.
const AT_WORK: &str = "SELECT query FROM pg_stat_activity
  WHERE application_name = 'clinigraph' AND state = 'active' AND wait_event_type = 'Lock' AND datname = current_database()";

/// Waits until so many statements wait in the database.
async fn wait_for(server: &LiveServer, count: usize) {
    let mut observer = server.database();
    let began = Instant::now();
    while testing::rows(&mut observer, AT_WORK).len() != count {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{:?}",
            testing::rows(&mut observer, AT_WORK)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_cancelled_with_its_statement() {
    let server = LiveServer::with(|settings| settings.limits.request_timeout = 1).await;
    let token = server.token("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let list = "query ($p: ID!) { events(program: $p, first: 5) { nodes { id } } }";
    let ask = || server.post(&token, list, json!({ "p": program }));
    assert!(ask().await.starts_with("HTTP/1.1 200"));

    let mut blocker = server.database();
    testing::execute(&mut blocker, "BEGIN");
    testing::execute(
        &mut blocker,
        "LOCK TABLE trackerevent, singleevent IN ACCESS EXCLUSIVE MODE",
    );
    for _ in 0..3 {
        let began = Instant::now();
        let answer = ask().await;
        assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
        assert!(
            answer.contains("\"TIMEOUT\"") && answer.contains("--request-timeout"),
            "{answer}"
        );
        let took = began.elapsed();
        assert!((1.0..4.0).contains(&took.as_secs_f64()), "{took:?}");
    }
    // Both connections are free again for what needs no locked table.
    wait_for(&server, 0).await;
    let me = server.post(&token, "{ me { username } }", json!({})).await;
    assert!(me.starts_with("HTTP/1.1 200"), "{me}");

    testing::execute(&mut blocker, "ROLLBACK");
    assert!(ask().await.starts_with("HTTP/1.1 200"));
}

/// Whether something took about the second that a request may take.
fn took_its_time(began: Instant) {
    let took = began.elapsed().as_secs_f64();
    assert!((1.0..4.0).contains(&took), "{took} s");
}

#[actix_web::test]
async fn a_request_of_dhis2_clients_that_takes_too_long_is_cancelled_with_its_statement() {
    let server = LiveServer::with(|settings| settings.limits.request_timeout = 1).await;
    let token = server.token("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let ask = |path: String| {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ApiToken {token}\r\n\r\n"
        );
        let server = &server;
        async move { server.raw(&head).await }
    };
    storage::refresh::run(&mut server.database(), |_| {}).expect("a refresh");
    let paths = [
        format!("/api/tracker/events?program={program}&pageSize=5"),
        format!("/api/tracker/events?program={program}&paging=false"),
        "/reports/monthly/2026-10.csv?table=kpis".to_owned(),
    ];
    let mut blocker = server.database();
    testing::execute(
        &mut blocker,
        "BEGIN; LOCK TABLE trackerevent, singleevent, data_versions IN ACCESS EXCLUSIVE MODE",
    );
    for path in &paths {
        let began = Instant::now();
        let answer = ask(path.clone()).await;
        assert!(
            answer.starts_with("HTTP/1.1 504") && answer.contains("--request-timeout"),
            "{path} {answer}"
        );
        took_its_time(began);
    }
    // A write is undone, whatever it had stored by then.
    testing::execute(
        &mut blocker,
        "ROLLBACK; BEGIN; LOCK TABLE note IN ACCESS EXCLUSIVE MODE",
    );
    let unit = server.id("SELECT u.uid AS id FROM organisationunit u JOIN program_organisationunits USING (organisationunitid) JOIN program p USING (programid) WHERE p.code = 'OPD' LIMIT 1");
    let event = json!({ "event": "tooLateAAA1", "program": program, "orgUnit": unit, "occurredAt": "2026-01-01", "status": "ACTIVE", "notes": [{ "value": "n" }] });
    let body = json!({ "events": [event] }).to_string();
    let write = |query: &str| {
        let head = format!(
            "POST /api/tracker?{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ApiToken {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let server = &server;
        async move { server.raw(&head).await }
    };
    let began = Instant::now();
    let answer = write("async=false").await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    took_its_time(began);
    wait_for(&server, 0).await;
    // A job has no client that waits: it goes on.
    let answer = write("async=true").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    wait_for(&server, 1).await;
    let stored = "SELECT count(*)::text AS id FROM singleevent WHERE uid = 'tooLateAAA1'";
    assert_eq!(server.id(stored), "0");
    testing::execute(&mut blocker, "ROLLBACK");
    let began = Instant::now();
    while server.id(stored) != "1" {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the job never ends"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for path in paths {
        let answer = ask(path.clone()).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path} {answer}");
    }
}

#[actix_web::test]
async fn an_operation_of_a_socket_that_takes_too_long_is_cancelled_with_its_statement() {
    let server = LiveServer::with(|settings| settings.limits.request_timeout = 1).await;
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let list = "query ($p: ID!) { events(program: $p, first: 5) { nodes { id } } }";
    let mut socket = server.user("admin").await;
    let mut blocker = server.database();
    testing::execute(
        &mut blocker,
        "BEGIN; LOCK TABLE trackerevent, singleevent IN ACCESS EXCLUSIVE MODE",
    );
    for id in ["a", "b", "c"] {
        let began = Instant::now();
        socket.subscribe(id, list, json!({ "p": program })).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(
            message["payload"][0]["extensions"]["code"], "TIMEOUT",
            "{message}"
        );
        took_its_time(began);
    }
    // One that its client gave up does not wait for ever either.
    socket.subscribe("d", list, json!({ "p": program })).await;
    wait_for(&server, 1).await;
    socket.send(json!({ "id": "d", "type": "complete" })).await;
    wait_for(&server, 0).await;
    testing::execute(&mut blocker, "ROLLBACK");
    socket.subscribe("e", list, json!({ "p": program })).await;
    let message = socket.receive().await;
    assert_eq!(
        (&message["id"], &message["type"]),
        (&json!("e"), &json!("next")),
        "{message}"
    );
}

/// Between two statements there is nothing to cancel.
#[actix_web::test]
async fn work_of_many_short_statements_is_ended() {
    let server = LiveServer::start().await;
    let pool = Pool::new(&Settings {
        size: 1,
        ..Settings::new(&server.url)
    });
    let (patience, longest) = (Duration::from_secs(5), Duration::from_millis(300));
    let db = Db::new(pool, 1, patience, longest);
    let began = Instant::now();
    let endless = db.within_time();
    let outcome = endless.run("endless", |conn| {
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let done = testing::try_execute(conn, "SELECT pg_sleep(0.02)");
            done.map_err(Error::Input)?;
        }
        #[expect(unreachable_code, reason = "it says what the work would return")]
        Ok(())
    });
    assert!(matches!(outcome.await, Err(Error::Cancelled)));
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    // The one connection is given back, and usable.
    let after = db.run("after", |conn| {
        Ok(testing::rows(conn, "SELECT 1 AS one").len())
    });
    assert_eq!(after.await.expect("a connection"), 1);
}
