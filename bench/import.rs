//! A hundred thousand single events by payload, into a database of their own: events a second and memory, good ones and
//! with one in a hundred bad, in both atomic modes.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use diesel::{prelude::*, sql_types::Text};
use indicatif::ProgressBar;
use serde_json::json;
use storage::{
    Connection,
    generate::{self, Volume},
    migrate, pool, tokens,
};

use crate::{
    Result,
    database::{Preset, number, with_own_cluster},
    http::{
        client,
        server::{self, Server},
    },
    report::{Report, grouped, megabytes, seconds, significant},
};

/// What a payload holds.
struct Payload {
    name: &'static str,
    /// Which events; the same number twice is the same events.
    series: u64,
    /// Every how manyth event is bad; 0 for none.
    bad: u64,
}

/// Measures and reports.
pub fn measure(report: &mut Report, folder: &Path, preset: Preset) -> Result<()> {
    let events = match preset {
        Preset::Seed => 100_000,
        Preset::Demo => 10_000,
    };
    report.heading(2, "Imports");
    with_own_cluster(&folder.join("import"), |url| {
        measure_all(report, url, events)
    })
}

fn measure_all(report: &mut Report, url: &str, events: u64) -> Result<()> {
    let conn = &mut pool::connect(url)?;
    migrate::run(conn)?;
    let volume = Volume {
        single_events: 0,
        tracker_events: 0,
        patients: 0,
        stays: 0,
        conditions: 0,
        observations: 0,
        ..Volume::demo()
    };
    let today = chrono::Utc::now().date_naive();
    generate::run(conn, &volume, 1, today, &ProgressBar::hidden())?;
    let good = |name, series| Payload {
        name,
        series,
        bad: 0,
    };
    let bad = |name, series| Payload {
        name,
        series,
        bad: 100,
    };
    let mut rows = vec![
        command(
            conn,
            url,
            events,
            &good("command line, new events", 1),
            "all",
        )?,
        command(
            conn,
            url,
            events,
            &good("command line, the same again", 1),
            "all",
        )?,
        posted(conn, url, events, &good("POST, new events", 2), "ALL")?,
    ];
    rows.push(command(
        conn,
        url,
        events,
        &bad("command line, 1 % bad, ALL", 3),
        "all",
    )?);
    rows.push(command(
        conn,
        url,
        events,
        &bad("command line, 1 % bad, OBJECT", 3),
        "object",
    )?);
    rows.push(posted(
        conn,
        url,
        events,
        &bad("POST, 1 % bad, ALL", 4),
        "ALL",
    )?);
    rows.push(posted(
        conn,
        url,
        events,
        &bad("POST, 1 % bad, OBJECT", 4),
        "OBJECT",
    )?);
    report.paragraph(&format!(
        "{} single events with two values each in one payload, checked by all rules and stored in one transaction. A bad event \
         has a text where a number must be. Memory is the most that the importing process ever held; PostgreSQL's is not in it.",
        grouped(i64::try_from(events)?)
    ));
    report.table(
        &["import", "payload", "time", "events/s", "memory", "stored"],
        &rows,
    );
    Ok(())
}

/// By the program's own command.
fn command(
    conn: &mut Connection,
    url: &str,
    events: u64,
    payload: &Payload,
    atomic: &str,
) -> Result<Vec<String>> {
    let text = write(conn, events, payload)?;
    let file = std::env::temp_dir().join(format!("clinigraph-bench-{}.json", std::process::id()));
    fs::write(&file, &text)?;
    let before = stored(conn)?;
    let begun = Instant::now();
    let mut process = Command::new(server::program()?)
        .args([
            "import",
            "tracker",
            "--database-url",
            url,
            "--atomic",
            atomic,
        ])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak = 0;
    while process.try_wait()?.is_none() {
        // The process may end between the two.
        peak = peak.max(server::memory(process.id(), "VmHWM:").unwrap_or_default());
        std::thread::sleep(Duration::from_millis(5));
    }
    let time = begun.elapsed();
    fs::remove_file(&file)?;
    row(conn, payload, events, text.len(), time, peak, before)
}

/// By a running server.
fn posted(
    conn: &mut Connection,
    url: &str,
    events: u64,
    payload: &Payload,
    atomic: &str,
) -> Result<Vec<String>> {
    let text = write(conn, events, payload)?;
    let token = tokens::create(conn, "admin")?;
    let before = stored(conn)?;
    let server = Server::start(url)?;
    let begun = Instant::now();
    let path = format!("/api/tracker?async=false&atomicMode={atomic}");
    client::once(&server.address, &token, &path, Some(text.as_bytes()))?;
    let time = begun.elapsed();
    row(
        conn,
        payload,
        events,
        text.len(),
        time,
        server.peak_bytes()?,
        before,
    )
}

fn row(
    conn: &mut Connection,
    payload: &Payload,
    events: u64,
    bytes: usize,
    time: Duration,
    peak: i64,
    before: i64,
) -> Result<Vec<String>> {
    Ok(vec![
        payload.name.to_owned(),
        megabytes(i64::try_from(bytes)?),
        seconds(time),
        significant(events as f64 / time.as_secs_f64()),
        megabytes(peak),
        grouped(stored(conn)? - before),
    ])
}

fn stored(conn: &mut Connection) -> Result<i64> {
    number(conn, "SELECT count(*) AS number FROM singleevent")
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    text: String,
}

fn texts(conn: &mut Connection, query: &str) -> Result<Vec<String>> {
    let rows: Vec<Named> = diesel::sql_query(query).load(conn)?;
    Ok(rows.into_iter().map(|row| row.text).collect())
}

/// The events of the first event program, in its units, over the last hundred days.
fn write(conn: &mut Connection, events: u64, payload: &Payload) -> Result<String> {
    const PROGRAM: &str =
        "(SELECT min(programid) FROM program WHERE type = 'WITHOUT_REGISTRATION')";
    let program = texts(
        conn,
        &format!("SELECT uid AS text FROM program WHERE programid = {PROGRAM}"),
    )?;
    let stage = texts(
        conn,
        &format!("SELECT uid AS text FROM programstage WHERE programid = {PROGRAM}"),
    )?;
    let units = texts(
        conn,
        &format!(
            "SELECT uid AS text FROM organisationunit JOIN program_organisationunits USING (organisationunitid)
              WHERE programid = {PROGRAM} ORDER BY uid"
        ),
    )?;
    let element = |kind: &str| {
        format!(
            "SELECT d.uid AS text FROM programstagedataelement l JOIN dataelement d USING (dataelementid)
               JOIN programstage s USING (programstageid)
              WHERE s.programid = {PROGRAM} AND d.valuetype LIKE '{kind}%' ORDER BY l.sort_order LIMIT 1"
        )
    };
    let number = texts(conn, &element("INTEGER"))?;
    let option = texts(conn, &element("TEXT"))?;
    let codes = texts(
        conn,
        &format!(
            "SELECT o.code AS text FROM optionvalue o JOIN dataelement d USING (optionsetid)
              WHERE d.uid = '{}' ORDER BY o.sort_order",
            option[0]
        ),
    )?;
    let today = chrono::Utc::now().date_naive();
    let event = |n: u64| {
        let is_bad = payload.bad > 0 && n.is_multiple_of(payload.bad);
        let age = if is_bad {
            "old".to_owned()
        } else {
            (n % 90).to_string()
        };
        let place = usize::try_from(n).unwrap_or_default();
        json!({
            "event": domain::uid::from_number((payload.series << 32 | n).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            "program": program[0],
            "programStage": stage[0],
            "orgUnit": units[place % units.len()],
            "occurredAt": (today - chrono::Days::new(1 + n % 100)).to_string(),
            "status": "COMPLETED",
            "dataValues": [
                { "dataElement": number[0], "value": age },
                { "dataElement": option[0], "value": codes[place % codes.len()] },
            ],
        })
    };
    let events: Vec<_> = (1..=events).map(event).collect();
    Ok(json!({ "events": events }).to_string())
}
