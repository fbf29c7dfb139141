//! A database that dies while many write: what was acknowledged is there, nothing is there twice.

use std::{
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use serde_json::json;
use storage::{
    cluster::Cluster,
    generate::{self, Volume},
    pool::connect,
    testing::{execute, rows},
    tokens,
};

use super::verified;
use crate::{
    program::{Folder, Program, number},
    support::TODAY,
};

/// Writers at a time.
const WRITERS: usize = 4;

/// What writers did.
#[derive(Default)]
struct Ledger {
    acknowledged: Mutex<Vec<String>>,
    refused: AtomicU64,
    is_over: AtomicBool,
}

struct Place {
    server: Program,
    token: String,
    program: String,
    stage: String,
    unit: String,
}

impl Place {
    fn new(url: &str) -> Self {
        let mut conn = connect(url).expect("it answers");
        storage::migrate::run(&mut conn).expect("it is migrated");
        generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &ProgressBar::hidden()).expect("data");
        execute(
            &mut conn,
            "UPDATE programstagedataelement SET compulsory = false",
        );
        let found = rows(
            &mut conn,
            "SELECT p.uid AS program, s.uid AS stage, u.uid AS unit FROM program p JOIN programstage s USING (programid)
               JOIN singleevent e USING (programstageid) JOIN organisationunit u USING (organisationunitid) WHERE p.code = 'OPD' LIMIT 1",
        );
        let text = |name: &str| found[0][name].as_str().expect("a uid").to_owned();
        let server = Program::serve(url, &[("CLINIGRAPH_POOL_SIZE", "6")]);
        server.until_ready();
        Place {
            token: tokens::create(&mut conn, "admin").expect("a token"),
            program: text("program"),
            stage: text("stage"),
            unit: text("unit"),
            server,
        }
    }

    /// Sends an event once. True when the server says that it is stored.
    fn write(&self, uid: &str) -> bool {
        let event = json!({
            "event": uid, "program": self.program, "programStage": self.stage, "orgUnit": self.unit,
            "occurredAt": "2026-01-01", "status": "ACTIVE",
        });
        let bearer = format!("ApiToken {}", self.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        let body = json!({ "events": [event] }).to_string();
        match self
            .server
            .try_send("POST /api/tracker?async=false", &headers, &body)
        {
            Ok(reply) => {
                assert!(
                    matches!(reply.status, 200 | 503),
                    "{reply:?}\n{}",
                    self.server.log()
                );
                reply.status == 200
            }
            Err(_) => false,
        }
    }

    /// Writes events one after the other; each is sent again until it is acknowledged.
    fn keep_writing(&self, writer: usize, ledger: &Ledger) {
        for count in 0.. {
            let uid = format!("w{writer}{count:09}");
            while !self.write(&uid) {
                ledger.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
            ledger.acknowledged.lock().expect("the ledger").push(uid);
            if ledger.is_over.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Reads the first page again and again: an answer is whole, or it says that there is none.
    fn keep_reading(&self, ledger: &Ledger) {
        let document = "query ($program: ID!) { events(program: $program, first: 15) { nodes { id orgUnit { name } } } }";
        while !ledger.is_over.load(Ordering::Relaxed) {
            let Ok(reply) =
                self.server
                    .try_ask(&self.token, document, json!({ "program": self.program }))
            else {
                continue;
            };
            match reply.status {
                200 if reply.json().get("errors").is_none() => {
                    assert_eq!(
                        reply.json()["data"]["events"]["nodes"]
                            .as_array()
                            .map(Vec::len),
                        Some(15)
                    );
                }
                200 => assert_eq!(
                    reply.json()["errors"][0]["extensions"]["code"],
                    "UNAVAILABLE",
                    "{reply:?}"
                ),
                status => assert_eq!(status, 503, "{reply:?}"),
            }
        }
    }

    /// Lets many write and one read while `trouble` happens, then compares what was acknowledged with what is stored.
    fn survive(&self, url: &str, name: &str, trouble: impl FnOnce(&Ledger)) {
        let before = number(url, "SELECT count(*) AS n FROM singleevent");
        let ledger = Ledger::default();
        let pid = self.server.pid();
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let ledger = &ledger;
                scope.spawn(move || self.keep_writing(writer, ledger));
            }
            scope.spawn(|| self.keep_reading(&ledger));
            trouble(&ledger);
            ledger.is_over.store(true, Ordering::Relaxed);
        });
        self.server.until_ready();
        let acknowledged = ledger.acknowledged.into_inner().expect("the ledger");
        let after = number(url, "SELECT count(*) AS n FROM singleevent");
        let own = number(
            url,
            "SELECT count(DISTINCT uid) AS n FROM singleevent WHERE uid ~ '^w[0-9]{10}$'",
        );
        println!(
            "{name}: {before} events before, {} acknowledged, {} attempts without answer, {after} events after",
            acknowledged.len(),
            ledger.refused.load(Ordering::Relaxed)
        );
        assert!(acknowledged.len() > 20, "too few were written to tell");
        assert_eq!(
            own,
            acknowledged.len() as i64,
            "what was acknowledged is stored, and nothing else"
        );
        assert_eq!(after, before + own, "none is lost and none is there twice");
        assert_eq!(self.server.pid(), pid);
        verified(url);
    }
}

fn written(ledger: &Ledger) -> usize {
    ledger.acknowledged.lock().expect("the ledger").len()
}

/// Waits until more was written.
fn until_written(ledger: &Ledger, more: usize) {
    let (began, before) = (Instant::now(), written(ledger));
    while written(ledger) < before + more {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "nothing is written any more"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn postgresql_is_killed_under_load_and_started_again() {
    let folder = Folder::new("killed");
    let cluster = Cluster::start(&folder.0).expect("it starts");
    let url = cluster.url().to_owned();
    let place = Place::new(&url);
    place.survive(&url, "kill -9 of PostgreSQL", |ledger| {
        let mut cluster = Some(cluster);
        for _ in 0..2 {
            until_written(ledger, 15);
            let file = folder.0.join("postgres/postmaster.pid");
            let text = std::fs::read_to_string(file).expect("it runs");
            let pid = text.lines().next().expect("a pid");
            let killed = Command::new("kill").args(["-9", pid]).status();
            assert!(killed.expect("kill").success());
            drop(cluster.take());
            thread::sleep(Duration::from_millis(300));
            cluster = Some(Cluster::start(&folder.0).expect("it recovers"));
        }
        until_written(ledger, 15);
        // It goes on until everything was compared.
        std::mem::forget(cluster);
    });
    let _ = place.server.get("/health/live");
    drop(place);
    let file = folder.0.join("postgres/postmaster.pid");
    if let Some(pid) = std::fs::read_to_string(file)
        .ok()
        .as_deref()
        .and_then(|text| text.lines().next())
    {
        let _ = Command::new("kill").args(["-INT", pid]).status();
        thread::sleep(Duration::from_secs(2));
    }
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn connections_are_cut_in_the_middle_of_statements() {
    let url = storage::testing::fresh_database("clinigraph_cut");
    let place = Place::new(&url);
    place.survive(&url, "connections cut", |ledger| {
        let mut conn = connect(&url).expect("it answers");
        for _ in 0..25 {
            until_written(ledger, 2);
            execute(
                &mut conn,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
        until_written(ledger, 10);
    });
}
