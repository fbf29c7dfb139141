//! Everything at once for a while: lists, exports, analytics, writes, reports, and a refresh in the middle. Counts errors,
//! states the slowest answers and the memory at both ends, and recounts what is stored afterwards.

mod work;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use serde_json::json;
use storage::{tokens, verify};

use self::work::{Ground, Kind};
use crate::{
    Result,
    cases::Places,
    database::{Database, number},
    http::{client::Kept, server::Server},
    report::{Report, grouped, megabytes, ms, seconds},
    timing::Timing,
};

/// Who asks, and how many of each at a time. Each asks again as soon as it is answered and has waited a while.
const CALLERS: [(Kind, usize); 6] = [
    (Kind::List, 6),
    (Kind::Rest, 2),
    (Kind::Diagnoses, 1),
    (Kind::Flow, 1),
    (Kind::Report, 1),
    (Kind::Write, 2),
];

/// What was counted while the load ran.
#[derive(Default)]
struct Tally {
    times: Mutex<BTreeMap<Kind, Vec<Duration>>>,
    errors: Mutex<Vec<String>>,
    /// Events that the server said it created.
    created: AtomicI64,
    is_over: AtomicBool,
}

impl Tally {
    /// Asks for one kind of thing until the load is over. A connection that is closed is an error and opened anew.
    fn ask(&self, kind: Kind, address: &str, token: &str, ground: &Ground, seed: u64) {
        let mut random = work::random(seed);
        let mut connection = Kept::default();
        while !self.is_over.load(Ordering::Relaxed) {
            let request = ground.request(kind, &mut random);
            let begun = Instant::now();
            match connection.ask(address, token, &request.path, request.body.as_deref()) {
                Ok(answer) if work::is_good(&answer) => {
                    lock(&self.times)
                        .entry(kind)
                        .or_default()
                        .push(begun.elapsed());
                    if kind == Kind::Write {
                        self.created.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(answer) => lock(&self.errors).push(format!("{kind:?}: {answer}")),
                Err(error) => lock(&self.errors).push(format!("{kind:?}: {error}")),
            }
            thread::sleep(kind.pause());
        }
    }
}

/// Measures for so many minutes and reports.
pub fn measure(report: &mut Report, database: &mut Database, minutes: u64) -> Result<()> {
    let length = Duration::from_secs(minutes * 60);
    let token = tokens::create(&mut database.conn, "admin")?;
    let places = Places::find(&mut database.conn)?;
    let ground = Ground::find(&mut database.conn, &places)?;
    let server = Server::start(&database.url)?;
    server.settle(&mut database.conn, &token)?;
    let events = "SELECT count(*) AS number FROM singleevent";
    let before = number(&mut database.conn, events)?;
    let memory = server.resident_bytes()?;
    let tally = Tally::default();
    let seeds = AtomicI64::new(0);
    let refreshed = thread::scope(|scope| {
        for (kind, count) in CALLERS {
            for _ in 0..count {
                let seed = seeds.fetch_add(1, Ordering::Relaxed).cast_unsigned();
                let (tally, ground, server, token) = (&tally, &ground, &server, &token);
                scope.spawn(move || tally.ask(kind, &server.address, token, ground, seed));
            }
        }
        thread::sleep(length / 2);
        let refreshed = refresh(database, &server, &token);
        thread::sleep(length / 2);
        tally.is_over.store(true, Ordering::Relaxed);
        refreshed
    })?;
    let after = number(&mut database.conn, events)?;
    let (created, errors) = (tally.created.into_inner(), into_inner(tally.errors));
    let mut wrong: Vec<String> = kinds(&errors)
        .map(|(text, number)| format!("{number} times {text}"))
        .collect();
    if after - before != created {
        wrong.push(format!(
            "{created} events were created, {} are there",
            after - before
        ));
    }
    let mut broken = 0;
    for check in verify::run(&mut database.conn)? {
        if check.differences != 0 {
            broken += 1;
            wrong.push(format!("{}: {}", check.name, check.differences));
        }
    }
    report.heading(2, "Everything at once");
    report.paragraph(&format!(
        "{minutes} minutes with {} callers, each on a connection of its own; server, PostgreSQL and callers share the cores. In the \
         middle 1 % of the stays change and a refresh runs, which took {} beside the load. Errors: {}. Resident memory of the \
         server: {} before, {} after, {} at most. Created events: {}; new ones there afterwards: {}; rules that `verify` finds \
         broken: {broken}.",
        CALLERS.iter().map(|(_, count)| count).sum::<usize>(),
        seconds(refreshed),
        errors.len(),
        megabytes(memory),
        megabytes(server.resident_bytes()?),
        megabytes(server.peak_bytes()?),
        grouped(created),
        grouped(after - before),
    ));
    report.table(
        &["what", "answers", "p50, ms", "p99", "longest"],
        &rows(into_inner(tally.times)),
    );
    wrong.into_iter().for_each(|what| report.fail(what));
    Ok(())
}

/// Errors that read alike, with how many there were.
fn kinds(errors: &[String]) -> impl Iterator<Item = (&String, usize)> {
    let mut counted = BTreeMap::new();
    for error in errors {
        *counted.entry(error).or_default() += 1;
    }
    counted.into_iter()
}

fn rows(times: BTreeMap<Kind, Vec<Duration>>) -> Vec<Vec<String>> {
    let row = |(kind, runs): (Kind, Vec<Duration>)| {
        let timing = Timing::new(runs);
        let answers = i64::try_from(timing.runs()).unwrap_or(i64::MAX);
        vec![
            kind.name().to_owned(),
            grouped(answers),
            ms(timing.median()),
            ms(timing.percentile(99)),
            ms(timing.percentile(100)),
        ]
    };
    times.into_iter().map(row).collect()
}

/// Changes some stays, asks the server for a refresh and waits for its version.
fn refresh(database: &mut Database, server: &Server, token: &str) -> Result<Duration> {
    database
        .conn
        .batch_execute("UPDATE encounters SET status = status WHERE encounter_id % 100 = 7")?;
    let versions = "SELECT max(data_version_id) AS number FROM data_versions";
    let before = number(&mut database.conn, versions)?;
    let begun = Instant::now();
    let asked = json!({ "query": "mutation { refreshAnalytics { status } }" }).to_string();
    Kept::default().ask(&server.address, token, "/graphql", Some(&asked))?;
    while number(&mut database.conn, versions)? == before {
        thread::sleep(Duration::from_millis(100));
        if begun.elapsed() > Duration::from_secs(600) {
            return Err("no version was published".into());
        }
    }
    Ok(begun.elapsed())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
