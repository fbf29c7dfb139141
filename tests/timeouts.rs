//! A request whose time is over ends, in the database too.

use std::time::{Duration, Instant};

use serde_json::json;
use storage::testing;

use crate::sockets::LiveServer;

/// Statements of servers that are at work.
const AT_WORK: &str = "SELECT query FROM pg_stat_activity
  WHERE application_name = 'clinigraph' AND state = 'active' AND wait_event_type = 'Lock' AND datname = current_database()";

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
    // Nothing waits on in the database, and both connections are free again for what needs no locked table.
    let mut observer = server.database();
    let began = Instant::now();
    while !testing::rows(&mut observer, AT_WORK).is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "a statement still runs"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let me = server.post(&token, "{ me { username } }", json!({})).await;
    assert!(me.starts_with("HTTP/1.1 200"), "{me}");

    testing::execute(&mut blocker, "ROLLBACK");
    assert!(ask().await.starts_with("HTTP/1.1 200"));
}
