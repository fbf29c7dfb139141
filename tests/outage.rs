//! A database that goes away and comes back: clear answers meanwhile, no restart of the server.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use actix_web::test::TestRequest;
use serde_json::json;
use storage::{
    cluster::Cluster,
    pool::{Pool, Settings, connect},
};

use crate::support::Server;

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("clinigraph-outage-{}", std::process::id()));
        fs::create_dir(&path).expect("a folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a folder for all");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn status(server: &Server, path: &str) -> u16 {
    server
        .send(TestRequest::get().uri(path))
        .await
        .status
        .as_u16()
}

#[actix_web::test]
async fn a_database_that_goes_away_and_comes_back() {
    let folder = Folder::new();
    let start = || Cluster::start(&folder.0).expect("a cluster starts");
    let cluster = start();
    storage::migrate::run(&mut connect(cluster.url()).expect("it answers"))
        .expect("it is migrated");
    let pool = Pool::new(&Settings {
        size: 2,
        checkout_timeout: Duration::from_secs(1),
        ..Settings::new(cluster.url())
    });
    let server = Server::over(pool, 0);
    let admin = server.user("admin");
    let ask = || admin.send("{ me { username } }", json!({}));
    assert_eq!(ask().await.status.as_u16(), 200);

    // Connections that were cut are replaced without anybody noticing.
    storage::testing::execute(
        &mut connect(cluster.url()).expect("it answers"),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    assert_eq!(ask().await.status.as_u16(), 200);

    cluster.stop().expect("it stops");
    for _ in 0..2 {
        let began = Instant::now();
        let answer = ask().await;
        assert_eq!(answer.status.as_u16(), 503);
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(answer.header("retry-after"), "2");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE");
        assert!(
            !answer.text().contains("socket"),
            "causes are logged, not sent: {}",
            answer.text()
        );
    }
    assert_eq!(status(&server, "/readyz").await, 503);
    assert_eq!(status(&server, "/healthz").await, 200);

    let cluster = start();
    let began = Instant::now();
    while ask().await.status.as_u16() != 200 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the pool does not find back"
        );
    }
    assert_eq!(status(&server, "/readyz").await, 200);
    drop(cluster);
}
