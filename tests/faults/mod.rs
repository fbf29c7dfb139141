//! Faults: what breaks while the program works, and what is there afterwards. `./dev faults` runs these and prints what was
//! counted before and after. They take minutes and are left out of the usual run.

mod clients;
mod clock;
mod imports;
mod payloads;
mod refreshes;
mod writers;

use std::process::{Child, Command, Stdio};

use storage::{pool::connect, verify};

use crate::program::{Held, PROGRAM, number};

/// Starts a command of the program that says nothing.
fn start(url: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("DATABASE_URL", url);
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().expect("it starts")
}

/// Runs a command until it wants a table that somebody else holds, and kills it there. False when it ended before.
fn killed_at(url: &str, table: &str, arguments: &[&str]) -> bool {
    let mut held = Held::table(url, table);
    let mut child = start(url, arguments);
    let waits = held.until_awaited(1, || child.try_wait().expect("its state").is_some());
    if waits {
        child.kill().expect("it is killed");
    }
    child.wait().expect("it is gone");
    waits
}

/// Imports that are recorded in a state.
fn runs(url: &str, status: &str) -> i64 {
    let query = format!("SELECT count(*) AS n FROM import_runs WHERE status = '{status}'");
    number(url, &query)
}

/// Waits until PostgreSQL has noticed that whoever was killed is gone.
fn until_alone(url: &str) {
    let others = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                     AND backend_type = 'client backend'";
    let began = std::time::Instant::now();
    while number(url, others) > 0 {
        assert!(began.elapsed().as_secs() < 30, "somebody is still there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Nothing that is stored twice differs.
fn verified(url: &str) {
    let mut conn = connect(url).expect("it answers");
    for check in verify::run(&mut conn).expect("the checks run") {
        assert_eq!(check.differences, 0, "{}", check.name);
    }
}
