//! A request whose time is over ends, in the database too.

use std::time::{Duration, Instant};

use serde_json::json;
use storage::testing;

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
