//! A streaming replica: reads come from it, and everybody sees what they wrote.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use serde_json::json;
use storage::{
    cluster::{Cluster, runs_as_root},
    generate::{self, Volume},
    pool::{Pool, Settings, connect},
    testing::{execute, rows},
    tokens,
};

use crate::{
    program::{Folder, Program, number},
    support::TODAY,
};

/// A command as the account that PostgreSQL runs as.
fn as_postgres(program: &str, arguments: &[&str]) {
    let mut command = match runs_as_root() {
        true => {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", program]);
            command
        }
        false => Command::new(program),
    };
    let output = command
        .args(arguments)
        .current_dir("/")
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A primary whose log can be streamed.
fn primary(folder: &Path) -> Cluster {
    Cluster::start(folder)
        .expect("it starts")
        .stop()
        .expect("it stops");
    let settings = folder.join("postgres/postgresql.conf");
    let mut text = fs::read_to_string(&settings).expect("its settings");
    text.push_str("\nwal_level = replica\nmax_wal_senders = 5\n");
    fs::write(&settings, text).expect("its settings");
    Cluster::start(folder).expect("it starts again")
}

/// A replica of a primary.
fn replica(primary: &Path, folder: &Path) -> Cluster {
    if runs_as_root() {
        let owned = Command::new("chown").arg("postgres").arg(folder).status();
        assert!(owned.expect("chown").success());
    }
    let pid_file = fs::read_to_string(primary.join("postgres/postmaster.pid")).expect("it runs");
    let socket = pid_file.lines().nth(4).expect("a socket");
    let data = folder.join("postgres");
    let data = data.to_str().expect("a path");
    as_postgres(
        "pg_basebackup",
        &[
            "-h",
            socket,
            "-p",
            "5432",
            "-U",
            "clinigraph",
            "-D",
            data,
            "-R",
            "-c",
            "fast",
        ],
    );
    // The socket of the primary lies in its folder, and so does its lock.
    let _ = fs::remove_file(folder.join("postgres/.s.PGSQL.5432.lock"));
    Cluster::start(folder).expect("the replica starts")
}

/// A statement is cancelled by the database that runs it: the number of its process says nothing to the other.
fn cancels_where_it_works(replica: &str) {
    let mut connection = Pool::new(&Settings::new(replica))
        .get()
        .expect("a connection");
    let backend = Pool::backend(&connection).expect("it said its number");
    let began = Instant::now();
    let outcome = thread::scope(|scope| {
        let sleeper = scope.spawn(|| execute(&mut connection, "SELECT pg_sleep(20)"));
        while !sleeper.is_finished() {
            thread::sleep(Duration::from_millis(100));
            backend.cancel().expect("the replica is asked");
        }
        sleeper.join()
    });
    assert!(outcome.is_err(), "it was cancelled");
    assert!(began.elapsed() < Duration::from_secs(10));
}

fn server_has(server: &Program, kind: &str) -> u64 {
    let figures = server.get("/metrics").body;
    let line = format!("clinigraph_replica_reads_total{{server=\"{kind}\"}} ");
    let value = figures.lines().find_map(|found| found.strip_prefix(&line));
    value.expect("a figure").parse().expect("a number")
}

#[test]
fn reads_go_to_the_replica_and_writers_see_their_writes() {
    let (first, second) = (Folder::new("primary"), Folder::new("replica"));
    let primary = primary(&first.0);
    let mut conn = connect(primary.url()).expect("it answers");
    storage::migrate::run(&mut conn).expect("it is migrated");
    generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &ProgressBar::hidden()).expect("data");
    let token = |name: &str| {
        tokens::create(&mut connect(primary.url()).expect("it answers"), name).expect("a token")
    };
    let (writer, reader) = (token("admin"), token("district"));
    let replica = replica(&first.0, &second.0);
    let server = Program::serve(primary.url(), &[("DATABASE_READ_URL", replica.url())]);
    server.until_ready();
    let program = rows(&mut conn, "SELECT uid FROM program WHERE code = 'OPD'")[0]["uid"]
        .as_str()
        .expect("a uid")
        .to_owned();
    // How many of the events that are written below somebody sees: none or one.
    let written = |token: &str| {
        let reply = server.ask(token, "{ event(id: \"replicaEvt1\") { id } }", json!({}));
        assert_eq!(reply.status, 200, "{reply:?}\n{}", server.log());
        usize::from(!reply.json()["data"]["event"].is_null())
    };
    let page = |token: &str| {
        let document =
            "query ($program: ID!) { events(program: $program, first: 5) { nodes { id } } }";
        let reply = server.ask(token, document, json!({ "program": program }));
        assert!(
            reply.status == 200 && reply.json().get("errors").is_none(),
            "{reply:?}\n{}",
            server.log()
        );
        reply.body
    };
    let first_page = page(&writer);
    assert_eq!(written(&writer), 0);
    assert!(server_has(&server, "replica") >= 2, "{}", server.log());
    assert_eq!(server_has(&server, "primary"), 0, "{}", server.log());

    // The replica stops to replay: what is written now only the primary has.
    let mut standby = connect(replica.url()).expect("it answers");
    execute(&mut standby, "SELECT pg_wal_replay_pause()");
    let document = "mutation { createEvent(input: {id: \"replicaEvt1\", program: \"fcsxI6lzZSl\", orgUnit: \"vXxilNPQF8W\", occurredAt: \"2020-01-01T08:00:00Z\"}) { outcome } }";
    let made = server.ask(&writer, document, json!({}));
    let outcome = &made.json()["data"]["createEvent"]["outcome"];
    assert_eq!(outcome, "CREATED", "{made:?}");
    let there = "SELECT count(*) AS n FROM singleevent WHERE uid = 'replicaEvt1'";
    assert_eq!(number(replica.url(), there), 0, "the replica lags");
    for _ in 0..3 {
        assert_eq!(written(&writer), 1, "who wrote sees it");
    }
    assert!(server_has(&server, "primary") >= 3);
    let before = server_has(&server, "replica");
    page(&reader);
    assert!(
        server_has(&server, "replica") > before,
        "others go on reading from the replica"
    );
    // A token that the replica does not know yet.
    page(&token("district"));

    execute(&mut standby, "SELECT pg_wal_replay_resume()");
    let began = Instant::now();
    while number(replica.url(), there) == 0 {
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    // The position of the write was taken after it; the replica reaches it with the next one.
    execute(
        &mut conn,
        "CHECKPOINT; UPDATE metadataversion SET version = version",
    );
    thread::sleep(Duration::from_millis(500));
    let before = server_has(&server, "replica");
    assert_eq!(written(&writer), 1);
    assert!(
        server_has(&server, "replica") > before,
        "the replica has it by now"
    );

    cancels_where_it_works(replica.url());
    drop(standby);
    replica.stop().expect("it stops");
    assert_eq!(
        page(&writer),
        first_page,
        "without the replica the primary answers"
    );
    page(&reader);
    assert_eq!(server.get("/health/ready").status, 200);
}
