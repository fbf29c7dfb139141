//! The clock of the server's machine jumps while it works. A small library that is loaded before all others adds an offset to
//! the calendar clock; the steady clock goes on, as it does on a real machine.

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use storage::{pool::connect, refresh};

use super::verified;
use crate::{
    program::{Folder, Program, number},
    telemetry::generated,
};

const SHIM: &str = r#"
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    int done = syscall(SYS_clock_gettime, id, now);
    if (id != CLOCK_REALTIME || done) return done;
    FILE *file = fopen(getenv("CLOCK_OFFSET"), "r");
    long offset = 0;
    if (file) { if (fscanf(file, "%ld", &offset) != 1) offset = 0; fclose(file); }
    now->tv_sec += offset;
    return 0;
}
"#;

const YEAR: i64 = 31_536_000;

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn the_clock_jumps_a_year_ahead_and_back() {
    let folder = Folder::new("clock");
    let (source, library, offset) = (
        folder.0.join("shim.c"),
        folder.0.join("shim.so"),
        folder.0.join("offset"),
    );
    fs::write(&source, SHIM).expect("a file");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .status();
    if !built.is_ok_and(|status| status.success()) {
        println!("clock jump: left out, no C compiler");
        return;
    }
    let (url, token) = generated("clinigraph_clock");
    refresh::run(&mut connect(&url).expect("it answers"), |_| {}).expect("a refresh");
    let text = |path: &std::path::Path| path.to_str().expect("a path").to_owned();
    let settings = [
        ("LD_PRELOAD", text(&library)),
        ("CLOCK_OFFSET", text(&offset)),
    ];
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let server = Program::serve(&url, &settings);
    server.until_ready();
    let page = || {
        let document = "{ events(program: \"fcsxI6lzZSl\", first: 15) { nodes { id occurredAt cells { display } } total { value } } }";
        let reply = server.ask(&token, document, json!({}));
        assert!(
            reply.status == 200 && reply.json().get("errors").is_none(),
            "{reply:?}"
        );
        reply.body
    };
    let write = |uid: &str| {
        let document = format!(
            "mutation {{ createEvent(input: {{id: \"{uid}\", program: \"fcsxI6lzZSl\", orgUnit: \"vXxilNPQF8W\", occurredAt: \"2020-01-01T08:00:00Z\"}}) {{ outcome errors {{ message }} }} }}"
        );
        let reply = server.ask(&token, &document, json!({})).json();
        assert_eq!(
            reply["data"]["createEvent"]["outcome"], "CREATED",
            "{reply:#}"
        );
    };
    let count = || number(&url, "SELECT count(*) AS n FROM singleevent");
    let (before, first) = (count(), page());
    for (index, jump) in [YEAR, -YEAR, 0].into_iter().enumerate() {
        fs::write(&offset, jump.to_string()).expect("a file");
        let newest = |first: &str| first.split("\"total\"").next().map(ToOwned::to_owned);
        assert_eq!(newest(&page()), newest(&first), "the same page");
        write(&format!("clockEvent{index}"));
        let figures = server.get("/metrics").body;
        let age = figures
            .lines()
            .find_map(|line| line.strip_prefix("clinigraph_data_version_age_seconds "));
        let age: f64 = age.expect("a figure").parse().expect("a number");
        println!(
            "clock moved by {jump} s: the data are {age:.0} s old, {} events",
            count()
        );
        assert!(
            age >= 0.0 && (jump != YEAR || age > 0.9 * YEAR as f64),
            "the clock did not jump: {age}"
        );
        assert_eq!(server.get("/health/ready").status, 200);
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
        let (began, wanted) = (Instant::now(), index as i64 + 2);
        while number(&url, "SELECT count(*) AS n FROM data_versions") < wanted {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{}",
                server.log()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
    assert_eq!(count(), before + 3);
    let future = number(
        &url,
        "SELECT count(*) AS n FROM singleevent WHERE uid LIKE 'clockEvent%' AND created > now() + interval '1 day'",
    );
    println!("events whose time of creation lies in the future: {future}");
    verified(&url);
}
