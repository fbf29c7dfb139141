//! A backup with PostgreSQL's own tools, and what comes back from it.

use std::process::Command;

use serde_json::json;
use storage::{pool::connect, refresh, testing};

use crate::{
    program::{Folder, Program, command},
    telemetry::generated,
};

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
}

/// All rows of every table, as numbers that are equal for equal rows.
fn contents(url: &str) -> Vec<serde_json::Value> {
    let mut conn = connect(url).expect("it answers");
    let tables = testing::rows(
        &mut conn,
        "SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables ORDER BY 1",
    );
    let of = |table: &serde_json::Value| {
        let name = table["name"].as_str().expect("a name");
        let count = format!(
            "SELECT '{name}' AS name, count(*) AS rows, coalesce(sum(hashtext(t::text)::bigint), 0) AS content FROM {name} t"
        );
        testing::rows(&mut conn, &count).remove(0)
    };
    let counts: Vec<_> = tables.iter().map(of).collect();
    assert!(counts.len() > 50, "{counts:?}");
    counts
}

#[test]
fn a_dump_restored_elsewhere_is_the_same_database() {
    let (url, token) = generated("clinigraph_backup");
    refresh::run(&mut connect(&url).expect("it answers"), |_| {}).expect("a refresh");
    let folder = Folder::new("backup");
    let file = folder.0.join("clinigraph.dump");
    let file = file.to_str().expect("a path");
    run(
        "pg_dump",
        &["--format=custom", "--no-owner", "--file", file, &url],
    );

    let copy = testing::fresh_database("clinigraph_restored");
    let mut conn = connect(&testing::server_url()).expect("it answers");
    testing::execute(&mut conn, "DROP DATABASE clinigraph_restored WITH (FORCE)");
    testing::execute(
        &mut conn,
        "CREATE DATABASE clinigraph_restored TEMPLATE template0",
    );
    run(
        "pg_restore",
        &["--exit-on-error", "--no-owner", "--dbname", &copy, file],
    );

    assert_eq!(contents(&copy), contents(&url));
    let (code, said) = command(&copy, &["verify"]);
    assert_eq!(code, 0, "{said}");
    let program = testing::rows(
        &mut connect(&url).expect("it answers"),
        "SELECT uid FROM program WHERE code = 'OPD'",
    );
    let variables = json!({ "program": program[0]["uid"] });
    let document = "query ($program: ID!) {
        events(program: $program, first: 50) { nodes { id occurredAt orgUnit { name } cells { name display } } total { value } }
        diagnoses(filter: {period: {from: \"2026-01-01\", to: \"2026-09-30\"}}) { rows { code patients { value } } asOf { id } } }";
    let page = |url: &str| {
        let server = Program::serve(url, &[]);
        server.until_ready();
        let reply = server.ask(&token, document, variables.clone());
        assert!(reply.json().get("errors").is_none(), "{reply:?}");
        reply.body
    };
    assert_eq!(page(&copy), page(&url));
}
